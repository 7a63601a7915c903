/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_DOCTOR_REPORT_H
#define ASAPCTL_DOCTOR_REPORT_H

#include <jansson.h>

#include "ctl.h"
#include "doctor_check.h"

/* The checks as they are told: one line each, of however many subjects. */

/* What a check has found at one place so far. */
struct doctor_tally {
    size_t asked;
    size_t ill;
    char seen[DOCTOR_TEXT_SIZE]; /* of the first one that is ill, or else of the first one */
};

struct doctor_report {
    struct doctor_tally tallies[DOCTOR_CHECKS_MAX];
    json_t *lines;
    size_t failed;
    size_t warnings;
};

/* ASAP_INTERNAL: out of memory. The caller clears it in any case. */
ASAP_MUST_CHECK enum asap_code doctor_report_init(struct doctor_report *report,
                                                  struct asap_error *err);

/* Lets each check of this scope judge the subject. */
void doctor_report_judge(struct doctor_report *report,
                         enum doctor_scope scope,
                         const struct doctor_subject *subject);

/* Makes lines of the tallies, of the place `where`, and begins new ones. */
ASAP_MUST_CHECK enum asap_code doctor_report_end_place(struct doctor_report *report,
                                                       const char *where,
                                                       struct asap_error *err);

/* ASAP_FAILED_PRECONDITION, with nothing in *err: something has failed, as it is printed. */
ASAP_MUST_CHECK enum asap_code doctor_report_print(const struct doctor_report *report,
                                                   const struct ctl *ctl,
                                                   struct asap_error *err);

static inline void doctor_report_scope_exit(struct doctor_report *report)
{
    json_decref(report->lines);
}

#endif

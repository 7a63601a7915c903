/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_DOCTOR_VISIT_H
#define ASAPCTL_DOCTOR_VISIT_H

#include "doctor_report.h"

/* Asks one repository for all that verifiers may ask for, and has the answers
 * judged. `subject` has view and time. Fails for lack of memory only: a
 * repository that does not answer is told in the report. */
ASAP_MUST_CHECK enum asap_code doctor_visit(struct prober *prober,
                                            struct doctor_subject subject,
                                            struct doctor_report *report,
                                            struct asap_error *err);

#endif

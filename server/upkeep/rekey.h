/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_REKEY_H
#define ASAPD_REKEY_H

#include "report.h"
#include "site.h"

/* Seals everything that is sealed under the site's KEK under that in `next_kek_file` instead, which
 * is made if there is no such file, in small
 * transactions: one that was interrupted goes on where it was when it is run again, and until it is
 * done nobody serves the database. *count: the private keys that this run sealed; none when all was
 * done before.
 * ASAP_FAILED_PRECONDITION: a rekey to another KEK was begun. */
struct rekey {
    const struct site_options *options;
    const char *next_kek_file;
    int64_t now; /* for the audit log */
    struct report *report;
};
ASAP_MUST_CHECK enum asap_code rekey_run(const struct rekey *rekey,
                                         int64_t *count,
                                         struct asap_error *err);

#endif

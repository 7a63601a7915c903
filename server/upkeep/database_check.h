/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_DATABASE_CHECK_H
#define ASAPD_DATABASE_CHECK_H

#include "report.h"
#include "site.h"

/* Looks through a database for all that could keep it from being served. What is found goes to the
 * report; a failure is that it could not be looked at. */

/* That it is whole: pages, references, sealed private keys, the audit log's chain. */
ASAP_MUST_CHECK enum asap_code database_check_whole(const struct site *site,
                                                    struct report *report,
                                                    struct asap_error *err);

/* And that it makes sense: each key's row, and the lifecycle of each issuer's keys from `now` on.
 */
ASAP_MUST_CHECK enum asap_code database_check_keys(const struct site *site,
                                                   int64_t now,
                                                   struct report *report,
                                                   struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_GRANT_LIST_H
#define ASAPD_STORE_GRANT_LIST_H

#include "store_access.h"

/* Grants in pages, with the names of those who have them. */

/* Which grants a page has: those of `caller`, "" for all, that come after the one of this caller's
 * name and id. */
struct grant_range {
    const char *caller;
    const char *after_caller;
    int64_t after_id;
    size_t limit;
};
typedef enum asap_code owned_grant_visitor(void *context,
                                           const struct grant_row *row,
                                           const char *caller,
                                           struct asap_error *err);
/* Visits them by caller's name, then oldest first. A visitor's failure ends the visit and is
 * returned; what it is shown is borrowed for the call. */
ASAP_MUST_CHECK enum asap_code store_list_grants(struct txn *txn,
                                                 const struct grant_range *range,
                                                 owned_grant_visitor *visit,
                                                 void *context,
                                                 struct asap_error *err);

#endif

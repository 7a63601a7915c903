/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ACCEPTANCE_H
#define ASAPD_ACCEPTANCE_H

#include <stdbool.h>

#include "site.h"
#include "store_mark.h"

/* What becomes of the marks of copies, see store_mark.h. */

/* ASAP_FAILED_PRECONDITION for a database that was moved elsewhere: it is neither served nor moved
 * once more. */
ASAP_MUST_CHECK enum asap_code acceptance_refuse_moved(const struct store_mark *mark,
                                                       struct asap_error *err);

/* At the start of a daemon: refuses a database that is served elsewhere, and notes in a copy that
 * it is served from `now` on, so that it does not sign before caches have taken up its keys, `lead`
 * seconds later. */
ASAP_MUST_CHECK enum asap_code
acceptance_begin_serving(struct store *store, int64_t now, int64_t lead, struct asap_error *err);

/* An operator's word that this copy takes the place of its original. *out: the mark as it is now;
 * its sign_time is 0 when the copy was not served yet. With `accept_misses` it signs at once.
 * ASAP_FAILED_PRECONDITION: it is no copy. */
ASAP_MUST_CHECK enum asap_code acceptance_give(const struct site *site,
                                               int64_t now,
                                               bool accept_misses,
                                               struct store_mark *out,
                                               struct asap_error *err);

#endif

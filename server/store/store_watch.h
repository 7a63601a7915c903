/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_WATCH_H
#define ASAPD_STORE_WATCH_H

#include <asap/error.h>

/* Hears of changes to a database that several processes have. It only makes
 * things quick: whoever has to know looks at the generations as well, since
 * nothing is heard while there is no connection. */
struct sql_watch;

/* Calls `changed` from a thread of its own, soon after either generation has changed, through
 * whichever process, and whenever that may have been missed. *out is NULL where no other process
 * makes changes. `url` is as for store_open(). */
ASAP_MUST_CHECK enum asap_code store_watch(const char *url,
                                           void (*changed)(void *context),
                                           void *context,
                                           struct sql_watch **out,
                                           struct asap_error *err);
void store_unwatch(struct sql_watch *watch); /* NULL is fine; `changed` runs no more */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_RETRIEVER_REFRESH_H
#define ASAP_SRC_RETRIEVER_REFRESH_H

#include <stdbool.h>

#include <asap/error.h>

#include "kid.h"
#include "scoped.h"

/* Renews keys in the background, one after another, so that nobody who holds
 * a key that is good enough waits for the network. Its one thread starts with
 * the first wish; a process forked later has none, and fetches when keys are stale. */
struct refresher;

enum { REFRESH_QUEUE = 64 };

/* `renew` is called on the thread; of the key id, only the text is set. */
ASAP_MUST_CHECK enum asap_code refresher_new(void (*renew)(void *context, const struct kid *kid),
                                             void *context,
                                             struct refresher **out,
                                             struct asap_error *err);

/* Never waits for the network. False when too much is wished for already, or no thread can be
 * started. */
bool refresher_wish(struct refresher *refresher, const struct kid *kid);

/* Waits for the renewal under way; what is queued is forgotten. NULL is fine. */
void refresher_free(struct refresher *refresher);

DEFINE_SCOPED(refresher, struct refresher *, refresher_free)

#endif

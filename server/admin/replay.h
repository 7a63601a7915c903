/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_REPLAY_H
#define ASAPD_REPLAY_H

#include <stdlib.h>

#include "store_call.h"

/* A call that names its request: it is carried out once, however often it
 * arrives within a day, since its answer is stored along with what it changes. */

struct replay {
    struct call_row call; /* who asks for what, and a digest of the whole request */
    void *response;       /* the answer, of malloc(); the one that was found, or the one to keep */
    size_t response_length;
    bool found; /* the call was carried out before */
};

static inline void replay_scope_exit(struct replay *replay)
{
    free(replay->response);
}

/* Looks for an earlier call of this id. ASAP_INVALID_ARGUMENT, field request_id: there is one, and
 * it asked for something else. */
ASAP_MUST_CHECK enum asap_code
replay_find(struct replay *replay, struct txn *txn, int64_t now, struct asap_error *err);

/* Keeps the answer. */
ASAP_MUST_CHECK enum asap_code
replay_keep(struct replay *replay, struct txn *txn, int64_t now, struct asap_error *err);

/* Removes what is kept for longer than a day. */
ASAP_MUST_CHECK enum asap_code replay_purge(struct txn *txn, int64_t now, struct asap_error *err);

#endif

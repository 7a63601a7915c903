/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <string.h>

#include "fail.h"

enum { KEPT_SECONDS = 24 * 60 * 60 };

static enum asap_code check_found(struct replay *replay,
                                  const struct call_row *earlier,
                                  int64_t now,
                                  struct asap_error *err)
{
    if (earlier->done_time < now - KEPT_SECONDS)
        return ASAP_OK;
    if (strcmp(earlier->request_digest, replay->call.request_digest) != 0)
        return fail_field(err, "request_id",
                          "this request id was used for another request (give each change its own,"
                          " such as a new UUID)");
    replay->found = true;
    return ASAP_OK;
}

enum asap_code
replay_find(struct replay *replay, struct txn *txn, int64_t now, struct asap_error *err)
{
    struct call_row earlier = replay->call;
    enum asap_code code = ASAP_OK;

    free(replay->response);
    replay->found = false;
    code = store_get_call(txn, &earlier, &replay->response, &replay->response_length, err);
    if (code == ASAP_NOT_FOUND)
        return ASAP_OK;
    TRY(code);
    return check_found(replay, &earlier, now, err);
}

enum asap_code replay_purge(struct txn *txn, int64_t now, struct asap_error *err)
{
    return store_forget_calls(txn, now - KEPT_SECONDS, err);
}

enum asap_code
replay_keep(struct replay *replay, struct txn *txn, int64_t now, struct asap_error *err)
{
    replay->call.done_time = now;
    return store_add_call(txn, &replay->call, replay->response, replay->response_length, err);
}

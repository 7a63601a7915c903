/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/server.pb-c.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"

static enum asap_code add_problem(Asap__V1__Status *out, const char *text, struct asap_error *err)
{
    void **array = NULL;

    if (text[0] == '\0')
        return ASAP_OK;
    TRY(to_array(1, &array, err));
    out->problems = (char **)array;
    TRY(codec_set_string(&out->problems[0], text, err));
    out->n_problems = 1;
    return ASAP_OK;
}

enum asap_code server_get_status(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 ProtobufCMessage *out,
                                 struct asap_error *err)
{
    const struct service *service = call->service;
    Asap__V1__Status *status = (Asap__V1__Status *)out;
    const struct snapshot *snapshot = keyring_acquire(service->admin.keyring);
    char problem[256] = "";

    (void)in;
    if (snapshot != NULL) {
        status->generation = snapshot_generation(snapshot);
        status->published_key_count =
            (int64_t)snapshot_count(snapshot, snapshot_time(snapshot, call->now));
        keyring_release(service->admin.keyring, snapshot);
    }
    (void)keyring_problem(service->admin.keyring, problem, sizeof problem);
    TRY(add_problem(status, problem, err));
    TRY(codec_set_string(&status->version, service->version, err));
    return to_timestamp(call->now, &status->current_time, err);
}

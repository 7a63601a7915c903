/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/server.pb-c.h"

#include <stdio.h>

#include "codec.h"
#include "fail.h"
#include "handlers.h"

enum { PROBLEMS_MAX = 2, PROBLEM_SIZE = 256 };

static enum asap_code add_problem(Asap__V1__Status *out, const char *text, struct asap_error *err)
{
    if (text[0] == '\0')
        return ASAP_OK;
    TRY(codec_set_string(&out->problems[out->n_problems], text, err));
    out->n_problems++;
    return ASAP_OK;
}

static enum asap_code add_problems(const struct admin *admin,
                                   Asap__V1__Status *out,
                                   struct asap_error *err)
{
    char problem[PROBLEM_SIZE] = "";
    char cause[PROBLEM_SIZE - 64] = "";
    void **array = NULL;

    TRY(to_array(PROBLEMS_MAX, &array, err));
    out->problems = (char **)array;
    (void)keyring_problem(admin->keyring, problem, sizeof problem);
    TRY(add_problem(out, problem, err));
    if (!audit_problem(admin->audit, cause, sizeof cause))
        return ASAP_OK;
    (void)snprintf(problem, sizeof problem, "the audit log cannot be written: %s", cause);
    return add_problem(out, problem, err);
}

enum asap_code server_get_status(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 ProtobufCMessage *out,
                                 struct asap_error *err)
{
    const struct service *service = call->service;
    Asap__V1__Status *status = (Asap__V1__Status *)out;
    const struct snapshot *snapshot = keyring_acquire(service->admin.keyring);

    (void)in;
    if (snapshot != NULL) {
        status->generation = snapshot_generation(snapshot);
        status->published_key_count =
            (int64_t)snapshot_count(snapshot, snapshot_time(snapshot, call->now));
        keyring_release(service->admin.keyring, snapshot);
    }
    TRY(add_problems(&service->admin, status, err));
    TRY(codec_set_string(&status->version, service->version, err));
    return to_timestamp(call->now, &status->current_time, err);
}

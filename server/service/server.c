/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "asap/v1/server.pb-c.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "key_schedule.h"

enum { PROBLEMS_MOST = 2, PROBLEM_SIZE = 256, LATE_SECONDS = 120 };

/* `out` has room for PROBLEMS_MOST. */
static enum asap_code add_problem(Asap__V1__Status *out, const char *text, struct asap_error *err)
{
    return text[0] == '\0' ? ASAP_OK
                           : codec_set_string(&out->problems[out->n_problems++], text, err);
}

/* What asapd should have rotated by itself for a while. */
static void
find_late_rotations(const struct snapshot *snapshot, int64_t now, char *out, size_t size)
{
    const char *late = NULL;
    size_t count = 0;

    for (size_t i = 0; i < snapshot_issuer_count(snapshot); i++) {
        const struct known_issuer *issuer = snapshot_issuer_at(snapshot, i);
        const struct published_key *active = NULL;

        if (issuer->rotation_period == 0
            || key_schedule_due(snapshot, issuer, issuer->rotation_period + LATE_SECONDS, now,
                                &active)
                   > now)
            continue;
        late = issuer->name;
        count++;
    }
    if (count > 0)
        (void)snprintf(out, size,
                       "%zu rotations by period are overdue, such as that of %.150s (the log says"
                       " why)",
                       count, late);
}

enum asap_code server_get_status(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 ProtobufCMessage *out,
                                 struct asap_error *err)
{
    const struct service *service = call->service;
    Asap__V1__Status *status = (Asap__V1__Status *)out;
    const struct snapshot *snapshot = keyring_acquire(service->admin.keyring);
    char problem[PROBLEM_SIZE] = "";
    char late[PROBLEM_SIZE] = "";
    void **array = NULL;

    (void)in;
    if (snapshot != NULL) {
        status->generation = snapshot_generation(snapshot);
        status->published_key_count =
            (int64_t)snapshot_count(snapshot, snapshot_time(snapshot, call->now));
        find_late_rotations(snapshot, snapshot_time(snapshot, call->now), late, sizeof late);
        keyring_release(service->admin.keyring, snapshot);
    }
    (void)keyring_problem(service->admin.keyring, problem, sizeof problem);
    TRY(to_array(PROBLEMS_MOST, &array, err));
    status->problems = (char **)array;
    TRY(add_problem(status, problem, err));
    TRY(add_problem(status, late, err));
    TRY(codec_set_string(&status->version, service->version, err));
    return to_timestamp(call->now, &status->current_time, err);
}

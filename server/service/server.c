/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "asap/v1/server.pb-c.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "key_schedule.h"

enum { PROBLEMS_MAX = 4, PROBLEM_SIZE = 320, LATE_SECONDS = 120 };

static enum asap_code add_problem(Asap__V1__Status *out, const char *text, struct asap_error *err)
{
    if (text[0] == '\0')
        return ASAP_OK;
    TRY(codec_set_string(&out->problems[out->n_problems], text, err));
    out->n_problems++;
    return ASAP_OK;
}

/* What asapd should have rotated by itself for a while. */
static enum asap_code add_late_rotations(const struct snapshot *snapshot,
                                         int64_t now,
                                         Asap__V1__Status *out,
                                         struct asap_error *err)
{
    struct shards_cursor cursor = { 0 };
    const struct known_issuer *issuer = NULL;
    char text[PROBLEM_SIZE] = "";
    const char *late = NULL;
    size_t count = 0;

    while ((issuer = snapshot_next_issuer(snapshot, &cursor)) != NULL) {
        const struct published_key *active = NULL;

        if (issuer->rotation_period == 0
            || key_schedule_due(issuer, issuer->rotation_period + LATE_SECONDS, now, &active) > now)
            continue;
        late = issuer->name;
        count++;
    }
    if (count > 0)
        (void)snprintf(text, sizeof text,
                       "%zu rotations by period are overdue, such as that of %.150s (the log says"
                       " why)",
                       count, late);
    return add_problem(out, text, err);
}

static enum asap_code add_problems(const struct admin *admin,
                                   Asap__V1__Status *out,
                                   struct asap_error *err)
{
    char text[PROBLEM_SIZE];

    (void)keyring_problem(admin->keyring, text, sizeof text);
    TRY(add_problem(out, text, err));
    (void)callers_problem(admin->callers, text, sizeof text);
    TRY(add_problem(out, text, err));
    (void)audit_problem(admin->audit, text, sizeof text);
    return add_problem(out, text, err);
}

/* What the snapshot says; nothing while there is none. */
static enum asap_code
add_keys(const struct admin *admin, int64_t clock, Asap__V1__Status *out, struct asap_error *err)
{
    const struct snapshot *snapshot = keyring_acquire(admin->keyring);
    enum asap_code code = ASAP_OK;
    int64_t now = 0;

    if (snapshot == NULL)
        return ASAP_OK;
    now = snapshot_time(snapshot, clock);
    out->generation = snapshot_generation(snapshot);
    out->published_key_count = (int64_t)snapshot_count(snapshot, now);
    code = add_late_rotations(snapshot, now, out, err);
    keyring_release(admin->keyring, snapshot);
    return code;
}

static enum asap_code add_timing(const struct lifecycle_policy *policy,
                                 Asap__V1__Status *out,
                                 struct asap_error *err)
{
    Asap__V1__Timing *timing = malloc(sizeof *timing);

    if (timing == NULL)
        return fail_memory(err);
    asap__v1__timing__init(timing);
    out->timing = timing;
    TRY(to_duration(policy->max_age, &timing->max_age, err));
    TRY(to_duration(policy->stale, &timing->stale, err));
    TRY(to_duration(policy->jwks_max_age, &timing->jwks_max_age, err));
    TRY(to_duration(policy->clock_skew, &timing->clock_skew, err));
    return to_duration(policy->replica_lag, &timing->replica_lag, err);
}

enum asap_code server_get_status(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 ProtobufCMessage *out,
                                 struct asap_error *err)
{
    const struct service *service = call->service;
    Asap__V1__Status *status = (Asap__V1__Status *)out;
    void **array = NULL;

    (void)in;
    TRY(to_array(PROBLEMS_MAX, &array, err));
    status->problems = (char **)array;
    TRY(add_problems(&service->admin, status, err));
    TRY(add_keys(&service->admin, call->now, status, err));
    TRY(add_timing(service->admin.policy, status, err));
    TRY(codec_set_string(&status->version, service->version, err));
    return to_timestamp(call->now, &status->current_time, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/key_admin.pb-c.h"

#include "change_call.h"
#include "fail.h"
#include "handlers.h"
#include "permit.h"

/* What administrators do to keys. */

static enum asap_code publish(struct change *change,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              struct asap_error *err)
{
    const Asap__V1__PublishKeyRequest *request = (const Asap__V1__PublishKeyRequest *)in;
    Asap__V1__PublishKeyResponse *response = (Asap__V1__PublishKeyResponse *)out;
    struct publication publication = { request->issuer, request->name, request->public_key,
                                       request->algorithm, LIFECYCLE_NEVER };
    struct key_row row;

    TRY(to_time(request->unpublish_time, "unpublish_time", &publication.unpublish_time, err));
    TRY(keys_publish(change, &publication, &row, err));
    TRY(to_timestamp(row.times.publish_time + change->admin->policy->publish_lead,
                     &response->safe_sign_time, err));
    return to_new_key(&row, change->now, &response->key, err);
}

enum asap_code key_admin_publish(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 ProtobufCMessage *out,
                                 struct asap_error *err)
{
    const struct permission needed = { VERB_PUBLISH,
                                       ((const Asap__V1__PublishKeyRequest *)in)->issuer };

    return permitted_call(call, in, out, &needed, publish, err);
}

static enum asap_code to_planned_key(const struct key_plan *plan,
                                     size_t index,
                                     int64_t now,
                                     Asap__V1__Key **field,
                                     struct asap_error *err)
{
    return index == PLAN_NONE ? ASAP_OK : to_new_key(&plan->keys[index], now, field, err);
}

static bool is_standby(const struct key_plan *plan, size_t index, int64_t now)
{
    const struct key_row *row = &plan->keys[index];

    return row->managed && index != plan->incoming
           && lifecycle_state(&row->times, now) == KEY_STANDBY;
}

static enum asap_code to_standbys(const struct key_plan *plan,
                                  int64_t now,
                                  Asap__V1__RotateKeyResponse *out,
                                  struct asap_error *err)
{
    void **array = NULL;

    TRY(to_array(plan->count, &array, err));
    out->standbys = (Asap__V1__Key **)array;
    for (size_t i = 0; i < plan->count; i++)
        if (is_standby(plan, i, now))
            TRY(to_new_key(&plan->keys[i], now, &out->standbys[out->n_standbys++], err));
    return ASAP_OK;
}

/* Until when a key that was revoked may be trusted. */
static enum asap_code to_trusted_until(const struct change *change,
                                       const struct key_row *row,
                                       Google__Protobuf__Timestamp **field,
                                       struct asap_error *err)
{
    if (row->times.revoke_time == LIFECYCLE_NEVER)
        return ASAP_OK;
    return to_timestamp(lifecycle_trusted_until(change->admin->policy, row->times.revoke_time),
                        field, err);
}

static enum asap_code to_rotation(const struct change *change,
                                  const struct key_plan *plan,
                                  Asap__V1__RotateKeyResponse *out,
                                  struct asap_error *err)
{
    out->already_planned = plan->already_planned;
    TRY(to_planned_key(plan, plan->outgoing, change->now, &out->outgoing, err));
    TRY(to_planned_key(plan, plan->incoming, change->now, &out->incoming, err));
    if (plan->outgoing != PLAN_NONE)
        TRY(to_trusted_until(change, &plan->keys[plan->outgoing], &out->trusted_until, err));
    return to_standbys(plan, change->now, out, err);
}

static enum asap_code rotate(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__RotateKeyRequest *request = (const Asap__V1__RotateKeyRequest *)in;
    const Asap__V1__Emergency *declared = request->emergency;
    struct emergency emergency = { .reason = "" };
    struct rotation rotation = { request->issuer, request->expected_key_id, NULL };
    SCOPED(key_plan) struct key_plan plan = { 0 };

    if (declared != NULL) {
        emergency.options.accept_misses = declared->accept_misses != 0;
        emergency.options.store_compromised = declared->store_compromised != 0;
        emergency.reason = declared->reason;
        rotation.emergency = &emergency;
    }
    TRY(keys_rotate(change, &rotation, &plan, err));
    return to_rotation(change, &plan, (Asap__V1__RotateKeyResponse *)out, err);
}

/* To rotate is to break no token; whoever revokes is an administrator. */
enum asap_code key_admin_rotate(const struct rpc_call *call,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                struct asap_error *err)
{
    const Asap__V1__RotateKeyRequest *request = (const Asap__V1__RotateKeyRequest *)in;
    const struct permission needed = { VERB_ROTATE, request->issuer };

    if (request->emergency != NULL && !call->caller->is_admin)
        return fail_reason(err, ASAP_PERMISSION_DENIED, ASAP_REASON_NO_GRANT,
                           "an emergency revokes keys, which only administrators may");
    return permitted_call(call, in, out, &needed, rotate, err);
}

static enum asap_code revoke(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__RevokeKeyRequest *request = (const Asap__V1__RevokeKeyRequest *)in;
    Asap__V1__RevokeKeyResponse *response = (Asap__V1__RevokeKeyResponse *)out;
    const struct revocation revocation = { request->key_id, request->reason, request->force != 0 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    const struct key_row *row = NULL;

    TRY(keys_revoke(change, &revocation, &plan, err));
    row = &plan.keys[plan.subject];
    TRY(to_trusted_until(change, row, &response->trusted_until, err));
    TRY(to_planned_key(&plan, plan.incoming, change->now, &response->successor, err));
    return to_new_key(row, change->now, &response->key, err);
}

enum asap_code key_admin_revoke(const struct rpc_call *call,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                struct asap_error *err)
{
    return change_call(call, in, out, revoke, err);
}

static enum asap_code retire(struct change *change,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const Asap__V1__RetireKeyRequest *request = (const Asap__V1__RetireKeyRequest *)in;
    struct retirement retirement = { request->key_id, LIFECYCLE_NEVER };
    struct key_row row;

    TRY(to_time(request->sign_until, "sign_until", &retirement.sign_until, err));
    TRY(keys_retire(change, &retirement, &row, err));
    return to_key(&row, change->now, (Asap__V1__Key *)out, err);
}

enum asap_code key_admin_retire(const struct rpc_call *call,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                struct asap_error *err)
{
    const Asap__V1__RetireKeyRequest *request = (const Asap__V1__RetireKeyRequest *)in;
    char issuer[KID_MAX + 1];
    const struct permission needed = { VERB_PUBLISH, issuer };

    TRY(key_id_find_issuer(request->key_id, issuer, err));
    return permitted_call(call, in, out, &needed, retire, err);
}

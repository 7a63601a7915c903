/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/key_admin.pb-c.h"

#include "fail.h"
#include "key_list.h"
#include "key_verbs.h"
#include "show.h"

static void add_times(struct table *table, const Asap__V1__Key *key, int64_t now)
{
    show_time_row(table, "created", key->create_time, now);
    show_time_row(table, "published from", key->publish_time, now);
    show_time_row(table, "signs from", key->sign_time, now);
    show_time_row(table, "signs until", key->sign_until, now);
    show_time_row(table, "published until", key->unpublish_time, now);
    show_time_row(table, "revoked", key->revoke_time, now);
}

static enum asap_code view_key(const struct ctl *ctl,
                               const ProtobufCMessage *response,
                               struct asap_error *err)
{
    const Asap__V1__Key *key = (const Asap__V1__Key *)response;
    SCOPED(table) struct table table = TABLE(2);
    char next[TIME_TEXT_SIZE] = "";

    key_list_next(key, ctl_now(ctl), next);
    show_row(&table, "key id", key->key_id);
    show_row(&table, "issuer", key->issuer);
    show_row(&table, "kind", show_key_kind(key->kind));
    show_row(&table, "state", show_key_state(key->state));
    show_row(&table, "next", next);
    show_row(&table, "algorithm", key->algorithm);
    show_row(&table, "thumbprint", key->thumbprint);
    add_times(&table, key, ctl_now(ctl));
    show_row(&table, "reason", key->revoke_reason);
    TRY(table_print(&table, ctl->host->out, err));
    (void)fputs(key->public_key, ctl->host->out);
    return ASAP_OK;
}

static enum asap_code view_retired(const struct ctl *ctl,
                                   const ProtobufCMessage *response,
                                   struct asap_error *err)
{
    const Asap__V1__Key *key = (const Asap__V1__Key *)response;
    char until[TIME_TEXT_SIZE] = "";
    char published[TIME_TEXT_SIZE] = "";

    (void)err;
    show_time(key->sign_until, ctl_now(ctl), until);
    show_time(key->unpublish_time, ctl_now(ctl), published);
    ctl_say(ctl, "retired %s", ctl->arguments->operand);
    (void)fprintf(ctl->host->out, "sign with it until %s\n", until);
    (void)fprintf(ctl->host->out, "it is published until %s\n", published);
    return ASAP_OK;
}

static enum asap_code view_revocation(const struct ctl *ctl,
                                      const ProtobufCMessage *response,
                                      struct asap_error *err)
{
    const Asap__V1__RevokeKeyResponse *revocation = (const Asap__V1__RevokeKeyResponse *)response;
    char until[TIME_TEXT_SIZE] = "";
    char from[TIME_TEXT_SIZE] = "";

    (void)err;
    show_time(revocation->trusted_until, ctl_now(ctl), until);
    ctl_say(ctl, "revoked %s", ctl->arguments->operand);
    (void)fprintf(ctl->host->out, "caches may trust it until %s\n", until);
    if (revocation->successor != NULL) {
        show_time(revocation->successor->sign_time, ctl_now(ctl), from);
        (void)fprintf(ctl->host->out, "%s signs from %s on\n", revocation->successor->key_id, from);
    }
    return ASAP_OK;
}

static const struct ctl_method get_method = { "/asap.v1.KeyAdmin/GetKey",
                                              &asap__v1__key__descriptor, view_key };
static const struct ctl_method retire_method = { "/asap.v1.KeyAdmin/RetireKey",
                                                 &asap__v1__key__descriptor, view_retired };
static const struct ctl_method revoke_method = { "/asap.v1.KeyAdmin/RevokeKey",
                                                 &asap__v1__revoke_key_response__descriptor,
                                                 view_revocation };

enum asap_code key_show(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__GetKeyRequest request = { 0 };

    asap__v1__get_key_request__init(&request);
    request.key_id = ctl->arguments->operand;
    return ctl_run(ctl, &get_method, &request.base, err);
}

enum asap_code key_retire(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__RetireKeyRequest request = { 0 };
    Google__Protobuf__Timestamp until = { 0 };

    asap__v1__retire_key_request__init(&request);
    request.key_id = ctl->arguments->operand;
    TRY(ctl_set_moment(ctl, OPTION_SIGN_UNTIL, TIME_AHEAD, &until, &request.sign_until, err));
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &retire_method, &request.base, err);
}

enum asap_code key_revoke(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__RevokeKeyRequest request = { 0 };

    asap__v1__revoke_key_request__init(&request);
    request.key_id = ctl->arguments->operand;
    ctl_set(ctl, OPTION_REASON, &request.reason);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    request.force = ctl_has(ctl, OPTION_FORCE);
    return ctl_run(ctl, &revoke_method, &request.base, err);
}

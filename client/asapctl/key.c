/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/key_admin.pb-c.h"

#include "fail.h"
#include "key_verbs.h"
#include "show.h"

enum { PAGE_SIZE = 1000 };

static bool is_next(const Asap__V1__Key *key, const Google__Protobuf__Timestamp *time)
{
    return time != NULL && time->seconds == key->next_transition_time->seconds;
}

/* The state that follows, told by the time that brings it. Where times coincide the later state
 * holds. */
static const char *next_state(const Asap__V1__Key *key)
{
    const struct {
        const Google__Protobuf__Timestamp *time;
        const char *state;
    } changes[] = {
        { key->unpublish_time, "retired" },
        { key->sign_until, "retiring" },
        { key->sign_time, "active" },
        { key->publish_time, "standby" },
    };

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (is_next(key, changes[i].time))
            return changes[i].state;
    return "changes";
}

/* "active in 14m", or "-" when nothing is planned. */
static void write_next(const Asap__V1__Key *key, int64_t now, char out[static TIME_TEXT_SIZE])
{
    char phrase[TIME_TEXT_SIZE] = "";

    show_phrase(key->next_transition_time, now, phrase);
    if (key->next_transition_time == NULL)
        (void)snprintf(out, TIME_TEXT_SIZE, "-");
    else
        (void)snprintf(out, TIME_TEXT_SIZE, "%s %.40s", next_state(key), phrase);
}

static void add_key(struct table *table, const Asap__V1__Key *key, int64_t now)
{
    char created[TIME_TEXT_SIZE] = "";
    char next[TIME_TEXT_SIZE] = "";

    show_phrase(key->create_time, now, created);
    write_next(key, now, next);
    table_add(table, key->key_id);
    table_add(table, show_key_state(key->state));
    table_add(table, show_key_kind(key->kind));
    table_add(table, key->algorithm);
    table_add(table, created);
    table_add(table, next);
}

static enum asap_code view_list(const struct ctl *ctl,
                                const ProtobufCMessage *response,
                                struct asap_error *err)
{
    const Asap__V1__ListKeysResponse *list = (const Asap__V1__ListKeysResponse *)response;
    static const char *const titles[] = { "KEY ID",  "STATE", "KIND", "ALGORITHM",
                                          "CREATED", "NEXT",  NULL };
    SCOPED(table) struct table table = TABLE(6);

    if (list->n_keys == 0) {
        ctl_say(ctl, "no published keys%s",
                ctl_has(ctl, OPTION_ALL) ? "" : " (--all shows retired and revoked ones, too)");
        return ASAP_OK;
    }
    table_add_row(&table, titles);
    for (size_t i = 0; i < list->n_keys; i++)
        add_key(&table, list->keys[i], ctl_now(ctl));
    return table_print(&table, ctl->host->out, err);
}

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

    write_next(key, ctl_now(ctl), next);
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

static void add_event(struct table *table,
                      const Asap__V1__Key *key,
                      const char *event,
                      const Google__Protobuf__Timestamp *time,
                      int64_t now)
{
    char text[TIME_TEXT_SIZE] = "";

    if (key == NULL || time == NULL)
        return;
    show_time(time, now, text);
    table_add(table, key->key_id);
    table_add(table, event);
    table_add(table, text);
}

/* Only a key that goes has these times. */
static void add_outgoing(struct table *table, const Asap__V1__Key *key, int64_t now)
{
    if (key == NULL)
        return;
    add_event(table, key, "stops signing", key->sign_until, now);
    add_event(table, key, "is published until", key->unpublish_time, now);
}

static enum asap_code view_rotation(const struct ctl *ctl,
                                    const ProtobufCMessage *response,
                                    struct asap_error *err)
{
    const Asap__V1__RotateKeyResponse *plan = (const Asap__V1__RotateKeyResponse *)response;
    static const char *const titles[] = { "KEY ID", "WHAT", "WHEN", NULL };
    SCOPED(table) struct table table = TABLE(3);
    const int64_t now = ctl_now(ctl);

    ctl_say(ctl, plan->already_planned ? "nothing to do, this is what is planned already:"
                                       : "rotation planned:");
    table_add_row(&table, titles);
    if (plan->incoming != NULL)
        add_event(&table, plan->incoming, "starts signing", plan->incoming->sign_time, now);
    add_outgoing(&table, plan->outgoing, now);
    for (size_t i = 0; i < plan->n_standbys; i++)
        add_event(&table, plan->standbys[i], "stands by from", plan->standbys[i]->publish_time,
                  now);
    return table_print(&table, ctl->host->out, err);
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

static const struct ctl_method list_method = { "/asap.v1.KeyAdmin/ListKeys",
                                               &asap__v1__list_keys_response__descriptor,
                                               view_list };
static const struct ctl_method get_method = { "/asap.v1.KeyAdmin/GetKey",
                                              &asap__v1__key__descriptor, view_key };
static const struct ctl_method rotate_method = { "/asap.v1.KeyAdmin/RotateKey",
                                                 &asap__v1__rotate_key_response__descriptor,
                                                 view_rotation };
static const struct ctl_method revoke_method = { "/asap.v1.KeyAdmin/RevokeKey",
                                                 &asap__v1__revoke_key_response__descriptor,
                                                 view_revocation };

enum asap_code key_list(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__ListKeysRequest request = { 0 };

    asap__v1__list_keys_request__init(&request);
    request.issuer = ctl->arguments->operand;
    request.page_size = PAGE_SIZE;
    request.show_unpublished = ctl_has(ctl, OPTION_ALL);
    return ctl_run_list(ctl, &list_method, &request.base, err);
}

enum asap_code key_show(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__GetKeyRequest request = { 0 };

    asap__v1__get_key_request__init(&request);
    request.key_id = ctl->arguments->operand;
    return ctl_run(ctl, &get_method, &request.base, err);
}

enum asap_code key_rotate(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__RotateKeyRequest request = { 0 };

    asap__v1__rotate_key_request__init(&request);
    request.issuer = ctl->arguments->operand;
    ctl_set(ctl, OPTION_EXPECTED, &request.expected_key_id);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &rotate_method, &request.base, err);
}

enum asap_code key_revoke(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__RevokeKeyRequest request = { 0 };

    asap__v1__revoke_key_request__init(&request);
    request.key_id = ctl->arguments->operand;
    ctl_set(ctl, OPTION_REASON, &request.reason);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &revoke_method, &request.base, err);
}

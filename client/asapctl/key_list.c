/* SPDX-License-Identifier: Apache-2.0 */
#include "key_list.h"

#include "codec.h"
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

void key_list_next(const Asap__V1__Key *key, int64_t now, char out[static TIME_TEXT_SIZE])
{
    char phrase[TIME_TEXT_SIZE] = "";

    show_phrase(key->next_transition_time, now, phrase);
    if (key->next_transition_time == NULL)
        (void)snprintf(out, TIME_TEXT_SIZE, "%s", phrase);
    else
        (void)snprintf(out, TIME_TEXT_SIZE, "%.24s %.32s", next_state(key), phrase);
}

static bool is_sooner(const Asap__V1__Key *key, const Asap__V1__Key *than)
{
    if (key->next_transition_time == NULL)
        return false;
    return than == NULL || key->next_transition_time->seconds < than->next_transition_time->seconds;
}

bool key_list_is_managed(const Asap__V1__Key *key)
{
    return key->kind == ASAP__V1__KEY_KIND__KEY_KIND_MANAGED;
}

struct key_overview key_list_overview(const Asap__V1__ListKeysResponse *list)
{
    struct key_overview overview = { .active = NULL };

    for (size_t i = 0; i < list->n_keys; i++) {
        const Asap__V1__Key *key = list->keys[i];

        if (key->state == ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE) {
            if (overview.active == NULL || !key_list_is_managed(overview.active))
                overview.active = key;
            overview.active_count++;
        }
        if (key->state == ASAP__V1__KEY_STATE__KEY_STATE_STANDBY)
            overview.standby_count++;
        if (is_sooner(key, overview.next))
            overview.next = key;
    }
    return overview;
}

static void add_key(struct table *table, const Asap__V1__Key *key, int64_t now)
{
    char created[TIME_TEXT_SIZE] = "";
    char next[TIME_TEXT_SIZE] = "";

    show_phrase(key->create_time, now, created);
    key_list_next(key, now, next);
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

static const struct ctl_method list_method = { "/asap.v1.KeyAdmin/ListKeys",
                                               &asap__v1__list_keys_response__descriptor,
                                               view_list };

enum asap_code key_list_ask(const struct ctl *ctl,
                            char *issuer,
                            bool all,
                            Asap__V1__ListKeysResponse **out,
                            struct asap_error *err)
{
    Asap__V1__ListKeysRequest request = { 0 };
    ProtobufCMessage *message = NULL;

    *out = NULL;
    asap__v1__list_keys_request__init(&request);
    request.issuer = issuer;
    request.page_size = PAGE_SIZE;
    request.show_unpublished = all;
    TRY(ctl_ask_list(ctl, &list_method, &request.base, &message, err));
    *out = (Asap__V1__ListKeysResponse *)message;
    return ASAP_OK;
}

enum asap_code key_list(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__ListKeysRequest request = { 0 };

    asap__v1__list_keys_request__init(&request);
    request.issuer = ctl->arguments->operand;
    request.page_size = PAGE_SIZE;
    request.show_unpublished = ctl_has(ctl, OPTION_ALL);
    return ctl_run_list(ctl, &list_method, &request.base, err);
}

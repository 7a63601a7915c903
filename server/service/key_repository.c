/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/key_repository.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "kid.h"
#include "page.h"

/* One look at the published keys. The database is never asked. */
struct view {
    const struct rpc_call *call;
    struct keyring *keyring;
    struct doubt doubt;
    const struct snapshot *snapshot;
    const struct lifecycle_policy *policy;
    int64_t now;
};

static inline void view_scope_exit(struct view *view)
{
    if (view->snapshot != NULL)
        keyring_release(view->keyring, view->snapshot);
}

static enum asap_code view_begin(const struct rpc_call *call,
                                 struct view *out,
                                 struct asap_error *err)
{
    const struct service *service = call->service;
    const struct doubt doubt = keyring_doubt(service->admin.keyring);

    *out = (struct view){ .call = call,
                          .keyring = service->admin.keyring,
                          .doubt = doubt,
                          .snapshot = keyring_acquire(service->admin.keyring),
                          .policy = service->admin.policy };
    if (out->snapshot == NULL)
        return fail(err, ASAP_UNAVAILABLE, "the published keys are not known yet");
    out->now = snapshot_time(out->snapshot, call->now);
    return ASAP_OK;
}

static bool is_published(const struct view *view, const struct published_key *key)
{
    return lifecycle_is_published(&key->times, view->now);
}

/* A list that lacks a key would be taken for a whole one. */
static enum asap_code check_intact(const struct published_key *key, struct asap_error *err)
{
    if (key->pem == NULL)
        return fail(err, ASAP_UNAVAILABLE,
                    "a key is damaged in the database (its operator must restore it)");
    return ASAP_OK;
}

static enum asap_code to_max_age(const struct view *view,
                                 int64_t max_age,
                                 int64_t unpublish_time,
                                 Google__Protobuf__Duration **field,
                                 struct asap_error *err)
{
    const struct cache_lifetime lifetime =
        lifecycle_cache_lifetime(max_age, view->policy, unpublish_time, view->now);

    return to_duration(lifetime.max_age, field, err);
}

/* Lets caches between keep an answer to GET as long as the caller may. */
static enum asap_code allow_caching(const struct view *view,
                                    const Google__Protobuf__Duration *max_age,
                                    struct asap_error *err)
{
    char value[48];

    if (view->call->query == NULL)
        return ASAP_OK;
    (void)snprintf(value, sizeof value, "public, max-age=%lld", (long long)max_age->seconds);
    return rpc_reply_header(view->call->reply, "Cache-Control", value, err);
}

static enum asap_code to_algorithm(const struct published_key *key,
                                   char **field,
                                   struct asap_error *err)
{
    SCOPED(message) ProtobufCMessage *jwk = NULL;

    TRY(codec_read_json(&asap__v1__jwk__descriptor, key->jwk, key->jwk_length, &jwk, err));
    return codec_set_string(field, ((const Asap__V1__Jwk *)jwk)->alg, err);
}

static enum asap_code to_issuer(const char *key_id, char **field, struct asap_error *err)
{
    char issuer[KID_MAX + 1] = "";

    memcpy(issuer, key_id, (size_t)(strrchr(key_id, '/') - key_id));
    return codec_set_string(field, issuer, err);
}

static enum asap_code to_public_key(const struct view *view,
                                    const struct published_key *key,
                                    Asap__V1__PublicKey *out,
                                    struct asap_error *err)
{
    TRY(codec_set_string(&out->key_id, key->kid, err));
    out->state = to_state(lifecycle_state(&key->times, view->now));
    TRY(to_issuer(key->kid, &out->issuer, err));
    TRY(to_algorithm(key, &out->algorithm, err));
    TRY(codec_set_string(&out->public_key, key->pem, err));
    TRY(to_timestamp(key->times.publish_time, &out->publish_time, err));
    TRY(to_timestamp(key->times.unpublish_time, &out->unpublish_time, err));
    return to_max_age(view, view->policy->max_age, key->times.unpublish_time, &out->max_age, err);
}

static enum asap_code fail_unknown(struct asap_error *err)
{
    return fail(err, ASAP_UNAVAILABLE,
                "this server cannot tell which keys are published, since it lost the database"
                " (another one may know; or try again)");
}

static enum asap_code fail_not_found(const struct view *view,
                                     const char *message,
                                     struct asap_error *err)
{
    return view->doubt.may_lack ? fail_unknown(err) : fail(err, ASAP_NOT_FOUND, "%s", message);
}

enum asap_code key_repository_get(const struct rpc_call *call,
                                  const ProtobufCMessage *in,
                                  ProtobufCMessage *out,
                                  struct asap_error *err)
{
    const char *key_id = ((const Asap__V1__GetPublicKeyRequest *)in)->key_id;
    Asap__V1__PublicKey *response = (Asap__V1__PublicKey *)out;
    const struct published_key *key = NULL;
    SCOPED(view) struct view view = { 0 };

    if (key_id[0] == '\0')
        return fail_field(err, "key_id", "name the key: the kid of a token, issuer/name");
    TRY(view_begin(call, &view, err));
    key = snapshot_find(view.snapshot, key_id, strlen(key_id));
    if (key == NULL || !is_published(&view, key))
        return fail_not_found(&view, "no such key is published here", err);
    TRY(check_intact(key, err));
    TRY(to_public_key(&view, key, response, err));
    return allow_caching(&view, response->max_age, err);
}

static enum asap_code find_issuer(const struct view *view,
                                  const char *issuer,
                                  struct published_keys *out,
                                  struct asap_error *err)
{
    if (issuer[0] == '\0')
        return fail_field(err, "issuer", "name the issuer, such as payments/api");
    *out = snapshot_issuer_keys(view->snapshot, issuer, strlen(issuer));
    return ASAP_OK;
}

/* Goes on behind the key `last`, "" for the beginning. */
static enum asap_code skip_pages(const char *last,
                                 struct published_keys *keys,
                                 struct asap_error *err)
{
    if (last[0] == '\0')
        return ASAP_OK;
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(published_keys_at(*keys, i)->kid, last) == 0) {
            *keys = (struct published_keys){ keys->entries + i + 1, keys->count - i - 1 };
            return ASAP_OK;
        }
    return fail_field(err, "page_token",
                      "the list has changed since that page; begin again without a page token");
}

static enum asap_code add_public_key(const struct view *view,
                                     const struct published_key *key,
                                     Asap__V1__ListPublicKeysResponse *out,
                                     struct asap_error *err)
{
    Asap__V1__PublicKey *added = NULL;

    TRY(check_intact(key, err));
    added = malloc(sizeof *added);
    if (added == NULL)
        return fail_memory(err);
    asap__v1__public_key__init(added);
    out->public_keys[out->n_public_keys++] = added;
    return to_public_key(view, key, added, err);
}

enum asap_code key_repository_list(const struct rpc_call *call,
                                   const ProtobufCMessage *in,
                                   ProtobufCMessage *out,
                                   struct asap_error *err)
{
    const Asap__V1__ListPublicKeysRequest *request = (const Asap__V1__ListPublicKeysRequest *)in;
    Asap__V1__ListPublicKeysResponse *response = (Asap__V1__ListPublicKeysResponse *)out;
    SCOPED(view) struct view view = { 0 };
    struct published_keys keys = { 0 };
    struct page page;
    void **array = NULL;

    TRY(page_begin(call->service, in, request->page_size, &page, err));
    TRY(view_begin(call, &view, err));
    if (view.doubt.may_lack)
        return fail_unknown(err);
    TRY(find_issuer(&view, request->issuer, &keys, err));
    TRY(skip_pages(page.after, &keys, err));
    TRY(to_array(page.limit, &array, err));
    response->public_keys = (Asap__V1__PublicKey **)array;
    for (size_t i = 0; i < keys.count; i++) {
        const struct published_key *key = published_keys_at(keys, i);

        if (!is_published(&view, key))
            continue;
        if (response->n_public_keys == page.limit)
            return page_token_write(page.key, in, response->public_keys[page.limit - 1]->key_id,
                                    &response->next_page_token, err);
        TRY(add_public_key(&view, key, response, err));
    }
    return ASAP_OK;
}

/* The moment when the first key of the set goes is the end of the set as it is. */
static enum asap_code add_jwks(const struct view *view,
                               struct published_keys keys,
                               Asap__V1__Jwks *out,
                               int64_t *unpublish_time,
                               struct asap_error *err)
{
    for (size_t i = 0; i < keys.count; i++) {
        const struct published_key *key = published_keys_at(keys, i);
        ProtobufCMessage *jwk = NULL;

        if (!is_published(view, key))
            continue;
        TRY(check_intact(key, err));
        TRY(codec_read_json(&asap__v1__jwk__descriptor, key->jwk, key->jwk_length, &jwk, err));
        out->keys[out->n_keys++] = (Asap__V1__Jwk *)jwk;
        if (key->times.unpublish_time < *unpublish_time)
            *unpublish_time = key->times.unpublish_time;
    }
    return ASAP_OK;
}

enum asap_code key_repository_get_jwks(const struct rpc_call *call,
                                       const ProtobufCMessage *in,
                                       ProtobufCMessage *out,
                                       struct asap_error *err)
{
    const Asap__V1__GetJwksRequest *request = (const Asap__V1__GetJwksRequest *)in;
    Asap__V1__Jwks *response = (Asap__V1__Jwks *)out;
    SCOPED(view) struct view view = { 0 };
    int64_t unpublish_time = LIFECYCLE_NEVER;
    int64_t end = LIFECYCLE_NEVER;
    struct published_keys keys = { 0 };
    void **array = NULL;

    TRY(view_begin(call, &view, err));
    end = lifecycle_end_of_set(view.policy, view.now, view.doubt.age);
    TRY(find_issuer(&view, request->issuer, &keys, err));
    TRY(to_array(keys.count, &array, err));
    response->keys = (Asap__V1__Jwk **)array;
    TRY(add_jwks(&view, keys, response, &unpublish_time, err));
    if (response->n_keys == 0)
        return fail_not_found(&view, "no key of such an issuer is published here", err);
    if (end - view.policy->clock_skew <= view.now)
        return fail_unknown(err);
    if (end < unpublish_time)
        unpublish_time = end;
    TRY(to_max_age(&view, view.policy->jwks_max_age, unpublish_time, &response->max_age, err));
    return allow_caching(&view, response->max_age, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "fail.h"
#include "issuer_list.h"
#include "json.h"
#include "key_list.h"
#include "kid.h"
#include "pem.h"
#include "retriever_jwk_set.h"
#include "status_verbs.h"

enum { DEFAULT_MAX_AGE = 300, DEFAULT_SKEW = 30 };

static int64_t seconds_of(const Google__Protobuf__Duration *duration, int64_t otherwise)
{
    return duration == NULL ? otherwise : duration->seconds;
}

struct doctor_timing doctor_timing_of(const struct doctor_view *view)
{
    static const Asap__V1__Timing unknown = ASAP__V1__TIMING__INIT;
    const Asap__V1__Timing *timing = &unknown;

    if (view->status != NULL && view->status->timing != NULL)
        timing = view->status->timing;
    return (struct doctor_timing){
        .max_age = seconds_of(timing->max_age, DEFAULT_MAX_AGE),
        .stale = seconds_of(timing->stale, DEFAULT_MAX_AGE),
        .jwks_max_age = seconds_of(timing->jwks_max_age, DEFAULT_MAX_AGE),
        .clock_skew = seconds_of(timing->clock_skew, DEFAULT_SKEW),
        .replica_lag = seconds_of(timing->replica_lag, 0),
    };
}

bool doctor_is_published(const Asap__V1__Key *key)
{
    return key->state == ASAP__V1__KEY_STATE__KEY_STATE_STANDBY
           || key->state == ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE
           || key->state == ASAP__V1__KEY_STATE__KEY_STATE_RETIRING;
}

static enum asap_code grow(struct doctor_view *view, size_t count, struct asap_error *err)
{
    view->issuers = calloc(count + 1, sizeof *view->issuers);
    return view->issuers == NULL ? fail_memory(err) : ASAP_OK;
}

/* From the server */

static enum asap_code add_issuer(const struct ctl *ctl,
                                 const Asap__V1__Issuer *issuer,
                                 struct doctor_view *view,
                                 struct asap_error *err)
{
    Asap__V1__ListKeysResponse *keys = NULL;

    TRY(key_list_ask(ctl, issuer->name, true, &keys, err));
    view->issuers[view->count++] = (struct doctor_issuer){ issuer->name, issuer, keys };
    return ASAP_OK;
}

static const Asap__V1__Issuer *find_issuer(const Asap__V1__ListIssuersResponse *list,
                                           const char *name)
{
    for (size_t i = 0; i < list->n_issuers; i++)
        if (strcmp(list->issuers[i]->name, name) == 0)
            return list->issuers[i];
    return NULL;
}

static enum asap_code add_named(const struct ctl *ctl,
                                char *const *names,
                                struct doctor_view *view,
                                struct asap_error *err)
{
    for (; *names != NULL; names++) {
        const Asap__V1__Issuer *issuer = find_issuer(view->list, *names);

        if (issuer == NULL)
            return fail(err, ASAP_NOT_FOUND,
                        "there is no issuer %.128s (asapctl issuer list shows what there is)",
                        *names);
        TRY(add_issuer(ctl, issuer, view, err));
    }
    return ASAP_OK;
}

static enum asap_code add_issuers(const struct ctl *ctl,
                                  struct doctor_view *view,
                                  struct asap_error *err)
{
    char *names[REPEATED_MAX + 1] = { NULL };
    const size_t count = arguments_values(ctl->arguments, OPTION_ISSUER, names);

    TRY(grow(view, count > view->list->n_issuers ? count : view->list->n_issuers, err));
    if (count > 0)
        return add_named(ctl, names, view, err);
    for (size_t i = 0; i < view->list->n_issuers; i++)
        TRY(add_issuer(ctl, view->list->issuers[i], view, err));
    return ASAP_OK;
}

enum asap_code doctor_view_ask(const struct ctl *ctl,
                               struct doctor_view *out,
                               struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    *out = (struct doctor_view){ .count = 0 };
    code = status_ask(ctl, &out->status, &out->why);
    if (code == ASAP_OK)
        code = issuer_list_ask(ctl, &out->list, &out->why);
    if (code == ASAP_OK)
        return add_issuers(ctl, out, err);
    status_free(out->status);
    out->status = NULL;
    if (code == ASAP_UNAVAILABLE && !ctl->access.is_given)
        out->why = (struct asap_error){ 0 };
    return ASAP_OK;
}

/* From the key sets */

void doctor_key_set_url(const char *base_url, const char *issuer, char out[static DOCTOR_URL_SIZE])
{
    (void)snprintf(out, DOCTOR_URL_SIZE, "%s/%.255s/.well-known/jwks.json", base_url, issuer);
}

/* As the server would publish it. One that may not be used has no text. */
static enum asap_code
write_pem(struct jwk_set *set, const struct kid *kid, char **out, struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);

    if (jwk_set_find(set, kid, &key, err) != ASAP_OK)
        return ASAP_OK;
    TRY(pem_write_public(key, &pem, err));
    TRY(buffer_check(&pem, "the key", err));
    return codec_set_string(out, pem.bytes, err);
}

static enum asap_code add_key(const struct kid *kid,
                              const char *key_id,
                              struct jwk_set *set,
                              Asap__V1__ListKeysResponse *out,
                              struct asap_error *err)
{
    Asap__V1__Key *key = malloc(sizeof *key);

    if (key == NULL)
        return fail_memory(err);
    asap__v1__key__init(key);
    out->keys[out->n_keys++] = key;
    key->state = ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE;
    TRY(codec_set_string(&key->key_id, key_id, err));
    return write_pem(set, kid, &key->public_key, err);
}

/* A key of the set that is none is left to those who check the set. */
static enum asap_code add_keys(const struct buffer *body,
                               Asap__V1__ListKeysResponse *out,
                               struct asap_error *err)
{
    SCOPED(json) json_t *text = json_loadb(body->bytes, body->length, 0, NULL);
    SCOPED(jwk_set) struct jwk_set *set = NULL;
    const json_t *keys = json_object_get(text, "keys");
    struct asap_error why = { 0 };

    if (body->length == 0 || jwk_set_read(body->bytes, body->length, &set, &why) != ASAP_OK)
        return ASAP_OK;
    out->keys = calloc(json_array_size(keys) + 1, sizeof(void *));
    if (out->keys == NULL)
        return fail_memory(err);
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key_id = json_string_value(json_object_get(json_array_get(keys, i), "kid"));
        struct kid kid = { 0 };

        if (key_id != NULL && kid_parse(key_id, strlen(key_id), &kid, &why) == ASAP_OK)
            TRY(add_key(&kid, key_id, set, out, err));
    }
    return ASAP_OK;
}

static enum asap_code discover(struct prober *prober,
                               const char *issuer,
                               struct doctor_view *view,
                               struct asap_error *err)
{
    SCOPED(probe) struct probe answer = PROBE;
    char url[DOCTOR_URL_SIZE] = "";
    Asap__V1__ListKeysResponse *keys = malloc(sizeof *keys);

    if (keys == NULL)
        return fail_memory(err);
    asap__v1__list_keys_response__init(keys);
    view->issuers[view->count++] = (struct doctor_issuer){ issuer, NULL, keys };
    doctor_key_set_url(prober_base_url(prober), issuer, url);
    TRY(probe_get(prober, &(struct probe_wish){ .url = url }, &answer, err));
    return answer.status == 200 ? add_keys(&answer.body, keys, err) : ASAP_OK;
}

enum asap_code doctor_view_discover(const struct ctl *ctl,
                                    struct prober *prober,
                                    struct doctor_view *view,
                                    struct asap_error *err)
{
    char *names[REPEATED_MAX + 1] = { NULL };

    TRY(grow(view, arguments_values(ctl->arguments, OPTION_ISSUER, names), err));
    for (size_t i = 0; names[i] != NULL; i++)
        TRY(discover(prober, names[i], view, err));
    return ASAP_OK;
}

void doctor_view_clear(struct doctor_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        key_list_free(view->issuers[i].keys);
    free(view->issuers);
    issuer_list_free(view->list);
    status_free(view->status);
}

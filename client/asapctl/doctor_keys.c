/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "doctor_check.h"
#include "json.h"
#include "pem.h"
#include "retriever_jwk_set.h"

/* The keys that a repository serves, and the key sets. */

static bool is_served(const struct doctor_subject *subject)
{
    return subject->answer->status == 200;
}

/* A mirror may need that long until it has a new key. */
static bool is_on_its_way(const struct doctor_subject *subject, const Asap__V1__Key *key)
{
    return key->publish_time != NULL
           && key->publish_time->seconds + doctor_timing_of(subject->view).replica_lag
                  > subject->now;
}

static enum doctor_verdict not_served(const struct doctor_subject *subject,
                                      char seen[static DOCTOR_TEXT_SIZE])
{
    const struct probe *answer = subject->answer;

    if (answer->end != PROBE_ANSWERED)
        return doctor_ill(seen, "%.255s: %s", subject->key->key_id, answer->why);
    if (answer->location[0] != '\0')
        return doctor_ill(seen, "%.255s is answered with %ld to %s", subject->key->key_id,
                          answer->status, answer->location);
    return doctor_ill(seen, "%.255s is answered with %ld", subject->key->key_id, answer->status);
}

enum doctor_verdict doctor_base_path(const struct doctor_subject *subject,
                                     char seen[static DOCTOR_TEXT_SIZE])
{
    if (is_served(subject) || subject->elsewhere->status != 200)
        return DOCTOR_NOTHING;
    return doctor_ill(seen, "%.255s is served without the path of this URL", subject->key->key_id);
}

enum doctor_verdict doctor_served(const struct doctor_subject *subject,
                                  char seen[static DOCTOR_TEXT_SIZE])
{
    if (is_served(subject))
        return DOCTOR_WELL;
    return is_on_its_way(subject, subject->key) ? DOCTOR_NOTHING : not_served(subject, seen);
}

enum doctor_verdict doctor_type(const struct doctor_subject *subject,
                                char seen[static DOCTOR_TEXT_SIZE])
{
    if (!is_served(subject))
        return DOCTOR_NOTHING;
    if (doctor_is_type(subject->answer, "application/x-pem-file"))
        return DOCTOR_WELL;
    return doctor_ill(seen, "%.255s is %s", subject->key->key_id,
                      subject->answer->type[0] == '\0' ? "of no type" : subject->answer->type);
}

static bool is_same(const struct buffer *body, const char *text)
{
    return body->length == strlen(text) && memcmp(body->bytes, text, body->length) == 0;
}

enum doctor_verdict doctor_bytes(const struct doctor_subject *subject,
                                 char seen[static DOCTOR_TEXT_SIZE])
{
    if (!is_served(subject) || subject->key->public_key[0] == '\0')
        return DOCTOR_NOTHING;
    if (is_same(&subject->answer->body, subject->key->public_key))
        return DOCTOR_WELL;
    return doctor_ill(seen, "%.255s is another key here than %s", subject->key->key_id,
                      subject->view->status != NULL ? "at the server" : "in the key set");
}

enum doctor_verdict doctor_form(const struct doctor_subject *subject,
                                char seen[static DOCTOR_TEXT_SIZE])
{
    const struct buffer *body = &subject->answer->body;
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct asap_error why = { 0 };

    if (!is_served(subject))
        return DOCTOR_NOTHING;
    if (body->length > 0 && body->length <= PEM_PUBLIC_MAX
        && pem_read_public(body->bytes, body->length, &key, &why) == ASAP_OK)
        return DOCTOR_WELL;
    return doctor_ill(seen, "%.255s: %.200s", subject->key->key_id,
                      why.code == ASAP_OK ? "that is no public key in PEM" : why.message);
}

/* What the headers allow a cache more than the settings of the server do, or NULL. */
static const char *excess_of(const struct cache_directives *control,
                             const struct doctor_timing *timing)
{
    if (control->max_age.seconds > timing->max_age)
        return "max-age";
    if (control->stale_while_revalidate.seconds > timing->stale)
        return "stale-while-revalidate";
    return control->stale_if_error.seconds > timing->stale ? "stale-if-error" : NULL;
}

enum doctor_verdict doctor_freshness(const struct doctor_subject *subject,
                                     char seen[static DOCTOR_TEXT_SIZE])
{
    const struct cache_directives *control = &subject->answer->headers.control;
    const struct doctor_timing timing = doctor_timing_of(subject->view);
    const char *key_id = subject->key->key_id;

    if (!is_served(subject))
        return DOCTOR_NOTHING;
    if (!control->given || (!control->max_age.given && !control->no_store && !control->no_cache))
        return doctor_ill(seen, "%.255s does not say for how long it may be kept", key_id);
    if (control->no_store || control->no_cache
        || (control->max_age.seconds == 0 && timing.max_age > 0))
        return doctor_ill(seen, "%.255s may not be kept at all, and is asked for again and again",
                          key_id);
    if (subject->view->status != NULL && excess_of(control, &timing) != NULL)
        return doctor_ill(seen, "%.255s has a longer %s than the server's settings", key_id,
                          excess_of(control, &timing));
    return DOCTOR_WELL;
}

/* By the cache's own word, or by the Date of the origin, which a cache passes on: against that of
 * an answer that is new, so that a clock that is wrong does not count. */
static int64_t age_of(const struct doctor_subject *subject)
{
    const struct cache_headers *headers = &subject->answer->headers;
    const struct cache_seconds *fresh = &subject->miss->headers.date;

    if (headers->age.given && headers->age.seconds > 0)
        return headers->age.seconds;
    return headers->date.given && fresh->given ? fresh->seconds - headers->date.seconds : 0;
}

enum doctor_verdict doctor_age(const struct doctor_subject *subject,
                               char seen[static DOCTOR_TEXT_SIZE])
{
    const struct cache_directives *control = &subject->answer->headers.control;
    const int64_t age = age_of(subject);

    if (!is_served(subject) || !control->max_age.given)
        return DOCTOR_NOTHING;
    if (age <= control->max_age.seconds + control->stale_while_revalidate.seconds)
        return DOCTOR_WELL;
    return doctor_ill(seen, "%.255s is %" PRId64 " s old, of at most %" PRId64 " s",
                      subject->key->key_id, age, control->max_age.seconds);
}

/* A closer look at one key of an issuer */

enum doctor_verdict doctor_revalidation(const struct doctor_subject *subject,
                                        char seen[static DOCTOR_TEXT_SIZE])
{
    const struct cache_validators *validators = &subject->answer->validators;

    if (!is_served(subject))
        return DOCTOR_NOTHING;
    if (validators->etag[0] == '\0' && validators->last_modified[0] == '\0')
        return doctor_ill(seen, "%.255s has neither ETag nor Last-Modified", subject->key->key_id);
    if (validators->etag[0] == '\0')
        return doctor_ill(seen, "%.255s has no ETag", subject->key->key_id);
    if (subject->revalidated->status != 304)
        return doctor_ill(seen, "%.255s is sent again to If-None-Match, with %ld",
                          subject->key->key_id, subject->revalidated->status);
    return DOCTOR_WELL;
}

enum doctor_verdict doctor_compression(const struct doctor_subject *subject,
                                       char seen[static DOCTOR_TEXT_SIZE])
{
    const struct probe *compressed = subject->compressed;

    if (!is_served(subject) || compressed->status != 200)
        return DOCTOR_NOTHING;
    if (subject->answer->encoding[0] != '\0')
        return doctor_ill(seen, "%.255s is sent as %s to those who did not ask for it",
                          subject->key->key_id, subject->answer->encoding);
    if (strcmp(compressed->validators.etag, subject->answer->validators.etag) != 0)
        return doctor_ill(
            seen, "%.255s is compressed, and its ETag becomes %s", subject->key->key_id,
            compressed->validators.etag[0] == '\0' ? "nothing" : compressed->validators.etag);
    return DOCTOR_WELL;
}

enum doctor_verdict doctor_alias(const struct doctor_subject *subject,
                                 char seen[static DOCTOR_TEXT_SIZE])
{
    const struct probe *alias = subject->alias;

    if (!is_served(subject))
        return DOCTOR_NOTHING;
    if (alias->status != 200)
        return doctor_ill(seen, "that of %.255s is answered with %ld", subject->key->key_id,
                          alias->status);
    if (alias->body.length != subject->answer->body.length
        || memcmp(alias->body.bytes, subject->answer->body.bytes, alias->body.length) != 0)
        return doctor_ill(seen, "that of %.255s is another key", subject->key->key_id);
    return DOCTOR_WELL;
}

/* Key sets */

static size_t count_published(const Asap__V1__ListKeysResponse *keys)
{
    size_t count = 0;

    for (size_t i = 0; i < keys->n_keys; i++)
        count += doctor_is_published(keys->keys[i]);
    return count;
}

enum doctor_verdict doctor_key_set(const struct doctor_subject *subject,
                                   char seen[static DOCTOR_TEXT_SIZE])
{
    if (count_published(subject->issuer->keys) == 0 && subject->view->status != NULL)
        return DOCTOR_NOTHING;
    if (!is_served(subject))
        return doctor_ill(seen, "that of %.190s is answered with %ld", subject->issuer->name,
                          subject->answer->status);
    if (!doctor_is_type(subject->answer, "application/jwk-set+json")
        && !doctor_is_type(subject->answer, "application/json"))
        return doctor_ill(seen, "that of %.190s is %s", subject->issuer->name,
                          subject->answer->type[0] == '\0' ? "of no type" : subject->answer->type);
    return DOCTOR_WELL;
}

/* Whether the set has the key, byte for byte once it is written as PEM. */
static bool holds(struct jwk_set *set, const Asap__V1__Key *key)
{
    SCOPED(pkey) EVP_PKEY *found = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);
    struct asap_error why = { 0 };
    struct kid kid = { 0 };

    return kid_parse(key->key_id, strlen(key->key_id), &kid, &why) == ASAP_OK
           && jwk_set_find(set, &kid, &found, &why) == ASAP_OK
           && pem_write_public(found, &pem, &why) == ASAP_OK && is_same(&pem, key->public_key);
}

static bool is_any_on_its_way(const struct doctor_subject *subject)
{
    const Asap__V1__ListKeysResponse *keys = subject->issuer->keys;

    for (size_t i = 0; i < keys->n_keys; i++)
        if (is_on_its_way(subject, keys->keys[i]))
            return true;
    return false;
}

static size_t count_in(const struct buffer *body)
{
    SCOPED(json) json_t *set = json_loadb(body->bytes, body->length, 0, NULL);

    return json_array_size(json_object_get(set, "keys"));
}

enum doctor_verdict doctor_key_set_keys(const struct doctor_subject *subject,
                                        char seen[static DOCTOR_TEXT_SIZE])
{
    const Asap__V1__ListKeysResponse *keys = subject->issuer->keys;
    const struct buffer *body = &subject->answer->body;
    SCOPED(jwk_set) struct jwk_set *set = NULL;
    struct asap_error why = { 0 };

    if (!is_served(subject) || body->length == 0 || is_any_on_its_way(subject))
        return DOCTOR_NOTHING;
    if (jwk_set_read(body->bytes, body->length, &set, &why) != ASAP_OK)
        return doctor_ill(seen, "that of %.190s: %.200s", subject->issuer->name, why.message);
    for (size_t i = 0; i < keys->n_keys; i++)
        if (doctor_is_published(keys->keys[i]) && !holds(set, keys->keys[i]))
            return doctor_ill(seen, "that of %.190s lacks %.255s, or has another key of that name",
                              subject->issuer->name, keys->keys[i]->key_id);
    if (count_in(body) != count_published(keys))
        return doctor_ill(seen, "that of %.190s has %zu keys, and not %zu", subject->issuer->name,
                          count_in(body), count_published(keys));
    return DOCTOR_WELL;
}

enum doctor_verdict doctor_gone(const struct doctor_subject *subject,
                                char seen[static DOCTOR_TEXT_SIZE])
{
    if (!is_served(subject))
        return DOCTOR_WELL;
    return doctor_ill(seen, "%.255s is still served", subject->key->key_id);
}

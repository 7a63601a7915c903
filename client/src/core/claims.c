/* SPDX-License-Identifier: Apache-2.0 */
#include "claims.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "fail.h"
#include "json.h"
#include "utc.h"

enum { JTI_MAX = 255, JTI_RANDOM_BYTES = 20 };

static const char *const registered[] = { "iss", "sub", "aud", "iat", "nbf", "exp", "jti" };
enum { REGISTERED = sizeof registered / sizeof registered[0] };

/* What a token has room for beside the registered claims. */
static const struct json_limits additional_limits = {
    .depth = 8,
    .members = 32 - REGISTERED,
    .values = 64 - (REGISTERED - 1) - CLAIMS_MAX_AUDIENCES,
    .string_length = 1024,
};

static enum asap_code
get_claim(const json_t *all, const char *name, const json_t **out, struct asap_error *err)
{
    *out = json_object_get(all, name);
    if (*out == NULL)
        return refuse(err, ASAP_REASON_CLAIM_MISSING, name, "the token has no %s", name);
    return ASAP_OK;
}

/* A non-empty string. jansson refuses a NUL within. */
static enum asap_code
read_string(const json_t *value, const char *name, const char **out, struct asap_error *err)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return refuse(err, ASAP_REASON_CLAIM_TYPE, name, "the token's %s is not a non-empty string",
                      name);
    *out = json_string_value(value);
    return ASAP_OK;
}

static enum asap_code
read_required_string(const json_t *all, const char *name, const char **out, struct asap_error *err)
{
    const json_t *value = NULL;

    TRY(get_claim(all, name, &value, err));
    return read_string(value, name, out, err);
}

/* An integer that keeps sums of times far from overflow. 1.0 and 1e9 are no integers to jansson. */
static enum asap_code
read_time(const json_t *value, const char *name, int64_t *out, struct asap_error *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0
        || json_integer_value(value) > UTC_MAX)
        return refuse(err, ASAP_REASON_CLAIM_TYPE, name,
                      "the token's %s is not an integer number of seconds since 1970", name);
    *out = json_integer_value(value);
    return ASAP_OK;
}

static enum asap_code
read_required_time(const json_t *all, const char *name, int64_t *out, struct asap_error *err)
{
    const json_t *value = NULL;

    TRY(get_claim(all, name, &value, err));
    return read_time(value, name, out, err);
}

static enum asap_code read_times(struct asap_claims *claims, struct asap_error *err)
{
    const json_t *not_before = json_object_get(claims->all, "nbf");

    TRY(read_required_time(claims->all, "iat", &claims->issued_at, err));
    TRY(read_required_time(claims->all, "exp", &claims->expires_at, err));
    claims->not_before = claims->issued_at;
    return not_before == NULL ? ASAP_OK : read_time(not_before, "nbf", &claims->not_before, err);
}

static enum asap_code read_audiences(struct asap_claims *claims, struct asap_error *err)
{
    const json_t *audience = NULL;

    TRY(get_claim(claims->all, "aud", &audience, err));
    if (!json_is_array(audience)) {
        claims->audience_count = 1;
        return read_string(audience, "aud", &claims->audiences[0], err);
    }
    claims->audience_count = json_array_size(audience);
    if (claims->audience_count == 0 || claims->audience_count > CLAIMS_MAX_AUDIENCES)
        return refuse(err, ASAP_REASON_CLAIM_TYPE, "aud",
                      "the token's aud has %zu values, not 1 to %d", claims->audience_count,
                      CLAIMS_MAX_AUDIENCES);
    for (size_t i = 0; i < claims->audience_count; i++)
        TRY(read_string(json_array_get(audience, i), "aud", &claims->audiences[i], err));
    return ASAP_OK;
}

static enum asap_code read_parties(struct asap_claims *claims, struct asap_error *err)
{
    const json_t *subject = json_object_get(claims->all, "sub");

    TRY(read_required_string(claims->all, "iss", &claims->issuer, err));
    claims->subject = claims->issuer;
    if (subject != NULL)
        TRY(read_string(subject, "sub", &claims->subject, err));
    return read_audiences(claims, err);
}

static enum asap_code read_jti(struct asap_claims *claims, struct asap_error *err)
{
    TRY(read_required_string(claims->all, "jti", &claims->jti, err));
    if (strlen(claims->jti) > JTI_MAX)
        return refuse(err, ASAP_REASON_CLAIM_TYPE, "jti", "the token's jti is over %d bytes",
                      JTI_MAX);
    return ASAP_OK;
}

enum asap_code
claims_parse(const char *text, size_t length, struct asap_claims **out, struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = calloc(1, sizeof *claims);

    *out = NULL;
    if (claims == NULL)
        return fail_memory(err);
    TRY(json_read_object(text, length, &json_token_limits, "token claims", &claims->all, err));
    TRY(read_parties(claims, err));
    TRY(read_jti(claims, err));
    TRY(read_times(claims, err));
    *out = MOVE(claims);
    return ASAP_OK;
}

void asap_claims_free(struct asap_claims *claims)
{
    if (claims == NULL)
        return;
    json_decref(claims->all);
    free(claims);
}

static bool is_listed(const char *const *list, const char *text)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

static enum asap_code check_parties(const struct asap_claims *claims,
                                    const struct kid *kid,
                                    const struct claims_policy *policy,
                                    struct asap_error *err)
{
    if (!kid_owned_by(kid, claims->issuer))
        return refuse(err, ASAP_REASON_KID_OWNER, "kid", "the key id belongs to another issuer");
    if (policy->any_subject || strcmp(claims->subject, claims->issuer) == 0
        || is_listed(policy->subjects, claims->subject))
        return ASAP_OK;
    return refuse(err, ASAP_REASON_SUBJECT, "sub", "the token's subject is not its issuer");
}

/* Whatever the time is. */
static enum asap_code check_lifetime(const struct asap_claims *claims,
                                     const struct claims_policy *policy,
                                     struct asap_error *err)
{
    const int64_t lifetime = claims->expires_at - claims->issued_at;

    if (lifetime <= 0)
        return refuse(err, ASAP_REASON_LIFETIME, "exp", "the token expires before it is issued");
    if (lifetime > policy->max_lifetime)
        return refuse(err, ASAP_REASON_LIFETIME, "exp",
                      "the token lives for %" PRId64 " s; at most %" PRId64 " s are allowed",
                      lifetime, policy->max_lifetime);
    if (claims->not_before < claims->issued_at || claims->not_before > claims->expires_at)
        return refuse(err, ASAP_REASON_LIFETIME, "nbf",
                      "the token's nbf is not between its iat and its exp");
    return ASAP_OK;
}

static enum asap_code
check_time(const struct asap_claims *claims, int64_t leeway, int64_t now, struct asap_error *err)
{
    if (now > claims->expires_at + leeway)
        return refuse(err, ASAP_REASON_EXPIRED, "exp", "the token expired at %" PRId64,
                      claims->expires_at);
    if (now < claims->issued_at - leeway)
        return refuse(err, ASAP_REASON_ISSUED_IN_FUTURE, "iat",
                      "the token was issued in the future, at %" PRId64 " (do the clocks agree?)",
                      claims->issued_at);
    if (now < claims->not_before - leeway)
        return refuse(err, ASAP_REASON_NOT_YET_VALID, "nbf",
                      "the token is not valid until %" PRId64, claims->not_before);
    return ASAP_OK;
}

static enum asap_code check_audience(const struct asap_claims *claims,
                                     const struct claims_policy *policy,
                                     struct asap_error *err)
{
    for (size_t i = 0; i < claims->audience_count; i++)
        if (is_listed(policy->audiences, claims->audiences[i]))
            return ASAP_OK;
    return refuse(err, ASAP_REASON_AUDIENCE, "aud", "the token is for another audience");
}

static enum asap_code check_issuer(const struct asap_claims *claims,
                                   const struct claims_policy *policy,
                                   struct asap_error *err)
{
    if (policy->issuers == NULL || is_listed(policy->issuers, claims->issuer))
        return ASAP_OK;
    (void)refuse(err, ASAP_REASON_ISSUER, "iss", "the token's issuer is not allowed here");
    return fail_as(err, ASAP_PERMISSION_DENIED);
}

enum asap_code claims_check(const struct asap_claims *claims,
                            const struct kid *kid,
                            const struct claims_policy *policy,
                            int64_t now,
                            struct asap_error *err)
{
    TRY(check_parties(claims, kid, policy, err));
    TRY(check_lifetime(claims, policy, err));
    TRY(check_time(claims, policy->leeway, now, err));
    TRY(check_audience(claims, policy, err));
    return check_issuer(claims, policy, err);
}

/* Whether it is ASCII that a JSON string has as it is. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            return false;
    return true;
}

/* What nearly all names are needs no library. */
static void write_plain(struct buffer *out, const char *text)
{
    buffer_puts(out, "\"");
    buffer_puts(out, text);
    buffer_puts(out, "\"");
}

/* Appends `text` as a JSON string. */
static enum asap_code
write_string(struct buffer *out, const char *text, const char *field, struct asap_error *err)
{
    SCOPED(json) json_t *value = NULL;
    char *room = NULL;
    size_t length = 0;

    if (text == NULL || *text == '\0' || strlen(text) > json_token_limits.string_length)
        return fail_field(err, field, "%s has a value that is empty or over %zu bytes", field,
                          json_token_limits.string_length);
    if (is_plain(text)) {
        write_plain(out, text);
        return ASAP_OK;
    }
    value = json_string(text);
    if (value == NULL)
        return fail_field(err, field, "%s is not UTF-8", field);
    length = json_dumpb(value, NULL, 0, JSON_ENCODE_ANY);
    room = buffer_extend(out, length);
    if (room != NULL)
        (void)json_dumpb(value, room, length, JSON_ENCODE_ANY);
    return ASAP_OK;
}

static enum asap_code write_audiences(struct buffer *out,
                                      const char *const *audiences,
                                      struct asap_error *err)
{
    static const char field[] = "audiences";
    size_t count = 0;

    while (audiences != NULL && count <= CLAIMS_MAX_AUDIENCES && audiences[count] != NULL)
        count++;
    if (count == 0 || count > CLAIMS_MAX_AUDIENCES)
        return fail_field(err, field, "a token is for 1 to %d audiences; name %s",
                          CLAIMS_MAX_AUDIENCES, count == 0 ? "one" : "fewer");
    if (count == 1)
        return write_string(out, audiences[0], field, err);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(out, i == 0 ? "[" : ",");
        TRY(write_string(out, audiences[i], field, err));
    }
    buffer_puts(out, "]");
    return ASAP_OK;
}

static enum asap_code write_parties(struct buffer *out,
                                    const struct claims_request *request,
                                    struct asap_error *err)
{
    const char *subject = request->subject != NULL ? request->subject : request->issuer;

    buffer_puts(out, "{\"iss\":");
    TRY(write_string(out, request->issuer, "issuer", err));
    buffer_puts(out, ",\"sub\":");
    TRY(write_string(out, subject, "subject", err));
    buffer_puts(out, ",\"aud\":");
    return write_audiences(out, request->audiences, err);
}

static enum asap_code
write_times(struct buffer *out, int64_t now, int64_t lifetime, struct asap_error *err)
{
    if (lifetime < 1 || lifetime > CLAIMS_MAX_LIFETIME)
        return fail_field(err, "lifetime_seconds", "a token lives for 1 to %d s, not %" PRId64 " s",
                          CLAIMS_MAX_LIFETIME, lifetime);
    if (now < 0 || now > UTC_MAX - lifetime)
        return fail(err, ASAP_INTERNAL, "the clock is not between 1970 and 9999; set it");
    buffer_printf(out, ",\"iat\":%" PRId64 ",\"nbf\":%" PRId64 ",\"exp\":%" PRId64, now, now,
                  now + lifetime);
    return ASAP_OK;
}

enum asap_code claims_new_jti(char out[CLAIMS_JTI_SIZE], struct asap_error *err)
{
    SCOPED(buffer) struct buffer text = BUFFER(CLAIMS_JTI_SIZE - 1);
    unsigned char random[JTI_RANDOM_BYTES];

    if (RAND_bytes(random, sizeof random) != 1)
        return fail(err, ASAP_INTERNAL, "no random numbers are to be had");
    base64url_encode(random, sizeof random, &text);
    TRY(buffer_check(&text, "jti", err));
    memcpy(out, text.bytes, text.length + 1);
    return ASAP_OK;
}

static enum asap_code write_jti(struct buffer *out, const char *given, struct asap_error *err)
{
    char fresh[CLAIMS_JTI_SIZE] = "";

    if (given == NULL)
        TRY(claims_new_jti(fresh, err));
    buffer_puts(out, ",\"jti\":");
    write_plain(out, given != NULL ? given : fresh);
    return ASAP_OK;
}

/* `text` is an object by itself: without its first brace it continues ours. */
static enum asap_code write_additional(struct buffer *out, const char *text, struct asap_error *err)
{
    static const char field[] = "additional_claims";
    SCOPED(json) json_t *additional = NULL;

    if (json_read_object(text, strlen(text), &additional_limits, field, &additional, err)
        != ASAP_OK) {
        if (err != NULL)
            (void)snprintf(err->field, sizeof err->field, "%s", field);
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    }
    for (size_t i = 0; i < REGISTERED; i++)
        if (json_object_get(additional, registered[i]) != NULL)
            return fail_field(err, field, "additional_claims cannot set %s", registered[i]);
    buffer_puts(out, json_object_size(additional) > 0 ? "," : "");
    buffer_puts(out, text + 1);
    return ASAP_OK;
}

enum asap_code claims_write(const struct claims_request *request,
                            int64_t now,
                            struct buffer *out,
                            struct asap_error *err)
{
    TRY(write_parties(out, request, err));
    TRY(write_times(out, now, request->lifetime, err));
    TRY(write_jti(out, request->jti, err));
    if (request->additional != NULL)
        TRY(write_additional(out, request->additional, err));
    else
        buffer_puts(out, "}");
    return buffer_check(out, "claim set", err);
}

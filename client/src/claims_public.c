/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/claims.h>

#include "claims.h"
#include "fail.h"

const char *asap_claims_issuer(const struct asap_claims *claims)
{
    return claims->issuer;
}

const char *asap_claims_subject(const struct asap_claims *claims)
{
    return claims->subject;
}

const char *asap_claims_key_id(const struct asap_claims *claims)
{
    return claims->key_id;
}

const char *asap_claims_jti(const struct asap_claims *claims)
{
    return claims->jti;
}

size_t asap_claims_audience_count(const struct asap_claims *claims)
{
    return claims->audience_count;
}

const char *asap_claims_audience(const struct asap_claims *claims, size_t index)
{
    return index < claims->audience_count ? claims->audiences[index] : NULL;
}

int64_t asap_claims_issued_at(const struct asap_claims *claims)
{
    return claims->issued_at;
}

int64_t asap_claims_not_before(const struct asap_claims *claims)
{
    return claims->not_before;
}

int64_t asap_claims_expires_at(const struct asap_claims *claims)
{
    return claims->expires_at;
}

/* A claim, which is borrowed; of `type` unless that is negative. */
static enum asap_code find(const struct asap_claims *claims,
                           const char *name,
                           int type,
                           const json_t **out,
                           struct asap_error *err)
{
    static const char *const types[] = {
        [JSON_STRING] = "a string",
        [JSON_INTEGER] = "an integer",
        [JSON_TRUE] = "true or false",
    };

    *out = json_object_get(claims->all, name);
    if (*out == NULL) {
        (void)refuse(err, ASAP_REASON_CLAIM_MISSING, name, "the token has no %.100s", name);
        return fail_as(err, ASAP_NOT_FOUND);
    }
    if (type < 0 || (int)json_typeof(*out) == type || (type == JSON_TRUE && json_is_false(*out)))
        return ASAP_OK;
    (void)refuse(err, ASAP_REASON_CLAIM_TYPE, name, "the token's %.100s is not %s", name,
                 types[type]);
    return fail_as(err, ASAP_INVALID_ARGUMENT);
}

enum asap_code asap_claims_get_string(const struct asap_claims *claims,
                                      const char *name,
                                      const char **out,
                                      struct asap_error *err)
{
    const json_t *value = NULL;

    *out = NULL;
    TRY(find(claims, name, JSON_STRING, &value, err));
    *out = json_string_value(value);
    return ASAP_OK;
}

enum asap_code asap_claims_get_integer(const struct asap_claims *claims,
                                       const char *name,
                                       int64_t *out,
                                       struct asap_error *err)
{
    const json_t *value = NULL;

    *out = 0;
    TRY(find(claims, name, JSON_INTEGER, &value, err));
    *out = json_integer_value(value);
    return ASAP_OK;
}

enum asap_code asap_claims_get_bool(const struct asap_claims *claims,
                                    const char *name,
                                    bool *out,
                                    struct asap_error *err)
{
    const json_t *value = NULL;

    *out = false;
    TRY(find(claims, name, JSON_TRUE, &value, err));
    *out = json_is_true(value);
    return ASAP_OK;
}

enum asap_code asap_claims_get_json(const struct asap_claims *claims,
                                    const char *name,
                                    char **out,
                                    struct asap_error *err)
{
    const json_t *value = NULL;

    *out = NULL;
    TRY(find(claims, name, -1, &value, err));
    *out = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return *out != NULL ? ASAP_OK : fail_memory(err);
}

char *asap_claims_json(const struct asap_claims *claims)
{
    return json_dumps(claims->all, JSON_COMPACT);
}

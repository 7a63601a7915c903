/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/claims.h>

#include "claims.h"

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

char *asap_claims_json(const struct asap_claims *claims)
{
    return json_dumps(claims->all, JSON_COMPACT);
}

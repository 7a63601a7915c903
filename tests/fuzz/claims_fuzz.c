/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy accepts is inside its limits, whatever the claims say. */
#include "claims.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const audiences[] = { "orders", NULL };
    const struct claims_policy policy = {
        .audiences = audiences, .any_subject = true, .leeway = 30, .max_lifetime = 3600
    };
    const int64_t now = 1795439700;
    struct kid kid = { 0 };
    SCOPED(claims) struct asap_claims *claims = NULL;

    if (claims_parse((const char *)data, size, &claims, NULL) != ASAP_OK) {
        require(claims == NULL);
        return 0;
    }
    require(claims->audience_count >= 1 && claims->audience_count <= CLAIMS_MAX_AUDIENCES);
    require(claims->jti[0] != '\0' && claims->subject[0] != '\0');
    require(kid_parse("web/api/key", 11, &kid, NULL) == ASAP_OK);
    if (claims_check(claims, &kid, &policy, now, NULL) != ASAP_OK)
        return 0;
    require(kid_owned_by(&kid, claims->issuer));
    require(claims->issued_at < claims->expires_at);
    require(claims->expires_at - claims->issued_at <= 3600);
    require(claims->issued_at <= now + 30 && now - 30 <= claims->expires_at);
    return 0;
}

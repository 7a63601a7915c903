/* SPDX-License-Identifier: Apache-2.0 */
#include <rhonabwy.h>
#include <stdlib.h>

#include "side.h"

/* rhonabwy: a JWK prepared once; signature, audience and expiry are checked. */

struct rhonabwy_side {
    struct side_input input;
    jwk_t *key;
};

static void *prepare(const char *algorithm, const struct side_input *input)
{
    struct rhonabwy_side *side = calloc(1, sizeof *side);

    (void)algorithm;
    if (side == NULL)
        return NULL;
    side->input = *input;
    if (r_global_init() == RHN_OK && r_jwk_init(&side->key) == RHN_OK
        && r_jwk_import_from_json_str(side->key, side->input.public_jwk) == RHN_OK)
        return side;
    free(side);
    return NULL;
}

static bool verify_token(const struct rhonabwy_side *side, const char *token)
{
    jwt_t *jwt = r_jwt_quick_parse(token, R_PARSE_NONE, 0);
    const bool is_good = jwt != NULL && r_jwt_verify_signature(jwt, side->key, 0) == RHN_OK
                         && r_jwt_validate_claims(jwt, R_JWT_CLAIM_AUD, side->input.audience,
                                                  R_JWT_CLAIM_EXP, R_JWT_CLAIM_NOW, R_JWT_CLAIM_NOP)
                                == RHN_OK;

    r_jwt_free(jwt);
    return is_good;
}

static bool verify(void *prepared)
{
    const struct rhonabwy_side *side = prepared;

    return verify_token(side, side->input.token);
}

static bool is_right(void *prepared)
{
    const struct rhonabwy_side *side = prepared;

    return verify(prepared) && !verify_token(side, side->input.forged);
}

static const struct side_operation operations[] = {
    { "verify", "RS256", prepare, verify, is_right },
    { "verify", "ES256", prepare, verify, is_right },
};

int main(int argc, char **argv)
{
    return side_main(argc, argv, operations, sizeof operations / sizeof *operations);
}

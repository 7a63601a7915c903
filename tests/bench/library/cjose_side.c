/* SPDX-License-Identifier: Apache-2.0 */
#include <cjose/cjose.h>
#include <stdlib.h>
#include <string.h>

#include "side.h"

/* cjose: a JWK prepared once; a token is parsed and its signature checked, no claim is looked at.
 */

struct cjose_side {
    struct side_input input;
    cjose_jwk_t *key;
};

static void *prepare(const char *algorithm, const struct side_input *input)
{
    struct cjose_side *side = calloc(1, sizeof *side);
    cjose_err err = { 0 };

    (void)algorithm;
    if (side == NULL)
        return NULL;
    side->input = *input;
    side->key = cjose_jwk_import(input->public_jwk, strlen(input->public_jwk), &err);
    if (side->key != NULL)
        return side;
    free(side);
    return NULL;
}

static bool verify_token(const struct cjose_side *side, const char *token)
{
    cjose_err err = { 0 };
    cjose_jws_t *jws = cjose_jws_import(token, strlen(token), &err);
    uint8_t *claims = NULL;
    size_t length = 0;
    const bool is_good = jws != NULL && cjose_jws_verify(jws, side->key, &err)
                         && cjose_jws_get_plaintext(jws, &claims, &length, &err) && length > 0;

    cjose_jws_release(jws);
    return is_good;
}

static bool verify(void *prepared)
{
    const struct cjose_side *side = prepared;

    return verify_token(side, side->input.token);
}

static bool is_right(void *prepared)
{
    const struct cjose_side *side = prepared;

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

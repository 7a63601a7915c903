/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <jose/jose.h>
#include <stdlib.h>
#include <string.h>

#include "side.h"

/* jose: a JWK prepared once; the signature is checked, no claim is looked at. It takes the JSON
 * form of a token only, so that the three parts are put into one. */

struct jose_side {
    struct side_input input;
    json_t *key;
};

static void *prepare(const char *algorithm, const struct side_input *input)
{
    struct jose_side *side = calloc(1, sizeof *side);

    (void)algorithm;
    if (side == NULL)
        return NULL;
    side->input = *input;
    side->key = json_loads(input->public_jwk, 0, NULL);
    if (side->key != NULL)
        return side;
    free(side);
    return NULL;
}

static bool verify_token(const struct jose_side *side, const char *token)
{
    const char *claims = strchr(token, '.') + 1;
    const char *signature = strrchr(token, '.') + 1;
    json_t *jws =
        json_pack("{s:s%,s:s%,s:s}", "protected", token, (size_t)(claims - token - 1), "payload",
                  claims, (size_t)(signature - claims - 1), "signature", signature);
    json_t *decoded = jose_b64_dec_load(json_object_get(jws, "payload"));
    const bool is_good = decoded != NULL && jose_jws_ver(NULL, jws, NULL, side->key, false);

    json_decref(decoded);
    json_decref(jws);
    return is_good;
}

static bool verify(void *prepared)
{
    const struct jose_side *side = prepared;

    return verify_token(side, side->input.token);
}

static bool is_right(void *prepared)
{
    const struct jose_side *side = prepared;

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

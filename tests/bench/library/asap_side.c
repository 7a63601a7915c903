/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/asap.h>
#include <stdlib.h>
#include <string.h>

#include "side.h"

/* libasap by its public functions, as a program uses them. */

struct asap_side {
    struct side_input input;
    const char *audiences[2];
    struct asap_signer *signer;
    struct asap_retriever *keys;
    struct asap_verifier *verifier;
};

static enum asap_code import_key(const struct asap_side *side, struct asap_retriever **out)
{
    const struct asap_static_key key = { side->input.key_id, side->input.public_pem };

    return asap_retriever_static(&key, 1, out, NULL);
}

static enum asap_code set_up(struct asap_side *side, const char *algorithm)
{
    const char *const algorithms[] = { algorithm, NULL };
    const struct asap_verifier_options options = { .audiences = side->audiences,
                                                   .algorithms = algorithms };
    const char *pem = side->input.private_pem;
    enum asap_code code =
        asap_signer_from_pem(side->input.key_id, pem, strlen(pem), NULL, &side->signer, NULL);

    if (code == ASAP_OK)
        code = import_key(side, &side->keys);
    return code == ASAP_OK ? asap_verifier_new(side->keys, &options, &side->verifier, NULL) : code;
}

static void *prepare(const char *algorithm, const struct side_input *input)
{
    struct asap_side *side = calloc(1, sizeof *side);

    if (side == NULL)
        return NULL;
    side->input = *input;
    side->audiences[0] = side->input.audience;
    if (set_up(side, algorithm) == ASAP_OK)
        return side;
    free(side);
    return NULL;
}

static enum asap_code verify_token(const struct asap_side *side, const char *token)
{
    struct asap_claims *claims = NULL;
    const enum asap_code code =
        asap_verifier_check(side->verifier, token, strlen(token), &claims, NULL);

    asap_claims_free(claims);
    return code;
}

static bool verify(void *prepared)
{
    const struct asap_side *side = prepared;

    return verify_token(side, side->input.token) == ASAP_OK;
}

static bool verify_is_right(void *prepared)
{
    const struct asap_side *side = prepared;

    return verify(prepared) && verify_token(side, side->input.forged) == ASAP_UNAUTHENTICATED;
}

static char *sign_token(const struct asap_side *side)
{
    const struct asap_token_request request = { .audiences = side->audiences };
    char *token = NULL;

    return asap_signer_sign(side->signer, &request, &token, NULL) == ASAP_OK ? token : NULL;
}

static bool sign(void *prepared)
{
    char *token = sign_token(prepared);
    const bool is_signed = token != NULL;

    free(token);
    return is_signed;
}

/* Two tokens that both hold and differ, so that none was signed before. */
static bool sign_is_right(void *prepared)
{
    const struct asap_side *side = prepared;
    char *one = sign_token(side);
    char *other = sign_token(side);
    const bool is_right = one != NULL && other != NULL && strcmp(one, other) != 0
                          && verify_token(side, one) == ASAP_OK
                          && verify_token(side, other) == ASAP_OK;

    free(one);
    free(other);
    return is_right;
}

static bool import(void *prepared)
{
    struct asap_retriever *keys = NULL;
    const bool is_good = import_key(prepared, &keys) == ASAP_OK;

    asap_retriever_free(keys);
    return is_good;
}

/* The key verifies, and one whose PEM lacks its last line is none. */
static bool import_is_right(void *prepared)
{
    struct asap_side *side = prepared;
    char *end = strstr(side->input.public_pem, "-----END");
    bool is_right = false;

    *end = '\0';
    is_right = !import(prepared);
    *end = '-';
    return is_right && import(prepared) && verify(prepared);
}

#define OPERATIONS(algorithm)                                                                      \
    { "sign", algorithm, prepare, sign, sign_is_right },                                           \
        { "verify", algorithm, prepare, verify, verify_is_right },                                 \
    {                                                                                              \
        "import", algorithm, prepare, import, import_is_right                                      \
    }

static const struct side_operation operations[] = {
    OPERATIONS("RS256"),
    OPERATIONS("ES256"),
    OPERATIONS("EdDSA"),
};

int main(int argc, char **argv)
{
    return side_main(argc, argv, operations, sizeof operations / sizeof *operations);
}

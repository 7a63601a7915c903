/* SPDX-License-Identifier: Apache-2.0 */
#include <jwt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "side.h"

/* libjwt: takes the key as PEM for each token, there being no other way; this release leaves the
 * claims to its user, who here looks at audience and expiry. */

struct libjwt_side {
    struct side_input input;
    jwt_alg_t algorithm;
};

static void *prepare(const char *algorithm, const struct side_input *input)
{
    struct libjwt_side *side = calloc(1, sizeof *side);

    if (side == NULL)
        return NULL;
    side->input = *input;
    side->algorithm = jwt_str_alg(algorithm);
    return side;
}

static bool verify_token(const struct libjwt_side *side, const char *token)
{
    jwt_t *jwt = NULL;
    const char *pem = side->input.public_pem;
    const char *audience = NULL;
    bool is_good = jwt_decode(&jwt, token, (const unsigned char *)pem, (int)strlen(pem)) == 0;

    if (is_good) {
        audience = jwt_get_grant(jwt, "aud");
        is_good = jwt_get_alg(jwt) == side->algorithm && audience != NULL
                  && strcmp(audience, side->input.audience) == 0
                  && jwt_get_grant_int(jwt, "exp") > time(NULL);
    }
    jwt_free(jwt);
    return is_good;
}

static bool verify(void *prepared)
{
    const struct libjwt_side *side = prepared;

    return verify_token(side, side->input.token);
}

static bool is_right(void *prepared)
{
    const struct libjwt_side *side = prepared;

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

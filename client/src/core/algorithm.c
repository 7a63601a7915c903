/* SPDX-License-Identifier: Apache-2.0 */
#include "algorithm.h"

#include <string.h>

/* Bytes of a coordinate: P-256, P-384, P-521. */
enum { P256 = 32, P384 = 48, P521 = 66 };

static const struct algorithm algorithms[] = {
    { "RS256", "RSA", "SHA256", NULL, 0, false, false },
    { "RS384", "RSA", "SHA384", NULL, 0, false, false },
    { "RS512", "RSA", "SHA512", NULL, 0, false, false },
    { "PS256", "RSA", "SHA256", NULL, 0, true, false },
    { "PS384", "RSA", "SHA384", NULL, 0, true, false },
    { "PS512", "RSA", "SHA512", NULL, 0, true, false },
    { "ES256", "EC", "SHA256", "prime256v1", P256, false, false },
    { "ES384", "EC", "SHA384", "secp384r1", P384, false, false },
    { "ES512", "EC", "SHA512", "secp521r1", P521, false, false },
    { "EdDSA", "ED25519", NULL, NULL, 0, false, true },
};

const char *const algorithm_names[] = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                                        "ES256", "ES384", "ES512", "EdDSA", NULL };

const struct algorithm *algorithm_at(size_t index)
{
    return index < sizeof algorithms / sizeof *algorithms ? &algorithms[index] : NULL;
}

const struct algorithm *algorithm_find(const char *name, size_t length)
{
    const struct algorithm *row = NULL;

    for (size_t i = 0; (row = algorithm_at(i)) != NULL; i++) {
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return row;
    }
    return NULL;
}

static bool is_on_curve(EVP_PKEY *key, const char *curve)
{
    char group[64] = "";

    return EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1
           && strcmp(group, curve) == 0;
}

bool algorithm_fits(const struct algorithm *algorithm, EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, algorithm->key_type) == 1
           && (algorithm->curve == NULL || is_on_curve(key, algorithm->curve));
}

const struct algorithm *algorithm_default_for(EVP_PKEY *key)
{
    const struct algorithm *row = NULL;

    for (size_t i = 0; (row = algorithm_at(i)) != NULL; i++) {
        if (algorithm_fits(row, key))
            return row;
    }
    return NULL;
}

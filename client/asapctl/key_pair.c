/* SPDX-License-Identifier: Apache-2.0 */
#include "key_pair.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "utc.h"

static const size_t rsa_bits = 2048;

static EVP_PKEY *generate(const struct algorithm *algorithm)
{
    if (algorithm->curve != NULL)
        return EVP_PKEY_Q_keygen(NULL, NULL, algorithm->key_type, algorithm->curve);
    if (strcmp(algorithm->key_type, "RSA") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, algorithm->key_type, rsa_bits);
    return EVP_PKEY_Q_keygen(NULL, NULL, algorithm->key_type);
}

enum asap_code key_pair_generate(const struct algorithm *algorithm,
                                 EVP_PKEY **out,
                                 struct asap_error *err)
{
    *out = generate(algorithm);
    ERR_clear_error();
    return *out != NULL
               ? ASAP_OK
               : fail(err, ASAP_INTERNAL, "no key pair for %s could be made", algorithm->name);
}

enum asap_code key_pair_name(int64_t now,
                             char out[static KID_SEGMENT_MAX + 1],
                             struct asap_error *err)
{
    const struct utc utc = utc_from_time(now);
    unsigned char random[3] = { 0 };

    if (RAND_bytes(random, sizeof random) != 1)
        return fail(err, ASAP_INTERNAL, "no random bytes to be had");
    (void)snprintf(out, KID_SEGMENT_MAX + 1, "%04d%02d%02dT%02d%02d%02dZ-%02x%02x%02x.pem",
                   utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, random[0],
                   random[1], random[2]);
    return ASAP_OK;
}

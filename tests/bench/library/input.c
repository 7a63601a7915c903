/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/asap.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwk.h"
#include "pem.h"
#include "side.h"

/* Makes what the sides share, anew for each run: a key, a token that lives for the hour that the
 * protocol allows, and a forged one. argv[1]: the folder for it. */

static const struct {
    const char *algorithm, *type, *curve;
} kinds[] = {
    { "RS256", "RSA", NULL },
    { "ES256", "EC", "P-256" },
    { "EdDSA", "ED25519", NULL },
};

static const char key_id[] = "bench/service/2026-11-26.pem";
static const char *const audiences[] = { "orders/api", NULL };

static EVP_PKEY *make_key(const char *type, const char *curve)
{
    if (strcmp(type, "RSA") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048);
    return EVP_PKEY_Q_keygen(NULL, NULL, type, curve);
}

static bool
write_file(const char *folder, const char *algorithm, const char *kind, const char *text)
{
    char path[4096] = "";
    FILE *file = NULL;
    bool is_written = false;

    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, algorithm, kind);
    file = fopen(path, "we");
    if (file == NULL)
        return false;
    is_written = fputs(text, file) >= 0;
    return fclose(file) == 0 && is_written;
}

static bool write_private(EVP_PKEY *key, struct buffer *out)
{
    BIO *target = BIO_new(BIO_s_mem());
    const char *text = NULL;
    bool is_written = PEM_write_bio_PrivateKey(target, key, NULL, NULL, 0, NULL, NULL) == 1;

    if (is_written) {
        const long length = BIO_get_mem_data(target, &text);

        buffer_append(out, text, (size_t)length);
    }
    BIO_free(target);
    return is_written && !out->failed;
}

static char *sign(const char *private_pem)
{
    const struct asap_token_request request = { .audiences = audiences, .lifetime_seconds = 3600 };
    struct asap_signer *signer = NULL;
    char *token = NULL;

    if (asap_signer_from_pem(key_id, private_pem, strlen(private_pem), NULL, &signer, NULL)
            == ASAP_OK
        && asap_signer_sign(signer, &request, &token, NULL) != ASAP_OK)
        token = NULL;
    asap_signer_free(signer);
    return token;
}

/* Another character within the signature, where every bit counts. */
static void forge(char *token)
{
    char *middle = token + strlen(token) - 40;

    *middle = *middle == 'A' ? 'B' : 'A';
}

static bool write_tokens(const char *folder, const char *algorithm, const char *private_pem)
{
    char *token = sign(private_pem);
    bool is_written = token != NULL && write_file(folder, algorithm, "token", token);

    if (is_written) {
        forge(token);
        is_written = write_file(folder, algorithm, "forged", token);
    }
    free(token);
    return is_written;
}

static bool write_inputs(const char *folder, const char *algorithm, EVP_PKEY *key)
{
    struct buffer pem = BUFFER(SIDE_KEY_MAX);
    struct buffer public = BUFFER(SIDE_KEY_MAX);
    struct buffer jwk = BUFFER(SIDE_KEY_MAX);
    const bool is_written = write_private(key, &pem)
                            && pem_write_public(key, &public, NULL) == ASAP_OK
                            && jwk_write(key, key_id, algorithm, &jwk, NULL) == ASAP_OK
                            && write_file(folder, algorithm, "private", pem.bytes)
                            && write_file(folder, algorithm, "public", public.bytes)
                            && write_file(folder, algorithm, "jwk", jwk.bytes)
                            && write_file(folder, algorithm, "kid", key_id)
                            && write_file(folder, algorithm, "audience", audiences[0])
                            && write_tokens(folder, algorithm, pem.bytes);

    buffer_clear(&pem);
    buffer_clear(&public);
    buffer_clear(&jwk);
    return is_written;
}

int main(int argc, char **argv)
{
    bool is_written = argc == 2;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && is_written; i++) {
        EVP_PKEY *key = make_key(kinds[i].type, kinds[i].curve);

        is_written = key != NULL && write_inputs(argv[1], kinds[i].algorithm, key);
        EVP_PKEY_free(key);
    }
    return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}

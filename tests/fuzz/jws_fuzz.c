/* SPDX-License-Identifier: Apache-2.0 */
/* A token that parses is the one encoding of its parts, its key id is within the grammar, and no
 * signature is by a key whose private half nobody used. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "jws.h"
#include "pem.h"

/* RFC 8037 appendix A.2 */
static const char public_key[] = "-----BEGIN PUBLIC KEY-----\n"
                                 "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                                 "-----END PUBLIC KEY-----\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_parts(const struct jws *jws, const char *token, size_t length)
{
    SCOPED(buffer) struct buffer parts = BUFFER(JWS_TOKEN_MAX);
    const char *header_end = memchr(token, '.', length);

    buffer_append(&parts, token, (size_t)(header_end - token) + 1);
    base64url_encode(jws->claims.bytes, jws->claims.length, &parts);
    require(parts.length == jws->signed_length);
    buffer_puts(&parts, ".");
    base64url_encode(jws->signature.bytes, jws->signature.length, &parts);
    require(parts.length == length && memcmp(parts.bytes, token, length) == 0);
}

static void check_key_id(const struct jws *jws)
{
    struct kid kid = { 0 };

    require(kid_parse(jws->key_id, strlen(jws->key_id), &kid, NULL) == ASAP_OK);
    require(kid.length == jws->kid.length && jws->kid.text == jws->key_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(jws) struct jws jws = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;

    if (jws_parse((const char *)data, size, &jws, NULL) != ASAP_OK) {
        require(jws.token == NULL && jws.claims.bytes == NULL && jws.signature.bytes == NULL);
        return 0;
    }
    require(algorithm_find(jws.algorithm->name, strlen(jws.algorithm->name)) == jws.algorithm);
    check_parts(&jws, (const char *)data, size);
    check_key_id(&jws);
    require(pem_read_public(public_key, strlen(public_key), &key, NULL) == ASAP_OK);
    require(jws_verify(&jws, key, NULL) == ASAP_UNAUTHENTICATED);
    return 0;
}

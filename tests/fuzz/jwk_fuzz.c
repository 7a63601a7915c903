/* SPDX-License-Identifier: Apache-2.0 */
/* A key within the policy has a JSON form, which is strict JSON without a private member, and whose
 * thumbprint is the digest of its required members, sorted (RFC 7638 section 3). */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "jwk.h"
#include "pem.h"
#include "spki.h"

enum { TEXT_MAX = 4096, SHA256_SIZE = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_thumbprint(json_t *jwk, const char *thumbprint)
{
    SCOPED(buffer) struct buffer expected = BUFFER(TEXT_MAX);
    unsigned char digest[SHA256_SIZE] = { 0 };
    char *text = NULL;

    (void)json_object_del(jwk, "use");
    (void)json_object_del(jwk, "kid");
    text = json_dumps(jwk, JSON_COMPACT | JSON_SORT_KEYS);
    require(text != NULL);
    require(EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), digest, NULL) == 1);
    base64url_encode(digest, sizeof digest, &expected);
    require(strcmp(expected.bytes, thumbprint) == 0);
    free(text);
}

/* The input is DER of a SubjectPublicKeyInfo. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);
    SCOPED(pkey) EVP_PKEY *key = NULL;
    char thumbprint[JWK_THUMBPRINT_SIZE] = "";
    json_t *jwk = NULL;

    if (spki_read(data, size, &key, NULL) != ASAP_OK || pem_check_policy(key, NULL) != ASAP_OK)
        return 0;
    require(jwk_write(key, "web/1", NULL, &text, NULL) == ASAP_OK);
    require(jwk_thumbprint(key, thumbprint, NULL) == ASAP_OK);
    jwk = json_loadb(text.bytes, text.length, JSON_REJECT_DUPLICATES, NULL);
    require(jwk != NULL && json_object_get(jwk, "d") == NULL);
    check_thumbprint(jwk, thumbprint);
    json_decref(jwk);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "hex.h"
#include "input.h"
#include "json.h"

enum { KEYS_MAX = 1 << 18, MEMBERS_OF_KEY = 16 };

static const struct json_limits limits = {
    .depth = 4, .members = MEMBERS_OF_KEY, .values = KEYS_MAX, .string_length = 1024
};

enum asap_code
sha256_hex(const void *bytes, size_t length, char out[SHA256_HEX_SIZE], struct asap_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };

    if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
        return fail(err, ASAP_INTERNAL, "OpenSSL cannot hash");
    hex_write(digest, SHA256_HEX_SIZE / 2, out);
    return ASAP_OK;
}

enum asap_code alias_name(const char *key_id, char out[ALIAS_SIZE], struct asap_error *err)
{
    char hex[SHA256_HEX_SIZE] = "";

    TRY(sha256_hex(key_id, strlen(key_id), hex, err));
    (void)snprintf(out, ALIAS_SIZE, "%s.pem", hex);
    return ASAP_OK;
}

bool alias_is(const char *name)
{
    return strspn(name, "0123456789abcdef") == SHA256_HEX_SIZE - 1
           && strcmp(name + SHA256_HEX_SIZE - 1, ".pem") == 0;
}

enum asap_code manifest_read(const char *folder, json_t **out, struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    char path[4096] = "";
    const int length = snprintf(path, sizeof path, "%s/" MANIFEST_NAME, folder);

    *out = NULL;
    if (length < 0 || (size_t)length >= sizeof path)
        return fail(err, ASAP_INVALID_ARGUMENT, "the path is too long (shorten --dir)");
    if (access(path, F_OK) != 0)
        return ASAP_OK;
    TRY(input_read(path, NULL, MANIFEST_MAX, &text, err));
    return json_read_document((const char *)text.bytes, text.length, &limits, MANIFEST_NAME, out,
                              err);
}

const json_t *manifest_find(const json_t *manifest, const char *key_id)
{
    const json_t *keys = json_object_get(manifest, "keys");

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *entry = json_array_get(keys, i);

        if (strcmp(manifest_text(entry, "keyId"), key_id) == 0)
            return entry;
    }
    return NULL;
}

const char *manifest_text(const json_t *entry, const char *member)
{
    const char *text = json_string_value(json_object_get(entry, member));

    return text == NULL ? "" : text;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "data_uri.h"

#include <limits.h>
#include <string.h>

#include "buffer.h"
#include "fail.h"

enum { HEAD_MAX = 1024 };

/* "+" must not stay as it is: some libraries decode it to a blank (as in forms). */
static void append_encoded(struct buffer *out, const char *text)
{
    static const char literal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-._~";

    for (; *text != '\0'; text++)
        if (strchr(literal, *text) != NULL)
            buffer_append(out, text, 1);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
}

enum asap_code
data_uri_from_key(const char *key_id, EVP_PKEY *key, struct secret *out, struct asap_error *err)
{
    SCOPED(secret) struct secret der = { 0 };
    SCOPED(buffer) struct buffer head = BUFFER(HEAD_MAX);

    *out = (struct secret){ 0 };
    buffer_puts(&head, "data:application/pkcs8;kid=");
    append_encoded(&head, key_id);
    buffer_puts(&head, ";base64,");
    TRY(buffer_check(&head, "the key id", err));
    TRY(secret_from_key(key, &der, err));
    if (der.length > INT_MAX / 2)
        return fail(err, ASAP_INVALID_ARGUMENT, "the private key is too long");
    TRY(secret_init(out, head.length + (der.length + 2) / 3 * 4, err));
    (void)memcpy(out->bytes, head.bytes, head.length);
    (void)EVP_EncodeBlock(out->bytes + head.length, der.bytes, (int)der.length);
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is read has a key id within the grammar or none, and comes out the same when it is written
 * anew, in base64 or percent-encoded, plain or as a whole percent-encoded. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "buffer.h"
#include "data_uri.h"

enum { MOST = 16 * DATA_URI_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void write_encoded(const void *bytes, size_t length, struct buffer *out)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < length; i++)
        buffer_printf(out, "%%%02x", at[i]);
}

static void write_base64(const struct secret *bytes, struct buffer *out)
{
    unsigned char *text = malloc(bytes->length / 3 * 4 + 5);

    require(text != NULL);
    (void)EVP_EncodeBlock(text, bytes->bytes, (int)bytes->length);
    buffer_puts(out, (const char *)text);
    free(text);
}

static void write_uri(const struct data_uri *uri, bool base64, struct buffer *out)
{
    buffer_puts(out, "data:");
    if (*uri->key_id != '\0') {
        buffer_puts(out, ";kid=");
        write_encoded(uri->key_id, strlen(uri->key_id), out);
    }
    buffer_puts(out, base64 ? ";base64," : ",");
    if (base64)
        write_base64(&uri->data, out);
    else
        write_encoded(uri->data.bytes, uri->data.length, out);
}

static void check_reads_the_same(const struct buffer *text, const struct data_uri *uri)
{
    SCOPED(data_uri) struct data_uri again = { .key_id = "" };

    require(!text->failed && data_uri_begins(text->bytes, text->length));
    if (text->length > DATA_URI_MAX)
        return;
    require(data_uri_read(text->bytes, text->length, &again, NULL) == ASAP_OK);
    require(strcmp(again.key_id, uri->key_id) == 0);
    require(again.data.length == uri->data.length);
    require(memcmp(again.data.bytes, uri->data.bytes, uri->data.length) == 0);
}

static void check_written(const struct data_uri *uri, bool base64)
{
    SCOPED(buffer) struct buffer plain = BUFFER(MOST);
    SCOPED(buffer) struct buffer whole = BUFFER(MOST);

    write_uri(uri, base64, &plain);
    check_reads_the_same(&plain, uri);
    buffer_puts(&whole, "data%3A");
    write_encoded(plain.bytes + strlen("data:"), plain.length - strlen("data:"), &whole);
    check_reads_the_same(&whole, uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(data_uri) struct data_uri uri = { .key_id = "" };
    struct kid kid = { 0 };

    if (data_uri_read((const char *)data, size, &uri, NULL) != ASAP_OK) {
        require(uri.data.bytes == NULL && *uri.key_id == '\0');
        return 0;
    }
    require(data_uri_begins((const char *)data, size));
    if (*uri.key_id != '\0')
        require(kid_parse(uri.key_id, strlen(uri.key_id), &kid, NULL) == ASAP_OK);
    check_written(&uri, false);
    if (uri.data.length > 0) /* base64 of nothing is a URI cut short */
        check_written(&uri, true);
    return 0;
}

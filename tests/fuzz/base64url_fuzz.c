/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes is the one encoding of its bytes, and all bytes survive the way there and back. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"

enum { MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool equals(const struct buffer *buffer, const uint8_t *data, size_t size)
{
    return buffer->length == size && (size == 0 || memcmp(buffer->bytes, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SCOPED(buffer) struct buffer decoded = BUFFER(MOST);
    SCOPED(buffer) struct buffer again = BUFFER(MOST);
    SCOPED(buffer) struct buffer text = BUFFER(MOST);
    SCOPED(buffer) struct buffer bytes = BUFFER(MOST);

    if (size > MOST / 2)
        return 0;
    if (base64url_decode((const char *)data, size, &decoded, NULL) == ASAP_OK) {
        base64url_encode(decoded.bytes, decoded.length, &again);
        require(equals(&again, data, size));
    } else {
        require(decoded.length == 0);
    }
    base64url_encode(data, size, &text);
    require(text.length == base64url_encoded_length(size));
    require(base64url_decode(text.bytes, text.length, &bytes, NULL) == ASAP_OK);
    require(equals(&bytes, data, size));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decodes is no longer than it was, holds no NUL, and without escapes is what it was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char *out = malloc(size + 1);

    if (out == NULL)
        return 0;
    if (http_decode_path(text, size, out, size + 1)) {
        if (strlen(out) > size || (memchr(text, '%', size) == NULL && strlen(out) != size))
            abort();
        if (memchr(text, '%', size) == NULL && memcmp(out, text, size) != 0)
            abort();
    }
    free(out);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc_envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What passes has the same digits when it is written again, but for zeros in front. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { WRITTEN_SIZE = 24 };
    char *text = strndup((const char *)data, size);
    char written[WRITTEN_SIZE];
    int64_t timeout_ms = -1;

    if (text == NULL)
        abort();
    if (rpc_timeout_parse(text, &timeout_ms)) {
        (void)snprintf(written, sizeof written, "%0*" PRId64, (int)strlen(text), timeout_ms);
        if (timeout_ms < 0 || timeout_ms > INT64_C(9999999999) || strcmp(written, text) != 0)
            abort();
    }
    free(text);
    return 0;
}

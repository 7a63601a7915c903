/* SPDX-License-Identifier: Apache-2.0 */
/* A date that is read and written again reads as the same time. */
#include "http_date.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    char again_text[HTTP_DATE_SIZE] = "";
    int64_t time = 0;
    int64_t again = 0;

    if (text != NULL && http_date_parse(text, &time)) {
        http_date_format(time, again_text);
        if (!http_date_parse(again_text, &again) || again != time)
            abort();
    }
    free(text);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_query.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is no longer than it was in the query, and each parameter is taken once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    struct rpc_query query = { .message = BUFFER(size) };
    struct buffer name = BUFFER(size);
    struct buffer value = BUFFER(size);
    const char *rest = text;
    size_t total = 0;

    if (text == NULL)
        abort();
    if (rpc_query_read(text, &query, NULL) == ASAP_OK
        && (query.message.length > strlen(text) || query.message.bytes == NULL))
        abort();
    while (rpc_query_next(&rest, &name, &value))
        total += name.length + value.length;
    if (total > strlen(text) || strlen(query.encoding) >= RPC_QUERY_WORD)
        abort();
    buffer_clear(&query.message);
    buffer_clear(&name);
    buffer_clear(&value);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "forwarded.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4096 };

/* X-Forwarded-For by several proxies. What the last of them wrote decides, whatever stands before
 * it, unless it wrote the address of another of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct networks proxies;
    char text[TEXT_MAX] = "";
    const char *last = NULL;
    struct forwarded whole = { .proxies = &proxies };
    struct forwarded end = { .proxies = &proxies };

    if (size >= sizeof text || !networks_read("10.0.0.0/8,2001:db8::/32,192.0.2.1", &proxies))
        return 0;
    memcpy(text, data, size);
    last = strrchr(text, ',');
    forwarded_take(&whole, text);
    forwarded_take(&end, last == NULL ? text : last + 1);
    if (end.is_known != whole.is_known)
        abort();
    if (end.is_known && !networks_contain(&proxies, &end.client)
        && memcmp(&end.client, &whole.client, sizeof end.client) != 0)
        abort();
    return 0;
}

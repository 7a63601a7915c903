/* SPDX-License-Identifier: Apache-2.0 */
#include "copy_strings.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"

static size_t size_of_strings(const char *const *list, size_t *count)
{
    size_t size = 0;

    for (*count = 0; list[*count] != NULL; ++*count)
        size += strlen(list[*count]) + 1;
    return size;
}

enum asap_code copy_strings(const char *const *list, const char ***out, struct asap_error *err)
{
    size_t count = 0;
    size_t size = 0;
    char *text = NULL;

    *out = NULL;
    if (list == NULL)
        return ASAP_OK;
    size = size_of_strings(list, &count);
    *out = malloc((count + 1) * sizeof **out + size);
    if (*out == NULL)
        return fail_memory(err);
    text = (char *)(*out + count + 1);
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = text;
        memcpy(text, list[i], strlen(list[i]) + 1);
        text += strlen(list[i]) + 1;
    }
    (*out)[count] = NULL;
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted is an object within the limits, by jansson's own count. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* As deep as the limits allow, which the first check ascertains. */
static size_t count_values(json_t *value, size_t depth)
{
    size_t values = 0;
    size_t index = 0;
    const char *name = NULL;
    json_t *element = NULL;

    require(depth <= json_token_limits.depth);
    if (json_is_string(value))
        require(json_string_length(value) <= json_token_limits.string_length);
    if (!json_is_object(value) && !json_is_array(value))
        return 1;
    require(json_object_size(value) <= json_token_limits.members);
    json_object_foreach(value, name, element) values += count_values(element, depth + 1);
    json_array_foreach(value, index, element) values += count_values(element, depth + 1);
    return values;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asap_error err = { 0 };
    SCOPED(json) json_t *object = NULL;

    if (json_read_object((const char *)data, size, &json_token_limits, "input", &object, &err)
        != ASAP_OK) {
        require(object == NULL && err.message[0] != '\0');
        return 0;
    }
    require(json_is_object(object));
    require(count_values(object, 0) <= json_token_limits.values);
    return 0;
}

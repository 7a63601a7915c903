/* SPDX-License-Identifier: Apache-2.0 */
#include "token_members.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"
#include "time_text.h"

DEFINE_SCOPED(string, char *, free)

/* Of the header and of the claims; none has a name in common with another. */
static const struct {
    const char *name, *meaning;
} meanings[] = {
    { "alg", "how it is signed" }, { "kid", "by which key: the repository has it under this path" },
    { "typ", "what it is" },       { "iss", "who made it, and what its kid has to begin with" },
    { "sub", "on whose behalf" },  { "aud", "who may accept it" },
    { "iat", "when it was made" }, { "nbf", "not valid before" },
    { "exp", "not valid after" },  { "jti", "its own name, by which a second use is noticed" },
};

static const char *meaning_of(const char *name)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i].name, name) == 0)
            return meanings[i].meaning;
    return "";
}

static void add_meaning(struct table *table, const char *name)
{
    if (table->columns == 3)
        table_add(table, meaning_of(name));
}

static bool is_time(const char *name, const json_t *value)
{
    return json_is_integer(value)
           && (strcmp(name, "iat") == 0 || strcmp(name, "nbf") == 0 || strcmp(name, "exp") == 0);
}

static enum asap_code add_json(struct table *table, const json_t *value, struct asap_error *err)
{
    SCOPED(string) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    if (text == NULL)
        return fail_memory(err);
    table_add(table, text);
    return ASAP_OK;
}

static enum asap_code add_value(
    struct table *table, const char *name, const json_t *value, int64_t now, struct asap_error *err)
{
    char time[TIME_TEXT_SIZE] = "";

    if (is_time(name, value)) {
        time_full(json_integer_value(value), now, time);
        table_add(table, time);
    } else if (json_is_string(value)) {
        table_add(table, json_string_value(value));
    } else {
        TRY(add_json(table, value, err));
    }
    add_meaning(table, name);
    return ASAP_OK;
}

/* Every audience has a row of its own. */
static enum asap_code add_member(
    struct table *table, const char *name, const json_t *value, int64_t now, struct asap_error *err)
{
    size_t index = 0;
    const json_t *element = NULL;

    if (strcmp(name, "aud") != 0 || json_array_size(value) == 0) {
        table_add(table, name);
        return add_value(table, name, value, now, err);
    }
    json_array_foreach(value, index, element)
    {
        table_add(table, name);
        TRY(add_value(table, name, element, now, err));
    }
    return ASAP_OK;
}

enum asap_code
token_add_members(struct table *table, json_t *object, int64_t now, struct asap_error *err)
{
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach(object, name, value) TRY(add_member(table, name, value, now, err));
    return ASAP_OK;
}

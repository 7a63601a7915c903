/* SPDX-License-Identifier: Apache-2.0 */
#include "sql.h"

#include <string.h>

#include "lifecycle.h"

struct sql_value sql_text(const char *text)
{
    return (struct sql_value){ .type = SQL_TEXT, .bytes = text, .length = strlen(text) };
}

static struct sql_value write_integer(const char *at, enum sql_member_type type)
{
    int64_t integer = 0;

    memcpy(&integer, at, sizeof integer);
    if (type == MEMBER_TIME && integer == LIFECYCLE_NEVER)
        return (struct sql_value){ .type = SQL_NULL };
    return sql_integer(integer);
}

static struct sql_value write_flag(const char *at)
{
    bool flag = false;

    memcpy(&flag, at, sizeof flag);
    return sql_integer(flag ? 1 : 0);
}

static struct sql_value write_member(const char *at, enum sql_member_type type)
{
    switch (type) {
    case MEMBER_TEXT:
        return sql_text(at);
    case MEMBER_FLAG:
        return write_flag(at);
    case MEMBER_INTEGER:
    case MEMBER_TIME:
        break;
    }
    return write_integer(at, type);
}

void sql_write_members(const void *row,
                       const struct sql_member *members,
                       size_t count,
                       struct sql_value *values)
{
    for (size_t i = 0; i < count; i++)
        values[i] = write_member((const char *)row + members[i].offset, members[i].type);
}

static bool read_text(const struct sql_value *value, size_t size, char *at)
{
    *at = '\0';
    if (value->type != SQL_TEXT || value->length >= size
        || memchr(value->bytes, '\0', value->length) != NULL)
        return false;
    memcpy(at, value->bytes, value->length);
    at[value->length] = '\0';
    return true;
}

static bool read_flag(const struct sql_value *value, char *at)
{
    const bool flag = value->integer != 0;

    memcpy(at, &flag, sizeof flag);
    return value->type == SQL_INTEGER;
}

static bool read_integer(const struct sql_value *value, enum sql_member_type type, char *at)
{
    const bool never = type == MEMBER_TIME && value->type == SQL_NULL;
    const int64_t integer = never ? LIFECYCLE_NEVER : value->integer;

    memcpy(at, &integer, sizeof integer);
    return never || value->type == SQL_INTEGER;
}

static bool read_member(const struct sql_value *value, const struct sql_member *member, char *at)
{
    switch (member->type) {
    case MEMBER_TEXT:
        return read_text(value, member->size, at);
    case MEMBER_FLAG:
        return read_flag(value, at);
    case MEMBER_INTEGER:
    case MEMBER_TIME:
        break;
    }
    return read_integer(value, member->type, at);
}

bool sql_read_members(const struct sql_value *values,
                      const struct sql_member *members,
                      size_t count,
                      void *row)
{
    bool whole = true;

    for (size_t i = 0; i < count; i++) {
        if (!read_member(&values[i], &members[i], (char *)row + members[i].offset))
            whole = false;
    }
    return whole;
}

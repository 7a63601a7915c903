/* SPDX-License-Identifier: Apache-2.0 */
#include "kid.h"

#include <string.h>

#include "fail.h"

enum { KID_MIN = 3 };

/* Not isalnum(): the grammar is ASCII whatever the locale. */
static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_kid_char(char c)
{
    return is_alphanumeric(c) || c == '.' || c == '_' || c == '+' || c == '-';
}

/* What is wrong with a segment, or NULL. */
typedef const char *(*segment_rule)(const char *text, size_t length);

static const char *grammar_fault(const char *text, size_t length)
{
    bool only_dots = true;

    if (length == 0)
        return "has an empty segment";
    if (length > KID_SEGMENT_MAX)
        return "has a segment over 64 bytes";
    for (size_t i = 0; i < length; i++) {
        if (!is_kid_char(text[i]))
            return "has a character other than A-Z a-z 0-9 . _ + - and /";
        only_dots = only_dots && text[i] == '.';
    }
    return only_dots ? "has a segment of dots only" : NULL;
}

static const char *registration_fault(const char *text, size_t length)
{
    const char *fault = grammar_fault(text, length);

    if (fault != NULL)
        return fault;
    if (!is_alphanumeric(text[0]))
        return "has a segment that does not begin with a letter or digit";
    for (size_t i = 1; i < length; i++)
        if (text[i - 1] == '.' && text[i] == '.')
            return "has two dots in a row";
    return NULL;
}

static const char *first_fault(const char *text, size_t length, segment_rule rule)
{
    const char *const end = text + length;

    for (const char *segment = text;;) {
        const char *slash = memchr(segment, '/', (size_t)(end - segment));
        const char *fault = rule(segment, (size_t)((slash != NULL ? slash : end) - segment));

        if (fault != NULL || slash == NULL)
            return fault;
        segment = slash + 1;
    }
}

static const char *last_slash(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] != '/')
        length--;
    return length > 0 ? text + length - 1 : NULL;
}

enum asap_code kid_parse(const char *text, size_t length, struct kid *out, struct asap_error *err)
{
    const char *slash = NULL;
    const char *fault = NULL;

    *out = (struct kid){ 0 };
    if (length < KID_MIN || length > KID_MAX)
        return refuse(err, ASAP_REASON_KID_GRAMMAR, "kid", "key id has %zu bytes, not %d to %d",
                      length, KID_MIN, KID_MAX);
    slash = last_slash(text, length);
    if (slash == NULL)
        return refuse(err, ASAP_REASON_KID_GRAMMAR, "kid", "key id is not issuer/name");
    fault = first_fault(text, length, grammar_fault);
    if (fault != NULL)
        return refuse(err, ASAP_REASON_KID_GRAMMAR, "kid", "key id %s", fault);
    *out = (struct kid){ .text = text,
                         .length = length,
                         .issuer = text,
                         .issuer_length = (size_t)(slash - text),
                         .name = slash + 1,
                         .name_length = length - (size_t)(slash - text) - 1 };
    return ASAP_OK;
}

static enum asap_code
check_registrable(const char *text, size_t most, const char *field, struct asap_error *err)
{
    static const char reserved[] = "asap.";
    const size_t length = strnlen(text, most + 1);
    const char *fault = NULL;

    if (length > most)
        return fail_field(err, field, "%s is over %zu bytes; choose a shorter one", field, most);
    fault = first_fault(text, length, registration_fault);
    if (fault != NULL)
        return fail_field(err, field, "%s %s", field, fault);
    if (strncmp(text, reserved, sizeof reserved - 1) == 0)
        return fail_field(err, field, "%s begins with \"asap.\", which is reserved", field);
    return ASAP_OK;
}

enum asap_code kid_check_registrable(const char *text, const char *field, struct asap_error *err)
{
    if (strchr(text, '/') == NULL)
        return fail_field(err, field, "%s is not issuer/name", field);
    return check_registrable(text, KID_MAX, field, err);
}

enum asap_code issuer_check_registrable(const char *text, const char *field, struct asap_error *err)
{
    return check_registrable(text, ISSUER_MAX, field, err);
}

bool kid_owned_by(const struct kid *kid, const char *issuer)
{
    return strlen(issuer) == kid->issuer_length
           && memcmp(issuer, kid->issuer, kid->issuer_length) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"

static void file_scope_exit(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

static enum asap_code
read_all(FILE *file, const char *name, size_t most, struct secret *out, struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };

    TRY(secret_init(&text, most + 1, err));
    (void)setvbuf(file, NULL, _IONBF, 0);
    text.length = fread(text.bytes, 1, most + 1, file);
    if (ferror(file))
        return fail(err, ASAP_UNAVAILABLE, "%.128s cannot be read (is it a file?)", name);
    if (text.length > most)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%.128s is longer than %zu bytes (is it the right file?)", name, most);
    if (memchr(text.bytes, '\0', text.length) != NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "%.128s is no text (is it the right file?)", name);
    *out = text;
    text = (struct secret){ 0 };
    return ASAP_OK;
}

enum asap_code
input_read(const char *name, FILE *in, size_t most, struct secret *out, struct asap_error *err)
{
    SCOPED(file) FILE *file = NULL;

    if (in != NULL && strcmp(name, "-") == 0)
        return read_all(in, "standard input", most, out, err);
    file = fopen(name, "re");
    if (file == NULL)
        return fail(err, ASAP_NOT_FOUND,
                    "%.128s cannot be opened (does it exist, and may you read it?)", name);
    return read_all(file, name, most, out, err);
}

static bool is_blank(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

enum asap_code
input_read_line(const char *name, FILE *in, size_t most, struct secret *out, struct asap_error *err)
{
    TRY(input_read(name, in, most, out, err));
    while (out->length > 0 && is_blank(out->bytes[out->length - 1]))
        out->bytes[--out->length] = '\0';
    return ASAP_OK;
}

enum asap_code
input_read_value(const char *value, size_t most, struct secret *out, struct asap_error *err)
{
    const size_t length = strlen(value);

    if (value[0] == '@')
        return input_read_line(value + 1, NULL, most, out, err);
    if (length > most)
        return fail(err, ASAP_INVALID_ARGUMENT, "the value is longer than %zu bytes", most);
    TRY(secret_init(out, length, err));
    (void)memcpy(out->bytes, value, length);
    return ASAP_OK;
}

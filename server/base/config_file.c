/* SPDX-License-Identifier: Apache-2.0 */
#include "config_table.h"

#include <stdio.h>
#include <string.h>

#include "fail.h"

enum { LINE_SIZE = 3 * CONFIG_TEXT, WHERE_SIZE = 128, NAME_SHOWN = 60 };

/* A file while it is read. */
struct reading {
    const char *name; /* of the file; a long one shows its end in messages */
    char folder[CONFIG_TEXT];
    unsigned line;
    unsigned first_line[SETTING_COUNT]; /* that sets it; 0: none so far */
    struct config *config;
};

static enum asap_code begin_reading(struct reading *reading,
                                    const char *name,
                                    struct asap_error *err)
{
    const char *slash = strrchr(name, '/');
    const size_t folder_length = slash == NULL ? 0 : (size_t)(slash - name) + 1;
    const size_t length = strlen(name);

    if (folder_length >= sizeof reading->folder)
        return fail(err, ASAP_INVALID_ARGUMENT, "the path of the configuration file is too long");
    memcpy(reading->folder, name, folder_length);
    reading->folder[folder_length] = '\0';
    reading->name = length > NAME_SHOWN ? name + (length - NAME_SHOWN) : name;
    return ASAP_OK;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The text without white space around it; cuts its end off in place. */
static char *trim(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && is_blank(text[length - 1]))
        length--;
    text[length] = '\0';
    while (is_blank(*text))
        text++;
    return text;
}

/* A "#" within a word, as in a path, begins no comment. */
static void cut_comment(char *line)
{
    for (char *hash = strchr(line, '#'); hash != NULL; hash = strchr(hash + 1, '#')) {
        if (hash == line || is_blank(hash[-1])) {
            *hash = '\0';
            return;
        }
    }
}

static enum asap_code refuse_name(const struct reading *reading,
                                  const char *name,
                                  struct asap_error *err)
{
    const struct setting *nearest = setting_suggest(name);

    if (nearest == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%s:%u: there is no setting \"%.60s\"; asapd.conf(5) lists them", reading->name,
                    reading->line, name);
    return fail(err, ASAP_INVALID_ARGUMENT,
                "%s:%u: there is no setting \"%.60s\"; did you mean %s?", reading->name,
                reading->line, name, nearest->name);
}

static enum asap_code
set(struct reading *reading, const char *name, const char *value, struct asap_error *err)
{
    const struct setting *setting = setting_find(name);
    unsigned *first_line = NULL;
    char where[WHERE_SIZE];

    if (setting == NULL)
        return refuse_name(reading, name, err);
    first_line = &reading->first_line[setting - settings];
    if (*first_line != 0 && !setting_is_repeatable(setting))
        return fail_field(err, setting->name,
                          "%s:%u: %s is set in line %u already; keep one of them", reading->name,
                          reading->line, setting->name, *first_line);
    *first_line = reading->line;
    (void)snprintf(where, sizeof where, "%s:%u: %s", reading->name, reading->line, setting->name);
    return setting_assign(setting, where, reading->folder, value, reading->config, err);
}

static enum asap_code read_line(struct reading *reading, char *line, struct asap_error *err)
{
    char *text = NULL;
    char *equals = NULL;

    cut_comment(line);
    text = trim(line);
    if (*text == '\0')
        return ASAP_OK;
    equals = strchr(text, '=');
    if (equals == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%s:%u: this is not \"name = value\"; comments begin with #", reading->name,
                    reading->line);
    *equals = '\0';
    return set(reading, trim(text), trim(equals + 1), err);
}

/* Copies the line into `out`, where it may be cut up. */
static enum asap_code copy_line(const struct reading *reading,
                                const char *line,
                                size_t length,
                                char out[LINE_SIZE],
                                struct asap_error *err)
{
    if (length >= LINE_SIZE)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%s:%u: the line is longer than %d bytes; shorten it", reading->name,
                    reading->line, LINE_SIZE - 1);
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < ' ' && !is_blank(line[i])) || line[i] == 0x7f)
            return fail(err, ASAP_INVALID_ARGUMENT,
                        "%s:%u: the line has a control character; is this a text file?",
                        reading->name, reading->line);
    memcpy(out, line, length);
    out[length] = '\0';
    return ASAP_OK;
}

enum asap_code config_read_text(const char *text,
                                size_t length,
                                const char *name,
                                struct config *config,
                                struct asap_error *err)
{
    struct reading reading = { .config = config };
    const char *const end = text + length;
    char line[LINE_SIZE];

    TRY(begin_reading(&reading, name, err));
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;

        reading.line++;
        TRY(copy_line(&reading, text, (size_t)(line_end - text), line, err));
        TRY(read_line(&reading, line, err));
        text = newline != NULL ? newline + 1 : end;
    }
    return ASAP_OK;
}

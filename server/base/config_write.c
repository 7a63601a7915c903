/* SPDX-License-Identifier: Apache-2.0 */
#include "config_profile.h"

#include <ctype.h>
#include <string.h>

/* A name that stands several times, or an example commented out. */
static void write_profiles(const struct setting *row, const struct config *config, FILE *out)
{
    char text[AUTH_PROFILE_TEXT];

    (void)fprintf(out, "\n# %s.\n", row->help);
    if (config->auth_profile_count == 0)
        (void)fprintf(out, "# For example, as there is none by default:\n#%s = %s\n", row->name,
                      row->fallback);
    for (size_t i = 0; i < config->auth_profile_count; i++) {
        auth_profile_format(&config->auth_profiles[i], text);
        (void)fprintf(out, "%s = %s\n", row->name, text);
    }
}

static void write_setting(const struct setting *row,
                          const struct config *config,
                          const struct config *defaults,
                          FILE *out)
{
    char value[CONFIG_TEXT];

    setting_format(row, config, value);
    (void)fprintf(out, "\n# %s.\n%s%s =%s%s\n", row->help,
                  setting_equal(row, config, defaults) ? "#" : "", row->name,
                  value[0] != '\0' ? " " : "", value);
}

void config_write_file(const struct config *config, FILE *out)
{
    struct config defaults;

    config_init(&defaults);
    (void)fputs(
        "# Settings of asapd; asapd.conf(5) explains them. What is commented out is the default.\n"
        "# Relative paths are relative to the folder of this file.\n",
        out);
    for (const struct setting *row = settings; row < settings + SETTING_COUNT; row++)
        if (setting_is_repeatable(row))
            write_profiles(row, config, out);
        else
            write_setting(row, config, &defaults, out);
}

/* "max_age" as the flag "max-age". */
static void write_flag_name(const char *name, FILE *out)
{
    for (; *name != '\0'; name++)
        (void)fputc(*name == '_' ? '-' : *name, out);
}

void config_write_help(FILE *out)
{
    (void)fputs("  --config FILE\n      Read settings from this file\n", out);
    for (const struct setting *row = settings; row < settings + SETTING_COUNT; row++) {
        (void)fputs("  --", out);
        write_flag_name(row->name, out);
        (void)fprintf(out, " %s\n      %s", setting_placeholder(row), row->help);
        if (row->fallback[0] != '\0')
            (void)fprintf(out, " (%s%s)", setting_is_repeatable(row) ? "example: " : "",
                          row->fallback);
        (void)fputc('\n', out);
    }
}

/* Text in which nothing is scdoc's markup. */
static void write_escaped(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (ispunct((unsigned char)*text))
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

void config_write_manual(FILE *out)
{
    for (const struct setting *row = settings; row < settings + SETTING_COUNT; row++) {
        (void)fprintf(out, "*%s* = _%s_\n\t", row->name, setting_placeholder(row));
        write_escaped(row->help, out);
        (void)fputs(setting_is_repeatable(row) ? ". Default: none. Example: " : ". Default: ", out);
        if (row->fallback[0] == '\0')
            (void)fputs("empty", out);
        else
            write_escaped(row->fallback, out);
        (void)fputs(".\n\n", out);
    }
}

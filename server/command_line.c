/* SPDX-License-Identifier: Apache-2.0 */
#include "command_line.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "fail.h"

extern char **environ;

struct reading {
    const struct command_line *line;
    struct command_call *call;
    bool help;
};

static void print_help(const struct command_line *line)
{
    (void)printf("usage: %s [SETTING ...]\n\n%s\n\n", line->usage, line->about);
    for (const struct command_flag *flag = line->flags; flag->name != NULL; flag++)
        (void)printf("  %s%s%s\n      %s\n", flag->name, flag->value == NULL ? "" : " ",
                     flag->value == NULL ? "" : flag->value, flag->help);
    (void)printf("  --config FILE\n      The settings; asapd serve --help lists them\n");
}

static enum asap_code refuse_argument(const struct reading *reading,
                                      const char *argument,
                                      struct asap_error *err)
{
    const char *names[COMMAND_FLAGS_MAX + 2] = { "--help" };

    for (size_t i = 0; i < COMMAND_FLAGS_MAX && reading->line->flags[i].name != NULL; i++)
        names[i + 1] = reading->line->flags[i].name;
    return config_refuse_argument(argument, names, err);
}

/* The flag's value, in the argument itself or the next one; *argument moves to where it was. */
static enum asap_code read_value(char ***argument,
                                 const struct command_flag *flag,
                                 const char **out,
                                 struct asap_error *err)
{
    const char *equals = strchr(**argument, '=');

    *out = "";
    if (flag->value == NULL)
        return equals == NULL ? ASAP_OK
                              : fail(err, ASAP_INVALID_ARGUMENT, "%s takes no value", flag->name);
    if (equals == NULL)
        (*argument)++;
    *out = equals != NULL ? equals + 1 : **argument;
    if (*out == NULL || **out == '\0')
        return fail(err, ASAP_INVALID_ARGUMENT, "%s needs %s behind it", flag->name, flag->value);
    return ASAP_OK;
}

static bool is_flag(const char *argument, const char *name)
{
    const size_t length = strlen(name);

    return strncmp(argument, name, length) == 0
           && (argument[length] == '\0' || argument[length] == '=');
}

static enum asap_code read_argument(struct reading *reading,
                                    char ***argument,
                                    struct asap_error *err)
{
    const struct command_line *line = reading->line;

    if (strcmp(**argument, "--help") == 0) {
        reading->help = true;
        return ASAP_OK;
    }
    for (size_t i = 0; line->flags[i].name != NULL; i++)
        if (is_flag(**argument, line->flags[i].name))
            return read_value(argument, &line->flags[i], &reading->call->values[i], err);
    if (**argument[0] == '-' || line->operand == NULL || reading->call->operand != NULL)
        return refuse_argument(reading, **argument, err);
    reading->call->operand = **argument;
    return ASAP_OK;
}

static enum asap_code refuse_missing(const struct command_line *line,
                                     const char *what,
                                     struct asap_error *err)
{
    return fail(err, ASAP_INVALID_ARGUMENT, "%s is missing: %s", what, line->usage);
}

static enum asap_code check_all_are_there(const struct reading *reading, struct asap_error *err)
{
    const struct command_line *line = reading->line;

    for (size_t i = 0; line->flags[i].name != NULL; i++)
        if (line->flags[i].is_required && reading->call->values[i] == NULL)
            return refuse_missing(line, line->flags[i].name, err);
    if (line->operand != NULL && reading->call->operand == NULL)
        return refuse_missing(line, line->operand, err);
    return ASAP_OK;
}

static enum asap_code read_all(struct reading *reading, char **arguments, struct asap_error *err)
{
    size_t extra = 0;

    TRY(config_load(arguments, environ, &reading->call->config, &extra, err));
    arguments[extra] = NULL;
    for (char **argument = arguments; *argument != NULL; argument++)
        TRY(read_argument(reading, &argument, err));
    return reading->help ? ASAP_OK : check_all_are_there(reading, err);
}

/* False when that is all: *status is the exit status. */
static bool begin(const struct command_line *line,
                  char **arguments,
                  const struct asap_clock *clock,
                  struct command_call *out,
                  int *status)
{
    struct reading reading = { .line = line, .call = out };
    struct asap_error err = { 0 };

    memset(out, 0, sizeof *out);
    out->log = (struct log){ .stream = stderr, .level = LOG_WARNING };
    out->report =
        (struct report){ .out = stdout, .progress = isatty(STDERR_FILENO) ? stderr : NULL };
    *status = EXIT_USAGE;
    if (read_all(&reading, arguments, &err) != ASAP_OK) {
        (void)fprintf(stderr, "asapd: %s\n", err.message);
        return false;
    }
    out->log.format = (enum log_format)log_name_find(log_format_names, out->config.log_format);
    out->now = clock_now(clock);
    out->site = (struct site_options){ .database = out->config.database,
                                       .kek_file = out->config.kek_file,
                                       .clock_skew = out->config.lifecycle.clock_skew,
                                       .log = &out->log };
    if (!reading.help)
        return true;
    print_help(line);
    *status = EXIT_DONE;
    return false;
}

static int end(const struct command_call *call, enum asap_code code, const struct asap_error *err)
{
    report_progress_end(&call->report);
    if (code != ASAP_OK)
        (void)fprintf(stderr, "asapd: %s\n", err->message);
    return code == ASAP_OK && call->report.problems == 0 ? EXIT_DONE : EXIT_REFUSED;
}

int command_run(const struct command_line *line,
                command_work *work,
                char **arguments,
                const struct asap_clock *clock)
{
    struct command_call call;
    struct asap_error err = { 0 };
    int status = 0;

    if (!begin(line, arguments, clock, &call, &status))
        return status;
    return end(&call, work(&call, &err), &err);
}

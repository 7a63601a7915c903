/* SPDX-License-Identifier: Apache-2.0 */
#include "asapctl.h"

#include <stdarg.h>
#include <string.h>

#include "ctl.h"
#include "fail.h"
#include "help.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define DEFAULT_SERVER "unix:/run/asapd/admin.sock"

/* An empty variable counts as unset. */
static const char *variable(char *const *environment, const char *name)
{
    const size_t length = strlen(name);

    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '='
            && (*environment)[length + 1] != '\0')
            return *environment + length + 1;
    return NULL;
}

static const char *setting(const struct ctl_host *host,
                           const struct arguments *arguments,
                           enum option_id option,
                           const char *name,
                           const char *otherwise)
{
    const char *value = arguments->options[option];

    if (value == NULL)
        value = variable(host->environment, name);
    return value != NULL ? value : otherwise;
}

static enum asap_code run(const struct ctl *ctl, struct asap_error *err)
{
    TRY(ctl->arguments->command->run(ctl, err));
    if (fflush(ctl->host->out) != 0 || ferror(ctl->host->out))
        return fail(err, ASAP_INTERNAL, "the output could not be written (is the disk full?)");
    return ASAP_OK;
}

/* One line, whatever the user's words have in them. */
__attribute__((format(printf, 2, 3))) static void complain(const struct ctl_host *host,
                                                           const char *format,
                                                           ...)
{
    char line[1024] = "";
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == '\x7f')
            *at = '?';
    (void)fprintf(host->err, "asapctl: %s\n", line);
}

static int report(const struct ctl *ctl, const struct asap_error *err)
{
    const struct command *command = ctl->arguments->command;
    const char *operand = ctl->arguments->operand;

    complain(ctl->host, "%s%s%.256s: %s", command->failure, operand == NULL ? "" : " ",
             operand == NULL ? "" : operand, err->message);
    return EXIT_FAILED;
}

int asapctl_main(char **argv, const struct ctl_host *host)
{
    struct arguments arguments = { 0 };
    struct asap_error err = { 0 };
    struct ctl ctl = { .host = host, .arguments = &arguments };

    if (parse_arguments(argv + (argv[0] != NULL), &arguments, &err) != ASAP_OK) {
        complain(host, "%s", err.message);
        return EXIT_USAGE;
    }
    if (arguments.options[OPTION_HELP] != NULL)
        return help_print(&arguments, host->out) == ASAP_OK ? EXIT_DONE : EXIT_FAILED;
    if (arguments.options[OPTION_VERSION] != NULL)
        return fprintf(host->out, "asapctl %s\n", ASAPCTL_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
    ctl.endpoint.url = setting(host, &arguments, OPTION_SERVER, "ASAPCTL_SERVER", DEFAULT_SERVER);
    ctl.endpoint.ca_file = setting(host, &arguments, OPTION_CACERT, "ASAPCTL_CACERT", NULL);
    return run(&ctl, &err) == ASAP_OK ? EXIT_DONE : report(&ctl, &err);
}

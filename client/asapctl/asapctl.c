/* SPDX-License-Identifier: Apache-2.0 */
#include "asapctl.h"

#include "access.h"
#include "ctl.h"
#include "fail.h"
#include "help.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static enum asap_code run(const struct ctl *ctl, struct asap_error *err)
{
    TRY(ctl->arguments->command->run(ctl, err));
    if (fflush(ctl->host->out) != 0 || ferror(ctl->host->out))
        return fail(err, ASAP_INTERNAL, "the output could not be written (is the disk full?)");
    return ASAP_OK;
}

static int report(const struct ctl *ctl, const struct asap_error *err)
{
    const struct command *command = ctl->arguments->command;
    const char *operand = command_operand_is_secret(command) ? NULL : ctl->arguments->operand;

    if (err->code == ASAP_OK)
        return EXIT_FAILED;
    ctl_complain(ctl->host, "%s%s%.256s: %s", command->failure, operand == NULL ? "" : " ",
                 operand == NULL ? "" : operand, err->message);
    return EXIT_FAILED;
}

int asapctl_main(char **argv, const struct ctl_host *host)
{
    struct arguments arguments = { 0 };
    struct asap_error err = { 0 };
    struct ctl ctl = { .host = host, .arguments = &arguments };

    if (parse_arguments(argv + (argv[0] != NULL), &arguments, &err) != ASAP_OK) {
        ctl_complain(host, "%s", err.message);
        return EXIT_USAGE;
    }
    if (arguments.options[OPTION_HELP] != NULL)
        return help_print(&arguments, host->out) == ASAP_OK ? EXIT_DONE : EXIT_FAILED;
    if (arguments.options[OPTION_VERSION] != NULL)
        return fprintf(host->out, "asapctl %s\n", ASAPCTL_VERSION) < 0 ? EXIT_FAILED : EXIT_DONE;
    if (access_read(host->environment, &arguments, &ctl.access, &err) != ASAP_OK) {
        ctl_complain(host, "%s", err.message);
        return EXIT_USAGE;
    }
    return run(&ctl, &err) == ASAP_OK ? EXIT_DONE : report(&ctl, &err);
}

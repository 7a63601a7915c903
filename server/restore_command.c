/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "command_line.h"
#include "fail.h"
#include "transfer.h"
#include "upkeep_commands.h"
#include "utc.h"

enum { FLAG_DESPITE };

static const struct command_line line = {
    .usage = "asapd restore --config FILE BACKUP",
    .operand = "BACKUP",
    .about =
        "Puts BACKUP, which asapd backup has made, in the place of a database that is missing.\n"
        "It is checked first, and migrated if it is of an older asapd. Nothing is\n"
        "overwritten: move away what is left of the old database.\n"
        "\n"
        "A restored database serves its keys, but neither signs nor changes anything until\n"
        "asapd check --accept-restore: what was done after the backup is lost, and you are to\n"
        "know what that means. asapd(8) says it.",
    .flags = { { "--despite-problems", NULL,
                 "Restore it although parts of it are damaged, if there is no better one",
                 false } },
};

/* A daemon may go on with a database whose file was removed. */
static enum asap_code refuse_running(const char *address, struct asap_error *err)
{
    static const char scheme[] = "unix:";
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int descriptor = -1;
    int connected = -1;

    if (strncmp(address, scheme, strlen(scheme)) != 0
        || strlen(address + strlen(scheme)) >= sizeof name.sun_path)
        return ASAP_OK;
    memcpy(name.sun_path, address + strlen(scheme), strlen(address + strlen(scheme)) + 1);
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor >= 0) {
        connected = connect(descriptor, (const struct sockaddr *)&name, sizeof name);
        (void)close(descriptor);
    }
    if (connected != 0)
        return ASAP_OK;
    return fail(err, ASAP_FAILED_PRECONDITION,
                "a server listens on %.150s (stop it first: it would go on with the old database)",
                address);
}

static enum asap_code restore(struct command_call *call, struct asap_error *err)
{
    const struct transfer transfer = { .site = &call->site,
                                       .now = call->now,
                                       .report = &call->report,
                                       .despite_problems = call->values[FLAG_DESPITE] != NULL };
    struct transferred made = { 0 };
    char text[UTC_TEXT_SIZE] = "";

    TRY(refuse_running(call->config.admin_listen, err));
    TRY(transfer_restore(&transfer, call->operand, &made, err));
    utc_format(made.copy_time, text);
    report_note(&call->report,
                "restored what was there at %s; it does not sign until asapd check"
                " --accept-restore",
                text);
    return ASAP_OK;
}

int restore_command(char **arguments, const struct asap_clock *clock)
{
    return command_run(&line, restore, arguments, clock);
}

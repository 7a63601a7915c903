/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "command_line.h"
#include "fail.h"
#include "transfer.h"
#include "upkeep_commands.h"

static const struct command_line line = {
    .usage = "asapd backup --config FILE BACKUP",
    .operand = "BACKUP",
    .about =
        "Writes the database to the new file BACKUP, while the server runs, and proves it: every\n"
        "row is read back and compared, every private key opened, the audit log checked from its\n"
        "beginning. Nothing is overwritten.\n"
        "\n"
        "The KEK is not in it: keep kek_file elsewhere. Who has both can sign.\n"
        "asapd restore puts a backup in the place of a database that was lost.",
};

static enum asap_code back_up(struct command_call *call, struct asap_error *err)
{
    const struct transfer transfer = { .site = &call->site,
                                       .now = call->now,
                                       .report = &call->report };
    struct transferred made = { 0 };

    TRY(transfer_back_up(&transfer, call->operand, &made, err));
    report_note(&call->report, "backed up %" PRId64 " rows to %s; the KEK is not in it", made.rows,
                call->operand);
    if (call->report.problems > 0)
        report_note(&call->report, "the backup is a true copy, but of a database with problems");
    return ASAP_OK;
}

int backup_command(char **arguments, const struct asap_clock *clock)
{
    return command_run(&line, back_up, arguments, clock);
}

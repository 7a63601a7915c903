/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "command_line.h"
#include "fail.h"
#include "transfer.h"
#include "upkeep_commands.h"

enum { FLAG_FROM, FLAG_TO };

static const struct command_line line = {
    .usage = "asapd copy --config FILE --from URL --to URL",
    .about =
        "Moves a database to another place, such as from SQLite to PostgreSQL, and proves the\n"
        "copy: every row is read back and compared, every private key opened, the audit log\n"
        "checked. No server may run. The target must be new. Afterwards set database to it:\n"
        "the old one is marked and not served any more, since the two would both sign.\n"
        "\n"
        "To come back to the old one, run asapd check --accept-restore on it.",
    .flags = { { "--from", "URL", "The database, as in the setting database", true },
               { "--to", "URL", "Where it is to go", true } },
};

static enum asap_code copy(struct command_call *call, struct asap_error *err)
{
    const struct transfer transfer = { .site = &call->site,
                                       .now = call->now,
                                       .report = &call->report };
    struct transferred made = { 0 };

    call->site.database = call->values[FLAG_FROM];
    TRY(transfer_move(&transfer, call->values[FLAG_TO], &made, err));
    report_note(&call->report, "copied %" PRId64 " rows; now set database to the place in --to",
                made.rows);
    return ASAP_OK;
}

int copy_command(char **arguments, const struct asap_clock *clock)
{
    return command_run(&line, copy, arguments, clock);
}

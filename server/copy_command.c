/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "command_line.h"
#include "commands.h"
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
    .flags = { { "--from", "URL", "The database, as in the setting database" },
               { "--to", "URL", "Where it is to go" } },
};

int copy_command(char **arguments, const struct asap_clock *clock)
{
    struct command_call call;
    struct transferred made = { 0 };
    struct asap_error err = { 0 };
    int status = 0;
    enum asap_code code = ASAP_OK;

    if (!command_begin(&line, arguments, clock, &call, &status))
        return status;
    if (call.values[FLAG_FROM] == NULL || call.values[FLAG_TO] == NULL) {
        (void)fprintf(stderr, "asapd: --from or --to is missing: %s\n", line.usage);
        return EXIT_USAGE;
    }
    call.site.database = call.values[FLAG_FROM];
    code = transfer_move(
        &(struct transfer){ .site = &call.site, .now = call.now, .report = &call.report },
        call.values[FLAG_TO], &made, &err);
    if (code == ASAP_OK)
        report_note(&call.report, "copied %" PRId64 " rows; now set database to the place in --to",
                    made.rows);
    return command_end(&call, code, &err);
}

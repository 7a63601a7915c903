/* SPDX-License-Identifier: Apache-2.0 */
#include "command_line.h"
#include "fail.h"
#include "scoped.h"
#include "store_upkeep.h"
#include "upkeep_commands.h"

static const struct command_line line = {
    .usage = "asapd migrate --config FILE",
    .about =
        "Brings the database to the schema of this asapd, each step in a transaction, and ends.\n"
        "asapd serve does that, too. Make a backup first: there is no way back, and an older\n"
        "asapd does not open the database any more. The server must not run.",
};

DEFINE_SCOPED(store, struct store *, store_close)

static enum asap_code migrate(struct command_call *call, struct asap_error *err)
{
    SCOPED(store) struct store *store = NULL;
    SCOPED(txn) struct txn txn = { 0 };
    int version = 0;

    call->log.level = LOG_INFO; /* which tells each step */
    TRY(store_open_alone(call->config.database, false, &call->log, &store, err));
    TRY(txn_begin_read(&txn, store, err));
    TRY(store_get_version(&txn, &version, err));
    report_note(&call->report, "the database has schema %d", version);
    return ASAP_OK;
}

int migrate_command(char **arguments, const struct asap_clock *clock)
{
    return command_run(&line, migrate, arguments, clock);
}

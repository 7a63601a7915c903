/* SPDX-License-Identifier: Apache-2.0 */
#include "acceptance.h"
#include "command_line.h"
#include "database_check.h"
#include "fail.h"
#include "upkeep_commands.h"
#include "utc.h"

enum { FLAG_ACCEPT, FLAG_MISSES, FLAG_DESPITE };

static const struct command_line line = {
    .usage = "asapd check --config FILE [--accept-restore [--accept-misses]"
             " [--despite-problems]]",
    .about =
        "Looks through the database, while the server may run: pages and references, each key's\n"
        "row, every private key, the audit log's chain, and of each issuer that one key signs at\n"
        "any time from now on, that two more are published, and that none is withdrawn while\n"
        "tokens of it live. Ends with 1 if there is a problem.",
    .flags = { { "--accept-restore", NULL,
                 "Let a restored database sign, once it was served for publish_lead. What was "
                 "done\n"
                 "      after the backup is lost: see asapd(8). The server must not run",
                 false },
               { "--accept-misses", NULL,
                 "Let it sign at once, though caches may not know its keys yet", false },
               { "--despite-problems", NULL,
                 "Let it sign with the keys that are well, though there are problems", false } },
};

static enum asap_code tell_mark(struct command_call *call,
                                struct store *store,
                                struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct store_mark mark;
    char copied[UTC_TEXT_SIZE] = "";
    char signs[UTC_TEXT_SIZE] = "";

    TRY(txn_begin_read(&txn, store, err));
    TRY(store_get_mark(&txn, &mark, err));
    utc_format(mark.copy_time, copied);
    utc_format(mark.sign_time, signs);
    if (mark.kind == MARK_COPY)
        report_note(&call->report,
                    "this is a backup of %s, which does not sign before"
                    " --accept-restore",
                    copied);
    if (mark.kind == MARK_MOVED)
        report_note(&call->report, "this database was moved at %s, and is not served", copied);
    if (mark.kind == MARK_ACCEPTED && mark.sign_time > call->now)
        report_note(&call->report, "this is the accepted backup of %s, which signs from %s on",
                    copied, signs);
    return ASAP_OK;
}

static enum asap_code check(struct command_call *call, struct asap_error *err)
{
    SCOPED(site) struct site site = { 0 };

    TRY(site_open_to_read(&call->site, &site, err));
    TRY(database_check_whole(&site, &call->report, err));
    TRY(database_check_keys(&site, call->now, &call->report, err));
    return tell_mark(call, site.store, err);
}

static enum asap_code accept(struct command_call *call, struct asap_error *err)
{
    SCOPED(site) struct site site = { 0 };
    struct store_mark mark;
    char copied[UTC_TEXT_SIZE] = "";
    char signs[UTC_TEXT_SIZE] = "";

    if (call->report.problems > 0 && call->values[FLAG_DESPITE] == NULL)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "nothing was accepted, because of these problems");
    TRY(site_open_alone(&call->site, &site, err));
    TRY(acceptance_give(&site, call->now, call->values[FLAG_MISSES] != NULL, &mark, err));
    utc_format(mark.copy_time, copied);
    utc_format(mark.sign_time, signs);
    report_note(&call->report, "accepted the copy of %s; what was done after that is lost", copied);
    if (mark.sign_time == 0)
        report_note(&call->report, "it signs once it was served for publish_lead");
    else
        report_note(&call->report, "it signs from %s on", signs);
    return ASAP_OK;
}

static enum asap_code check_and_accept(struct command_call *call, struct asap_error *err)
{
    TRY(check(call, err));
    return call->values[FLAG_ACCEPT] == NULL ? ASAP_OK : accept(call, err);
}

int check_command(char **arguments, const struct asap_clock *clock)
{
    return command_run(&line, check_and_accept, arguments, clock);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "command_line.h"
#include "fail.h"
#include "rekey.h"
#include "upkeep_commands.h"

enum { FLAG_NEW_KEK };

static const struct command_line line = {
    .usage = "asapd rekey --config FILE --new-kek FILE",
    .about = "Encrypts all that is under the KEK in kek_file under another one: private keys and\n"
             "the server's own secrets. The server must not run. If it is interrupted, run it\n"
             "again, with the same two files; until it is done, the database is not served.\n"
             "\n"
             "After that, put the new KEK in the place of the old one. Keep the old one for as\n"
             "long as there are backups that were made under it.",
    .flags = { { "--new-kek", "FILE", "The new KEK; it is made if there is no such file", true } },
};

static enum asap_code change_kek(struct command_call *call, struct asap_error *err)
{
    const struct rekey rekey = { .options = &call->site,
                                 .next_kek_file = call->values[FLAG_NEW_KEK],
                                 .now = call->now,
                                 .report = &call->report };
    int64_t count = 0;

    TRY(rekey_run(&rekey, &count, err));
    report_note(&call->report, "sealed %" PRId64 " private keys; now kek_file is to be %s", count,
                call->values[FLAG_NEW_KEK]);
    return ASAP_OK;
}

int rekey_command(char **arguments, const struct asap_clock *clock)
{
    return command_run(&line, change_kek, arguments, clock);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "acceptance.h"

#include <stdio.h>

#include "fail.h"
#include "store_server.h"
#include "utc.h"

enum asap_code acceptance_refuse_moved(const struct store_mark *mark, struct asap_error *err)
{
    char text[UTC_TEXT_SIZE] = "";

    if (mark->kind != MARK_MOVED)
        return ASAP_OK;
    utc_format(mark->copy_time, text);
    return fail(err, ASAP_FAILED_PRECONDITION,
                "the database was moved by asapd copy at %s (serve the copy; to come back to this"
                " one, run asapd check --accept-restore)",
                text);
}

enum asap_code
acceptance_begin_serving(struct store *store, int64_t now, int64_t lead, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct store_mark mark;

    TRY(txn_begin(&txn, store, err));
    TRY(store_get_mark(&txn, &mark, err));
    TRY(acceptance_refuse_moved(&mark, err));
    if (mark.kind == MARK_NONE || mark.sign_time != 0)
        return ASAP_OK;
    mark.sign_time = now + lead;
    TRY(store_put_mark(&txn, &mark, err));
    return txn_commit(&txn, err);
}

static enum asap_code record(const struct site *site,
                             struct txn *txn,
                             const struct store_mark *mark,
                             int64_t now,
                             struct asap_error *err)
{
    struct audit_row event = { .create_time = now, .method = "asap.v1.Server/AcceptRestore" };
    char text[UTC_TEXT_SIZE] = "";

    utc_format(mark->copy_time, text);
    (void)snprintf(event.message, sizeof event.message,
                   "went on from the copy of %s: what was done after that is lost", text);
    return site_record(site, txn, &event, err);
}

/* One that waits for its time may be let sign at once later, too. */
static bool may_be_accepted(const struct store_mark *mark, int64_t now, bool accept_misses)
{
    const bool waits = mark->sign_time == 0 || mark->sign_time > now;

    return mark->kind == MARK_COPY || mark->kind == MARK_MOVED
           || (mark->kind == MARK_ACCEPTED && waits && accept_misses);
}

enum asap_code acceptance_give(const struct site *site,
                               int64_t now,
                               bool accept_misses,
                               struct store_mark *out,
                               struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin(&txn, site->store, err));
    TRY(store_get_mark(&txn, out, err));
    if (!may_be_accepted(out, now, accept_misses))
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "this database is no copy, or was accepted before: nothing is to be accepted");
    if (out->kind == MARK_MOVED)
        TRY(store_leap_generations(&txn, err));
    out->kind = MARK_ACCEPTED;
    if (accept_misses)
        out->sign_time = now;
    TRY(store_put_mark(&txn, out, err));
    TRY(store_record_change(&txn, now, err));
    TRY(store_record_access_change(&txn, now, err));
    TRY(record(site, &txn, out, now, err));
    return txn_commit(&txn, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "acceptance.h"
#include "database_check.h"
#include "fail.h"
#include "scoped.h"
#include "store_upkeep.h"
#include "transfer_parts.h"

DEFINE_SCOPED(store, struct store *, store_close)

static enum asap_code copy_to(const struct transfer *transfer,
                              struct store *from,
                              const char *url,
                              struct transferred *out,
                              struct asap_error *err)
{
    SCOPED(store) struct store *to = NULL;

    TRY(store_open_alone(url, true, transfer->site->log, &to, err));
    return transfer_rows(transfer, from, to, out, err);
}

/* Looks at what is there, not at what was meant to be. */
static enum asap_code check_target(const struct transfer *transfer,
                                   const struct site_options *target,
                                   struct asap_error *err)
{
    SCOPED(site) struct site site = { 0 };

    TRY(site_open_to_read(target, &site, err));
    TRY(database_check_whole(&site, transfer->report, err));
    if (transfer->report->problems == 0)
        return ASAP_OK;
    return fail(err, ASAP_DATA_LOSS,
                "something is wrong with the database, which hence stays where it is (asapd check"
                " says more; remove the copy)");
}

/* From here on the copy is the database: what kept it from signing goes. */
static enum asap_code take_over(const struct transfer *transfer,
                                const struct site_options *target,
                                const struct store_mark *mark,
                                const struct transferred *made,
                                struct asap_error *err)
{
    SCOPED(site) struct site site = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct audit_row event = { .create_time = transfer->now, .method = "asap.v1.Server/Copy" };

    (void)snprintf(event.message, sizeof event.message,
                   "copied %" PRId64 " rows from another database, which is not served any more",
                   made->rows);
    TRY(site_open_alone(target, &site, err));
    TRY(txn_begin(&txn, site.store, err));
    TRY(store_put_mark(&txn, mark, err));
    TRY(site_record(&site, &txn, &event, err));
    return txn_commit(&txn, err);
}

/* At no moment both databases may sign; one that is interrupted leaves a copy that does not. */
enum asap_code transfer_move(const struct transfer *transfer,
                             const char *to,
                             struct transferred *out,
                             struct asap_error *err)
{
    struct site_options target = *transfer->site;
    SCOPED(site) struct site source = { 0 };
    struct store_mark mark;
    const struct store_mark moved = { .kind = MARK_MOVED, .copy_time = transfer->now };

    *out = (struct transferred){ 0 };
    target.database = to;
    TRY(site_open_alone(transfer->site, &source, err));
    TRY(transfer_get_mark(source.store, &mark, err));
    TRY(acceptance_refuse_moved(&mark, err));
    TRY(copy_to(transfer, source.store, to, out, err));
    TRY(check_target(transfer, &target, err));
    if (mark.kind == MARK_COPY)
        return ASAP_OK;
    TRY(transfer_put_mark(source.store, &moved, err));
    return take_over(transfer, &target, &mark, out, err);
}

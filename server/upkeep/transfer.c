/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fail.h"
#include "store_server.h"
#include "store_upkeep.h"
#include "transfer_parts.h"

enum asap_code transfer_get_mark(struct store *store,
                                 struct store_mark *out,
                                 struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin_read(&txn, store, err));
    return store_get_mark(&txn, out, err);
}

enum asap_code transfer_put_mark(struct store *store,
                                 const struct store_mark *mark,
                                 struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin(&txn, store, err));
    TRY(store_put_mark(&txn, mark, err));
    return txn_commit(&txn, err);
}

static enum asap_code copy_rows(const struct transfer *transfer,
                                struct store *from,
                                struct txn *to,
                                struct store_sums *sums,
                                struct asap_error *err)
{
    const struct store_progress progress = report_tables(transfer->report);
    SCOPED(txn) struct txn txn = { 0 };

    TRY(txn_begin_read(&txn, from, err));
    return store_copy(&txn, to, &progress, sums, err);
}

/* What was read and what stands in the copy were summed up each for itself. */
static enum asap_code compare(const struct store_sums *read,
                              const struct store_sums *written,
                              struct asap_error *err)
{
    for (size_t i = 0; i < STORE_TABLES; i++)
        if (read->tables[i].rows != written->tables[i].rows
            || memcmp(read->tables[i].sum, written->tables[i].sum, TABLE_SUM_SIZE) != 0)
            return fail(err, ASAP_DATA_LOSS, "the copy of the table %s is not what was copied",
                        store_table_name(i));
    return ASAP_OK;
}

static enum asap_code prove(const struct transfer *transfer,
                            struct txn *to,
                            const struct store_sums *read,
                            struct asap_error *err)
{
    const struct store_progress progress = report_tables(transfer->report);
    struct store_sums written;

    TRY(store_sum(to, &progress, &written, err));
    return compare(read, &written, err);
}

/* No number that the original gives away after this is to come again in the copy. */
static enum asap_code mark_copy(const struct transfer *transfer,
                                struct txn *to,
                                struct transferred *out,
                                struct asap_error *err)
{
    struct server_row server;
    struct store_mark mark;

    TRY(store_get_server(to, &server, err));
    TRY(store_get_mark(to, &mark, err));
    if (mark.kind != MARK_COPY) {
        TRY(store_put_mark(
            to, &(struct store_mark){ .kind = MARK_COPY, .copy_time = transfer->now }, err));
        TRY(store_leap_generations(to, err));
    }
    out->copy_time = mark.kind == MARK_COPY ? mark.copy_time : transfer->now;
    out->generation = server.generation;
    return ASAP_OK;
}

enum asap_code transfer_rows(const struct transfer *transfer,
                             struct store *from,
                             struct store *to,
                             struct transferred *out,
                             struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct store_sums sums;

    TRY(txn_begin(&txn, to, err));
    TRY(copy_rows(transfer, from, &txn, &sums, err));
    TRY(prove(transfer, &txn, &sums, err));
    TRY(mark_copy(transfer, &txn, out, err));
    TRY(txn_commit(&txn, err));
    report_progress_end(transfer->report);
    for (size_t i = 0; i < STORE_TABLES; i++)
        out->rows += sums.tables[i].rows;
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tip.h"

#include <inttypes.h>
#include <string.h>

#include "audit_event.h"
#include "fail.h"

enum asap_code tip_list_after(struct txn *txn,
                              int64_t sequence,
                              struct audit_row *rows,
                              size_t limit,
                              size_t *count,
                              struct asap_error *err)
{
    const struct audit_filter filter = { .caller = "", .issuer = "", .after_sequence = sequence };

    return store_list_audit_events(txn, &filter, rows, limit, count, err);
}

/* Nothing is added to a log whose head was set back: the chain would go on from an event that is
 * not the newest. */
enum asap_code tip_read(struct tip *tip, struct txn *txn, struct asap_error *err)
{
    struct audit_row rows[2] = { { 0 } };
    size_t count = 0;

    *tip = (struct tip){ 0 };
    TRY(store_get_audit_head(txn, &tip->head, err));
    TRY(tip_list_after(txn, tip->head.sequence - 1, rows, 2, &count, err));
    if (count > 0 && rows[count - 1].sequence > tip->head.sequence)
        return fail(err, ASAP_DATA_LOSS,
                    "event %" PRId64 " of the audit log lies beyond its head, which was altered"
                    " (restore the database from a backup)",
                    rows[count - 1].sequence);
    tip->time = rows[0].create_time;
    return ASAP_OK;
}

enum asap_code tip_append(struct tip *tip,
                          const struct chain *chain,
                          struct txn *txn,
                          struct audit_row *event,
                          struct asap_error *err)
{
    event_tidy(event);
    event->sequence = tip->head.sequence + 1;
    if (event->create_time < tip->time)
        event->create_time = tip->time;
    TRY(chain_hash(chain, tip->head.chain_hash, event, event->chain_hash, err));
    TRY(store_add_audit_event(txn, event, err));
    tip->head.sequence = event->sequence;
    memcpy(tip->head.chain_hash, event->chain_hash, AUDIT_HASH_SIZE);
    tip->time = event->create_time;
    return ASAP_OK;
}

enum asap_code tip_write(const struct tip *tip, struct txn *txn, struct asap_error *err)
{
    return store_put_audit_head(txn, &tip->head, err);
}

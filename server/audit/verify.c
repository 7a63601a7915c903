/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "audit_parts.h"
#include "fail.h"
#include "walk.h"

/* A head that cannot be read is a finding, not a failure to look. */
static enum asap_code read_slice(struct audit *audit, struct walk *walk, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    walk->count = 0;
    TRY(txn_begin_read(&txn, audit->store, err));
    code = walk_enter(walk, &txn, &cause);
    if (code == ASAP_DATA_LOSS) {
        walk_break(walk, walk->last.sequence + 1, "%s", cause.message);
        return ASAP_OK;
    }
    if (code != ASAP_OK)
        return fail(err, code, "%s", cause.message);
    return walk_read(walk, &txn, WALK_SLICE, err);
}

static enum asap_code walk_all(struct audit *audit, struct walk *walk, struct asap_error *err)
{
    do {
        TRY(read_slice(audit, walk, err));
        TRY(walk_check(walk, err));
    } while (walk->count == WALK_SLICE && !walk_is_broken(walk));
    if (!walk_is_broken(walk))
        walk_check_end(walk);
    return ASAP_OK;
}

static enum asap_code to_finding(const struct walk *walk,
                                 struct audit_finding *out,
                                 struct asap_error *err)
{
    out->is_intact = !walk_is_broken(walk);
    out->event_count = walk->checked;
    out->broken_sequence = walk->broken_sequence;
    (void)snprintf(out->problem, sizeof out->problem, "%s", walk->problem);
    if (!out->is_intact || walk->last.sequence == 0)
        return ASAP_OK;
    if (walk->seal.sequence != 0 && walk->seal.sequence < walk->head.checkpoint_sequence)
        (void)snprintf(out->problem, sizeof out->problem,
                       "the head is of event %" PRId64 ", which cannot be checked any more, since"
                       " the events up to %" PRId64 " have been removed",
                       walk->seal.sequence, walk->head.checkpoint_sequence);
    return chain_write_head(walk->chain, &walk->last, out->head, err);
}

enum asap_code audit_verify(struct audit *audit,
                            const char *head,
                            struct audit_finding *out,
                            struct asap_error *err)
{
    SCOPED(walk) struct walk walk = { 0 };

    *out = (struct audit_finding){ 0 };
    TRY(walk_init(&walk, &audit->chain, err));
    if (head[0] != '\0')
        TRY(chain_read_head(&audit->chain, head, &walk.seal, err));
    TRY(walk_all(audit, &walk, err));
    return to_finding(&walk, out, err);
}

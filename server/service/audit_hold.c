/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_hold.h"

#include <stdlib.h>

struct audit_hold {
    struct rpc_hold hold;
    struct audit *audit;
    struct audit_entry entry;
    void (*done)(void *context);
    void *context;
};

/* The entry is the hold's own. */
static struct audit_hold *hold_of(struct audit_entry *entry)
{
    return (struct audit_hold *)(void *)((char *)entry - offsetof(struct audit_hold, entry));
}

static void entry_done(struct audit_entry *entry)
{
    const struct audit_hold *self = hold_of(entry);

    self->done(self->context);
}

static void begin(struct rpc_hold *hold, void (*done)(void *context), void *context)
{
    struct audit_hold *self = (struct audit_hold *)hold;

    self->done = done;
    self->context = context;
    self->entry.done = entry_done;
    audit_submit(self->audit, &self->entry);
}

static enum asap_code result(struct rpc_hold *hold, struct asap_error *err)
{
    const struct audit_hold *self = (const struct audit_hold *)hold;

    if (self->entry.code != ASAP_OK && err != NULL)
        *err = self->entry.error;
    return self->entry.code;
}

static void free_hold(struct rpc_hold *hold)
{
    free(hold);
}

struct audit_entry *audit_hold_new(struct audit *audit, struct rpc_reply *reply)
{
    struct audit_hold *self = calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    self->hold = (struct rpc_hold){ .begin = begin, .result = result, .free = free_hold };
    self->audit = audit;
    reply->hold = &self->hold;
    return &self->entry;
}

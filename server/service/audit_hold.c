/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_hold.h"

#include <stdio.h>
#include <stdlib.h>

#include "request_bytes.h"

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

/* The text of a request's field; "" when it has none of that name. */
static const char *text_of(const ProtobufCMessage *in, const char *name)
{
    const char *const *field = in == NULL ? NULL : request_field(in, name, PROTOBUF_C_TYPE_STRING);

    return field == NULL || *field == NULL ? "" : *field;
}

#define COPY(member, text) ((void)snprintf(member, sizeof(member), "%s", text))

void audit_hold_describe(const struct rpc_call *call,
                         const ProtobufCMessage *in,
                         struct audit_row *out)
{
    const struct rpc_caller *caller = call->caller;

    *out = (struct audit_row){ .create_time = call->now, .proof_kind = caller->proof_kind };
    COPY(out->caller, caller->name);
    COPY(out->proof, caller->proof);
    COPY(out->method, call->method->path + 1);
    COPY(out->result, "ok");
    COPY(out->issuer, text_of(in, "issuer"));
    COPY(out->key_id, text_of(in, "key_id"));
    COPY(out->request_id, text_of(in, "request_id"));
}

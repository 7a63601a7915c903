/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_describe.h"

#include <stdio.h>
#include <string.h>

#include "request_bytes.h"

/* The text of a request's field; "" when it has none of that name. */
static const char *text_of(const ProtobufCMessage *in, const char *name)
{
    const char *const *field = in == NULL ? NULL : request_field(in, name, PROTOBUF_C_TYPE_STRING);

    return field == NULL || *field == NULL ? "" : *field;
}

/* To those who administer issuers, the issuer is what the request is about. */
static const char *issuer_field(const char *path)
{
    static const char issuer_admin[] = "/asap.v1.IssuerAdmin/";

    return strncmp(path, issuer_admin, sizeof issuer_admin - 1) == 0 ? "name" : "issuer";
}

#define COPY(member, text) ((void)snprintf(member, sizeof(member), "%s", text))

struct audit_row audit_describe(const struct rpc_call *call, const ProtobufCMessage *in)
{
    const struct rpc_caller *caller = call->caller;
    const char *path = call->method->path;
    struct audit_row row = { .create_time = call->now,
                             .proof_kind = (int64_t)caller->proof_kind,
                             .result = "ok" };

    COPY(row.caller, caller->name);
    COPY(row.proof, caller->proof);
    COPY(row.method, path + 1);
    COPY(row.issuer, text_of(in, issuer_field(path)));
    COPY(row.key_id, text_of(in, "key_id"));
    COPY(row.request_id, text_of(in, "request_id"));
    return row;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "change_call.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "audit_describe.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "hex.h"
#include "request_bytes.h"
#include "service.h"

enum { SHA256_SIZE = 32 };

static bool is_validation(const ProtobufCMessage *request)
{
    const protobuf_c_boolean *field = request_field(request, "validate_only", PROTOBUF_C_TYPE_BOOL);

    return field != NULL && *field != 0;
}

/* "" when the request has none. */
static const char *request_id(const ProtobufCMessage *request)
{
    const char *const *field = request_field(request, "request_id", PROTOBUF_C_TYPE_STRING);

    return field != NULL && *field != NULL ? *field : "";
}

static enum asap_code write_digest(const ProtobufCMessage *request,
                                   char out[REQUEST_DIGEST_SIZE],
                                   struct asap_error *err)
{
    static const char *const nothing[] = { NULL };
    SCOPED(buffer) struct buffer bytes = BUFFER(REQUEST_BYTES_MAX);
    unsigned char digest[SHA256_SIZE] = { 0 };

    TRY(request_bytes(request, nothing, &bytes, err));
    if (EVP_Digest(bytes.bytes, bytes.length, digest, NULL, EVP_sha256(), NULL) != 1)
        return fail(err, ASAP_INTERNAL, "OpenSSL cannot hash the request");
    hex_write(digest, sizeof digest, out);
    return ASAP_OK;
}

/* The type of the request stands for the method, which no other one shares. */
static enum asap_code name_call(const struct rpc_call *call,
                                const ProtobufCMessage *request,
                                struct call_row *out,
                                struct asap_error *err)
{
    (void)snprintf(out->caller, sizeof out->caller, "%s", call->caller->name);
    (void)snprintf(out->method, sizeof out->method, "%s", request->descriptor->name);
    (void)snprintf(out->request_id, sizeof out->request_id, "%s", request_id(request));
    return write_digest(request, out->request_digest, err);
}

static enum asap_code pack_answer(const ProtobufCMessage *response,
                                  struct replay *replay,
                                  struct asap_error *err)
{
    const size_t length = protobuf_c_message_get_packed_size(response);

    free(replay->response);
    replay->response = malloc(length + 1);
    if (replay->response == NULL)
        return fail_memory(err);
    replay->response_length = protobuf_c_message_pack(response, replay->response);
    return ASAP_OK;
}

/* What is shown once is out of the response while that is written. */
static enum asap_code write_answer(ProtobufCMessage *response,
                                   const char *shown_once,
                                   struct replay *replay,
                                   struct asap_error *err)
{
    const ProtobufCFieldDescriptor *field = NULL;
    void *member = NULL;
    char **text = NULL;
    char *shown = NULL;
    enum asap_code code = ASAP_OK;

    if (shown_once == NULL)
        return pack_answer(response, replay, err);
    field = protobuf_c_message_descriptor_get_field_by_name(response->descriptor, shown_once);
    member = (char *)response + field->offset;
    text = member;
    shown = MOVE(*text);
    code = pack_answer(response, replay, err);
    *text = shown;
    return code;
}

/* The response is the caller's, so the stored one moves into it. */
static enum asap_code read_answer(const struct replay *replay,
                                  ProtobufCMessage *response,
                                  struct asap_error *err)
{
    const size_t size = response->descriptor->sizeof_message;
    SCOPED(message)
    ProtobufCMessage *stored = protobuf_c_message_unpack(response->descriptor, NULL,
                                                         replay->response_length, replay->response);

    if (stored == NULL)
        return fail(err, ASAP_DATA_LOSS, "the stored answer to this request id is damaged");
    for (size_t i = 0; i < size; i++) {
        char *const here = (char *)response + i;
        char *const there = (char *)stored + i;
        const char byte = *here;

        *here = *there;
        *there = byte;
    }
    return ASAP_OK;
}

static enum asap_code carry_out(struct change *change,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                const struct change_method *method,
                                struct asap_error *err)
{
    TRY(method->handler(change, in, out, err));
    if (change->replay != NULL)
        TRY(write_answer(out, method->shown_once, change->replay, err));
    return change_finish(change, err);
}

static enum asap_code carry_out_once(struct change *change,
                                     const ProtobufCMessage *in,
                                     ProtobufCMessage *out,
                                     const struct change_method *method,
                                     struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    TRY(change_find_earlier(change, err));
    if (!change->replay->found) {
        code = carry_out(change, in, out, method, err);
        if (!change->replay->found)
            return code;
        txn_rollback(&change->txn);
    }
    return read_answer(change->replay, out, err);
}

enum asap_code change_call_by(const struct rpc_call *call,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              const struct change_method *method,
                              struct asap_error *err)
{
    const struct service *service = call->service;
    struct audit_row event = audit_describe(call, in);
    SCOPED(replay) struct replay replay = { .found = false };
    SCOPED(change)
    struct change change = { .admin = &service->admin,
                             .scope = method->scope,
                             .now = call->now,
                             .access_generation = method->access_generation,
                             .validate_only = is_validation(in),
                             .event = &event };

    TRY(check_request_id(request_id(in), err));
    if (change.validate_only || request_id(in)[0] == '\0')
        return carry_out(&change, in, out, method, err);
    TRY(name_call(call, in, &replay.call, err));
    change.replay = &replay;
    return carry_out_once(&change, in, out, method, err);
}

enum asap_code change_call(const struct rpc_call *call,
                           const ProtobufCMessage *in,
                           ProtobufCMessage *out,
                           change_handler *handler,
                           struct asap_error *err)
{
    return change_call_by(call, in, out, &(struct change_method){ .handler = handler }, err);
}

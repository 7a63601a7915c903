/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <time.h>

#include "clock.h"
#include "codec.h"
#include "connectrpc/conformance/v1/service.pb-c.h"
#include "fail.h"
#include "request_info.h"

#define SERVICE "/connectrpc.conformance.v1.ConformanceService/"

typedef Connectrpc__Conformance__V1__ConformancePayload Payload;
typedef Connectrpc__Conformance__V1__Error Error;
typedef Connectrpc__Conformance__V1__Header Header;
typedef Connectrpc__Conformance__V1__UnaryResponseDefinition Definition;

typedef enum asap_code
add_line(struct rpc_reply *reply, const char *name, const char *value, struct asap_error *err);

static enum asap_code add_lines(struct rpc_reply *reply,
                                Header *const *headers,
                                size_t count,
                                add_line *add,
                                struct asap_error *err)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < headers[i]->n_value; j++)
            TRY(add(reply, headers[i]->name, headers[i]->value[j], err));
    return ASAP_OK;
}

/* No longer than the caller waits. */
static void delay(const struct rpc_call *call, int64_t ms)
{
    const int64_t left = call->deadline_ms - clock_monotonic_ms();
    const int64_t most = left < ms ? left : ms;
    const struct timespec pause = { .tv_sec = (time_t)(most / 1000),
                                    .tv_nsec = (long)(most % 1000 * 1000000) };

    if (most > 0)
        (void)nanosleep(&pause, NULL);
}

static enum asap_code
raise(const struct rpc_call *call, const Error *error, RequestInfo *info, struct asap_error *err)
{
    for (size_t i = 0; i < error->n_details; i++)
        TRY(rpc_reply_detail_bytes(call->reply, error->details[i]->type_url,
                                   error->details[i]->value.data, error->details[i]->value.len,
                                   err));
    TRY(rpc_reply_detail(call->reply, &info->base, err));
    return fail(err, (enum asap_code)error->code, "%s",
                error->optional_message_case == 0 ? "" : error->message);
}

static enum asap_code answer(const struct rpc_call *call,
                             const Definition *definition,
                             Payload *payload,
                             struct asap_error *err)
{
    if (definition == NULL)
        return ASAP_OK;
    TRY(add_lines(call->reply, definition->response_headers, definition->n_response_headers,
                  rpc_reply_header, err));
    TRY(add_lines(call->reply, definition->response_trailers, definition->n_response_trailers,
                  rpc_reply_trailer, err));
    delay(call, definition->response_delay_ms);
    if (definition->response_case
        == CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR)
        return raise(call, definition->error, payload->request_info, err);
    if (definition->response_case
        == CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA)
        return copy_bytes(&definition->response_data, &payload->data, err);
    return ASAP_OK;
}

/* *slot is a field of the response, and freed with it. */
static enum asap_code serve(const struct rpc_call *call,
                            const ProtobufCMessage *in,
                            const Definition *definition,
                            Payload **slot,
                            struct asap_error *err)
{
    ProtobufCMessage *payload = NULL;
    ProtobufCMessage *info = NULL;

    TRY(codec_new(&connectrpc__conformance__v1__conformance_payload__descriptor, &payload, err));
    *slot = (Payload *)payload;
    TRY(codec_new(&connectrpc__conformance__v1__conformance_payload__request_info__descriptor,
                  &info, err));
    (*slot)->request_info = (RequestInfo *)info;
    TRY(request_info_fill(call, in, (*slot)->request_info, err));
    return answer(call, definition, *slot, err);
}

static enum asap_code unary(const struct rpc_call *call,
                            const ProtobufCMessage *in,
                            ProtobufCMessage *out,
                            struct asap_error *err)
{
    const Connectrpc__Conformance__V1__UnaryRequest *request = (const void *)in;
    Connectrpc__Conformance__V1__UnaryResponse *response = (void *)out;

    return serve(call, in, request->response_definition, &response->payload, err);
}

static enum asap_code idempotent_unary(const struct rpc_call *call,
                                       const ProtobufCMessage *in,
                                       ProtobufCMessage *out,
                                       struct asap_error *err)
{
    const Connectrpc__Conformance__V1__IdempotentUnaryRequest *request = (const void *)in;
    Connectrpc__Conformance__V1__IdempotentUnaryResponse *response = (void *)out;

    return serve(call, in, request->response_definition, &response->payload, err);
}

static enum asap_code unimplemented(const struct rpc_call *call,
                                    const ProtobufCMessage *in,
                                    ProtobufCMessage *out,
                                    struct asap_error *err)
{
    (void)call;
    (void)in;
    (void)out;
    return fail(err, ASAP_UNIMPLEMENTED, "this method is not implemented");
}

const struct rpc_method conformance_methods[] = {
    { SERVICE "Unary", &connectrpc__conformance__v1__unary_request__descriptor,
      &connectrpc__conformance__v1__unary_response__descriptor, unary, .role = RPC_ANYBODY },
    { SERVICE "IdempotentUnary", &connectrpc__conformance__v1__idempotent_unary_request__descriptor,
      &connectrpc__conformance__v1__idempotent_unary_response__descriptor, idempotent_unary,
      .no_side_effects = true },
    { SERVICE "Unimplemented", &connectrpc__conformance__v1__unimplemented_request__descriptor,
      &connectrpc__conformance__v1__unimplemented_response__descriptor, unimplemented,
      .role = RPC_ANYBODY },
    { 0 },
};

const ProtobufCMessageDescriptor *const conformance_types[] = {
    &connectrpc__conformance__v1__unary_request__descriptor,
    &connectrpc__conformance__v1__idempotent_unary_request__descriptor,
    &connectrpc__conformance__v1__header__descriptor,
    &connectrpc__conformance__v1__conformance_payload__request_info__descriptor,
    NULL,
};

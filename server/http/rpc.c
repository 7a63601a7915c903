/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "codec.h"
#include "fail.h"
#include "rpc_exchange.h"

enum { NOT_FOUND = 404, METHOD_NOT_ALLOWED = 405 };

/* The length of the identifier at `text`; 0 when there is none. */
static size_t identifier_length(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* Whether all up to `end` is identifiers with dots between them. */
static bool is_full_name(const char *text, const char *end)
{
    size_t length = identifier_length(text);

    while (length > 0 && text[length] == '.') {
        text += length + 1;
        length = identifier_length(text);
    }
    return length > 0 && text + length == end;
}

bool rpc_matches(const char *path)
{
    static const char root[] = "/asap.";
    const char *package = path + sizeof root - 1;
    const char *method = strrchr(path, '/');

    return strncmp(path, root, sizeof root - 1) == 0 && is_full_name(path + 1, method)
           && memchr(package, '.', (size_t)(method - package)) != NULL && method[1] != '\0'
           && method[1 + identifier_length(method + 1)] == '\0';
}

static const struct rpc_method *find_method(const struct rpc_server *server, const char *path)
{
    for (const struct rpc_method *row = server->methods; row->path != NULL; row++)
        if (strcmp(row->path, path) == 0)
            return row;
    return NULL;
}

static enum asap_code admit_nobody(const struct rpc_method *method, struct asap_error *err)
{
    if (method->role == RPC_ANYBODY)
        return ASAP_OK;
    return fail(err, ASAP_PERMISSION_DENIED,
                "callers cannot prove here who they are, which this method asks for");
}

static enum asap_code admit(struct rpc_exchange *exchange, struct asap_error *err)
{
    const struct rpc_gate *gate = exchange->server->gate;
    const char *address = exchange->request->peer.address;
    struct rpc_caller *caller = &exchange->caller;
    const enum asap_code code = gate == NULL
                                    ? admit_nobody(exchange->method, err)
                                    : gate->admit(gate->context, exchange->request,
                                                  exchange->method, &exchange->reply, caller, err);

    if (caller->name[0] == '\0')
        (void)snprintf(caller->name, sizeof caller->name, "%s", address);
    if (caller->address[0] == '\0')
        (void)snprintf(caller->address, sizeof caller->address, "%s", address);
    return code;
}

static int64_t deadline_of(const struct rpc_exchange *exchange)
{
    const int64_t timeout_ms = exchange->envelope.timeout_ms;

    return timeout_ms < 0 ? RPC_NO_DEADLINE : exchange->request->received_ms + timeout_ms;
}

static enum asap_code check_deadline(const struct rpc_exchange *exchange, struct asap_error *err)
{
    const struct rpc_server *server = exchange->server;
    const int64_t deadline_ms = deadline_of(exchange);

    if (deadline_ms == RPC_NO_DEADLINE)
        return ASAP_OK;
    if ((server->monotonic_ms == NULL ? clock_monotonic_ms() : server->monotonic_ms())
        < deadline_ms)
        return ASAP_OK;
    return fail(err, ASAP_DEADLINE_EXCEEDED, "the call took longer than Connect-Timeout-Ms");
}

static struct rpc_call call_of(struct rpc_exchange *exchange)
{
    const struct http_request *request = exchange->request;

    return (struct rpc_call){
        .service = exchange->server->service,
        .method = exchange->method,
        .caller = &exchange->caller,
        .now = clock_now(&exchange->server->clock),
        .deadline_ms = deadline_of(exchange),
        .timeout_ms = exchange->envelope.timeout_ms,
        .query = request->method == HTTP_GET ? request->query : NULL,
        .reply = &exchange->reply,
        .may_block = request->may_block,
        .is_repeated = request->is_repeated,
        .each_header = request->each_header,
        .transport = request->transport,
    };
}

static enum asap_code call_method(struct rpc_exchange *exchange,
                                  const ProtobufCMessage *in,
                                  ProtobufCMessage *out,
                                  struct asap_error *err)
{
    const struct rpc_call call = call_of(exchange);

    TRY(check_deadline(exchange, err));
    TRY(exchange->method->handler(&call, in, out, err));
    return check_deadline(exchange, err);
}

/* Whether the call is to be carried out on a worker instead. */
static bool is_declined(const struct rpc_exchange *exchange)
{
    return exchange->reply.wants_worker && !exchange->request->may_block;
}

/* The way out for who wants a worker: no failure unless it has one. */
static enum asap_code stop(const struct rpc_exchange *exchange, struct asap_error *err)
{
    if (is_declined(exchange))
        return ASAP_OK;
    return fail(err, ASAP_INTERNAL, "the call may block here and does not go on");
}

static enum asap_code answer(struct rpc_exchange *exchange,
                             ProtobufCMessage **in,
                             struct buffer *body,
                             struct asap_error *err)
{
    const struct rpc_envelope *envelope = &exchange->envelope;
    struct codec codec = { .types = exchange->server->types };
    SCOPED(message) ProtobufCMessage *out = NULL;

    TRY(admit(exchange, err));
    if (exchange->reply.wants_worker)
        return stop(exchange, err);
    exchange->has_begun = true;
    TRY(rpc_envelope_read(exchange->request, &exchange->envelope, err));
    codec.format = envelope->format;
    TRY(codec_read(&codec, exchange->method->request, envelope->bytes, envelope->length, in, err));
    TRY(codec_new(exchange->method->response, &out, err));
    TRY(call_method(exchange, *in, out, err));
    return exchange->reply.wants_worker ? stop(exchange, err) : codec_write(&codec, out, body, err);
}

/* A hold that the handler has set was for what is not sent now. */
static void report_refusal(struct rpc_exchange *exchange,
                           const ProtobufCMessage *in,
                           const struct asap_error *err)
{
    const struct rpc_gate *gate = exchange->server->gate;
    const struct rpc_call call = call_of(exchange);
    struct rpc_hold *hold = MOVE(exchange->reply.hold);

    if (hold != NULL)
        hold->free(hold);
    if (gate != NULL && gate->refused != NULL)
        gate->refused(gate->context, &call, in, err);
}

static void carry_out(struct rpc_exchange *exchange, struct http_response *response)
{
    SCOPED(message) ProtobufCMessage *in = NULL;
    struct asap_error err = { 0 };
    const enum asap_code code = answer(exchange, &in, &response->body, &err);

    if (is_declined(exchange)) {
        response->wants_worker = true;
        response->has_begun = exchange->has_begun;
        return;
    }
    err.code = code;
    if (exchange->caller.proof_kind != RPC_PROOF_NONE)
        (void)snprintf(response->caller, sizeof response->caller, "%s", exchange->caller.name);
    if (code != ASAP_OK)
        report_refusal(exchange, in, &err);
    rpc_respond(exchange, code, &err, response);
    if (exchange->reply.hold == NULL)
        rpc_conclude(exchange, code, &err);
    else
        rpc_hold_back(exchange, code, &err, response);
}

static void serve(struct rpc_exchange *exchange, struct http_response *response)
{
    if (exchange->request->may_block || exchange->method->is_quick)
        carry_out(exchange, response);
    else
        response->wants_worker = true;
}

/* A failure of HTTP, with its own status. */
static void refuse_http(struct http_response *response,
                        unsigned status,
                        enum asap_code code,
                        const char *message)
{
    http_set_error(response, code, message);
    http_set_header(response, "Cache-Control", "no-store");
    response->status = status;
}

static bool takes_verb(const struct rpc_method *method, enum http_method verb)
{
    return verb == HTTP_POST || (verb == HTTP_GET && method->no_side_effects);
}

void rpc_handle(void *context, const struct http_request *request, struct http_response *response)
{
    const struct rpc_server *server = context;
    SCOPED(rpc_exchange)
    struct rpc_exchange exchange = { .server = server,
                                     .method = find_method(server, request->path),
                                     .request = request,
                                     .envelope.timeout_ms = -1 };

    if (exchange.method != NULL && server->stats != NULL)
        response->stats = server->stats[exchange.method - server->methods];
    if (exchange.method == NULL) {
        refuse_http(response, NOT_FOUND, ASAP_UNIMPLEMENTED, "there is no such method");
    } else if (!takes_verb(exchange.method, request->method)) {
        http_set_header(response, "Allow", exchange.method->no_side_effects ? "GET, POST" : "POST");
        refuse_http(response, METHOD_NOT_ALLOWED, ASAP_UNKNOWN, "call this method with POST");
    } else {
        serve(&exchange, response);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "codec.h"
#include "codec_text.h"
#include "fail.h"
#include "gzip.h"
#include "rpc_envelope.h"
#include "rpc_error.h"
#include "status.h"

enum { NOT_FOUND = 404, METHOD_NOT_ALLOWED = 405, MS_PER_SECOND = 1000 };

/* A response shorter than this is not worth its compression. */
enum { GZIP_WORTH = 512 };

/* One request on its way. */
struct exchange {
    const struct rpc_server *server;
    const struct rpc_method *method;
    const struct http_request *request;
    struct rpc_caller caller;
    struct rpc_envelope envelope;
    struct rpc_reply reply;
};

static void exchange_scope_exit(struct exchange *exchange)
{
    buffer_clear(&exchange->envelope.held);
    rpc_reply_clear(&exchange->reply);
}

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

static enum asap_code check_caller(const struct exchange *exchange, struct asap_error *err)
{
    if (exchange->method->role != RPC_ADMIN || exchange->caller.is_admin)
        return ASAP_OK;
    return fail(err, ASAP_PERMISSION_DENIED,
                "only root and the user of asapd may call this, over the admin socket");
}

static struct rpc_caller caller_of(const struct rpc_server *server, const struct http_peer *peer)
{
    struct rpc_caller caller = {
        .is_admin = peer->is_local && (peer->uid == 0 || peer->uid == server->admin_uid)
    };

    (void)snprintf(caller.name, sizeof caller.name, "%s", peer->address);
    return caller;
}

static int64_t deadline_of(const struct exchange *exchange)
{
    const int64_t timeout_ms = exchange->envelope.timeout_ms;

    return timeout_ms < 0 ? RPC_NO_DEADLINE : exchange->request->received_ms + timeout_ms;
}

static enum asap_code check_deadline(const struct exchange *exchange, struct asap_error *err)
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

static enum asap_code call_method(struct exchange *exchange,
                                  const ProtobufCMessage *in,
                                  ProtobufCMessage *out,
                                  struct asap_error *err)
{
    const struct http_request *request = exchange->request;
    const struct rpc_call call = {
        .service = exchange->server->service,
        .method = exchange->method,
        .caller = &exchange->caller,
        .now = clock_now(&exchange->server->clock),
        .deadline_ms = deadline_of(exchange),
        .timeout_ms = exchange->envelope.timeout_ms,
        .query = request->method == HTTP_GET ? request->query : NULL,
        .reply = &exchange->reply,
        .may_block = true,
        .each_header = request->each_header,
        .transport = request->transport,
    };

    TRY(check_deadline(exchange, err));
    TRY(exchange->method->handler(&call, in, out, err));
    return check_deadline(exchange, err);
}

static enum asap_code answer(struct exchange *exchange, struct buffer *body, struct asap_error *err)
{
    const struct rpc_envelope *envelope = &exchange->envelope;
    struct codec codec = { .types = exchange->server->types };
    SCOPED(message) ProtobufCMessage *in = NULL;
    SCOPED(message) ProtobufCMessage *out = NULL;

    TRY(check_caller(exchange, err));
    TRY(rpc_envelope_read(exchange->request, &exchange->envelope, err));
    codec.format = envelope->format;
    TRY(codec_read(&codec, exchange->method->request, envelope->bytes, envelope->length, &in, err));
    TRY(codec_new(exchange->method->response, &out, err));
    TRY(call_method(exchange, in, out, err));
    return codec_write(&codec, out, body, err);
}

static bool is_our_fault(enum asap_code code)
{
    return code == ASAP_INTERNAL || code == ASAP_UNAVAILABLE || code == ASAP_DATA_LOSS
           || code == ASAP_UNKNOWN;
}

/* Puts what went wrong into one line, "field: message" unless the message begins with the field.
 * The line ends where it stops being UTF-8: a message that was cut off may end within a
 * character. */
static void describe(struct asap_error *err, char *out, size_t size)
{
    const char *message = err->message[0] != '\0' ? err->message : asap_code_name(err->code);
    const bool says_field = strncmp(message, err->field, strlen(err->field)) == 0;

    (void)snprintf(out, size, "%s%s%s", says_field ? "" : err->field, says_field ? "" : ": ",
                   message);
    out[text_utf8_prefix(out, strlen(out))] = '\0';
}

/* Anybody on the network can be refused any number of times: that must not fill the log. */
static enum log_level level_of(const struct exchange *exchange, bool is_ours)
{
    if (is_ours)
        return LOG_ERROR;
    return exchange->request->peer.is_local || exchange->caller.is_admin ? LOG_INFO : LOG_DEBUG;
}

static void log_call(const struct exchange *exchange, enum asap_code code, const char *description)
{
    const bool is_ours = is_our_fault(code) && exchange->envelope.http_status == 0;

    if (!is_ours && exchange->method->role != RPC_ADMIN)
        return;
    log_write(exchange->server->log, level_of(exchange, is_ours), "%s called %s: %s%s%s",
              exchange->caller.name, exchange->method->path, asap_code_name(code),
              description[0] != '\0' ? ": " : "", description);
}

/* An answer is not to be kept, unless the method says otherwise; an error never is. */
static void add_headers(const struct rpc_lines *lines,
                        bool is_error,
                        struct http_response *response)
{
    bool is_controlled = false;

    for (size_t i = 0; i < lines->count; i++) {
        const bool is_control = strcasecmp(lines->items[i].name, "Cache-Control") == 0;

        if (is_control && is_error)
            continue;
        is_controlled = is_controlled || is_control;
        http_add_header(response, lines->items[i].name, lines->items[i].value);
    }
    if (!is_controlled)
        http_set_header(response, "Cache-Control", "no-store");
}

static void add_trailers(const struct rpc_lines *lines, struct http_response *response)
{
    for (size_t i = 0; i < lines->count; i++) {
        SCOPED(buffer) struct buffer name = BUFFER(RPC_REPLY_MAX);

        buffer_printf(&name, "Trailer-%s", lines->items[i].name);
        if (!name.failed)
            http_add_header(response, name.bytes, lines->items[i].value);
    }
}

static void add_retry(int64_t ms, struct http_response *response)
{
    const int64_t seconds = (ms + MS_PER_SECOND - 1) / MS_PER_SECOND;

    if (ms > 0)
        http_set_header(response, "Retry-After", "%" PRId64, seconds);
}

/* Leaves the response as it is when compression does not make it shorter. */
static void compress(const struct exchange *exchange, struct http_response *response)
{
    struct buffer *body = &response->body;
    struct buffer shorter = BUFFER(body->length);

    if (exchange->request->method == HTTP_GET)
        http_set_header(response, "Vary", "Accept-Encoding");
    if (!exchange->envelope.accepts_gzip || body->failed || body->length < GZIP_WORTH)
        return;
    if (gzip_deflate(body->bytes, body->length, &shorter, NULL) != ASAP_OK) {
        buffer_clear(&shorter);
        return;
    }
    buffer_clear(body);
    *body = shorter;
    http_set_header(response, "Content-Encoding", "gzip");
}

static void respond_with_error(struct exchange *exchange,
                               struct asap_error *err,
                               const char *description,
                               struct http_response *response)
{
    const struct rpc_reply *reply = &exchange->reply;

    rpc_error_explain(err, &exchange->reply);
    rpc_error_set(response, err->code, description, reply, exchange->server->types);
    if (exchange->envelope.http_status == 0)
        return;
    response->status = exchange->envelope.http_status;
    http_set_header(response, "Accept-Post", "application/json, application/proto");
}

static void serve(struct exchange *exchange, struct http_response *response)
{
    struct asap_error err = { 0 };
    char description[sizeof err.field + sizeof err.message + 2] = "";
    const enum asap_code code = answer(exchange, &response->body, &err);

    if (code == ASAP_OK) {
        response->status = status_of(code)->http_status;
        http_set_header(response, "Content-Type", "%s",
                        rpc_content_type(exchange->envelope.format));
    } else {
        err.code = code;
        describe(&err, description, sizeof description);
        respond_with_error(exchange, &err, description, response);
    }
    add_headers(&exchange->reply.headers, code != ASAP_OK, response);
    add_trailers(&exchange->reply.trailers, response);
    add_retry(exchange->reply.retry_ms, response);
    compress(exchange, response);
    log_call(exchange, code, description);
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
    SCOPED(exchange)
    struct exchange exchange = { .server = server,
                                 .method = find_method(server, request->path),
                                 .request = request,
                                 .caller = caller_of(server, &request->peer) };

    if (exchange.method == NULL) {
        refuse_http(response, NOT_FOUND, ASAP_UNIMPLEMENTED, "there is no such method");
    } else if (!takes_verb(exchange.method, request->method)) {
        http_set_header(response, "Allow", exchange.method->no_side_effects ? "GET, POST" : "POST");
        refuse_http(response, METHOD_NOT_ALLOWED, ASAP_UNKNOWN, "call this method with POST");
    } else {
        serve(&exchange, response);
    }
}

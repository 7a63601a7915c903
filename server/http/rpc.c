/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "codec.h"
#include "codec_text.h"
#include "fail.h"
#include "status.h"

enum { NOT_FOUND = 404, METHOD_NOT_ALLOWED = 405, UNSUPPORTED_MEDIA_TYPE = 415 };

/* One request on its way. */
struct exchange {
    const struct rpc_server *server;
    const struct rpc_method *method;
    const struct http_request *request;
    struct rpc_caller caller;
};

bool rpc_matches(const char *path)
{
    static const char root[] = "/asap.";
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *at = path + sizeof root - 1;
    const char *slash = NULL;
    const char *dot = NULL;

    if (strncmp(path, root, sizeof root - 1) != 0)
        return false;
    for (;; at++) {
        const size_t length = strspn(at, letters);

        at += length;
        if (length == 0 || slash != NULL || (*at != '.' && *at != '/'))
            return length > 0 && slash != NULL && dot != NULL && *at == '\0';
        *(*at == '.' ? &dot : &slash) = at;
    }
}

static const struct rpc_method *find_method(const struct rpc_server *server, const char *path)
{
    for (const struct rpc_method *row = server->methods; row->path != NULL; row++)
        if (strcmp(row->path, path) == 0)
            return row;
    return NULL;
}

/* application/json, and of parameters only the charset that JSON has anyway. */
static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    static const char space[] = " \t";
    const char *rest = NULL;

    if (content_type == NULL || strncasecmp(content_type, json, sizeof json - 1) != 0)
        return false;
    rest = content_type + sizeof json - 1;
    rest += strspn(rest, space);
    if (*rest == '\0')
        return true;
    if (*rest != ';')
        return false;
    rest += 1 + strspn(rest + 1, space);
    return strcasecmp(rest, "charset=utf-8") == 0 || strcasecmp(rest, "charset=\"utf-8\"") == 0;
}

/* A header that may be absent and otherwise has one value. */
static bool header_is(const struct http_request *request, const char *name, const char *only)
{
    const char *value = http_request_header(request, name);

    return value == NULL || strcasecmp(value, only) == 0;
}

static enum asap_code check_headers(const struct http_request *request, struct asap_error *err)
{
    if (!header_is(request, "Connect-Protocol-Version", "1"))
        return fail(err, ASAP_INVALID_ARGUMENT, "Connect-Protocol-Version must be 1");
    if (!header_is(request, "Content-Encoding", "identity"))
        return fail(err, ASAP_UNIMPLEMENTED,
                    "compressed requests are not supported (send Content-Encoding: identity)");
    return ASAP_OK;
}

static enum asap_code check_caller(const struct exchange *exchange, struct asap_error *err)
{
    if (!exchange->method->admin_only || exchange->caller.is_admin)
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

static enum asap_code answer(const struct exchange *exchange,
                             struct buffer *body,
                             struct asap_error *err)
{
    const struct http_request *request = exchange->request;
    const struct rpc_call call = { .service = exchange->server->service,
                                   .caller = &exchange->caller,
                                   .now = clock_now(&exchange->server->clock) };
    SCOPED(message) ProtobufCMessage *in = NULL;
    SCOPED(message) ProtobufCMessage *out = NULL;

    TRY(check_caller(exchange, err));
    TRY(check_headers(request, err));
    TRY(codec_read_json(exchange->method->request, request->body, request->body_length, &in, err));
    TRY(codec_new(exchange->method->response, &out, err));
    TRY(exchange->method->handler(&call, in, out, err));
    return codec_write_json(out, body, err);
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

static void log_call(const struct exchange *exchange, enum asap_code code, const char *description)
{
    if (!is_our_fault(code) && !exchange->method->admin_only)
        return;
    log_write(exchange->server->log, is_our_fault(code) ? LOG_ERROR : LOG_INFO,
              "%s called %s: %s%s%s", exchange->caller.name, exchange->method->path,
              asap_code_name(code), description[0] != '\0' ? ": " : "", description);
}

static void serve(const struct exchange *exchange, struct http_response *response)
{
    struct asap_error err = { 0 };
    char description[sizeof err.field + sizeof err.message + 2] = "";
    const enum asap_code code = answer(exchange, &response->body, &err);

    if (code == ASAP_OK) {
        response->status = status_of(code)->http_status;
        http_set_header(response, "Content-Type", "application/json");
    } else {
        err.code = code;
        describe(&err, description, sizeof description);
        http_set_error(response, code, description);
    }
    log_call(exchange, code, description);
}

/* A failure of HTTP, with its own status. */
static void refuse_http(struct http_response *response,
                        unsigned status,
                        enum asap_code code,
                        const char *message)
{
    http_set_error(response, code, message);
    response->status = status;
}

void rpc_handle(void *context, const struct http_request *request, struct http_response *response)
{
    const struct rpc_server *server = context;
    const struct exchange exchange = { .server = server,
                                       .method = find_method(server, request->path),
                                       .request = request,
                                       .caller = caller_of(server, &request->peer) };

    http_set_header(response, "Cache-Control", "no-store");
    if (exchange.method == NULL) {
        refuse_http(response, NOT_FOUND, ASAP_UNIMPLEMENTED, "there is no such method");
    } else if (request->method != HTTP_POST) {
        http_set_header(response, "Allow", "POST");
        refuse_http(response, METHOD_NOT_ALLOWED, ASAP_INVALID_ARGUMENT,
                    "methods are called with POST");
    } else if (!is_json(http_request_header(request, "Content-Type"))) {
        http_set_header(response, "Accept-Post", "application/json");
        refuse_http(response, UNSUPPORTED_MEDIA_TYPE, ASAP_INVALID_ARGUMENT,
                    "send Content-Type: application/json");
    } else {
        serve(&exchange, response);
    }
}

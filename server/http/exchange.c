/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "connection.h"
#include "forwarded.h"
#include "guard.h"
#include "router.h"

enum { CONTENT_TOO_LARGE = 413, US_PER_MS = 1000 };

void exchange_clear(struct exchange *exchange)
{
    free(exchange->query);
    exchange->query = NULL;
    exchange->has_query = false;
    buffer_clear(&exchange->body);
    http_clear_response(&exchange->response);
    exchange->response.close = false;
    exchange->response.stats = NULL;
    exchange->response.trace = NULL;
    exchange->response.caller[0] = '\0';
    exchange->received = 0;
    exchange->step = EXCHANGE_HEAD;
}

static struct connection *connection_of(struct MHD_Connection *handle)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

/* The only moment at which the target is as it was sent. */
void *exchange_target(void *context, const char *target, struct MHD_Connection *handle)
{
    struct connection *connection = connection_of(handle);
    const char *query = strchr(target, '?');
    struct exchange *exchange = NULL;

    if (connection == NULL || !connection->is_admitted)
        return NULL;
    connection_set_busy(connection);
    exchange = &connection->exchange;
    exchange_clear(exchange);
    exchange->transport = context;
    exchange->handle = handle;
    exchange->target_length = strlen(target);
    exchange->has_query = query != NULL;
    exchange->query = query == NULL ? NULL : strdup(query + 1);
    return connection;
}

/* What is looked for in all headers at once. */
struct head {
    struct guard *guard;
    struct request_marks marks;
};

static enum MHD_Result look_at_each(void *context,
                                    enum MHD_ValueKind kind,
                                    const char *name,
                                    size_t name_length,
                                    const char *value,
                                    size_t value_length)
{
    struct head *head = context;

    (void)kind;
    guard_header(head->guard, name, name_length, value, value_length);
    request_marks_see(&head->marks, name, name_length, value, value_length);
    return MHD_YES;
}

/* A NUL within the target ends the text early, but the version still begins where it was sent:
 * one byte after the target's end. */
static bool is_whole(const struct exchange *exchange, const char *path, const char *version)
{
    return version == path + exchange->target_length + 1;
}

static bool
pass_guard(struct exchange *exchange, const char *path, const char *version, struct guard *guard)
{
    const bool takes_chunks = exchange->route != NULL && exchange->route->takes_chunks;

    struct head head = { .guard = guard };

    (void)MHD_get_connection_values_n(exchange->handle, MHD_HEADER_KIND, look_at_each, &head);
    request_ids_read(&exchange->transport->ids, &head.marks, &exchange->trace);
    return guard_accepts_headers(guard) && guard_accepts_version(version)
           && guard_accepts_chunks(guard, version, takes_chunks)
           && is_whole(exchange, path, version) && guard_accepts_path(path, strlen(path))
           && exchange->has_query == (exchange->query != NULL)
           && (!exchange->has_query
               || guard_accepts_query(exchange->query, strlen(exchange->query)));
}

static enum http_method method_of(const char *name)
{
    static const struct {
        const char *name;
        enum http_method method;
    } known[] = {
        { MHD_HTTP_METHOD_GET, HTTP_GET },
        { MHD_HTTP_METHOD_HEAD, HTTP_HEAD },
        { MHD_HTTP_METHOD_POST, HTTP_POST },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].method;
    return HTTP_OTHER;
}

static const char *find_header(void *handle, const char *name)
{
    return MHD_lookup_connection_value(handle, MHD_HEADER_KIND, name);
}

struct visit {
    http_header_visitor *visit;
    void *context;
};

static enum MHD_Result
visit_each(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct visit *visit = context;

    (void)kind;
    visit->visit(visit->context, name, value == NULL ? "" : value);
    return MHD_YES;
}

static void each_header(void *handle, http_header_visitor *visit, void *context)
{
    struct visit each = { visit, context };

    (void)MHD_get_connection_values(handle, MHD_HEADER_KIND, visit_each, &each);
}

static enum MHD_Result
take_forwarded(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    if (strcasecmp(name, "X-Forwarded-For") == 0)
        forwarded_take(context, value == NULL ? "" : value);
    return MHD_YES;
}

/* Who sends the request, be it through a proxy. */
static struct http_peer find_sender(const struct connection *connection)
{
    struct forwarded forwarded = { .proxies = connection->exchange.transport->proxies };
    struct http_peer sender = connection->peer;

    if (!sender.is_proxy)
        return sender;
    sender.is_local = false;
    sender.certificate = NULL;
    (void)MHD_get_connection_values(connection->exchange.handle, MHD_HEADER_KIND, take_forwarded,
                                    &forwarded);
    if (forwarded.is_known)
        ip_write(&forwarded.client, sender.address, sizeof sender.address);
    return sender;
}

static void fill_request(struct connection *connection, const char *path, const char *method)
{
    struct exchange *exchange = &connection->exchange;

    exchange->begun_us = exchange->transport->monotonic_us();
    exchange->request = (struct http_request){
        .method = method_of(method),
        .path = path,
        .query = exchange->query,
        .body_limit = exchange->body.limit,
        .received_ms = exchange->begun_us / US_PER_MS,
        .peer = find_sender(connection),
        .trace = &exchange->trace,
        .find_header = find_header,
        .each_header = each_header,
        .transport = exchange->handle,
    };
    exchange->response.trace =
        exchange->route != NULL && exchange->route->bare_errors ? NULL : &exchange->trace;
}

static struct MHD_Response *make_response(struct http_response *response)
{
    static char nothing[1];
    struct MHD_Response *made = NULL;
    char *bytes = response->body.bytes;

    if (bytes == NULL)
        return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    made = MHD_create_response_from_buffer(response->body.length, bytes, MHD_RESPMEM_MUST_FREE);
    if (made != NULL)
        response->body = (struct buffer){ 0 };
    return made;
}

static bool add_headers(struct MHD_Response *made,
                        const struct http_response *response,
                        const struct trace *trace)
{
    if (MHD_add_response_header(made, "X-Request-Id", trace->request_id) != MHD_YES)
        return false;
    for (size_t i = 0; i < response->header_count; i++)
        if (MHD_add_response_header(made, response->headers[i].name, response->headers[i].value)
            != MHD_YES)
            return false;
    for (const char *name = http_next_header(response, NULL); name != NULL;
         name = http_next_header(response, name))
        if (MHD_add_response_header(made, name, name + strlen(name) + 1) != MHD_YES)
            return false;
    return !response->close
           || MHD_add_response_header(made, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES;
}

static enum MHD_Result send_response(const struct transport *transport, struct exchange *exchange)
{
    struct http_response *response = &exchange->response;
    struct MHD_Response *made = NULL;
    enum MHD_Result result = MHD_NO;

    exchange->step = EXCHANGE_SENT;
    exchange_account(exchange);
    made = make_response(response);
    if (made == NULL)
        return MHD_NO;
    if (registry_is_draining(transport->registry))
        response->close = true;
    if (add_headers(made, response, &exchange->trace))
        result = MHD_queue_response(exchange->handle, response->status, made);
    MHD_destroy_response(made);
    return result;
}

static enum MHD_Result answer(const struct transport *transport, struct connection *connection)
{
    return exchange_answer(connection) ? send_response(transport, &connection->exchange) : MHD_YES;
}

/* The body is left unread and the connection ends with the response. */
static enum MHD_Result refuse_body(const struct transport *transport, struct connection *connection)
{
    struct exchange *exchange = &connection->exchange;

    exchange->response.close = true;
    connection->lingers = true;
    if (exchange->body.limit == 0)
        return answer(transport, connection);
    http_set_error(&exchange->response, ASAP_RESOURCE_EXHAUSTED, "the body is too long");
    exchange->response.status = CONTENT_TOO_LARGE;
    return send_response(transport, exchange);
}

/* libmicrohttpd sends no response in the middle of a body, so the rest of one in chunks that is too
 * long is counted and not kept; at twice the limit its connection is dropped. */
static enum MHD_Result receive_body(struct exchange *exchange,
                                    const char *data,
                                    size_t *data_length)
{
    const size_t limit = exchange->body.limit;

    exchange->received += *data_length;
    if (exchange->received <= limit)
        buffer_append(&exchange->body, data, *data_length);
    *data_length = 0;
    return exchange->body.failed || exchange->received > 2 * (uint64_t)limit ? MHD_NO : MHD_YES;
}

static enum MHD_Result receive_end(const struct transport *transport, struct connection *connection)
{
    const struct exchange *exchange = &connection->exchange;

    return exchange->received > exchange->body.limit ? refuse_body(transport, connection)
                                                     : answer(transport, connection);
}

static void refuse_stranger(void *context,
                            const struct http_request *request,
                            struct http_response *response)
{
    (void)context;
    (void)request;
    http_set_error(response, ASAP_PERMISSION_DENIED,
                   "without TLS, requests of other machines come by a proxy; if this is one, name "
                   "its address in trusted_proxies");
    http_set_header(response, "Cache-Control", "no-store");
}

static const struct http_route *find_route(const struct transport *transport,
                                           const struct http_peer *peer,
                                           const char *path)
{
    static const struct http_route for_strangers = { .handler = refuse_stranger };

    if (transport->is_private && !peer->is_loopback && !peer->is_proxy)
        return &for_strangers;
    return router_find(transport->routes, path);
}

static enum MHD_Result receive_head(const struct transport *transport,
                                    struct connection *connection,
                                    const char *path,
                                    const char *method,
                                    const char *version)
{
    struct exchange *exchange = &connection->exchange;
    struct guard guard = { 0 };

    connection_begin_request(connection);
    exchange->route = find_route(transport, &connection->peer, path);
    if (!pass_guard(exchange, path, version, &guard))
        return MHD_NO;
    exchange->body.limit = exchange->route == NULL ? 0 : exchange->route->body_limit;
    exchange->response.close = guard.is_chunked;
    fill_request(connection, path, method);
    exchange->step = EXCHANGE_BODY;
    if (guard.content_length > exchange->body.limit)
        return refuse_body(transport, connection);
    return MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): libmicrohttpd sets the signature */
enum MHD_Result exchange_continue(void *context,
                                  struct MHD_Connection *handle,
                                  const char *path,
                                  const char *method,
                                  const char *version,
                                  const char *data,
                                  size_t *data_length,
                                  void **state)
{
    const struct transport *transport = context;
    struct connection *connection = *state;

    (void)handle;
    if (connection == NULL)
        return MHD_NO;
    switch (connection->exchange.step) {
    case EXCHANGE_HEAD:
        return receive_head(transport, connection, path, method, version);
    case EXCHANGE_BODY:
        return *data_length > 0 ? receive_body(&connection->exchange, data, data_length)
                                : receive_end(transport, connection);
    case EXCHANGE_ANSWERED:
        return send_response(transport, &connection->exchange);
    case EXCHANGE_WORKING:
    case EXCHANGE_SENT:
        break;
    }
    return MHD_NO;
}

void exchange_completed(void *context,
                        struct MHD_Connection *handle,
                        void **state,
                        enum MHD_RequestTerminationCode code)
{
    struct connection *connection = *state;

    (void)context;
    (void)handle;
    (void)code;
    *state = NULL;
    if (connection == NULL)
        return;
    exchange_clear(&connection->exchange);
    connection_end_request(connection);
}

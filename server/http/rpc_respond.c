/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "codec_text.h"
#include "gzip.h"
#include "outcomes.h"
#include "rpc_error.h"
#include "status.h"

enum { MS_PER_SECOND = 1000 };

/* A response shorter than this is not worth its compression. */
enum { GZIP_WORTH = 512 };

/* "field: message" */
enum {
    DESCRIPTION_SIZE =
        sizeof((struct asap_error *)NULL)->field + sizeof((struct asap_error *)NULL)->message + 2
};

/* What has a reason is an answer; whoever found the cause has logged it. */
static bool is_our_fault(enum asap_code code, const struct asap_error *err)
{
    if (code == ASAP_UNAVAILABLE)
        return err->reason == ASAP_REASON_NONE;
    return code == ASAP_INTERNAL || code == ASAP_DATA_LOSS || code == ASAP_UNKNOWN;
}

/* Puts what went wrong into one line, "field: message" unless the message begins with the field.
 * The line ends where it stops being UTF-8: a message that was cut off may end within a
 * character. */
static void describe(const struct asap_error *err, char *out, size_t size)
{
    const char *message = err->message[0] != '\0' ? err->message : asap_code_name(err->code);
    const bool says_field = strncmp(message, err->field, strlen(err->field)) == 0;

    (void)snprintf(out, size, "%s%s%s", says_field ? "" : err->field, says_field ? "" : ": ",
                   message);
    out[text_utf8_prefix(out, strlen(out))] = '\0';
}

/* What anybody on the network may cause any number of times must not fill the log, nor what the
 * quick methods do, thousands of times a second: that is in the audit log. */
static enum log_level level_of(const struct rpc_exchange *exchange, bool is_ours)
{
    const bool is_known =
        exchange->caller.is_admin || exchange->caller.proof_kind != RPC_PROOF_NONE;

    if (is_ours)
        return LOG_ERROR;
    return is_known && !exchange->method->is_quick ? LOG_INFO : LOG_DEBUG;
}

static void log_end(const struct rpc_exchange *exchange,
                    enum asap_code code,
                    const struct asap_error *err)
{
    const bool is_ours = is_our_fault(code, err) && exchange->envelope.http_status == 0;
    char description[DESCRIPTION_SIZE] = "";

    if (!is_ours && exchange->method->role != RPC_ADMIN && !exchange->method->is_audited)
        return;
    if (code != ASAP_OK)
        describe(err, description, sizeof description);
    log_event(exchange->server->log, level_of(exchange, is_ours), exchange->request->trace, NULL,
              "%s called %s: %s%s%s", exchange->caller.name, exchange->method->path,
              asap_code_name(code), description[0] != '\0' ? ": " : "", description);
}

void rpc_conclude(const struct rpc_exchange *exchange,
                  enum asap_code code,
                  const struct asap_error *err)
{
    if (exchange->reply.outcomes != NULL)
        outcomes_count(exchange->reply.outcomes, code);
    log_end(exchange, code, err);
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
static void compress(const struct rpc_exchange *exchange, struct http_response *response)
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

/* RFC 9110 section 11.6.1: who is not let in is told what to show. */
static void challenge(const struct rpc_lines *lines, struct http_response *response)
{
    for (size_t i = 0; i < lines->count; i++)
        if (strcasecmp(lines->items[i].name, "WWW-Authenticate") == 0)
            return;
    http_set_header(response, "WWW-Authenticate", "Bearer");
}

static void respond_with_error(struct rpc_exchange *exchange,
                               const struct asap_error *err,
                               struct http_response *response)
{
    struct rpc_reply *reply = &exchange->reply;
    char description[DESCRIPTION_SIZE] = "";

    describe(err, description, sizeof description);
    rpc_error_explain(err, exchange->server->names_requests ? exchange->request->trace : NULL,
                      reply);
    rpc_error_set(response, err->code, description, reply, exchange->server->types);
    if (err->code == ASAP_UNAUTHENTICATED)
        challenge(&reply->headers, response);
    if (exchange->envelope.http_status == 0)
        return;
    response->status = exchange->envelope.http_status;
    http_set_header(response, "Accept-Post", "application/json, application/proto");
}

void rpc_respond(struct rpc_exchange *exchange,
                 enum asap_code code,
                 const struct asap_error *err,
                 struct http_response *response)
{
    if (code == ASAP_OK) {
        response->status = status_of(code)->http_status;
        http_set_header(response, "Content-Type", "%s",
                        rpc_content_type(exchange->envelope.format));
    } else {
        respond_with_error(exchange, err, response);
    }
    add_headers(&exchange->reply.headers, code != ASAP_OK, response);
    add_trailers(&exchange->reply.trailers, response);
    add_retry(exchange->reply.retry_ms, response);
    compress(exchange, response);
}

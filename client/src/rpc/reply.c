/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fail.h"

static const char token_characters[] = "!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* What the transport says itself; a row that ends in "-" stands for all that begin so. */
static const char *const reserved[] = {
    "Connect-",        "Trailer-", "Content-Type",      "Content-Length", "Content-Encoding",
    "Accept-Encoding", "Trailer",  "Transfer-Encoding", "Connection",     "Date",
    "Keep-Alive",      "Upgrade",
};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        const size_t length = strlen(reserved[i]);
        const bool is_prefix = reserved[i][length - 1] == '-';

        if (strncasecmp(name, reserved[i], length) == 0 && (is_prefix || name[length] == '\0'))
            return true;
    }
    return false;
}

static bool is_token(const char *name)
{
    return name[0] != '\0' && name[strspn(name, token_characters)] == '\0';
}

static bool is_field_value(const char *value)
{
    for (; *value != '\0'; value++)
        if (((unsigned char)*value < ' ' && *value != '\t') || *value == '\x7f')
            return false;
    return true;
}

/* Counts what is to be added; false when it is too much. */
static bool reserve(struct rpc_reply *reply, size_t size)
{
    if (size > RPC_REPLY_MAX - reply->size)
        return false;
    reply->size += size;
    return true;
}

static enum asap_code
append_line(struct rpc_lines *lines, const char *name, const char *value, struct asap_error *err)
{
    struct rpc_line *grown = realloc(lines->items, (lines->count + 1) * sizeof *grown);
    struct rpc_line *line = NULL;

    if (grown == NULL)
        return fail_memory(err);
    lines->items = grown;
    line = &grown[lines->count];
    line->name = strdup(name);
    line->value = strdup(value);
    lines->count++;
    return line->name == NULL || line->value == NULL ? fail_memory(err) : ASAP_OK;
}

static enum asap_code add_line(struct rpc_reply *reply,
                               struct rpc_lines *lines,
                               const char *name,
                               const char *value,
                               struct asap_error *err)
{
    if (!is_token(name) || !is_field_value(value))
        return fail(err, ASAP_INTERNAL, "a response cannot have this header: it is malformed");
    if (is_reserved(name))
        return fail(err, ASAP_INTERNAL, "the header %.40s is not a method's to set", name);
    if (lines->count >= RPC_LINES_MAX || !reserve(reply, strlen(name) + strlen(value)))
        return fail(err, ASAP_INTERNAL, "the response has too many headers");
    return append_line(lines, name, value, err);
}

enum asap_code rpc_reply_header(struct rpc_reply *reply,
                                const char *name,
                                const char *value,
                                struct asap_error *err)
{
    return add_line(reply, &reply->headers, name, value, err);
}

enum asap_code rpc_reply_trailer(struct rpc_reply *reply,
                                 const char *name,
                                 const char *value,
                                 struct asap_error *err)
{
    return add_line(reply, &reply->trailers, name, value, err);
}

/* Takes `bytes` over, whatever happens. */
static enum asap_code append_detail(struct rpc_reply *reply,
                                    const char *type,
                                    ProtobufCBinaryData bytes,
                                    struct asap_error *err)
{
    const size_t size = (reply->detail_count + 1) * sizeof *reply->details;
    struct rpc_detail *grown = realloc(reply->details, size);

    if (grown == NULL) {
        free(bytes.data);
        return fail_memory(err);
    }
    reply->details = grown;
    grown[reply->detail_count] = (struct rpc_detail){ .type = strdup(type), .value = bytes };
    reply->detail_count++;
    return grown[reply->detail_count - 1].type == NULL ? fail_memory(err) : ASAP_OK;
}

static enum asap_code check_detail(struct rpc_reply *reply, size_t size, struct asap_error *err)
{
    if (reply->detail_count >= RPC_DETAILS_MAX || !reserve(reply, size))
        return fail(err, ASAP_INTERNAL, "the error has too many details");
    return ASAP_OK;
}

enum asap_code rpc_reply_detail(struct rpc_reply *reply,
                                const ProtobufCMessage *message,
                                struct asap_error *err)
{
    const size_t length = protobuf_c_message_get_packed_size(message);
    ProtobufCBinaryData bytes = { .len = length };

    TRY(check_detail(reply, length, err));
    bytes.data = malloc(length + 1);
    if (bytes.data == NULL)
        return fail_memory(err);
    (void)protobuf_c_message_pack(message, bytes.data);
    return append_detail(reply, message->descriptor->name, bytes, err);
}

enum asap_code rpc_reply_detail_bytes(struct rpc_reply *reply,
                                      const char *type_url,
                                      const void *bytes,
                                      size_t length,
                                      struct asap_error *err)
{
    const char *slash = strrchr(type_url, '/');
    ProtobufCBinaryData copy = { .len = length };

    TRY(check_detail(reply, length, err));
    copy.data = malloc(length + 1);
    if (copy.data == NULL)
        return fail_memory(err);
    if (length > 0)
        memcpy(copy.data, bytes, length);
    return append_detail(reply, slash == NULL ? type_url : slash + 1, copy, err);
}

static void clear_lines(struct rpc_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i].name);
        free(lines->items[i].value);
    }
    free(lines->items);
}

void rpc_reply_clear(struct rpc_reply *reply)
{
    clear_lines(&reply->headers);
    clear_lines(&reply->trailers);
    for (size_t i = 0; i < reply->detail_count; i++) {
        free(reply->details[i].type);
        free(reply->details[i].value.data);
    }
    free(reply->details);
    if (reply->hold != NULL)
        reply->hold->free(reply->hold);
    *reply = (struct rpc_reply){ 0 };
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "request_info.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "codec.h"
#include "fail.h"
#include "rpc_query.h"

typedef Connectrpc__Conformance__V1__Header Header;
typedef Connectrpc__Conformance__V1__ConformancePayload__ConnectGetInfo ConnectGetInfo;

enum { QUERY_MAX = 64 * 1024 };

/* A list of headers that grows; what went wrong first stays. */
struct list {
    Header ***headers;
    size_t *count;
    enum asap_code code;
    struct asap_error *err;
};

enum asap_code copy_bytes(const ProtobufCBinaryData *from,
                          ProtobufCBinaryData *to,
                          struct asap_error *err)
{
    to->data = malloc(from->len + 1);
    if (to->data == NULL)
        return fail_memory(err);
    memcpy(to->data, from->len == 0 ? (const uint8_t *)"" : from->data, from->len);
    to->len = from->len;
    return ASAP_OK;
}

static enum asap_code new_header(struct list *list, const char *name, Header **out)
{
    Header **grown = realloc(*list->headers, (*list->count + 1) * sizeof *grown);
    ProtobufCMessage *made = NULL;

    if (grown == NULL)
        return fail_memory(list->err);
    *list->headers = grown;
    TRY(codec_new(&connectrpc__conformance__v1__header__descriptor, &made, list->err));
    *out = (Header *)made;
    grown[(*list->count)++] = *out;
    return codec_set_string(&(*out)->name, name, list->err);
}

static enum asap_code find_header(struct list *list, const char *name, Header **out)
{
    for (size_t i = 0; i < *list->count; i++) {
        *out = (*list->headers)[i];
        if (strcasecmp((*out)->name, name) == 0)
            return ASAP_OK;
    }
    return new_header(list, name, out);
}

static enum asap_code add_value(struct list *list, const char *name, const char *value)
{
    Header *header = NULL;
    char **grown = NULL;

    TRY(find_header(list, name, &header));
    grown = realloc(header->value, (header->n_value + 1) * sizeof *grown);
    if (grown == NULL)
        return fail_memory(list->err);
    header->value = grown;
    grown[header->n_value] = strdup(value);
    if (grown[header->n_value] == NULL)
        return fail_memory(list->err);
    header->n_value++;
    return ASAP_OK;
}

static void add_header(void *context, const char *name, const char *value)
{
    struct list *list = context;

    if (list->code == ASAP_OK)
        list->code = add_value(list, name, value);
}

static const char *text_of(const struct buffer *buffer)
{
    return buffer->bytes == NULL ? "" : buffer->bytes;
}

static enum asap_code add_query(const char *query, ConnectGetInfo *info, struct asap_error *err)
{
    struct list list = { &info->query_params, &info->n_query_params, ASAP_OK, err };
    SCOPED(buffer) struct buffer name = BUFFER(QUERY_MAX);
    SCOPED(buffer) struct buffer value = BUFFER(QUERY_MAX);

    while (list.code == ASAP_OK && rpc_query_next(&query, &name, &value))
        list.code = add_value(&list, text_of(&name), text_of(&value));
    return list.code;
}

static enum asap_code add_request(const ProtobufCMessage *in,
                                  RequestInfo *info,
                                  struct asap_error *err)
{
    info->requests = malloc(sizeof *info->requests);
    if (info->requests == NULL)
        return fail_memory(err);
    TRY(codec_new_any(in, &info->requests[0], err));
    info->n_requests = 1;
    return ASAP_OK;
}

static enum asap_code add_get_info(const struct rpc_call *call,
                                   RequestInfo *info,
                                   struct asap_error *err)
{
    ProtobufCMessage *made = NULL;

    if (call->query == NULL)
        return ASAP_OK;
    TRY(codec_new(&connectrpc__conformance__v1__conformance_payload__connect_get_info__descriptor,
                  &made, err));
    info->connect_get_info = (ConnectGetInfo *)made;
    return add_query(call->query, info->connect_get_info, err);
}

enum asap_code request_info_fill(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 RequestInfo *info,
                                 struct asap_error *err)
{
    struct list headers = { &info->request_headers, &info->n_request_headers, ASAP_OK, err };

    rpc_call_each_header(call, add_header, &headers);
    TRY(headers.code);
    if (call->timeout_ms >= 0) {
        info->optional_timeout_ms_case =
            CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__REQUEST_INFO__OPTIONAL_TIMEOUT_MS_TIMEOUT_MS;
        info->timeout_ms = call->timeout_ms;
    }
    TRY(add_request(in, info, err));
    return add_get_info(call, info, err);
}

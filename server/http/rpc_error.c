/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_error.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_text.h"
#include "google/rpc/error_details.pb-c.h"
#include "status.h"

enum { NAME_SIZE = 64, MS_PER_SECOND = 1000, NANOS_PER_MS = 1000000 };

/* As base64, a detail takes a third more, and its quotes. */
enum { TEXT_MAX = 2 * RPC_REPLY_MAX };

static const ProtobufCMessageDescriptor *const own_types[] = {
    &google__rpc__error_info__descriptor,
    &google__rpc__retry_info__descriptor,
    &google__rpc__bad_request__descriptor,
    &google__rpc__request_info__descriptor,
    NULL,
};

static inline void json_scope_exit(json_t **held)
{
    json_decref(*held);
}

static enum asap_code add_reason(enum asap_reason reason, struct rpc_reply *reply)
{
    Google__Rpc__ErrorInfo info;
    char name[NAME_SIZE] = "";
    char domain[] = "asap";

    google__rpc__error_info__init(&info);
    (void)snprintf(name, sizeof name, "%s", asap_reason_name(reason));
    info.reason = name;
    info.domain = domain;
    return name[0] == '\0' ? ASAP_OK : rpc_reply_detail(reply, &info.base, NULL);
}

/* A text that was cut off may end within a character. */
static void cut_to_utf8(char *text)
{
    text[text_utf8_prefix(text, strlen(text))] = '\0';
}

static enum asap_code add_field(const struct asap_error *err, struct rpc_reply *reply)
{
    Google__Rpc__BadRequest request;
    Google__Rpc__BadRequest__FieldViolation violation;
    Google__Rpc__BadRequest__FieldViolation *violations[] = { &violation };
    struct asap_error copy = *err;

    google__rpc__bad_request__init(&request);
    google__rpc__bad_request__field_violation__init(&violation);
    cut_to_utf8(copy.field);
    cut_to_utf8(copy.message);
    violation.field = copy.field;
    violation.description = copy.message;
    request.field_violations = violations;
    request.n_field_violations = 1;
    return err->field[0] == '\0' ? ASAP_OK : rpc_reply_detail(reply, &request.base, NULL);
}

static enum asap_code add_delay(int64_t ms, struct rpc_reply *reply)
{
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;

    delay.seconds = ms / MS_PER_SECOND;
    delay.nanos = (int32_t)(ms % MS_PER_SECOND * NANOS_PER_MS);
    info.retry_delay = &delay;
    return ms <= 0 ? ASAP_OK : rpc_reply_detail(reply, &info.base, NULL);
}

static enum asap_code add_request(const struct trace *trace, struct rpc_reply *reply)
{
    Google__Rpc__RequestInfo info;
    char id[REQUEST_ID_MAX + 1] = "";

    if (trace == NULL)
        return ASAP_OK;
    google__rpc__request_info__init(&info);
    memcpy(id, trace->request_id, sizeof id);
    info.request_id = id;
    return rpc_reply_detail(reply, &info.base, NULL);
}

void rpc_error_explain(const struct asap_error *err,
                       const struct trace *trace,
                       struct rpc_reply *reply)
{
    const bool is_whole =
        add_reason(err->reason, reply) == ASAP_OK && add_field(err, reply) == ASAP_OK
        && add_delay(reply->retry_ms, reply) == ASAP_OK && add_request(trace, reply) == ASAP_OK;

    (void)is_whole;
}

static const ProtobufCMessageDescriptor *find_type(const ProtobufCMessageDescriptor *const *types,
                                                   const char *name)
{
    for (; types != NULL && *types != NULL; types++)
        if (strcmp((*types)->name, name) == 0)
            return *types;
    return NULL;
}

/* The detail for people; NULL when its type is not known or it has no such form. */
static json_t *read_detail(const struct rpc_detail *detail,
                           const ProtobufCMessageDescriptor *const *types)
{
    const struct codec codec = { .format = CODEC_JSON, .types = types };
    const ProtobufCMessageDescriptor *own = find_type(own_types, detail->type);
    const ProtobufCMessageDescriptor *type = own != NULL ? own : find_type(types, detail->type);
    SCOPED(message) ProtobufCMessage *message = NULL;
    SCOPED(buffer) struct buffer text = BUFFER(RPC_REPLY_MAX);

    if (type == NULL
        || codec_read_binary(type, detail->value.data, detail->value.len, &message, NULL) != ASAP_OK
        || codec_write(&codec, message, &text, NULL) != ASAP_OK)
        return NULL;
    return json_loadb(text.bytes, text.length, 0, NULL);
}

/* A string of base64 without padding. */
static json_t *write_bytes(const ProtobufCBinaryData *bytes)
{
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);

    text_write_bytes(bytes, &text);
    if (text.failed || text.length < sizeof "\"\"" - 1)
        return NULL;
    return json_stringn(text.bytes + 1, strcspn(text.bytes + 1, "=\""));
}

static json_t *write_details(const struct rpc_reply *reply,
                             const ProtobufCMessageDescriptor *const *types)
{
    json_t *list = json_array();

    for (size_t i = 0; i < reply->detail_count; i++) {
        const struct rpc_detail *detail = &reply->details[i];

        (void)json_array_append_new(list, json_pack("{s:s, s:o, s:o*}", "type", detail->type,
                                                    "value", write_bytes(&detail->value), "debug",
                                                    read_detail(detail, types)));
    }
    return list;
}

void rpc_error_set(struct http_response *response,
                   enum asap_code code,
                   const char *message,
                   const struct rpc_reply *reply,
                   const ProtobufCMessageDescriptor *const *types)
{
    SCOPED(json) json_t *object = NULL;
    char *text = NULL;

    http_set_error(response, code, message);
    object = json_pack("{s:s, s:s, s:o*}", "code", status_of(code)->name, "message", message,
                       "details", reply->detail_count == 0 ? NULL : write_details(reply, types));
    text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        return;
    buffer_clear(&response->body);
    buffer_printf(&response->body, "%s\n", text);
    free(text);
}

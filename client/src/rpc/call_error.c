/* SPDX-License-Identifier: Apache-2.0 */
#include "call_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "codec_text.h"
#include "fail.h"
#include "google/rpc/error_details.pb-c.h"
#include "json.h"
#include "scoped.h"
#include "status.h"

enum { MS_PER_SECOND = 1000, NANOS_PER_MS = 1000000, RETRY_SECONDS_MAX = 86400 };

/* The error object is flat but for its details, whose shape is the sender's affair. */
static const struct json_limits error_limits = {
    .depth = 16, .members = 256, .values = 4096, .string_length = 65536
};

DEFINE_SCOPED(bytes, uint8_t *, free)

/* Where what a detail says is put. */
struct explanation {
    int64_t retry_ms;
    struct asap_error *err;
};

static enum asap_code code_of(const char *name, unsigned http_status)
{
    enum asap_code code = name != NULL ? status_code_from_name(name, strlen(name)) : ASAP_UNKNOWN;

    if (code == ASAP_OK || (code == ASAP_UNKNOWN && (name == NULL || strcmp(name, "unknown") != 0)))
        code = status_code_from_http(http_status);
    return code == ASAP_OK ? ASAP_UNKNOWN : code;
}

/* A text is one line wherever it comes from, and moves no cursor. */
static void keep_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == '\x7f')
            *text = ' ';
}

static void read_reason(const ProtobufCMessage *message, struct explanation *out)
{
    const Google__Rpc__ErrorInfo *info = (const Google__Rpc__ErrorInfo *)(const void *)message;

    for (enum asap_reason reason = ASAP_REASON_NONE + 1; reason < ASAP_REASON_COUNT; reason++)
        if (strcmp(info->reason, asap_reason_name(reason)) == 0)
            out->err->reason = reason;
}

static void read_field(const ProtobufCMessage *message, struct explanation *out)
{
    const Google__Rpc__BadRequest *request = (const Google__Rpc__BadRequest *)(const void *)message;

    if (request->n_field_violations == 0)
        return;
    (void)snprintf(out->err->field, sizeof out->err->field, "%s",
                   request->field_violations[0]->field);
    keep_printable(out->err->field);
}

static void read_delay(const ProtobufCMessage *message, struct explanation *out)
{
    const Google__Protobuf__Duration *delay =
        ((const Google__Rpc__RetryInfo *)(const void *)message)->retry_delay;

    if (delay == NULL || delay->seconds < 0 || delay->nanos < 0)
        return;
    out->retry_ms = delay->seconds < RETRY_SECONDS_MAX
                        ? delay->seconds * MS_PER_SECOND + delay->nanos / NANOS_PER_MS
                        : INT64_C(1) * RETRY_SECONDS_MAX * MS_PER_SECOND;
}

/* Where the server is at fault, only its log says more, under this id. */
static void read_request(const ProtobufCMessage *message, struct explanation *out)
{
    const Google__Rpc__RequestInfo *info = (const Google__Rpc__RequestInfo *)(const void *)message;
    struct asap_error *err = out->err;
    const size_t used = strlen(err->message);

    if (err->code != ASAP_INTERNAL && err->code != ASAP_UNKNOWN && err->code != ASAP_DATA_LOSS)
        return;
    (void)snprintf(err->message + used, sizeof err->message - used, " (request %s)",
                   info->request_id);
    keep_printable(err->message);
}

static const struct {
    const ProtobufCMessageDescriptor *type;
    void (*read)(const ProtobufCMessage *message, struct explanation *out);
} known_details[] = {
    { &google__rpc__error_info__descriptor, read_reason },
    { &google__rpc__bad_request__descriptor, read_field },
    { &google__rpc__retry_info__descriptor, read_delay },
    { &google__rpc__request_info__descriptor, read_request },
};

/* NULL: it is not readable, and says nothing then. */
static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type, const char *base64)
{
    ProtobufCBinaryData packed = { .data = NULL };
    SCOPED(bytes) uint8_t *held = NULL;
    ProtobufCMessage *message = NULL;

    if (text_read_bytes(base64, strlen(base64), &packed, NULL) != ASAP_OK)
        return NULL;
    held = packed.data;
    return codec_read_binary(type, held, packed.len, &message, NULL) == ASAP_OK ? message : NULL;
}

static void read_detail(const json_t *detail, struct explanation *out)
{
    const char *name = json_string_value(json_object_get(detail, "type"));
    const char *value = json_string_value(json_object_get(detail, "value"));

    if (name == NULL || value == NULL)
        return;
    for (size_t i = 0; i < sizeof known_details / sizeof known_details[0]; i++) {
        SCOPED(message) ProtobufCMessage *message = NULL;

        if (strcmp(name, known_details[i].type->name) != 0)
            continue;
        message = unpack(known_details[i].type, value);
        if (message != NULL)
            known_details[i].read(message, out);
    }
}

enum asap_code call_error_read(const struct call_error *answer,
                               int64_t *retry_ms,
                               struct asap_error *err)
{
    struct asap_error unwanted = { 0 };
    struct explanation out = { *retry_ms, err != NULL ? err : &unwanted };
    SCOPED(json) json_t *object = NULL;
    const char *message = NULL;
    const json_t *details = NULL;
    enum asap_code code = ASAP_UNKNOWN;

    if (!answer->is_json
        || json_read_document(answer->body, answer->length, &error_limits, "the error", &object,
                              NULL)
               != ASAP_OK)
        return fail(err, code_of(NULL, answer->status),
                    "%.112s answered with HTTP status %u (is asapd what listens there?)",
                    answer->url, answer->status);
    message = json_string_value(json_object_get(object, "message"));
    code = code_of(json_string_value(json_object_get(object, "code")), answer->status);
    (void)fail(out.err, code, "%s", message != NULL ? message : status_of(code)->name);
    keep_printable(out.err->message);
    details = json_object_get(object, "details");
    for (size_t i = 0; i < json_array_size(details); i++)
        read_detail(json_array_get(details, i), &out);
    *retry_ms = out.retry_ms;
    return code;
}

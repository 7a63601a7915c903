/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc_envelope.h"

#include <string.h>
#include <strings.h>

#include "fail.h"
#include "gzip.h"
#include "rpc_query.h"

enum { UNSUPPORTED_MEDIA_TYPE = 415, TIMEOUT_DIGITS_MAX = 10 };

static const char space[] = " \t";

/* Of parameters only the charset that JSON has anyway. */
static const struct {
    const char *encoding; /* in a query */
    const char *content_type;
    enum codec_format format;
    bool has_charset;
} formats[] = {
    { "json", "application/json", CODEC_JSON, true },
    { "proto", "application/proto", CODEC_BINARY, false },
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const char *rpc_content_type(enum codec_format format)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (formats[i].format == format)
            return formats[i].content_type;
    return "";
}

/* What follows the media type. */
static bool is_charset(const char *rest)
{
    if (*rest != ';')
        return false;
    rest += 1 + strspn(rest + 1, space);
    return strcasecmp(rest, "charset=utf-8") == 0 || strcasecmp(rest, "charset=\"utf-8\"") == 0;
}

static bool is_content_type(size_t row, const char *value)
{
    const size_t length = strlen(formats[row].content_type);
    const char *rest = NULL;

    if (value == NULL || strncasecmp(value, formats[row].content_type, length) != 0)
        return false;
    rest = value + length + strspn(value + length, space);
    return *rest == '\0' || (formats[row].has_charset && is_charset(rest));
}

static enum asap_code refuse_format(struct rpc_envelope *out, struct asap_error *err)
{
    out->http_status = UNSUPPORTED_MEDIA_TYPE;
    return fail(err, ASAP_UNKNOWN,
                "the format is not supported (send application/json or application/proto; by GET, "
                "encoding=json or encoding=proto)");
}

static enum asap_code read_content_type(const char *value,
                                        struct rpc_envelope *out,
                                        struct asap_error *err)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (!is_content_type(i, value))
            continue;
        out->format = formats[i].format;
        return ASAP_OK;
    }
    return refuse_format(out, err);
}

static enum asap_code read_encoding(const char *value,
                                    struct rpc_envelope *out,
                                    struct asap_error *err)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(value, formats[i].encoding) != 0)
            continue;
        out->format = formats[i].format;
        return ASAP_OK;
    }
    return refuse_format(out, err);
}

bool rpc_timeout_parse(const char *text, int64_t *out)
{
    const size_t length = strspn(text, "0123456789");

    if (length == 0 || length > TIMEOUT_DIGITS_MAX || text[length] != '\0')
        return false;
    *out = 0;
    for (; *text != '\0'; text++)
        *out = *out * 10 + (*text - '0');
    return true;
}

/* Whether one element of an Accept-Encoding is gzip with a weight that is not zero. */
static bool element_is_gzip(const char *element, size_t length)
{
    static const char gzip[] = "gzip";
    const char *end = element + length;
    const char *rest = element + sizeof gzip - 1;

    if (length < sizeof gzip - 1 || strncasecmp(element, gzip, sizeof gzip - 1) != 0)
        return false;
    rest += strspn(rest, space);
    if (rest >= end)
        return true;
    if (*rest != ';')
        return false;
    rest += 1 + strspn(rest + 1, space);
    if (strncasecmp(rest, "q=0", 3) != 0)
        return true;
    rest += 3 + strspn(rest + 3, ".0");
    return rest < end && strchr(space, *rest) == NULL;
}

static bool accepts_gzip(const char *list)
{
    while (*list != '\0') {
        const size_t length = strcspn(list, ",");

        if (element_is_gzip(list, length))
            return true;
        list += length;
        list += strspn(list, ", \t");
    }
    return false;
}

static enum asap_code read_compression(const char *name, bool *is_gzip, struct asap_error *err)
{
    *is_gzip = name != NULL && strcasecmp(name, "gzip") == 0;
    if (name == NULL || name[0] == '\0' || *is_gzip || strcasecmp(name, "identity") == 0)
        return ASAP_OK;
    return fail(err, ASAP_UNIMPLEMENTED,
                "this compression is not supported (use gzip or identity)");
}

/* What calls by POST and by GET have in common. */
static enum asap_code read_common(const struct http_request *request,
                                  const char *compression,
                                  bool *is_gzip,
                                  struct rpc_envelope *out,
                                  struct asap_error *err)
{
    const char *accepted = http_request_header(request, "Accept-Encoding");
    const char *timeout = http_request_header(request, "Connect-Timeout-Ms");
    const char *version = http_request_header(request, "Connect-Protocol-Version");

    TRY(read_compression(compression, is_gzip, err));
    out->accepts_gzip = accepted == NULL ? *is_gzip : accepts_gzip(accepted);
    if (version != NULL && strcmp(version, "1") != 0)
        return fail(err, ASAP_INVALID_ARGUMENT, "Connect-Protocol-Version must be 1");
    if (timeout != NULL && !rpc_timeout_parse(timeout, &out->timeout_ms))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "Connect-Timeout-Ms must be a number of at most %d digits", TIMEOUT_DIGITS_MAX);
    return ASAP_OK;
}

/* A message of no bytes is not compressed, whatever the envelope says. */
static enum asap_code inflate_message(const struct http_request *request,
                                      struct rpc_envelope *out,
                                      struct asap_error *err)
{
    struct buffer inflated = BUFFER(request->body_limit);
    const enum asap_code code = gzip_inflate(out->bytes, out->length, &inflated, err);

    buffer_clear(&out->held);
    out->held = inflated;
    out->bytes = inflated.bytes;
    out->length = inflated.length;
    return code;
}

static enum asap_code read_post(const struct http_request *request,
                                struct rpc_envelope *out,
                                struct asap_error *err)
{
    const char *compression = http_request_header(request, "Content-Encoding");
    bool is_gzip = false;

    out->bytes = request->body;
    out->length = request->body_length;
    TRY(read_content_type(http_request_header(request, "Content-Type"), out, err));
    TRY(read_common(request, compression, &is_gzip, out, err));
    return is_gzip && out->length > 0 ? inflate_message(request, out, err) : ASAP_OK;
}

static enum asap_code read_get(const struct http_request *request,
                               struct rpc_envelope *out,
                               struct asap_error *err)
{
    struct rpc_query query = { .message = BUFFER(request->body_limit) };
    const enum asap_code code =
        rpc_query_read(request->query == NULL ? "" : request->query, &query, err);
    bool is_gzip = false;

    out->held = query.message;
    out->bytes = query.message.bytes;
    out->length = query.message.length;
    TRY(code);
    TRY(read_encoding(query.encoding, out, err));
    TRY(read_common(request, query.compression, &is_gzip, out, err));
    if (request->body_length > 0)
        return fail(err, ASAP_INVALID_ARGUMENT, "a call by GET has no body");
    return is_gzip && out->length > 0 ? inflate_message(request, out, err) : ASAP_OK;
}

enum asap_code rpc_envelope_read(const struct http_request *request,
                                 struct rpc_envelope *out,
                                 struct asap_error *err)
{
    *out = (struct rpc_envelope){ .timeout_ms = -1 };
    return request->method == HTTP_GET ? read_get(request, out, err) : read_post(request, out, err);
}

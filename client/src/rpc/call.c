/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "buffer.h"
#include "call_error.h"
#include "codec.h"
#include "fail.h"
#include "scoped.h"

enum {
    BODY_MAX = 16 * 1024 * 1024, /* either way: the largest pages that administrators list */
    HEADERS_MAX = 64 * 1024,
    URL_MAX = 2048,
    BEARER_MAX = 8192, /* the longest token */
    DEFAULT_TIMEOUT_MS = 30000,
    MS_PER_SECOND = 1000,
    RETRY_SECONDS_MAX = 86400
};

DEFINE_SCOPED(curl, CURL *, curl_easy_cleanup)
DEFINE_SCOPED(header_list, struct curl_slist *, curl_slist_free_all)

/* One request and what came back. */
struct exchange {
    const struct rpc_endpoint *endpoint;
    const struct buffer *body;
    struct buffer answer;
    size_t header_bytes;
    unsigned status;
    bool is_json;
    int64_t retry_ms;
    char why[CURL_ERROR_SIZE];
};

static void exchange_scope_exit(struct exchange *exchange)
{
    buffer_clear(&exchange->answer);
}

static const char *socket_path(const struct rpc_endpoint *endpoint)
{
    static const char prefix[] = "unix:";

    return strncmp(endpoint->url, prefix, sizeof prefix - 1) == 0
               ? endpoint->url + sizeof prefix - 1
               : NULL;
}

static int64_t timeout_of(const struct rpc_endpoint *endpoint)
{
    return endpoint->timeout_ms > 0 ? endpoint->timeout_ms : DEFAULT_TIMEOUT_MS;
}

static enum asap_code check_address(const struct rpc_endpoint *endpoint, struct asap_error *err)
{
    static const char scheme[] = "https://";
    const char *path = socket_path(endpoint);

    if (path == NULL && strncmp(endpoint->url, scheme, sizeof scheme - 1) != 0)
        return fail_field(
            err, "server",
            "\"%.100s\" is no address of asapd (write unix:PATH or https://HOST:PORT)",
            endpoint->url);
    if (path != NULL && path[0] == '\0')
        return fail_field(err, "server", "\"unix:\" lacks the path of the socket");
    if (path != NULL && strlen(path) >= sizeof(struct sockaddr_un){ 0 }.sun_path)
        return fail_field(err, "server",
                          "the path of the socket is too long: at most %zu bytes are possible",
                          sizeof(struct sockaddr_un){ 0 }.sun_path - 1);
    return ASAP_OK;
}

/* RFC 6750 section 2.1 says what a bearer token is made of; this keeps headers and lines apart. */
enum asap_code rpc_bearer_check(const char *bearer, const char *field, struct asap_error *err)
{
    size_t length = 0;

    while (bearer[length] > ' ' && bearer[length] < '\x7f')
        length++;
    if (bearer[length] != '\0')
        return fail_field(err, field,
                          "the API key or token holds a space, a line end or another character that"
                          " none has (is it the right file?)");
    if (length == 0 || length > BEARER_MAX)
        return fail_field(err, field, "an API key or token has 1 to %d characters, not %zu",
                          BEARER_MAX, length);
    return ASAP_OK;
}

enum asap_code rpc_endpoint_check(const struct rpc_endpoint *endpoint, struct asap_error *err)
{
    TRY(check_address(endpoint, err));
    if (endpoint->bearer != NULL)
        TRY(rpc_bearer_check(endpoint->bearer, "bearer", err));
    if (endpoint->key_file != NULL && endpoint->certificate_file == NULL)
        return fail_field(err, "certificate_file",
                          "the key of a TLS client proves nothing without its certificate");
    return ASAP_OK;
}

static enum asap_code write_url(const struct rpc_endpoint *endpoint,
                                const char *path,
                                struct buffer *out,
                                struct asap_error *err)
{
    const char *base = socket_path(endpoint) != NULL ? "http://localhost" : endpoint->url;
    size_t length = strlen(base);

    while (length > 0 && base[length - 1] == '/')
        length--;
    buffer_append(out, base, length);
    buffer_puts(out, path);
    return buffer_check(out, "the server's address", err);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    buffer_append(&exchange->answer, bytes, size * count);
    return exchange->answer.failed ? 0 : size * count;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is curl's */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;

    (void)bytes;
    exchange->header_bytes += size * count;
    return exchange->header_bytes > HEADERS_MAX ? 0 : size * count;
}

/* What every call has in common: no redirects, and verified TLS of at least 1.2. */
static const struct {
    CURLoption option;
    long value;
} fixed_options[] = {
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_POST, 1 },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_SSL_VERIFYPEER, 1 },
    { CURLOPT_SSL_VERIFYHOST, 2 },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
};

/* The empty pass phrase keeps OpenSSL from asking for one at the terminal. */
static void set_certificate(CURL *curl, const struct rpc_endpoint *endpoint)
{
    if (endpoint->certificate_file == NULL)
        return;
    (void)curl_easy_setopt(curl, CURLOPT_SSLCERT, endpoint->certificate_file);
    (void)curl_easy_setopt(curl, CURLOPT_SSLKEY,
                           endpoint->key_file != NULL ? endpoint->key_file
                                                      : endpoint->certificate_file);
    (void)curl_easy_setopt(curl, CURLOPT_KEYPASSWD, "");
}

static void set_transport(CURL *curl, const struct rpc_endpoint *endpoint)
{
    const char *path = socket_path(endpoint);

    for (size_t i = 0; i < sizeof fixed_options / sizeof fixed_options[0]; i++)
        (void)curl_easy_setopt(curl, fixed_options[i].option, fixed_options[i].value);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, path != NULL ? "http" : "https");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_of(endpoint));
    if (path != NULL)
        (void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, path);
    set_certificate(curl, endpoint);
    if (endpoint->ca_file == NULL)
        return;
    /* Without the second one the system's authorities would be trusted as well. */
    (void)curl_easy_setopt(curl, CURLOPT_CAINFO, endpoint->ca_file);
    (void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

static void set_request(CURL *curl, struct exchange *exchange, const struct curl_slist *headers)
{
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body->length);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, exchange->body->bytes);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->why);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
}

static enum asap_code append_header(struct curl_slist **list,
                                    const char *line,
                                    struct asap_error *err)
{
    struct curl_slist *grown = curl_slist_append(*list, line);

    if (grown == NULL)
        return fail_memory(err);
    *list = grown;
    return ASAP_OK;
}

static enum asap_code append_bearer(struct curl_slist **list,
                                    const char *bearer,
                                    struct asap_error *err)
{
    SCOPED(buffer) struct buffer line = BUFFER(BEARER_MAX + 32);
    enum asap_code code = ASAP_OK;

    buffer_printf(&line, "Authorization: Bearer %s", bearer);
    TRY(buffer_check(&line, "the API key or token", err));
    code = append_header(list, line.bytes, err);
    OPENSSL_cleanse(line.bytes, line.length);
    return code;
}

static enum asap_code write_headers(const char *bearer,
                                    struct curl_slist **out,
                                    struct asap_error *err)
{
    /* An empty Expect keeps curl from waiting for a "100 Continue" before a large body. */
    static const char *const headers[] = {
        "Content-Type: application/json",
        "Accept: application/json",
        "Connect-Protocol-Version: 1",
        "Expect:",
    };

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        TRY(append_header(out, headers[i], err));
    return bearer != NULL ? append_bearer(out, bearer, err) : ASAP_OK;
}

/* Why a connection failed, and what to do about it; 0 matches any system error. */
static const struct cause {
    CURLcode result;
    int system_error;
    enum asap_code code;
    const char *why; /* NULL: curl's own words */
    const char *advice;
} causes[] = {
    { CURLE_COULDNT_CONNECT, ENOENT, ASAP_UNAVAILABLE, "no such file",
      "is asapd running, and is this its address?" },
    { CURLE_COULDNT_CONNECT, ECONNREFUSED, ASAP_UNAVAILABLE, "connection refused",
      "is asapd running, and is this its address?" },
    { CURLE_COULDNT_CONNECT, EACCES, ASAP_UNAVAILABLE, "permission denied",
      "run this as the user of asapd, or as root" },
    { CURLE_COULDNT_CONNECT, 0, ASAP_UNAVAILABLE, NULL,
      "is asapd running, and is this its address?" },
    { CURLE_COULDNT_RESOLVE_HOST, 0, ASAP_UNAVAILABLE, NULL, "is this the address of asapd?" },
    { CURLE_URL_MALFORMAT, 0, ASAP_UNAVAILABLE, "the address is malformed",
      "write https://HOST:PORT" },
    { CURLE_PEER_FAILED_VERIFICATION, 0, ASAP_UNAVAILABLE, NULL,
      "is its authority in the CA file?" },
    { CURLE_SSL_CACERT_BADFILE, 0, ASAP_FAILED_PRECONDITION, "the CA file cannot be used",
      "it is to hold certificates in PEM" },
    { CURLE_SSL_CERTPROBLEM, 0, ASAP_FAILED_PRECONDITION,
      "the client certificate or its key cannot be used",
      "PEM, not encrypted, readable, and of one pair" },
    { CURLE_SSL_CLIENTCERT, 0, ASAP_UNAUTHENTICATED, "it wants a client certificate",
      "name one, with its key" },
    { CURLE_SSL_CONNECT_ERROR, 0, ASAP_UNAVAILABLE, NULL, "does asapd serve TLS there?" },
    { CURLE_OPERATION_TIMEDOUT, 0, ASAP_UNAVAILABLE, "timed out",
      "is asapd running, and reachable from here?" },
    { CURLE_OK, 0, ASAP_UNAVAILABLE, NULL, "is asapd what listens there?" },
};

static const struct cause *find_cause(CURLcode result, long system_error)
{
    const struct cause *cause = causes;

    while (cause->result != CURLE_OK
           && (cause->result != result
               || (cause->system_error != 0 && cause->system_error != system_error)))
        cause++;
    return cause;
}

static enum asap_code fail_to_connect(CURL *curl,
                                      const struct exchange *exchange,
                                      CURLcode result,
                                      struct asap_error *err)
{
    long system_error = 0;
    const struct cause *cause = NULL;
    const char *why = exchange->why[0] != '\0' ? exchange->why : curl_easy_strerror(result);

    (void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system_error);
    cause = find_cause(result, system_error);
    return fail(err, cause->code, "cannot reach asapd at %.112s: %.60s (%s)",
                exchange->endpoint->url, cause->why != NULL ? cause->why : why, cause->advice);
}

static bool was_sent(CURL *curl)
{
    curl_off_t sent = 0;

    return curl_easy_getinfo(curl, CURLINFO_SIZE_UPLOAD_T, &sent) == CURLE_OK && sent > 0;
}

/* Whether the connection ended where the answer should have been. */
static bool broke(CURLcode result)
{
    return result == CURLE_GOT_NOTHING || result == CURLE_RECV_ERROR || result == CURLE_PARTIAL_FILE
           || result == CURLE_SEND_ERROR;
}

static enum asap_code
explain(CURL *curl, const struct exchange *exchange, CURLcode result, struct asap_error *err)
{
    if (exchange->answer.failed || exchange->header_bytes > HEADERS_MAX)
        return fail(err, ASAP_RESOURCE_EXHAUSTED,
                    "the answer of %.112s is over %d MiB (ask for smaller pages)",
                    exchange->endpoint->url, BODY_MAX / (1024 * 1024));
    if (result == CURLE_OPERATION_TIMEDOUT && was_sent(curl))
        return fail(err, ASAP_DEADLINE_EXCEEDED,
                    "%.112s did not answer within %" PRId64
                    " ms (it may still carry the request out)",
                    exchange->endpoint->url, timeout_of(exchange->endpoint));
    if (broke(result) && was_sent(curl))
        return fail(err, ASAP_UNKNOWN,
                    "the connection to %.112s broke before the answer (the request may have been"
                    " carried out: look before you repeat it)",
                    exchange->endpoint->url);
    return fail_to_connect(curl, exchange, result, err);
}

static bool names_json(const char *content_type)
{
    static const char json[] = "application/json";

    return content_type != NULL && strncasecmp(content_type, json, sizeof json - 1) == 0
           && strchr("; \t", content_type[sizeof json - 1]) != NULL;
}

static void read_status(CURL *curl, struct exchange *exchange)
{
    const char *content_type = NULL;
    curl_off_t retry_seconds = 0;
    long status = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &content_type);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_seconds);
    exchange->status = (unsigned)status;
    exchange->retry_ms = retry_seconds < RETRY_SECONDS_MAX
                             ? retry_seconds * MS_PER_SECOND
                             : INT64_C(1) * RETRY_SECONDS_MAX * MS_PER_SECOND;
    exchange->is_json = names_json(content_type);
}

static enum asap_code post(struct exchange *exchange, const char *path, struct asap_error *err)
{
    SCOPED(curl) CURL *curl = curl_easy_init();
    SCOPED(header_list) struct curl_slist *headers = NULL;
    SCOPED(buffer) struct buffer url = BUFFER(URL_MAX);
    CURLcode result = CURLE_OK;

    if (curl == NULL)
        return fail_memory(err);
    TRY(rpc_endpoint_check(exchange->endpoint, err));
    TRY(write_url(exchange->endpoint, path, &url, err));
    TRY(write_headers(exchange->endpoint->bearer, &headers, err));
    (void)curl_easy_setopt(curl, CURLOPT_URL, url.bytes);
    set_transport(curl, exchange->endpoint);
    set_request(curl, exchange, headers);
    result = curl_easy_perform(curl);
    if (result != CURLE_OK)
        return explain(curl, exchange, result, err);
    read_status(curl, exchange);
    return ASAP_OK;
}

static enum asap_code read_response(const struct exchange *exchange,
                                    const ProtobufCMessageDescriptor *type,
                                    ProtobufCMessage **out,
                                    struct asap_error *err)
{
    struct asap_error cause = { 0 };

    if (!exchange->is_json)
        return fail(err, ASAP_INTERNAL,
                    "%.112s answered with something else than JSON (is asapd what listens there?)",
                    exchange->endpoint->url);
    if (codec_read_json(type, exchange->answer.bytes, exchange->answer.length, out, &cause)
        == ASAP_OK)
        return ASAP_OK;
    return fail(err, ASAP_INTERNAL, "%.80s answered with something else than a %.40s: %.80s",
                exchange->endpoint->url, type->short_name, cause.message);
}

static enum asap_code read_error(const struct exchange *exchange,
                                 int64_t *retry_ms,
                                 struct asap_error *err)
{
    const struct call_error answer = { .url = exchange->endpoint->url,
                                       .status = exchange->status,
                                       .is_json = exchange->is_json,
                                       .body = exchange->answer.bytes,
                                       .length = exchange->answer.length };

    *retry_ms = exchange->retry_ms;
    return call_error_read(&answer, retry_ms, err);
}

enum asap_code rpc_call_for(const struct rpc_endpoint *endpoint,
                            const char *path,
                            const ProtobufCMessage *request,
                            struct rpc_answer *answer,
                            struct asap_error *err)
{
    SCOPED(buffer) struct buffer body = BUFFER(BODY_MAX);
    SCOPED(exchange)
    struct exchange exchange = { .endpoint = endpoint, .body = &body, .answer = BUFFER(BODY_MAX) };

    answer->message = NULL;
    answer->retry_ms = 0;
    TRY(codec_write_json(request, &body, err));
    TRY(post(&exchange, path, err));
    buffer_puts(&exchange.answer, "");
    TRY(buffer_check(&exchange.answer, "the answer", err));
    if (exchange.status != 200)
        return read_error(&exchange, &answer->retry_ms, err);
    return read_response(&exchange, answer->type, &answer->message, err);
}

enum asap_code rpc_call(const struct rpc_endpoint *endpoint,
                        const char *path,
                        const ProtobufCMessage *request,
                        const ProtobufCMessageDescriptor *response,
                        ProtobufCMessage **out,
                        struct asap_error *err)
{
    struct rpc_answer answer = { .type = response };
    enum asap_code code = rpc_call_for(endpoint, path, request, &answer, err);

    *out = answer.message;
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "curl_strict.h"
#include "fail.h"
#include "fetch_header.h"
#include "repository_url.h"

enum {
    IDLE_MAX = 8, /* handles, each with its connections, that wait for the next fetch */
    DEFAULT_TIMEOUT_MS = 5000
};

DEFINE_SCOPED(store, X509_STORE *, X509_STORE_free)

struct fetcher {
    char *base_url;
    char *ca_file;
    long timeout_ms;
    atomic_bool is_stopped;
    pthread_mutex_t lock;
    CURL *idle[IDLE_MAX];
    size_t idle_length;
};

/* What may be fetched. */
struct kind {
    const char *accept;
    const char *types[3];
    const char *missing; /* what a 404 says */
    const char *wanted;  /* and an answer of another type */
    const char *longest; /* and one that is too long */
};

static const struct kind key_kind = {
    .accept = "application/x-pem-file",
    .types = { "application/x-pem-file" },
    .missing = "there is no such key",
    .wanted = "application/x-pem-file (is that a key repository?)",
    .longest = "which no public key is",
};

static const struct kind set_kind = {
    .accept = "application/jwk-set+json, application/json",
    .types = { "application/jwk-set+json", "application/json" },
    .missing = "there is no key set",
    .wanted = "application/jwk-set+json or application/json (is that a JSON Web Key Set?)",
    .longest = "which is too much for a key set",
};

/* One answer while it arrives. */
struct transfer {
    const struct kind *kind;
    const char *url;
    struct fetch_answer *answer;
    char *body;
    size_t body_size;
    struct fetch_header header;
    size_t header_bytes;
    bool is_too_long;
    bool sent_validators;
    char why[CURL_ERROR_SIZE];
};

__attribute__((format(printf, 2, 3))) static enum asap_code unavailable(struct asap_error *err,
                                                                        const char *format,
                                                                        ...)
{
    char message[sizeof err->message] = "";
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    (void)fail(err, ASAP_UNAVAILABLE, "%s", message);
    if (err != NULL)
        err->reason = ASAP_REASON_KEY_UNAVAILABLE;
    return ASAP_UNAVAILABLE;
}

/* The answer as it arrives */

/* A status line begins the final response after any interim ones. */
static void begin_response(struct transfer *transfer)
{
    *transfer->answer = (struct fetch_answer){ .body_length = 0 };
    transfer->header = (struct fetch_header){ .types = transfer->kind->types,
                                              .headers = &transfer->answer->headers,
                                              .validators = &transfer->answer->validators };
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    const size_t length = size * count;
    char line[FETCH_HEADERS_MAX + 1];

    transfer->header_bytes += length;
    if (transfer->header_bytes > FETCH_HEADERS_MAX)
        return 0;
    memcpy(line, bytes, length);
    line[length] = '\0';
    if (strncmp(line, "HTTP/", 5) == 0)
        begin_response(transfer);
    else if (transfer->answer->body_length == 0) /* trailers say nothing */
        fetch_header_take(&transfer->header, line);
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct fetch_answer *answer = transfer->answer;
    const size_t length = size * count;

    if (length > transfer->body_size - answer->body_length) {
        transfer->is_too_long = true;
        return 0;
    }
    memcpy(transfer->body + answer->body_length, bytes, length);
    answer->body_length += length;
    return length;
}

static int
on_progress(void *context, curl_off_t to_get, curl_off_t got, curl_off_t to_put, curl_off_t put)
{
    const struct fetcher *fetcher = context;

    (void)to_get;
    (void)got;
    (void)to_put;
    (void)put;
    return atomic_load(&fetcher->is_stopped) ? 1 : 0;
}

/* Handles */

static bool configure(CURL *curl, struct fetcher *fetcher)
{
    return curl_be_strict(curl, fetcher->base_url, fetcher->ca_file)
           && curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, fetcher->timeout_ms) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_XFERINFODATA, fetcher) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
}

static CURL *new_handle(struct fetcher *fetcher)
{
    CURL *curl = curl_easy_init();

    if (curl != NULL && !configure(curl, fetcher)) {
        curl_easy_cleanup(curl);
        return NULL;
    }
    return curl;
}

static CURL *take_handle(struct fetcher *fetcher)
{
    CURL *curl = NULL;

    (void)pthread_mutex_lock(&fetcher->lock);
    if (fetcher->idle_length > 0)
        curl = fetcher->idle[--fetcher->idle_length];
    (void)pthread_mutex_unlock(&fetcher->lock);
    return curl != NULL ? curl : new_handle(fetcher);
}

static void give_handle_back(struct fetcher *fetcher, CURL *curl)
{
    (void)pthread_mutex_lock(&fetcher->lock);
    if (fetcher->idle_length < IDLE_MAX) {
        fetcher->idle[fetcher->idle_length++] = curl;
        curl = NULL;
    }
    (void)pthread_mutex_unlock(&fetcher->lock);
    if (curl != NULL)
        curl_easy_cleanup(curl);
}

/* Requests */

static CURLcode
perform(CURL *curl, struct transfer *transfer, const struct curl_slist *headers, long *status)
{
    CURLcode result = CURLE_OK;

    (void)curl_easy_setopt(curl, CURLOPT_URL, transfer->url);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->why);
    result = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    return result;
}

/* Answers */

static const char *advice_of(CURLcode result)
{
    if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE)
        return "is its authority in the CA file?";
    return "is the repository up, and its URL right?";
}

static enum asap_code explain(const struct transfer *transfer,
                              CURLcode result,
                              struct asap_error *err)
{
    if (transfer->header_bytes > FETCH_HEADERS_MAX)
        return unavailable(err, "cannot fetch %.140s: its header is over %d bytes", transfer->url,
                           FETCH_HEADERS_MAX);
    return unavailable(err, "cannot fetch %.110s: %.80s (%s)", transfer->url,
                       transfer->why[0] != '\0' ? transfer->why : curl_easy_strerror(result),
                       advice_of(result));
}

static enum asap_code judge_body(const struct transfer *transfer, struct asap_error *err)
{
    if (!transfer->header.is_wanted)
        return refuse(err, ASAP_REASON_KEY_REFUSED, "", "%.140s is not %s", transfer->url,
                      transfer->kind->wanted);
    if (transfer->is_too_long)
        return refuse(err, ASAP_REASON_KEY_REFUSED, "", "%.140s is over %zu bytes, %s",
                      transfer->url, transfer->body_size, transfer->kind->longest);
    return ASAP_OK;
}

/* Nothing behind the status line changes what these say. */
static bool is_gone(long status)
{
    return status == 403 || status == 404 || status == 410;
}

static enum asap_code judge(const struct transfer *transfer, long status, struct asap_error *err)
{
    if (is_gone(status))
        return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "", "%.140s answered %ld: %s", transfer->url,
                      status, transfer->kind->missing);
    switch (status) {
    case 200:
        return judge_body(transfer, err);
    case 304:
        transfer->answer->not_modified = transfer->sent_validators;
        if (transfer->sent_validators)
            return ASAP_OK;
        break;
    default:
        break;
    }
    return unavailable(err, "cannot fetch %.140s: it answered %ld%s", transfer->url, status,
                       status / 100 == 3 ? " (redirects are not followed)" : "");
}

static enum asap_code fetch_with(CURL *curl,
                                 struct transfer *transfer,
                                 const struct cache_validators *validators,
                                 struct asap_error *err)
{
    SCOPED(header_list) struct curl_slist *headers = NULL;
    CURLcode result = CURLE_OK;
    long status = 0;

    TRY(curl_add_header(&headers, "Accept", transfer->kind->accept, err));
    TRY(curl_add_header(&headers, "If-None-Match", validators->etag, err));
    TRY(curl_add_header(&headers, "If-Modified-Since", validators->last_modified, err));
    transfer->sent_validators = validators->etag[0] != '\0' || validators->last_modified[0] != '\0';
    result = perform(curl, transfer, headers, &status);
    if (result != CURLE_OK && !transfer->is_too_long && !is_gone(status))
        return explain(transfer, result, err);
    return judge(transfer, status, err);
}

static enum asap_code fetch(struct fetcher *fetcher,
                            struct transfer *transfer,
                            const struct cache_validators *validators,
                            struct asap_error *err)
{
    CURL *curl = take_handle(fetcher);
    enum asap_code code = ASAP_OK;

    begin_response(transfer);
    if (curl == NULL)
        return fail_memory(err);
    code = fetch_with(curl, transfer, validators, err);
    give_handle_back(fetcher, curl);
    return code;
}

enum asap_code fetch_key(struct fetcher *fetcher,
                         const struct kid *kid,
                         const struct cache_validators *validators,
                         struct fetch_answer *out,
                         struct asap_error *err)
{
    SCOPED(buffer) struct buffer url = BUFFER(FETCH_URL_MAX + 1 + KID_MAX);
    struct transfer transfer = {
        .kind = &key_kind, .answer = out, .body = out->body, .body_size = sizeof out->body
    };

    buffer_puts(&url, fetcher->base_url);
    buffer_puts(&url, "/");
    buffer_append(&url, kid->text, kid->length);
    TRY(buffer_check(&url, "the URL of the key", err));
    transfer.url = url.bytes;
    return fetch(fetcher, &transfer, validators, err);
}

enum asap_code fetch_set(struct fetcher *fetcher,
                         const struct cache_validators *validators,
                         struct buffer *body,
                         struct fetch_answer *out,
                         struct asap_error *err)
{
    struct transfer transfer = { .kind = &set_kind,
                                 .url = fetcher->base_url,
                                 .answer = out,
                                 .body = buffer_extend(body, FETCH_SET_MAX),
                                 .body_size = FETCH_SET_MAX };

    if (transfer.body == NULL)
        return fail_memory(err);
    return fetch(fetcher, &transfer, validators, err);
}

/* Making and freeing */

static enum asap_code check_ca_file(const char *path, struct asap_error *err)
{
    SCOPED(store) X509_STORE *store = X509_STORE_new();

    if (store == NULL)
        return fail_memory(err);
    if (X509_STORE_load_file(store, path) == 1)
        return ASAP_OK;
    ERR_clear_error();
    return fail_field(err, "ca_file",
                      "cannot read certificates from %.140s (is it a PEM file that you may read?)",
                      path);
}

static enum asap_code fill(struct fetcher *fetcher,
                           const struct asap_https_options *options,
                           struct asap_error *err)
{
    fetcher->timeout_ms =
        options->timeout_ms > 0 ? (long)options->timeout_ms : (long)DEFAULT_TIMEOUT_MS;
    if (options->ca_file == NULL)
        return ASAP_OK;
    TRY(check_ca_file(options->ca_file, err));
    fetcher->ca_file = strdup(options->ca_file);
    return fetcher->ca_file != NULL ? ASAP_OK : fail_memory(err);
}

enum asap_code fetcher_new(const char *base_url,
                           const struct asap_https_options *options,
                           struct fetcher **out,
                           struct asap_error *err)
{
    SCOPED(fetcher) struct fetcher *fetcher = NULL;
    char *url = NULL;

    *out = NULL;
    TRY(repository_url_read(base_url, options->allow_http_loopback, &url, err));
    fetcher = calloc(1, sizeof *fetcher);
    if (fetcher == NULL || pthread_mutex_init(&fetcher->lock, NULL) != 0) {
        free(url);
        free(MOVE(fetcher));
        return fail_memory(err);
    }
    fetcher->base_url = url;
    TRY(fill(fetcher, options, err));
    *out = MOVE(fetcher);
    return ASAP_OK;
}

const char *fetcher_base_url(const struct fetcher *fetcher)
{
    return fetcher->base_url;
}

void fetcher_stop(struct fetcher *fetcher)
{
    atomic_store(&fetcher->is_stopped, true);
}

void fetcher_free(struct fetcher *fetcher)
{
    if (fetcher == NULL)
        return;
    while (fetcher->idle_length > 0)
        curl_easy_cleanup(fetcher->idle[--fetcher->idle_length]);
    (void)pthread_mutex_destroy(&fetcher->lock);
    free(fetcher->base_url);
    free(fetcher->ca_file);
    free(fetcher);
}

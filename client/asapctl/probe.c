/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "curl_strict.h"
#include "fail.h"
#include "pem.h"
#include "repository_url.h"
#include "utc.h"

DEFINE_SCOPED(x509, X509 *, X509_free)

enum { TIMEOUT_MS = 10000, LINE_SIZE = 1024 };

struct prober {
    char *base_url;
    CURL *curl;
    char why[CURL_ERROR_SIZE];
};

/* The answer as it arrives */

#define TEXT(member)                                                                               \
    {                                                                                              \
        offsetof(struct probe, member), sizeof((struct probe){ 0 }).member                         \
    }

static const struct {
    const char *name;
    struct {
        size_t offset, size;
    } text;
} fields[] = {
    { "Content-Type", TEXT(type) },         { "Content-Encoding", TEXT(encoding) },
    { "Location", TEXT(location) },         { "X-Request-Id", TEXT(request_id) },
    { "X-Cache", TEXT(cache_state) },       { "X-Cache-Status", TEXT(cache_state) },
    { "X-Proxy-Cache", TEXT(cache_state) }, { "CF-Cache-Status", TEXT(cache_state) },
    { "ETag", TEXT(validators.etag) },      { "Last-Modified", TEXT(validators.last_modified) },
};

static void take_field(struct probe *out, const char *name, const char *value)
{
    cache_headers_add(&out->headers, name, value);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcasecmp(name, fields[i].name) == 0)
            (void)snprintf((char *)out + fields[i].text.offset, fields[i].text.size, "%s", value);
}

/* "Name: value\r\n" */
static void take_line(struct probe *out, char *line)
{
    char *colon = strchr(line, ':');
    char *value = NULL;

    if (colon == NULL)
        return;
    *colon = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    value[strcspn(value, "\r\n")] = '\0';
    take_field(out, line, value);
}

/* The final response follows any interim ones. */
static void begin(struct probe *out)
{
    struct buffer body = out->body;

    body.length = 0;
    body.failed = false;
    *out = (struct probe){ .body = body };
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct probe *out = context;
    const size_t length = size * count;
    char line[LINE_SIZE] = "";

    if (length >= sizeof line)
        return length;
    (void)memcpy(line, bytes, length);
    if (strncmp(line, "HTTP/", 5) == 0)
        begin(out);
    else if (out->body.length == 0)
        take_line(out, line);
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct probe *out = context;

    buffer_append(&out->body, bytes, size * count);
    return out->body.failed ? 0 : size * count;
}

/* The certificate */

static int64_t end_of(const X509 *certificate)
{
    struct tm tm = { 0 };

    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
        return 0;
    return utc_to_time(&(struct utc){ .year = tm.tm_year + 1900,
                                      .month = tm.tm_mon + 1,
                                      .day = tm.tm_mday,
                                      .hour = tm.tm_hour,
                                      .minute = tm.tm_min,
                                      .second = tm.tm_sec });
}

/* Of the host's own certificate, which is the first one. */
static int64_t certificate_end(CURL *curl)
{
    static const char name[] = "Cert:";
    const struct curl_certinfo *chain = NULL;

    if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *item = chain->certinfo[0]; item != NULL; item = item->next) {
        SCOPED(bio) BIO *source = NULL;
        SCOPED(x509) X509 *certificate = NULL;

        if (strncmp(item->data, name, sizeof name - 1) != 0)
            continue;
        source = BIO_new_mem_buf(item->data + sizeof name - 1, -1);
        certificate = source == NULL ? NULL : PEM_read_bio_X509(source, NULL, NULL, NULL);
        return certificate == NULL ? 0 : end_of(certificate);
    }
    return 0;
}

/* Requests */

static const struct {
    CURLcode result;
    enum probe_end end;
} ends[] = {
    { CURLE_OK, PROBE_ANSWERED },
    { CURLE_COULDNT_RESOLVE_HOST, PROBE_NO_HOST },
    { CURLE_COULDNT_CONNECT, PROBE_NO_CONNECTION },
    { CURLE_OPERATION_TIMEDOUT, PROBE_NO_CONNECTION },
    { CURLE_SSL_CONNECT_ERROR, PROBE_NO_TLS },
    { CURLE_SSL_CERTPROBLEM, PROBE_NO_TLS },
    { CURLE_SSL_CIPHER, PROBE_NO_TLS },
    { CURLE_PEER_FAILED_VERIFICATION, PROBE_NO_TLS },
    { CURLE_SSL_CACERT_BADFILE, PROBE_NO_TLS },
};

static enum probe_end end_for(CURLcode result)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends[i].result == result)
            return ends[i].end;
    return PROBE_BROKEN;
}

static enum asap_code add_headers(struct curl_slist **list,
                                  const struct probe_wish *wish,
                                  struct asap_error *err)
{
    TRY(curl_add_header(list, "Accept-Encoding", wish->gzip ? "gzip" : "", err));
    if (wish->validators == NULL)
        return ASAP_OK;
    TRY(curl_add_header(list, "If-None-Match", wish->validators->etag, err));
    if (wish->validators->etag[0] != '\0')
        return ASAP_OK;
    return curl_add_header(list, "If-Modified-Since", wish->validators->last_modified, err);
}

static void finish(struct prober *prober, CURLcode result, struct probe *out)
{
    const char *address = NULL;

    out->end = out->body.failed ? PROBE_ANSWERED : end_for(result); /* what was too long is cut */
    (void)snprintf(out->why, sizeof out->why, "%s",
                   prober->why[0] != '\0' ? prober->why : curl_easy_strerror(result));
    (void)curl_easy_getinfo(prober->curl, CURLINFO_RESPONSE_CODE, &out->status);
    if (curl_easy_getinfo(prober->curl, CURLINFO_PRIMARY_IP, &address) == CURLE_OK)
        (void)snprintf(out->address, sizeof out->address, "%s", address);
    out->certificate_end = certificate_end(prober->curl);
}

enum asap_code probe_get(struct prober *prober,
                         const struct probe_wish *wish,
                         struct probe *out,
                         struct asap_error *err)
{
    SCOPED(header_list) struct curl_slist *headers = NULL;
    CURLcode result = CURLE_OK;

    begin(out);
    prober->why[0] = '\0';
    TRY(add_headers(&headers, wish, err));
    if (curl_easy_setopt(prober->curl, CURLOPT_URL, wish->url) != CURLE_OK)
        return fail_memory(err);
    (void)curl_easy_setopt(prober->curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(prober->curl, CURLOPT_WRITEDATA, out);
    (void)curl_easy_setopt(prober->curl, CURLOPT_HEADERDATA, out);
    result = curl_easy_perform(prober->curl);
    (void)curl_easy_setopt(prober->curl, CURLOPT_HTTPHEADER, NULL);
    finish(prober, result, out);
    return ASAP_OK;
}

static bool configure(struct prober *prober, const char *ca_file)
{
    CURL *const curl = prober->curl;

    return curl_be_strict(curl, prober->base_url, ca_file)
           && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, prober->why) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
}

enum asap_code
prober_new(const char *base_url, const char *ca_file, struct prober **out, struct asap_error *err)
{
    SCOPED(prober) struct prober *prober = calloc(1, sizeof *prober);

    *out = NULL;
    if (prober == NULL)
        return fail_memory(err);
    TRY(repository_url_read(base_url, true, &prober->base_url, err));
    prober->curl = curl_easy_init();
    if (prober->curl == NULL || !configure(prober, ca_file))
        return fail_memory(err);
    *out = MOVE(prober);
    return ASAP_OK;
}

const char *prober_base_url(const struct prober *prober)
{
    return prober->base_url;
}

void prober_free(struct prober *prober)
{
    if (prober == NULL)
        return;
    curl_easy_cleanup(prober->curl);
    free(prober->base_url);
    free(prober);
}

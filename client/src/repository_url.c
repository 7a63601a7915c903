/* SPDX-License-Identifier: Apache-2.0 */
#include "repository_url.h"

#include <curl/curl.h>
#include <string.h>

#include "buffer.h"
#include "fail.h"
#include "fetch.h"

DEFINE_SCOPED(url, CURLU *, curl_url_cleanup)
DEFINE_SCOPED(curl_text, char *, curl_free)

static enum asap_code refuse_url(const char *text, const char *why, struct asap_error *err)
{
    return fail_field(err, "base_url",
                      "\"%.100s\" is no repository: %s (write https://HOST[:PORT][/PATH])", text,
                      why);
}

/* A query or fragment would swallow the key id; the rest, curl or a proxy might read differently.
 */
static bool has_only_plain_bytes(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f
            || strchr("?#\\\"<>^`{|}", *at) != NULL)
            return false;
    return true;
}

/* curl forgives one slash or three. */
static bool has_two_slashes(const char *text)
{
    const char *at = strchr(text, ':');

    return at != NULL && at[1] == '/' && at[2] == '/' && at[3] != '/';
}

static bool has_part(CURLU *url, CURLUPart part)
{
    SCOPED(curl_text) char *text = NULL;

    return curl_url_get(url, part, &text, 0) == CURLUE_OK;
}

static bool is_loopback(CURLU *url)
{
    static const char *const hosts[] = { "127.0.0.1", "[::1]", "localhost" };
    SCOPED(curl_text) char *host = NULL;

    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return false;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (strcmp(host, hosts[i]) == 0)
            return true;
    return false;
}

static enum asap_code
check_scheme(CURLU *url, const char *text, bool allow_http_loopback, struct asap_error *err)
{
    SCOPED(curl_text) char *scheme = NULL;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return fail_memory(err);
    if (strcmp(scheme, "https") == 0)
        return ASAP_OK;
    if (strcmp(scheme, "http") != 0)
        return refuse_url(text, "its scheme is not https", err);
    if (!allow_http_loopback)
        return refuse_url(text, "keys that come over plain http prove nothing", err);
    if (!is_loopback(url))
        return refuse_url(text, "plain http is for 127.0.0.1, [::1] and localhost only", err);
    return ASAP_OK;
}

static enum asap_code trim_slashes(const char *text, char **out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer trimmed = BUFFER(FETCH_URL_MAX);
    size_t length = strlen(text);

    while (length > 0 && text[length - 1] == '/')
        length--;
    buffer_append(&trimmed, text, length);
    return buffer_take(&trimmed, "the URL of the repository", out, err);
}

enum asap_code
repository_url_read(const char *text, bool allow_http_loopback, char **out, struct asap_error *err)
{
    SCOPED(url) CURLU *url = curl_url();

    *out = NULL;
    if (url == NULL)
        return fail_memory(err);
    if (text == NULL)
        return fail_field(err, "base_url", "base_url is missing: where are the keys?");
    if (strlen(text) > FETCH_URL_MAX)
        return refuse_url(text, "it is too long", err);
    if (!has_only_plain_bytes(text))
        return refuse_url(text, "it has a query, a fragment or a stray character", err);
    if (!has_two_slashes(text)
        || curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return refuse_url(text, "it is no URL", err);
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        return refuse_url("...", "it has credentials in it", err);
    TRY(check_scheme(url, text, allow_http_loopback, err));
    return trim_slashes(text, out, err);
}

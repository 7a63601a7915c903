/* SPDX-License-Identifier: Apache-2.0 */
#include "curl_strict.h"

#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#include "cache.h"
#include "fail.h"

enum {
    NAME_SIZE = 64, /* of a header, and ": " */
    CONNECT_TIMEOUT_MS = 2000,
    LOW_SPEED_BYTES = 16, /* a second, over ... */
    LOW_SPEED_SECONDS = 5
};

static const struct {
    CURLoption option;
    long value;
} fixed_options[] = {
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_SSL_VERIFYPEER, 1 },
    { CURLOPT_SSL_VERIFYHOST, 2 },
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
    { CURLOPT_NETRC, CURL_NETRC_IGNORED },
    { CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
    { CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS },
    { CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES },
    { CURLOPT_LOW_SPEED_TIME, LOW_SPEED_SECONDS },
};

bool curl_be_strict(CURL *curl, const char *url, const char *ca_file)
{
    const char *scheme = strncasecmp(url, "https:", 6) == 0 ? "https" : "http";
    bool works = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme) == CURLE_OK
                 && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK
                 && curl_easy_setopt(curl, CURLOPT_USERAGENT, "libasap") == CURLE_OK;

    for (size_t i = 0; i < sizeof fixed_options / sizeof fixed_options[0]; i++)
        works =
            works
            && curl_easy_setopt(curl, fixed_options[i].option, fixed_options[i].value) == CURLE_OK;
    if (ca_file == NULL)
        return works;
    /* Without the second one the system's authorities would be trusted as well. */
    return works && curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
}

enum asap_code curl_add_header(struct curl_slist **list,
                               const char *name,
                               const char *value,
                               struct asap_error *err)
{
    char line[NAME_SIZE + CACHE_ETAG_SIZE] = "";
    struct curl_slist *grown = NULL;

    if (value[0] == '\0')
        return ASAP_OK;
    (void)snprintf(line, sizeof line, "%s: %s", name, value);
    grown = curl_slist_append(*list, line);
    if (grown == NULL)
        return fail_memory(err);
    *list = grown;
    return ASAP_OK;
}

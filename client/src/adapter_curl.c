/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/curl.h>

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

static enum asap_code set_token(CURL *easy, const char *token, struct asap_error *err)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, token);

    if (code == CURLE_OK && token != NULL)
        code = curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    /* Some versions of libcurl take the token along a redirect to a host that .netrc names. */
    if (code == CURLE_OK && token != NULL)
        code = curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    if (code != CURLE_OK)
        return fail(err, ASAP_INTERNAL, "libcurl takes no bearer token: %s",
                    curl_easy_strerror(code));
    return ASAP_OK;
}

/* A line break in it would let whoever chose it write headers of his own. */
static bool is_token(const char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_.";

    return *text != '\0' && text[strspn(text, alphabet)] == '\0';
}

enum asap_code asap_curl_set_token(CURL *easy, const char *token, struct asap_error *err)
{
    TRY(set_token(easy, NULL, err));
    if (token == NULL)
        return ASAP_OK;
    if (!is_token(token))
        return fail_field(err, "token", "token has a character that no token has, or none at all");
    return set_token(easy, token, err);
}

enum asap_code asap_curl_authorize(CURL *easy,
                                   struct asap_signer *signer,
                                   const struct asap_token_request *request,
                                   struct asap_error *err)
{
    char *token = NULL;
    enum asap_code code = ASAP_OK;

    TRY(set_token(easy, NULL, err));
    TRY(asap_signer_sign(signer, request, &token, err));
    code = asap_curl_set_token(easy, token, err);
    OPENSSL_cleanse(token, strlen(token));
    free(token);
    return code;
}

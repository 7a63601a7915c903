/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CURL_H
#define ASAP_CURL_H

#include <curl/curl.h>

#include <asap/signer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Requests of libcurl with an ASAP token. The program itself links libcurl, of the same flavour as
 * libasap: in Debian libcurl4 with OpenSSL, not libcurl3-gnutls. */

/* Signs a token and has `easy` send it as "Authorization: Bearer ..." until it is replaced, also
 * when the handle is used again: a token soon expires, so call this before each request. It is sent
 * to the host of the URL alone and not along a redirect to another host, as long as
 * CURLOPT_UNRESTRICTED_AUTH and CURLOPT_NETRC stay off and CURLOPT_REDIR_PROTOCOLS stays with HTTP;
 * an Authorization header in CURLOPT_HTTPHEADER would replace it. Sets CURLOPT_HTTPAUTH,
 * CURLOPT_XOAUTH2_BEARER and CURLOPT_NETRC; on failure `easy` sends no token, not even the one
 * before. Fails as asap_signer_sign() does.
 *
 * A signer with a key of its own does not wait, so that handles in a curl_multi may be authorized
 * on the loop's thread. A minter may wait for asapd: sign on another thread, for example by
 * asap_async_run(), and then call asap_curl_set_token(). */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_curl_authorize(CURL *easy,
                    struct asap_signer *signer,
                    const struct asap_token_request *request,
                    struct asap_error *err);

/* The same with a token that is there already, of which it keeps a copy; NULL: send none. Never
 * waits. ASAP_INVALID_ARGUMENT: it has a character that no token has. ASAP_INTERNAL: no memory, or
 * this libcurl lacks bearer tokens. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_curl_set_token(CURL *easy,
                                                            const char *token,
                                                            struct asap_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_CURL_STRICT_H
#define ASAP_SRC_CURL_STRICT_H

#include <curl/curl.h>
#include <stdbool.h>

#include <asap/error.h>

#include "scoped.h"

/* How verifiers ask a repository: the connection is verified and goes where the URL says,
 * whatever the environment holds. */

/* No redirects, proxies, cookies, credentials or compression; TLS 1.2 or later, verified, with the
 * authorities of `ca_file` (NULL: the system's). `url` says which scheme is allowed. False: out of
 * memory. */
bool curl_be_strict(CURL *curl, const char *url, const char *ca_file);

/* Appends a header to what is to be sent; none when `value` is "". There is room for a name and a
 * validator, and what is longer is cut. */
ASAP_MUST_CHECK enum asap_code curl_add_header(struct curl_slist **list,
                                               const char *name,
                                               const char *value,
                                               struct asap_error *err);

DEFINE_SCOPED(header_list, struct curl_slist *, curl_slist_free_all)

#endif

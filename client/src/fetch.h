/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_FETCH_H
#define ASAP_SRC_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include <asap/retriever.h>

#include "buffer.h"
#include "cache.h"
#include "cache_control.h"
#include "kid.h"
#include "pem.h"
#include "scoped.h"

/* GETs keys from one repository over libcurl. No redirects, proxies, cookies,
 * credentials or compression; TLS 1.2 or later, verified; and every byte of an
 * answer is counted. Any number of threads. */
struct fetcher;

enum { FETCH_HEADERS_MAX = 8192, FETCH_URL_MAX = 1024, FETCH_SET_MAX = 256 * 1024 };

struct fetch_answer {
    bool not_modified; /* a 304 to the validators that were sent; there is no body */
    char body[PEM_PUBLIC_MAX];
    size_t body_length;
    struct cache_headers headers;
    struct cache_validators validators;
};

/* As asap_retriever_https() says; of `options`, the cache and the clock are not used here. */
ASAP_MUST_CHECK enum asap_code fetcher_new(const char *base_url,
                                           const struct asap_https_options *options,
                                           struct fetcher **out,
                                           struct asap_error *err);

/* On ASAP_OK *out holds a body that says it is PEM, not parsed yet, or is not modified.
 * ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_NOT_FOUND: a 403, 404 or 410; out->headers is filled.
 * ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_REFUSED: a 200 that is too long or of another type.
 * ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE: all else. */
ASAP_MUST_CHECK enum asap_code fetch_key(struct fetcher *fetcher,
                                         const struct kid *kid,
                                         const struct cache_validators *validators,
                                         struct fetch_answer *out,
                                         struct asap_error *err);

/* The JSON Web Key Set at the URL itself is left in `body`, empty before and limited to
 * FETCH_SET_MAX: out->body_length bytes of it; out->body stays empty. The same codes. */
ASAP_MUST_CHECK enum asap_code fetch_set(struct fetcher *fetcher,
                                         const struct cache_validators *validators,
                                         struct buffer *body,
                                         struct fetch_answer *out,
                                         struct asap_error *err);

/* Without a slash at its end. */
const char *fetcher_base_url(const struct fetcher *fetcher);

/* Lets every fetch, under way or to come, fail within a second or so. */
void fetcher_stop(struct fetcher *fetcher);

void fetcher_free(struct fetcher *fetcher); /* NULL is fine */

DEFINE_SCOPED(fetcher, struct fetcher *, fetcher_free)

#endif

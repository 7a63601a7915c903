/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RETRIEVER_H
#define ASAP_RETRIEVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/clock.h>
#include <asap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Finds public keys by key id. One retriever serves any number of threads. */
struct asap_retriever;

struct asap_https_options {
    const char *ca_file;      /* PEM file of trusted authorities; NULL: the system's */
    int64_t timeout_ms;       /* of one request in all; 0: 5000 */
    size_t cache_entries;     /* keys and misses remembered; 0: 1000 */
    size_t cache_bytes;       /* memory they may take; 0: 8 MiB */
    bool allow_http_loopback; /* plain http to 127.0.0.1, [::1] or localhost, for tests */
    struct asap_clock clock;  /* zeroed: the system's */
    /* How old a key is, in seconds from any beginning. Zeroed: `clock` if that is given, else the
     * system's, whose steps do not matter here. */
    struct asap_clock age_clock;
};

/* Keys from base_url + "/" + key id over HTTPS, cached as the repository's Cache-Control allows and
 * revalidated by ETag. Environment proxies, redirects, cookies and compression are not used.
 * `options` may be NULL; everything is copied. ASAP_INVALID_ARGUMENT: the URL is not
 * https://host[:port][/path], or the CA file cannot be read. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_retriever_https(const char *base_url,
                     const struct asap_https_options *options,
                     struct asap_retriever **out,
                     struct asap_error *err);

ASAP_API void asap_retriever_free(struct asap_retriever *retriever); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif

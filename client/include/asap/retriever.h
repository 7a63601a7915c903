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

/* Finds public keys by key id. One retriever serves any number of threads and verifiers. */
struct asap_retriever;

struct asap_https_options {
    const char *ca_file;      /* PEM file of trusted authorities; NULL: the system's */
    int64_t timeout_ms;       /* of one request in all; 0: 5000 */
    size_t cache_entries;     /* keys and misses remembered; 0: 1000 */
    size_t cache_bytes;       /* memory they may take; 0: 8 KiB for each */
    bool allow_http_loopback; /* plain http to 127.0.0.1, [::1] or localhost, for tests */
    struct asap_clock clock;  /* zeroed: the system's */
    /* How old a key is, in seconds from any beginning. Zeroed: `clock` if that is given, else the
     * system's, whose steps do not matter here. */
    struct asap_clock age_clock;
};

/* Keys from base_url + "/" + key id over HTTPS, cached as the repository's Cache-Control allows
 * (RFC 9111, RFC 5861) and revalidated by ETag; a key in use is renewed before it is stale, by a
 * thread that starts with the first such key. How many unknown key ids are fetched is bounded, at
 * once and over time; beyond that the answer is ASAP_UNAVAILABLE with ASAP_REASON_OVERLOADED.
 * Environment proxies, redirects, cookies and compression are not used. `options` may be NULL;
 * everything is copied. ASAP_INVALID_ARGUMENT: the URL is not https://host[:port][/path], or the CA
 * file cannot be read. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_retriever_https(const char *base_url,
                     const struct asap_https_options *options,
                     struct asap_retriever **out,
                     struct asap_error *err);

/* The same, from the URL in the environment variable ASAP_PUBLIC_KEY_REPOSITORY_URL; with another
 * one in ASAP_PUBLIC_KEY_FALLBACK_REPOSITORY_URL, which is asked when the first fails. Not to be
 * called while another thread changes the environment.
 * ASAP_INVALID_ARGUMENT: err->field names the variable. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_retriever_from_environment(
    const struct asap_https_options *options, struct asap_retriever **out, struct asap_error *err);

/* Keys from the JSON Web Key Set (RFC 7517) of up to 256 KiB at `url`, by their kid; those not for
 * signatures are passed over. The set is kept as its Cache-Control allows, but for 5 seconds at
 * least, and is fetched again for a key id that it has not, at most every 20 seconds. The options
 * are the same, but for the cache's. As asap_retriever_https() otherwise. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_retriever_jwks(const char *url,
                    const struct asap_https_options *options,
                    struct asap_retriever **out,
                    struct asap_error *err);

enum { ASAP_MULTI_MAX = 8 };

struct asap_multi_options {
    bool missing_fails_over;     /* a 404 of one is not the answer of all; see below */
    struct asap_clock age_clock; /* as in asap_https_options */
};

/* Up to ASAP_MULTI_MAX retrievers as one, asked in order. The next one is asked when one fails: no
 * connection, a timeout, any status but 200, 403, 404 and 410; one that failed is asked last for 5
 * seconds, and for a minute not about keys that another one holds. When one says that there is no
 * such key, has one that is refused, or is overloaded, that is the answer, so that a
 * key that was removed from the first repository is not found in a mirror that lags behind: set
 * `missing_fails_over` if they hold different keys. Takes the retrievers over, also when it fails.
 * `options` may be NULL. ASAP_INVALID_ARGUMENT: none or too many. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_retriever_multi(struct asap_retriever *const *retrievers,
                     size_t count,
                     const struct asap_multi_options *options,
                     struct asap_retriever **out,
                     struct asap_error *err);

/* Keys in the files root + "/" + key id, in PEM. Each is read again when its file was changed;
 * replace files by renaming. Links may lead anywhere within `root` but not out of it.
 * ASAP_INVALID_ARGUMENT: `root` is no directory. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_retriever_directory(const char *root,
                                                                 struct asap_retriever **out,
                                                                 struct asap_error *err);

struct asap_static_key {
    const char *key_id;
    const char *pem; /* public key */
};

/* These keys and no others; everything is copied. ASAP_INVALID_ARGUMENT: err->field names the one
 * that is malformed or refused ("keys[2].pem"). */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_retriever_static(const struct asap_static_key *keys,
                                                              size_t count,
                                                              struct asap_retriever **out,
                                                              struct asap_error *err);

enum { ASAP_KEY_PEM_SIZE = 4096 };

/* A program's own way to find keys. */
struct asap_key_source {
    /* Writes the public key of `key_id`, in PEM, to `pem` and its length to *pem_length. Called
     * from any thread, for each token; a key is parsed again only when its PEM changed.
     * ASAP_NOT_FOUND: there is none. Anything else: not known now; the message is passed on. */
    enum asap_code (*find)(void *context,
                           const char *key_id,
                           char pem[ASAP_KEY_PEM_SIZE],
                           size_t *pem_length,
                           struct asap_error *err);
    void *context;
    void (*free)(void *context); /* called once when the retriever is freed; may be NULL */
    bool never_waits; /* find may be called where nothing may wait, as by an event loop */
};

/* Copies *source. On failure `context` is still the caller's. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_retriever_callback(
    const struct asap_key_source *source, struct asap_retriever **out, struct asap_error *err);

ASAP_API void asap_retriever_free(struct asap_retriever *retriever); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif

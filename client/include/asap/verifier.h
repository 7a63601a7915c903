/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_VERIFIER_H
#define ASAP_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/claims.h>
#include <asap/clock.h>
#include <asap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Checks ASAP tokens. One verifier serves any number of threads. */
struct asap_verifier;
struct asap_retriever;

/* Whether a token was used before. */
enum asap_replay {
    ASAP_REPLAY_NEW,        /* it is remembered from now on */
    ASAP_REPLAY_SEEN,       /* it was remembered already */
    ASAP_REPLAY_UNAVAILABLE /* nobody can tell */
};

/* A memory of used tokens that several processes share, such as a database. */
struct asap_replay_store {
    /* Asks and remembers in one step, so that of two who show the same token at the same moment one
     * is refused. A token is known by issuer and jti (at most 1024 and 255 bytes) together, and may
     * be forgotten after `expires_at`, in seconds since 1970. Any thread may call it. */
    enum asap_replay (*remember)(void *context,
                                 const char *issuer,
                                 const char *jti,
                                 int64_t expires_at);
    void *context;
};

/* Zeroed members mean the default, which is the strict choice. */
struct asap_verifier_options {
    const char *const *audiences;  /* NULL-terminated, at least one */
    const char *const *issuers;    /* allow-list; NULL allows every issuer */
    const char *const *algorithms; /* permitted; NULL: the nine of ASAP, without EdDSA */
    const char *const *subjects;   /* allowed beside the issuer itself; NULL: none */
    bool allow_any_subject;        /* sub may be anything */
    int64_t leeway_seconds;        /* clock difference to forgive, at most 60; 0: 30, -1: none */
    int64_t max_lifetime_seconds;  /* of a token; 0: 3600, the most there is */
    size_t replay_entries;         /* jti of live tokens remembered to refuse a second use; 0: none.
                                      A full memory refuses tokens until older ones expire. */
    struct asap_replay_store replay_store; /* in place of replay_entries; zeroed: none */
    struct asap_clock clock;               /* zeroed: the system's */
};

/* Borrows `keys`, which must outlive the verifier; copies `options`.
 * ASAP_INVALID_ARGUMENT: err->field names the option. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_verifier_new(struct asap_retriever *keys,
                  const struct asap_verifier_options *options,
                  struct asap_verifier **out,
                  struct asap_error *err);

/* On ASAP_OK the caller owns *out and frees it with asap_claims_free().
 * ASAP_UNAUTHENTICATED: the token is bad, and err->reason says which rule it broke.
 * ASAP_PERMISSION_DENIED: the issuer is not on the allow-list.
 * ASAP_UNAVAILABLE: the key could not be fetched, or nobody knows whether the token was used
 * before; it may be good. Waits for the network where the key has to be fetched. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_verifier_check(struct asap_verifier *verifier,
                                                            const char *token,
                                                            size_t token_length,
                                                            struct asap_claims **out,
                                                            struct asap_error *err);

/* The same for threads that must not wait, such as an event loop: with keys that are at hand.
 * ASAP_UNAVAILABLE with ASAP_REASON_KEY_NOT_CACHED: only asap_verifier_check() can say, on another
 * thread (asap/async.h has some). A token that is not accepted is not remembered as used. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_verifier_try(struct asap_verifier *verifier,
                                                          const char *token,
                                                          size_t token_length,
                                                          struct asap_claims **out,
                                                          struct asap_error *err);

ASAP_API void asap_verifier_free(struct asap_verifier *verifier); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_MINTER_H
#define ASAP_MINTER_H

#include <stddef.h>
#include <stdint.h>

#include <asap/clock.h>
#include <asap/error.h>
#include <asap/signer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A signer without a private key: asapd's TokenService signs. */

struct asap_minter_options {
    const char *server;  /* "https://host[:port]" or "unix:PATH" */
    const char *issuer;  /* in whose name; the caller needs a grant to mint for it */
    const char *ca_file; /* PEM file of trusted authorities; NULL: the system's */

    /* How the caller proves who it is: exactly one of four, but none on a unix socket, where its
     * user id does. */
    const char *api_key;
    const char *api_key_file;     /* its first line; read for each mint, so that a new key counts */
    const char *certificate_file; /* PEM, of a TLS client, and ... */
    const char *key_file;         /* ... its private key; NULL: in the same file */
    struct asap_signer *signer;   /* of tokens of the caller's own; borrowed: it lives longer */
    const char *service_audience; /* whom these tokens are for; NULL: "asapd" */

    int64_t timeout_ms;      /* of one mint in all, repetitions and waits counted; 0: 5000 */
    size_t cache_entries;    /* tokens kept for reuse; 0: 64 */
    struct asap_clock clock; /* zeroed: the system's */
};

/* A signer of any number of threads, for asap_signer_sign() and asap_signer_free(). All options but
 * `signer` are copied. ASAP_INVALID_ARGUMENT: err->field says which of them is wrong.
 *
 * Unlike other signers it hands out a token more than once: to whoever asks for the same audiences
 * in the same order, subject, lifetime and additional claims (letter by letter), until asapd says
 * that it is time for another one, after 80 % of its life. How old a token is counts from when it
 * was asked for, and its times only against each other, so that this clock and that of asapd need
 * not agree. Several threads that want the same token ask once.
 *
 * While asapd cannot be reached or limits the rate, an old token is used until 5 seconds before it
 * expires. Without one, what may pass (ASAP_UNAVAILABLE, and ASAP_UNKNOWN or ASAP_DEADLINE_EXCEEDED
 * where an answer got lost) is tried again, at growing intervals but no sooner than asapd asks,
 * until the time is up. Any other failure is asapd's answer and comes back at once, with its code,
 * reason and message: ASAP_PERMISSION_DENIED, ASAP_UNAUTHENTICATED, ASAP_RESOURCE_EXHAUSTED ...
 * ASAP_FAILED_PRECONDITION: so it is with a file that cannot be read. ASAP_INTERNAL: the answer is
 * no token. Additional claims pass through google.protobuf.Struct, whose numbers are doubles. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_minter_new(const struct asap_minter_options *options,
                                                        struct asap_signer **out,
                                                        struct asap_error *err);

#ifdef __cplusplus
}
#endif

#endif

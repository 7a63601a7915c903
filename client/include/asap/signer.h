/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIGNER_H
#define ASAP_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include <asap/clock.h>
#include <asap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes ASAP tokens. One signer serves any number of threads. */
struct asap_signer;

/* Where the passphrase of an encrypted private key comes from. `read` writes at most `size` bytes,
 * without a NUL, and returns how many; negative: there is none. It is called when a key is read: by
 * the functions below, and for a directory by any thread that signs. What it wrote is wiped after
 * use. Nobody is ever prompted: without a `read`, an encrypted key is refused. */
struct asap_passphrase {
    int (*read)(char *out, size_t size, void *context);
    void *context;
};

struct asap_signer_options {
    const char *algorithm;             /* "ES256" ...; NULL: what fits the key (RS256 for RSA) */
    struct asap_clock clock;           /* zeroed: the system's */
    struct asap_passphrase passphrase; /* zeroed: encrypted keys are refused */
    const char *const *audiences;      /* of requests that name none; NULL-terminated; NULL: none */
    int reuse_percent;    /* of its life for which a token is handed out again, 1 to 90; 0: never */
    size_t reuse_entries; /* tokens kept for that; 0: 64 */
};

/* A signer for one private key: PKCS#8, PKCS#1 or SEC1 in PEM. `key_id` is "issuer/name"; tokens
 * are issued by its issuer part. Everything is copied; `options` may be NULL.
 * ASAP_INVALID_ARGUMENT: the key id or the key is refused, or the algorithm does not fit it.
 *
 * With reuse_percent, this signer and those below hand a token out again to whoever asks for the
 * same audiences in the same order, subject, lifetime and additional claims (letter by letter), as
 * long as the key is the same. Its receiver then sees its jti again, so that a verifier that checks
 * for replay refuses it. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_signer_from_pem(const char *key_id,
                     const char *pem,
                     size_t pem_length,
                     const struct asap_signer_options *options,
                     struct asap_signer **out,
                     struct asap_error *err);

/* A signer for a private key in a data URI: base64 or percent-encoded, PKCS#8 in DER or any PEM,
 * such as data:application/pkcs8;kid=web%2Fkey;base64,MIIE... The URI as a whole may be
 * percent-encoded, too. `key_id` NULL: the URI's kid; where both are given they must be equal.
 * ASAP_INVALID_ARGUMENT: as above, or the URI is refused. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_signer_from_data_uri(const char *key_id,
                          const char *uri,
                          size_t uri_length,
                          const struct asap_signer_options *options,
                          struct asap_signer **out,
                          struct asap_error *err);

/* A signer for what the environment holds:
 *
 *     ASAP_PRIVATE_KEY  PEM, in which \n may stand for a line end, or a data URI; quotes around it
 *                       are dropped
 *     ASAP_KEY_ID       issuer/name; may be left out where the data URI has a kid
 *     ASAP_ISSUER       may be left out; the key id must be this issuer's
 *     ASAP_AUDIENCE     audiences, separated by commas, of requests that name none; may be left
 *                       out, and options->audiences come before it
 *
 * An empty variable counts as left out. ASAP_INVALID_ARGUMENT: err->field is the variable that is
 * wrong or missing; no message shows what is in it. Must not run while another thread changes the
 * environment, in which the private key stays. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_signer_from_environment(
    const struct asap_signer_options *options, struct asap_signer **out, struct asap_error *err);

/* A signer for a private key directory: <root>/<issuer>/<name>.pem, where the greatest name signs
 * and the key id is issuer/name.pem. The directory is looked at for each token, so that a new key
 * takes over as soon as it is in place; a key file is read again only when it has changed.
 * ASAP_NOT_FOUND, here or later when signing: no .pem file. */
ASAP_API ASAP_MUST_CHECK enum asap_code
asap_signer_from_directory(const char *root,
                           const char *issuer,
                           const struct asap_signer_options *options,
                           struct asap_signer **out,
                           struct asap_error *err);

struct asap_token_request {
    const char *const *audiences;  /* NULL-terminated, at least one; NULL: the signer's own */
    const char *subject;           /* NULL: the issuer */
    int64_t lifetime_seconds;      /* 0: 60; at most 3600, the protocol's maximum */
    const char *additional_claims; /* a JSON object, or NULL; registered claims are refused */
};

/* On ASAP_OK *token is NUL-terminated and the caller frees it with free().
 * ASAP_INVALID_ARGUMENT: err->field says which part of the request is wrong. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_signer_sign(struct asap_signer *signer,
                                                         const struct asap_token_request *request,
                                                         char **token,
                                                         struct asap_error *err);

ASAP_API void asap_signer_free(struct asap_signer *signer); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif

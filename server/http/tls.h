/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_TLS_H
#define ASAPD_TLS_H

#include <gnutls/abstract.h>
#include <stdbool.h>
#include <stdint.h>

#include <asap/error.h>

#include "http_message.h"
#include "scoped.h"

/* The certificate and key of a listener, replaceable while connections are open. */
struct tls;

/* One certificate chain with its key. It lives as long as somebody holds it. */
struct tls_pair;

/* TLS 1.3, and 1.2 with ephemeral keys and authenticated encryption; for gnutls_priority_init(). */
extern const char tls_priorities[];

/* PEM files, whose names are borrowed. */
struct tls_files {
    const char *certificate_file; /* the chain */
    const char *key_file;
    const char *client_ca_file; /* whom clients must have their certificates from; NULL: none */
    bool client_certificate_optional;
};

/* ASAP_INVALID_ARGUMENT, field "certificate_file", "key_file" or "client_ca_file": unreadable,
 * malformed, or the key is not the certificate's. */
ASAP_MUST_CHECK enum asap_code tls_new(const struct tls_files *files,
                                       struct tls **out,
                                       struct asap_error *err);

/* Reads the files again; on failure the pair stays. */
ASAP_MUST_CHECK enum asap_code tls_reload(struct tls *tls, struct asap_error *err);

/* The pair for a new connection, which holds it until it closes: a handshake that began before a
 * reload ends with the pair it began with. Any thread. */
struct tls_pair *tls_acquire(struct tls *tls);
void tls_release(struct tls_pair *pair); /* NULL is fine */

/* When the first certificate of the current chain ends, in seconds since 1970. */
int64_t tls_ends(struct tls *tls);

/* What GnuTLS asks for in a handshake; borrowed from the pair. */
void tls_pair_present(struct tls_pair *pair,
                      gnutls_pcert_st **chain,
                      unsigned *length,
                      gnutls_privkey_t *key);

/* Whether clients may or must show a certificate. */
gnutls_certificate_request_t tls_pair_request(const struct tls_pair *pair);

/* What the session's client has shown, judged by the pair's authorities: see client_certificate.h.
 * False when there is none. */
bool tls_pair_judge_client(const struct tls_pair *pair,
                           gnutls_session_t session,
                           struct http_certificate *out);

void tls_free(struct tls *tls); /* NULL is fine */

DEFINE_SCOPED(tls, struct tls *, tls_free)

#endif

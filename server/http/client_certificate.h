/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CLIENT_CERTIFICATE_H
#define ASAPD_CLIENT_CERTIFICATE_H

#include <gnutls/x509.h>
#include <stdbool.h>

#include "http_message.h"

/* What a TLS client has shown of itself. */

/* Judges the chain that the session's client has shown, and reads the first certificate's names. It
 * proves something when it is valid now, for a TLS client, and from one of the authorities, or
 * self-signed and among them itself (RFC 5280 section 6.1). That the client has its key, and
 * that the key may sign, is for the handshake to find out, which fails otherwise. False when the
 * client has shown none. */
bool client_certificate_judge(gnutls_session_t session,
                              gnutls_x509_trust_list_t authorities,
                              struct http_certificate *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_SPKI_H
#define ASAP_CORE_SPKI_H

#include <openssl/evp.h>
#include <stddef.h>

#include <asap/error.h>

/* SubjectPublicKeyInfo (RFC 5280 section 4.1) to a key. OpenSSL's own reader takes explicit curve
 * parameters, more types of key and other encodings of the same key, and is far slower. */

/* Takes the one DER encoding of an RSA key, of an uncompressed point on P-256, P-384 or P-521, or
 * of an Ed25519 key, and nothing behind it. The caller owns *out and checks the key itself.
 * ASAP_INVALID_ARGUMENT, ASAP_REASON_KEY_REFUSED: the message names what it is instead. */
ASAP_MUST_CHECK enum asap_code
spki_read(const unsigned char *der, size_t length, EVP_PKEY **out, struct asap_error *err);

#endif

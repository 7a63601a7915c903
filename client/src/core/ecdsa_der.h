/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_ECDSA_DER_H
#define ASAP_CORE_ECDSA_DER_H

#include <stdbool.h>
#include <stddef.h>

/* An ECDSA signature in its two forms: r and s one after the other, each as long as a coordinate
 * (RFC 7518 section 3.4), and DER, which OpenSSL takes and gives (RFC 3279 section 2.2.3). */

enum { ECDSA_COORDINATE_MAX = 66, ECDSA_DER_MAX = 3 + 2 * (3 + ECDSA_COORDINATE_MAX) };

/* Returns the length of what it wrote to `out`. */
size_t ecdsa_der_write(const unsigned char *raw,
                       size_t coordinate,
                       unsigned char out[ECDSA_DER_MAX]);

/* False: it is no such signature, or a number in it is longer than a coordinate. */
bool ecdsa_der_read(const unsigned char *der,
                    size_t length,
                    size_t coordinate,
                    unsigned char raw[2 * ECDSA_COORDINATE_MAX]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_CERTIFICATE_H
#define ASAP_TESTS_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

/* Certificates for tests, made when they are needed. */
struct certificate {
    EVP_PKEY *key;
    X509 *x509;
};

/* A self-signed authority. */
struct certificate certificate_authority(const char *common_name);

/* Signed by `authority` for `name` ("IP:127.0.0.1", "DNS:localhost"), from an hour ago until
 * `seconds` from now. */
struct certificate certificate_for(const struct certificate *authority,
                                   const char *name,
                                   int64_t seconds);

/* Writes it to a new file in PEM. */
void certificate_write(const struct certificate *certificate, const char *path);

void certificate_clear(struct certificate *certificate);

#endif

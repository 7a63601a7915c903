/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_HTTP_PAIR_H
#define ASAP_TESTS_HTTP_PAIR_H

#include <openssl/pem.h>
#include <stdio.h>
#include <unistd.h>

#include "certificate.h"
#include "check_main.h"

/* Certificate and key files of a listener. Files that exist are replaced. */

static inline void pair_write(const struct certificate *pair, const char *chain, const char *key)
{
    FILE *file = NULL;

    (void)unlink(chain);
    certificate_write(pair, chain);
    file = fopen(key, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_PKCS8PrivateKey(file, pair->key, NULL, NULL, 0, NULL, NULL), 1);
    ck_assert_int_eq(fclose(file), 0);
}

/* A self-signed pair whose common name is `name`. */
static inline void pair_write_named(const char *chain, const char *key, const char *name)
{
    struct certificate pair = certificate_authority(name);

    pair_write(&pair, chain, key);
    certificate_clear(&pair);
}

/* A pair for 127.0.0.1 and the authority that a client has to trust for it. */
static inline void pair_write_signed(const char *chain, const char *key, const char *authority_file)
{
    struct certificate authority = certificate_authority("authority");
    struct certificate pair = certificate_for(&authority, "IP:127.0.0.1", 3600);

    pair_write(&pair, chain, key);
    certificate_write(&authority, authority_file);
    certificate_clear(&pair);
    certificate_clear(&authority);
}

#endif

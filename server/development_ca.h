/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_DEVELOPMENT_CA_H
#define ASAPD_DEVELOPMENT_CA_H

#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "secret.h"

/* A certificate to try the server with on one machine: for localhost, 127.0.0.1 and ::1. The
 * authority that signs it is made for this one signature; its private key is never written. */
struct development_certificates {
    struct buffer authority;   /* PEM; what clients trust */
    struct buffer certificate; /* PEM */
    struct secret key;         /* PEM; of `certificate` */
};

/* Valid from an hour before `now`: 10 years, and 825 days. The caller clears *out. */
ASAP_MUST_CHECK enum asap_code development_certificates_make(int64_t now,
                                                             struct development_certificates *out,
                                                             struct asap_error *err);

void development_certificates_clear(struct development_certificates *certificates);

static inline void development_certificates_scope_exit(struct development_certificates *held)
{
    development_certificates_clear(held);
}

#endif

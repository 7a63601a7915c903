/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_KEY_PAIR_H
#define ASAPCTL_KEY_PAIR_H

#include <stdint.h>

#include "algorithm.h"
#include "kid.h"
#include "pem.h"

/* A new key pair that is good for `algorithm`: RSA has 2048 bits. The caller owns *out. */
ASAP_MUST_CHECK enum asap_code key_pair_generate(const struct algorithm *algorithm,
                                                 EVP_PKEY **out,
                                                 struct asap_error *err);

/* "20261123T131500Z-7f3a9c.pem": names of different seconds sort by time. */
ASAP_MUST_CHECK enum asap_code key_pair_name(int64_t now,
                                             char out[static KID_SEGMENT_MAX + 1],
                                             struct asap_error *err);

#endif

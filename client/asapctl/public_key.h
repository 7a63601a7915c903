/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_PUBLIC_KEY_H
#define ASAPCTL_PUBLIC_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"
#include "pem.h"

/* Public keys out of files that others made, before anything is sent. */

/* Refuses text that has a private key anywhere in it, ASAP_INVALID_ARGUMENT, and says that it stays
 * here. */
ASAP_MUST_CHECK enum asap_code public_key_refuse_private(const char *text,
                                                         size_t length,
                                                         struct asap_error *err);

/* Appends the key of a PEM file: its PUBLIC KEY block, or where it has one CERTIFICATE instead, the
 * key of that; *certified tells which. It is the key alone, written anew, whatever else the file
 * holds. ASAP_INVALID_ARGUMENT: a private key, several certificates, or what pem_read_public()
 * refuses. */
ASAP_MUST_CHECK enum asap_code public_key_from_text(
    const char *text, size_t length, struct buffer *out, bool *certified, struct asap_error *err);

#endif

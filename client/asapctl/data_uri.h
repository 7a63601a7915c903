/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_DATA_URI_H
#define ASAPCTL_DATA_URI_H

#include <asap/error.h>

#include "secret.h"

/* data:application/pkcs8;kid=<percent-encoded key id>;base64,<DER>, as the libraries read it. The
 * caller clears *out, which ends in a NUL that is not counted. */
ASAP_MUST_CHECK enum asap_code
data_uri_from_key(const char *key_id, EVP_PKEY *key, struct secret *out, struct asap_error *err);

#endif

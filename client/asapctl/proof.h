/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_PROOF_H
#define ASAPCTL_PROOF_H

#include <stdint.h>

#include "asap/v1/caller_admin.pb-c.h"

/* What a credential has its caller show as proof, in the words of the options
 * that make it. */

enum { PROOF_TEXT_SIZE = 64 };

/* "api-key", "certificate-uri"; "unknown" for what only a newer server knows. */
const char *proof_kind(const Asap__V1__Credential *credential);

/* The issuer, the URI, the public part of an API key; in `scratch` where it has to be made. */
const char *proof_value(const Asap__V1__Credential *credential,
                        char scratch[static PROOF_TEXT_SIZE]);

/* "live", "expired" or "revoked". */
const char *proof_state(const Asap__V1__Credential *credential, int64_t now);

#endif

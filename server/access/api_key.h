/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_API_KEY_H
#define ASAPD_API_KEY_H

#include <stdbool.h>

#include <asap/error.h>

#include "store_access.h"

/* API keys: "asapk_", 16 hexadecimal digits that name it, "_", 43 characters
 * of base64url: 256 random bits. Only a digest of it is kept. */

enum { API_KEY_PREFIX_SIZE = 17, API_KEY_TEXT_SIZE = 67 };

struct api_key {
    char prefix[API_KEY_PREFIX_SIZE]; /* the 16 digits */
    char text[API_KEY_TEXT_SIZE];     /* the whole: a secret, to be wiped */
    char digest[CREDENTIAL_DIGEST_SIZE];
};

ASAP_MUST_CHECK enum asap_code api_key_new(struct api_key *out, struct asap_error *err);
void api_key_clear(struct api_key *key); /* wipes it */

static inline void api_key_scope_exit(struct api_key *key)
{
    api_key_clear(key);
}

/* Whether `text` has the form, and then the digits that name it. */
bool api_key_read_prefix(const char *text, char out[API_KEY_PREFIX_SIZE]);

/* Hexadecimal SHA-256 of the whole text, as credentials keep it. */
ASAP_MUST_CHECK enum asap_code api_key_digest(const char *text,
                                              char out[CREDENTIAL_DIGEST_SIZE],
                                              struct asap_error *err);

#endif

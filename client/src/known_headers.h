/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_KNOWN_HEADERS_H
#define ASAP_SRC_KNOWN_HEADERS_H

#include <stdbool.h>

#include "jws.h"

/* The headers of tokens that were accepted. A key's tokens share theirs, and what a header says
 * depends on nothing but its bytes, so that it need not be read for each. Bounded; any thread. */
struct known_headers;

ASAP_MUST_CHECK enum asap_code known_headers_new(struct known_headers **out,
                                                 struct asap_error *err);
void known_headers_free(struct known_headers *headers); /* NULL is fine */

/* Whether the token's first part is a known one; then *out is what it says. */
bool known_headers_find(struct known_headers *headers,
                        const char *token,
                        size_t token_length,
                        struct jws_header *out);

/* Only of a token whose signature was found good, so that nobody without a key makes the known ones
 * give way. */
void known_headers_add(struct known_headers *headers, const struct jws *jws);

#endif

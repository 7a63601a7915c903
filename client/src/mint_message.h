/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_MINT_MESSAGE_H
#define ASAP_SRC_MINT_MESSAGE_H

#include <asap/signer.h>

#include "asap/v1/token_service.pb-c.h"
#include "buffer.h"
#include "token_cache.h"

/* What is asked of asapd's TokenService, and what it answers. */

/* Appends all that makes one request another than the next: the same bytes mean the same token. */
void mint_key_write(const struct asap_token_request *request, struct buffer *out);

/* *out is freed with protobuf_c_message_free_unpacked(). `now` is seconds since 1970.
 * ASAP_INVALID_ARGUMENT: as of every signer; nothing of it needs asapd to tell. */
ASAP_MUST_CHECK enum asap_code mint_request_new(const char *issuer,
                                                const struct asap_token_request *request,
                                                int64_t now,
                                                Asap__V1__MintTokenRequest **out,
                                                struct asap_error *err);

/* A token, and when it is good by the clock of whoever asked for it. */
struct minted {
    char *token; /* freed with free() */
    struct token_times times;
};

/* `asked` is when the request was sent. ASAP_INTERNAL: there is no token, or none of `issuer`. The
 * signature is for the token's receiver to check. */
ASAP_MUST_CHECK enum asap_code mint_response_read(const Asap__V1__MintTokenResponse *response,
                                                  const char *issuer,
                                                  int64_t asked,
                                                  struct minted *out,
                                                  struct asap_error *err);

#endif

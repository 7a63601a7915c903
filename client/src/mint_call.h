/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_MINT_CALL_H
#define ASAP_SRC_MINT_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "mint_message.h"
#include "mint_proof.h"

/* One mint at asapd, tried again while that may help. Any number of threads. */

/* Time that passes, and waiting for it. */
struct mint_waiting {
    int64_t (*elapsed_ms)(void *context); /* since whenever; never goes back */
    void (*wait_ms)(void *context, int64_t ms);
    uint32_t (*random)(void *context); /* so that those who wait do not come back together */
    void *context;
};

/* The system's. */
extern const struct mint_waiting mint_waiting_system;

struct mint_service {
    char *server, *ca_file, *issuer;
    struct mint_proof proof;
    int64_t timeout_ms;
    struct asap_clock clock;
    struct mint_waiting waiting;
};

/* Copies of the options; cleared by mint_service_clear(), also after a failure. Codes as
 * asap_minter_new() has them. */
ASAP_MUST_CHECK enum asap_code mint_service_init(struct mint_service *out,
                                                 const struct asap_minter_options *options,
                                                 const struct mint_waiting *waiting,
                                                 struct asap_error *err);

void mint_service_clear(struct mint_service *service); /* a zeroed one is fine */

/* Whether a failure says nothing about the next try. */
bool mint_may_pass(enum asap_code code);

/* `is_patient`: tries again within the timeout. On failure *retry_ms is how long asapd asks to
 * wait, or 0. */
ASAP_MUST_CHECK enum asap_code mint_call(const struct mint_service *service,
                                         const struct asap_token_request *request,
                                         bool is_patient,
                                         struct minted *out,
                                         int64_t *retry_ms,
                                         struct asap_error *err);

#endif

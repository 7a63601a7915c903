/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_MINT_PROOF_H
#define ASAP_SRC_MINT_PROOF_H

#include <asap/minter.h>

#include "call.h"
#include "secret.h"

/* How whoever asks for tokens proves who it is. */
struct mint_proof {
    struct secret api_key; /* of length 0 where it is not known beforehand */
    char *api_key_file, *certificate_file, *key_file;
    struct asap_signer *signer; /* borrowed */
    char *service_audience;
};

/* Copies of the options; cleared by mint_proof_clear(), also after a failure.
 * ASAP_INVALID_ARGUMENT: there is not exactly one proof, or there is one for a unix socket. */
ASAP_MUST_CHECK enum asap_code mint_proof_init(struct mint_proof *out,
                                               const struct asap_minter_options *options,
                                               struct asap_error *err);

/* Puts it into `endpoint`. `bearer` is what holds it if it is read or signed just now; cleared by
 * the caller in any case. ASAP_FAILED_PRECONDITION, "api_key_file": the file cannot be read; other
 * codes as the signer has them. */
ASAP_MUST_CHECK enum asap_code mint_proof_present(const struct mint_proof *proof,
                                                  struct rpc_endpoint *endpoint,
                                                  struct secret *bearer,
                                                  struct asap_error *err);

void mint_proof_clear(struct mint_proof *proof); /* a zeroed one is fine */

#endif

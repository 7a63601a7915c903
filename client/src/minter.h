/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_MINTER_H
#define ASAP_SRC_MINTER_H

#include <asap/minter.h>

#include "mint_call.h"

/* asap_minter_new() with time of another's making; `waiting` is copied. */
ASAP_MUST_CHECK enum asap_code minter_new(const struct asap_minter_options *options,
                                          const struct mint_waiting *waiting,
                                          struct asap_signer **out,
                                          struct asap_error *err);

#endif

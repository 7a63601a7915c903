/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEYRING_RETRIEVER_H
#define ASAPD_KEYRING_RETRIEVER_H

#include <asap/clock.h>
#include <asap/retriever.h>

#include "keyring.h"
#include "scoped.h"

/* A verifier's public keys out of our own keyring, with no request to anybody:
 * those that are published now. */

DEFINE_SCOPED(retriever, struct asap_retriever *, asap_retriever_free)

/* Borrows the keyring and copies the clock; freed with asap_retriever_free(). A key that is unknown
 * or not published is ASAP_REASON_KEY_NOT_FOUND; a damaged one, or any while no keys are loaded, is
 * ASAP_UNAVAILABLE with ASAP_REASON_KEY_UNAVAILABLE. Any thread; never blocks. */
ASAP_MUST_CHECK enum asap_code keyring_retriever_new(struct keyring *keyring,
                                                     const struct asap_clock *clock,
                                                     struct asap_retriever **out,
                                                     struct asap_error *err);

#endif

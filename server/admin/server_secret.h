/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SERVER_SECRET_H
#define ASAPD_SERVER_SECRET_H

#include <asap/error.h>

#include "secret.h"
#include "store.h"
#include "vault.h"

/* Secrets that are the server's own: random, sealed under the KEK in the store,
 * and hence the same after a restart and in every process of one database. */

enum { SERVER_SECRET_SIZE = 32 };

/* The secret of this name, which is made when it is first asked for. The caller clears *out.
 * ASAP_DATA_LOSS: it is damaged; ASAP_FAILED_PRECONDITION: it was sealed under another KEK. */
ASAP_MUST_CHECK enum asap_code server_secret_get(struct store *store,
                                                 const struct vault *vault,
                                                 const char *name,
                                                 struct secret *out,
                                                 struct asap_error *err);

#endif

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

/* The names of all of them, ended by NULL. */
extern const char *const server_secret_names[];

/* The secret of this name, which is made when it is first asked for. The caller clears *out.
 * ASAP_DATA_LOSS: it is damaged; ASAP_FAILED_PRECONDITION: it was sealed under another KEK. */
ASAP_MUST_CHECK enum asap_code server_secret_get(struct store *store,
                                                 const struct vault *vault,
                                                 const char *name,
                                                 struct secret *out,
                                                 struct asap_error *err);

/* The same, but makes none: ASAP_NOT_FOUND. In a transaction of the caller's. */
ASAP_MUST_CHECK enum asap_code server_secret_find(struct txn *txn,
                                                  const struct vault *vault,
                                                  const char *name,
                                                  struct secret *out,
                                                  struct asap_error *err);

/* Seals the secret of this name, if there is one, under the KEK of another vault. */
ASAP_MUST_CHECK enum asap_code server_secret_reseal(struct txn *txn,
                                                    const struct vault *from,
                                                    const struct vault *to,
                                                    const char *name,
                                                    struct asap_error *err);

#endif

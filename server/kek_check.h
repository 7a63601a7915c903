/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEK_CHECK_H
#define ASAPD_KEK_CHECK_H

#include <stdbool.h>

#include <asap/error.h>

#include "store.h"
#include "vault.h"

/* Tells whether the vault's KEK is the one that the database was made with: a new database gets a
 * constant sealed under it, and every later start opens that.
 * ASAP_FAILED_PRECONDITION: it is another KEK. ASAP_DATA_LOSS: the sealed constant is damaged. */
ASAP_MUST_CHECK enum asap_code kek_check(struct store *store,
                                         const struct vault *vault,
                                         struct asap_error *err);
/* Whether the database has been checked before, by whichever KEK. */
ASAP_MUST_CHECK enum asap_code kek_check_is_there(struct store *store,
                                                  bool *out,
                                                  struct asap_error *err);

#endif

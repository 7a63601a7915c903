/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEK_CHECK_H
#define ASAPD_KEK_CHECK_H

#include <stdbool.h>

#include <asap/error.h>

#include "store.h"
#include "vault.h"

/* Tells whether the vault's KEK is the one that the database was made with: a new database gets a
 * constant sealed under it, and every later start opens that.
 * ASAP_FAILED_PRECONDITION: it is another KEK, or a rekey was interrupted. ASAP_DATA_LOSS: the
 * sealed constant is damaged. */
ASAP_MUST_CHECK enum asap_code kek_check(struct store *store,
                                         const struct vault *vault,
                                         struct asap_error *err);

/* The same for who may not write: ASAP_NOT_FOUND when no constant was sealed yet. */
ASAP_MUST_CHECK enum asap_code kek_check_within(struct txn *txn,
                                                const struct vault *vault,
                                                struct asap_error *err);

/* Whether the database has been checked before, by whichever KEK. */
ASAP_MUST_CHECK enum asap_code kek_check_is_there(struct store *store,
                                                  bool *out,
                                                  struct asap_error *err);

/* The parts, for a rekey: while it is under way there is a second constant, under the KEK to come.
 */
enum kek_constant { KEK_PRESENT, KEK_NEXT };

ASAP_MUST_CHECK enum asap_code kek_constant_put(struct txn *txn,
                                                enum kek_constant which,
                                                const struct vault *vault,
                                                struct asap_error *err);
/* ASAP_NOT_FOUND: there is none. ASAP_FAILED_PRECONDITION: it is of another KEK. */
ASAP_MUST_CHECK enum asap_code kek_constant_open(struct txn *txn,
                                                 enum kek_constant which,
                                                 const struct vault *vault,
                                                 struct asap_error *err);
ASAP_MUST_CHECK enum asap_code kek_constant_remove(struct txn *txn,
                                                   enum kek_constant which,
                                                   struct asap_error *err);

#endif

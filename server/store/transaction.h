/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_TRANSACTION_H
#define ASAPD_TRANSACTION_H

#include "sql.h"
#include "store.h"

/* What the store's own sources share: statements within a transaction. */

ASAP_MUST_CHECK enum asap_code transaction_query(struct txn *txn,
                                                 const struct sql_query *query,
                                                 struct asap_error *err);

/* The same, and whether there was a row; its visitor sees at most the rows that the statement
 * limits itself to. */
ASAP_MUST_CHECK enum asap_code transaction_find(struct txn *txn,
                                                const struct sql_query *query,
                                                bool *found,
                                                struct asap_error *err);

/* What the database needs once rows were inserted with their ids. */
ASAP_MUST_CHECK enum asap_code transaction_finish_copy(struct txn *txn, struct asap_error *err);

/* ASAP_DATA_LOSS for a row that does not fit its struct; `what` names the row. */
enum asap_code transaction_damaged(const char *what, struct asap_error *err);

/* A copy of the bytes of a blob, which the caller frees with free(). */
struct blob {
    void *bytes;
    size_t length;
};
enum asap_code transaction_copy_blob(void *blob,
                                     const struct sql_value *columns,
                                     struct asap_error *err);

#endif

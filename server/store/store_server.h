/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_SERVER_H
#define ASAPD_STORE_SERVER_H

#include "store.h"

/* What the server keeps of itself. */

/* The server's own row. The generation counts changes to what is published, the marked generation
 * those that store_list_changed_issuers() knows of, the access generation those to callers,
 * credentials and grants; the latest time is the greatest that any transaction has recorded. */
struct server_row {
    int64_t generation;
    int64_t marked_generation;
    int64_t access_generation;
    int64_t latest_time;
};
ASAP_MUST_CHECK enum asap_code store_get_server(struct txn *txn,
                                                struct server_row *out,
                                                struct asap_error *err);
/* The same in a transaction of its own. */
ASAP_MUST_CHECK enum asap_code store_read_server(struct store *store,
                                                 struct server_row *out,
                                                 struct asap_error *err);
/* At the end of a change: raises the generation by one and the latest time to `now` if that is
 * later. */
ASAP_MUST_CHECK enum asap_code store_record_change(struct txn *txn,
                                                   int64_t now,
                                                   struct asap_error *err);
/* The same with the access generation, and with neither. */
ASAP_MUST_CHECK enum asap_code store_record_access_change(struct txn *txn,
                                                          int64_t now,
                                                          struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_record_time(struct txn *txn,
                                                 int64_t now,
                                                 struct asap_error *err);

/* Raises the generation and the access generation so far that none which the database had before,
 * or had elsewhere since it was copied, comes again. */
ASAP_MUST_CHECK enum asap_code store_leap_generations(struct txn *txn, struct asap_error *err);

/* A small value by name, such as the sealed constant that tells whether a KEK is the right one.
 * ASAP_NOT_FOUND. The caller frees *out with free(). */
ASAP_MUST_CHECK enum asap_code store_get_value(
    struct txn *txn, const char *name, void **out, size_t *length, struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_put_value(
    struct txn *txn, const char *name, const void *bytes, size_t length, struct asap_error *err);
/* Deleting none is no failure. */
ASAP_MUST_CHECK enum asap_code store_delete_value(struct txn *txn,
                                                  const char *name,
                                                  struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_UPKEEP_H
#define ASAPD_STORE_UPKEEP_H

#include "store.h"

/* A database as a whole: what looks after it needs this, and nothing else does. */

/* Opens it as store_open() does, but for this process alone until it is closed, and migrates it
 * only then. ASAP_FAILED_PRECONDITION: another process has it open. */
ASAP_MUST_CHECK enum asap_code store_open_alone(const char *url,
                                                bool create,
                                                const struct log *log,
                                                struct store **out,
                                                struct asap_error *err);

/* To read only, while a daemon has it open: every transaction sees one moment, and nobody waits for
 * it. Only txn_begin_read() is for it. As store_open(), but ASAP_FAILED_PRECONDITION also for a
 * database that is to be migrated first. */
ASAP_MUST_CHECK enum asap_code store_open_to_read(const char *url,
                                                  const struct log *log,
                                                  struct store **out,
                                                  struct asap_error *err);

/* The number of its schema's last migration. */
ASAP_MUST_CHECK enum asap_code store_get_version(struct txn *txn, int *out, struct asap_error *err);

/* Looks through all that is stored, and calls `visit` with a line for each damage; a failure of
 * `visit` ends it and is returned. */
typedef enum asap_code damage_visitor(void *context, const char *finding, struct asap_error *err);
ASAP_MUST_CHECK enum asap_code
store_find_damage(struct txn *txn, damage_visitor *visit, void *context, struct asap_error *err);

/* The tables, in an order in which each comes behind those that it refers to. */
enum { STORE_TABLES = 11, TABLE_SUM_SIZE = 32 };
const char *store_table_name(size_t table);

/* What a table holds: a sum of the hashes of its rows, whatever their order. */
struct table_sum {
    int64_t rows;
    unsigned char sum[TABLE_SUM_SIZE];
};
struct store_sums {
    struct table_sum tables[STORE_TABLES];
};

/* Told now and then how many rows of which table are done; a zeroed one is told nothing. */
struct store_progress {
    void (*tell)(void *context, size_t table, int64_t rows);
    void *context;
};

ASAP_MUST_CHECK enum asap_code store_sum(struct txn *txn,
                                         const struct store_progress *progress,
                                         struct store_sums *out,
                                         struct asap_error *err);

/* Copies every row of another store, with its id, into a store that has none but those that come
 * with the schema. *out: what was read. ASAP_FAILED_PRECONDITION: the target holds something. */
ASAP_MUST_CHECK enum asap_code store_copy(struct txn *from,
                                          struct txn *to,
                                          const struct store_progress *progress,
                                          struct store_sums *out,
                                          struct asap_error *err);

#endif

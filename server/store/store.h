/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_H
#define ASAPD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "jwk.h"
#include "kid.h"
#include "lifecycle.h"
#include "log.h"
#include "pem.h"

/* What asapd keeps: issuers, keys, sealed private keys. All statements run in
 * transactions; a process has one store and any thread may use it, one
 * transaction that writes at a time (the others wait, of other processes, too).
 *
 * Failures of the database itself are ASAP_UNAVAILABLE; after any failure of it, a refused row
 * (ASAP_INTERNAL) included, a transaction can only be rolled back. */
struct store;

/* Whether `url` has a form that store_open() takes: ASAP_INVALID_ARGUMENT, field "database". */
ASAP_MUST_CHECK enum asap_code store_check_url(const char *url, struct asap_error *err);

/* `url` is "sqlite:PATH", "sqlite::memory:" for one that ends with the store, or
 * "postgresql://USER@HOST/NAME?...", of which all goes to libpq. Opens the database, makes its
 * file with mode 0600, or its tables, when `create` and there are none, and applies the migrations
 * that it lacks, each in a transaction. ASAP_NOT_FOUND: there is none.
 * ASAP_FAILED_PRECONDITION: it is another program's, from a newer asapd, others can read it, or it
 * does not keep what it commits; nothing was changed. */
ASAP_MUST_CHECK enum asap_code store_open(const char *url,
                                          bool create,
                                          const struct log *log,
                                          struct store **out,
                                          struct asap_error *err);
void store_close(struct store *store); /* NULL is fine */

/* What failed of the database; the store's own. */
struct store_health *store_health_of(struct store *store);

/* A transaction that is not committed when its block ends is rolled back:
 *     SCOPED(txn) struct txn txn = { 0 };
 *     TRY(txn_begin(&txn, store, err)); */
struct txn {
    struct store_lane *lane;
};
ASAP_MUST_CHECK enum asap_code txn_begin(struct txn *txn,
                                         struct store *store,
                                         struct asap_error *err);
/* One that only reads, and waits for none that writes where the database allows that. */
ASAP_MUST_CHECK enum asap_code txn_begin_read(struct txn *txn,
                                              struct store *store,
                                              struct asap_error *err);
/* ASAP_UNAVAILABLE: nothing is known to be stored, though it may be. */
ASAP_MUST_CHECK enum asap_code txn_commit(struct txn *txn, struct asap_error *err);
void txn_rollback(struct txn *txn); /* one that is not open is fine */

static inline void txn_scope_exit(struct txn *txn)
{
    txn_rollback(txn);
}

enum { ALGORITHM_NAME_SIZE = 8, KEY_DIGEST_SIZE = 65, REVOKE_REASON_SIZE = 256 };

struct issuer_row {
    int64_t id; /* set by store_add_issuer() */
    char name[ISSUER_MAX + 1];
    bool managed;
    char algorithm[ALGORITHM_NAME_SIZE]; /* of managed keys, "" for an external issuer */
    int64_t max_lifetime;                /* seconds */
    int64_t create_time;
    int64_t delete_time;     /* LIFECYCLE_NEVER while it exists; the name stays taken */
    int64_t rotation_period; /* seconds; 0: never by itself */
};

ASAP_MUST_CHECK enum asap_code store_add_issuer(struct txn *txn,
                                                struct issuer_row *row,
                                                struct asap_error *err);
/* ASAP_NOT_FOUND; a deleted issuer is not found. */
ASAP_MUST_CHECK enum asap_code
store_get_issuer(struct txn *txn, const char *name, struct issuer_row *out, struct asap_error *err);
/* Writes algorithm, max_lifetime, delete_time and rotation_period of row->id. */
ASAP_MUST_CHECK enum asap_code store_update_issuer(struct txn *txn,
                                                   const struct issuer_row *row,
                                                   struct asap_error *err);
/* The issuer, deleted ones included, that is `name` or a path prefix of it, or that `name` is a
 * path prefix of. ASAP_NOT_FOUND when there is none. */
ASAP_MUST_CHECK enum asap_code store_find_related_issuer(struct txn *txn,
                                                         const char *name,
                                                         struct issuer_row *out,
                                                         struct asap_error *err);
/* Calls `visit` with every issuer that is not deleted, by name; a failure of `visit` ends it and is
 * returned. It must not use the transaction itself, which goes for all visitors. The row is
 * borrowed for the call; one that cannot be read whole has no name. */
typedef enum asap_code issuer_visitor(void *context,
                                      const struct issuer_row *row,
                                      struct asap_error *err);
ASAP_MUST_CHECK enum asap_code
store_each_issuer(struct txn *txn, issuer_visitor *visit, void *context, struct asap_error *err);
/* Up to `limit` issuers with names after `after`, by name. `rows` has room for them. */
ASAP_MUST_CHECK enum asap_code store_list_issuers(struct txn *txn,
                                                  const char *after,
                                                  struct issuer_row *rows,
                                                  size_t limit,
                                                  size_t *count,
                                                  struct asap_error *err);

struct key_row {
    int64_t id; /* set by store_add_key() */
    int64_t issuer_id;
    char kid[KID_MAX + 1];
    bool managed;
    char algorithm[ALGORITHM_NAME_SIZE];
    char thumbprint[JWK_THUMBPRINT_SIZE];
    char pem[PEM_PUBLISHED_MAX + 1];
    char digest[KEY_DIGEST_SIZE]; /* see key_row_digest() */
    int64_t create_time;
    struct key_times times;
    int64_t max_lifetime; /* seconds */
    char revoke_reason[REVOKE_REASON_SIZE];
};

/* Hexadecimal SHA-256 of kid, newline, pem. A row whose digest is another is damaged. */
ASAP_MUST_CHECK enum asap_code key_row_digest(const struct key_row *row,
                                              char out[KEY_DIGEST_SIZE],
                                              struct asap_error *err);

/* ASAP_ALREADY_EXISTS: the kid, or the thumbprint under any kid, was used before; the message
 * names the kid if it is of the same issuer. Also fills row->digest. */
ASAP_MUST_CHECK enum asap_code store_add_key(struct txn *txn,
                                             struct key_row *row,
                                             struct asap_error *err);
/* ASAP_NOT_FOUND. */
ASAP_MUST_CHECK enum asap_code
store_get_key(struct txn *txn, const char *kid, struct key_row *out, struct asap_error *err);
/* Writes times, max_lifetime and revoke_reason of row->id. */
ASAP_MUST_CHECK enum asap_code store_update_key(struct txn *txn,
                                                const struct key_row *row,
                                                struct asap_error *err);
/* All keys of an issuer, oldest (least id) first; the caller frees *out with free(). */
ASAP_MUST_CHECK enum asap_code store_list_keys(struct txn *txn,
                                               int64_t issuer_id,
                                               struct key_row **out,
                                               size_t *count,
                                               struct asap_error *err);

/* Calls `visit` with every key that is not retired or revoked at `now`, in no order; a failure of
 * `visit` ends it and is returned. The row is borrowed for the call. One that cannot be read whole
 * has a digest that does not fit. */
typedef enum asap_code key_visitor(void *context,
                                   const struct key_row *row,
                                   struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_each_live_key(
    struct txn *txn, int64_t now, key_visitor *visit, void *context, struct asap_error *err);

#endif

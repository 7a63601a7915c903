/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_SEALED_H
#define ASAPD_STORE_SEALED_H

#include "store.h"

/* Sealed private keys, one for each managed key until it is destroyed. */

/* Replaces what was there. */
ASAP_MUST_CHECK enum asap_code store_put_sealed(
    struct txn *txn, int64_t key_id, const void *bytes, size_t length, struct asap_error *err);
/* ASAP_NOT_FOUND. The caller frees *out with free(). */
ASAP_MUST_CHECK enum asap_code store_get_sealed(
    struct txn *txn, int64_t key_id, void **out, size_t *length, struct asap_error *err);
/* Destroying none is no failure. */
ASAP_MUST_CHECK enum asap_code store_destroy_sealed(struct txn *txn,
                                                    int64_t key_id,
                                                    struct asap_error *err);

/* The sealed private keys whose keys are retired or revoked at `now`, at most `limit` of them.
 * `visit` may not change the store; its failure ends the visit and is returned. */
struct sealed_key {
    int64_t key_id;
    char kid[KID_MAX + 1];
};
typedef enum asap_code sealed_visitor(void *context,
                                      const struct sealed_key *key,
                                      struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_each_unused_sealed(struct txn *txn,
                                                        int64_t now,
                                                        size_t limit,
                                                        sealed_visitor *visit,
                                                        void *context,
                                                        struct asap_error *err);

/* A sealed private key with what it is bound to. */
struct sealed_row {
    int64_t key_id;
    char kid[KID_MAX + 1];
    char algorithm[ALGORITHM_NAME_SIZE];
    char pem[PEM_PUBLISHED_MAX + 1]; /* its public half */
    void *bytes;
    size_t length;
};

/* Up to `limit` of them behind the key `after`, in order; `rows` has room for them. The caller
 * frees the bytes of each with free(), also after a failure: `rows` is zeroed first. */
ASAP_MUST_CHECK enum asap_code store_list_sealed(struct txn *txn,
                                                 int64_t after,
                                                 struct sealed_row *rows,
                                                 size_t limit,
                                                 size_t *count,
                                                 struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_AUDIT_H
#define ASAPD_STORE_AUDIT_H

#include "store.h"

/* The rows of the audit log. What they mean and how they are chained is the
 * audit layer's affair; nothing else writes them. */

enum {
    AUDIT_CALLER_SIZE = 128,
    AUDIT_PROOF_SIZE = 256,
    AUDIT_METHOD_SIZE = 128,
    AUDIT_RESULT_SIZE = 32,
    AUDIT_MESSAGE_SIZE = 320,
    AUDIT_NAME_SIZE = 256,
    AUDIT_REQUEST_ID_SIZE = 65,
    AUDIT_HASH_SIZE = 32
};

struct audit_row {
    int64_t sequence; /* 1, 2, 3 ... */
    int64_t create_time;
    char caller[AUDIT_CALLER_SIZE];
    int64_t proof_kind; /* enum rpc_proof */
    char proof[AUDIT_PROOF_SIZE];
    char method[AUDIT_METHOD_SIZE];   /* "asap.v1.KeyAdmin/RotateKey" */
    char result[AUDIT_RESULT_SIZE];   /* "ok", or the name of a code */
    char message[AUDIT_MESSAGE_SIZE]; /* why it was denied or failed */
    char issuer[AUDIT_NAME_SIZE];
    char key_id[AUDIT_NAME_SIZE];
    char token_id[AUDIT_NAME_SIZE]; /* the jti of a token that was minted */
    char request_id[AUDIT_REQUEST_ID_SIZE];
    unsigned char chain_hash[AUDIT_HASH_SIZE];
};

struct audit_head_row {
    int64_t sequence; /* of the newest event; 0: there was none */
    unsigned char chain_hash[AUDIT_HASH_SIZE];
    int64_t checkpoint_sequence; /* events up to this one are removed; 0: none */
    unsigned char checkpoint_hash[AUDIT_HASH_SIZE];
    unsigned char checkpoint_mac[AUDIT_HASH_SIZE];
    bool has_checkpoint; /* false: checkpoint_mac is empty */
};

ASAP_MUST_CHECK enum asap_code store_get_audit_head(struct txn *txn,
                                                    struct audit_head_row *out,
                                                    struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_put_audit_head(struct txn *txn,
                                                    const struct audit_head_row *row,
                                                    struct asap_error *err);

ASAP_MUST_CHECK enum asap_code store_add_audit_event(struct txn *txn,
                                                     const struct audit_row *row,
                                                     struct asap_error *err);

/* Which events: "" and 0 leave a filter out. */
struct audit_filter {
    const char *caller;
    const char *issuer;
    int64_t start_time;     /* at or after */
    int64_t end_time;       /* before; 0: no end */
    int64_t after_sequence; /* beyond */
};

/* Up to `limit` of them, in order; `rows` has room for them. A row that cannot be read whole comes
 * with a zeroed chain_hash. */
ASAP_MUST_CHECK enum asap_code store_list_audit_events(struct txn *txn,
                                                       const struct audit_filter *filter,
                                                       struct audit_row *rows,
                                                       size_t limit,
                                                       size_t *count,
                                                       struct asap_error *err);

/* The newest event before this time, for retention; 0 when there is none. */
ASAP_MUST_CHECK enum asap_code
store_find_audit_before(struct txn *txn, int64_t time, int64_t *sequence, struct asap_error *err);

/* Removes the events up to this one. */
ASAP_MUST_CHECK enum asap_code store_delete_audit_events(struct txn *txn,
                                                         int64_t through,
                                                         struct asap_error *err);

#endif

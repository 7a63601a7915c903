/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_CHAIN_H
#define ASAPD_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "secret.h"
#include "store_audit.h"

/* What holds the log together: keyed hashes of events, each over the one before
 * it, and MACs of heads and checkpoints. Each use has a key of its own, so that
 * what one wrote never passes for another. Pure; any thread may use a chain. */

struct chain {
    struct secret event_key;
    struct secret head_key;
    struct secret checkpoint_key;
};

/* Derives the keys from `key`, of 32 bytes or more. The caller clears the chain. */
ASAP_MUST_CHECK enum asap_code chain_init(struct chain *chain,
                                          const struct secret *key,
                                          struct asap_error *err);
void chain_clear(struct chain *chain);

/* The hash of an event that follows the one of the hash `previous`; that of the first is zero. */
ASAP_MUST_CHECK enum asap_code chain_hash(const struct chain *chain,
                                          const unsigned char previous[AUDIT_HASH_SIZE],
                                          const struct audit_row *event,
                                          unsigned char out[AUDIT_HASH_SIZE],
                                          struct asap_error *err);

/* A place in the log: an event and its hash. */
struct chain_place {
    int64_t sequence; /* 0: before the first */
    unsigned char hash[AUDIT_HASH_SIZE];
};

bool chain_is_same_hash(const unsigned char one[AUDIT_HASH_SIZE],
                        const unsigned char other[AUDIT_HASH_SIZE]);

/* "v1.SEQUENCE.HASH.MAC", the latter two in base64url. */
ASAP_MUST_CHECK enum asap_code chain_write_head(const struct chain *chain,
                                                const struct chain_place *place,
                                                char out[AUDIT_HEAD_TEXT_SIZE],
                                                struct asap_error *err);
/* ASAP_INVALID_ARGUMENT, field "head": chain_write_head() did not write it with this key. */
ASAP_MUST_CHECK enum asap_code chain_read_head(const struct chain *chain,
                                               const char *text,
                                               struct chain_place *out,
                                               struct asap_error *err);

/* Makes `place` the row's checkpoint. */
ASAP_MUST_CHECK enum asap_code chain_set_checkpoint(const struct chain *chain,
                                                    const struct chain_place *place,
                                                    struct audit_head_row *row,
                                                    struct asap_error *err);
/* *is_genuine: this chain made the row's checkpoint, or there never was one. */
ASAP_MUST_CHECK enum asap_code chain_check_checkpoint(const struct chain *chain,
                                                      const struct audit_head_row *row,
                                                      bool *is_genuine,
                                                      struct asap_error *err);

#endif

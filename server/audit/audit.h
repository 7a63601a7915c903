/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_H
#define ASAPD_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

#include "log.h"
#include "secret.h"
#include "store_audit.h"

/* The audit log: what was minted, denied and changed. Each event carries a
 * keyed hash over itself and the event before it, so that whoever has the
 * database but not the key can neither alter, remove nor move one unnoticed.
 *
 * A change writes its event in its own transaction, by audit_append(). Mints
 * and denials are handed to a thread that commits them in groups, so that a
 * durable record costs one fsync a group. */
struct audit;

/* Starts the thread. `key` has 32 bytes or more and is borrowed, as are `store` and `log`.
 * `clock_skew` is in seconds. Any thread may use an audit. */
ASAP_MUST_CHECK enum asap_code audit_open(struct store *store,
                                          const struct secret *key,
                                          int64_t clock_skew,
                                          const struct log *log,
                                          struct audit **out,
                                          struct asap_error *err);

/* Commits what was submitted, then ends the thread. NULL is fine. */
void audit_close(struct audit *audit);

/* Adds *event to the log within a transaction: sets its sequence and chain_hash, and its
 * create_time to that of the event before if it is earlier. What its texts have too much is cut
 * off; what is no UTF-8 or a control character becomes '?'. */
ASAP_MUST_CHECK enum asap_code
audit_append(struct audit *audit, struct txn *txn, struct audit_row *event, struct asap_error *err);

/* An event on its way; embedded in what waits for it, and not to be touched until `done`. */
struct audit_entry {
    struct audit_row event; /* create_time is the submitter's clock */

    /* Record only if these still are the store's generations and the clock has not gone back. */
    bool is_conditional;
    int64_t generation;
    int64_t access_generation;

    /* Called once, on any thread, when the event is durable or will never be: `code` and `error`
     * say which. ASAP_ABORTED: a generation has changed; ASAP_FAILED_PRECONDITION: the clock went
     * back; ASAP_UNAVAILABLE: the log cannot be written, or too much is waiting. */
    void (*done)(struct audit_entry *entry);
    enum asap_code code;
    struct asap_error error;

    struct audit_entry *next; /* the audit's own */
};

/* Takes the entry over until it is done, which it may be before this returns. */
void audit_submit(struct audit *audit, struct audit_entry *entry);

/* Whether the log cannot be written. `out` says why; "" while all is well. For /readyz and the
 * status. */
bool audit_problem(struct audit *audit, char *out, size_t size);

/* How many events wait to be recorded, and how many may. */
size_t audit_queue_length(struct audit *audit);
size_t audit_queue_capacity(void);

/* A signed head: the newest event's place and hash, as one word of ASCII. */
enum { AUDIT_HEAD_TEXT_SIZE = 160 };

/* ASAP_NOT_FOUND while there is no event. A log without this one is not written to any more. */
ASAP_MUST_CHECK enum asap_code audit_get_head(struct audit *audit,
                                              char out[AUDIT_HEAD_TEXT_SIZE],
                                              struct asap_error *err);

/* What a check of the whole log finds. */
struct audit_finding {
    bool is_intact;
    int64_t event_count;
    int64_t broken_sequence;          /* the first event that is not as it was recorded; 0: none */
    char problem[AUDIT_MESSAGE_SIZE]; /* also what could not be checked in an intact log */
    char head[AUDIT_HEAD_TEXT_SIZE];  /* as it is now; "" if broken or there is no event */
};

/* Checks every event from the checkpoint on, in transactions of bounded length; events that come
 * meanwhile may be checked or not. `head` is an earlier signed head, "" for none: with it a tail
 * that was cut off is found, too. ASAP_INVALID_ARGUMENT, field "head": it is no head of this log.
 */
ASAP_MUST_CHECK enum asap_code audit_verify(struct audit *audit,
                                            const char *head,
                                            struct audit_finding *out,
                                            struct asap_error *err);

/* The most that one call of audit_prune() removes: some tenths of a second of work. */
enum { AUDIT_PRUNE_MAX = 20000 };

/* Removes the events before `before` (seconds), up to a checkpoint that keeps the rest verifiable,
 * and records that, by an event of its own for each transaction. The newest event stays. `now` is
 * the wall clock. *removed counts them, also after a failure; AUDIT_PRUNE_MAX: there may be more.
 * ASAP_DATA_LOSS: an event to remove is not as it was recorded; the log stays from there on, for
 * evidence. */
ASAP_MUST_CHECK enum asap_code audit_prune(
    struct audit *audit, int64_t before, int64_t now, int64_t *removed, struct asap_error *err);

#endif

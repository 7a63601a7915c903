/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fail.h"
#include "snapshot.h"
#include "store_server.h"

enum { DAMAGED_MAX = 4096 };

struct keyring {
    const struct log *log;
    struct current current;
    int64_t limit_ms; /* see keyring_share(); 0: it was not called */
    int64_t (*monotonic_ms)(void);
};

DEFINE_SCOPED(keyring, struct keyring *, free)

enum asap_code keyring_new(const struct log *log, struct keyring **out, struct asap_error *err)
{
    SCOPED(keyring) struct keyring *keyring = calloc(1, sizeof *keyring);

    *out = NULL;
    if (keyring == NULL || !current_init(&keyring->current, "the keys"))
        return fail_memory(err);
    keyring->log = log;
    keyring->monotonic_ms = clock_monotonic_ms;
    *out = MOVE(keyring);
    return ASAP_OK;
}

void keyring_free(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    current_destroy(&keyring->current);
    free(keyring);
}

/* The item is a snapshot's first member. */
const struct snapshot *keyring_acquire(struct keyring *keyring)
{
    return (const struct snapshot *)current_acquire(&keyring->current);
}

void keyring_release(struct keyring *keyring, const struct snapshot *snapshot)
{
    current_release(&keyring->current, snapshot == NULL ? NULL : &snapshot->item);
}

/* Only a reload replaces the current snapshot, and there is one at a time: it needs no reference.
 */
static enum asap_code build(const struct keyring *keyring,
                            struct store *store,
                            int64_t now,
                            struct snapshot **out,
                            struct buffer *damaged,
                            struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    *out = NULL;
    TRY(txn_begin_read(&txn, store, err));
    return snapshot_build(&txn, now, (const struct snapshot *)keyring->current.item, out, damaged,
                          err);
}

/* Damaged rows are named when they are found, not at each reload that finds them again. */
static void describe_damage(struct keyring *keyring, const struct buffer *damaged, char *problem)
{
    char before[CURRENT_PROBLEM_SIZE];

    if (damaged->length == 0)
        return;
    (void)snprintf(problem, CURRENT_PROBLEM_SIZE, "damaged keys, not served (restore them):%.180s",
                   damaged->bytes);
    (void)keyring_problem(keyring, before, sizeof before);
    if (strcmp(before, problem) != 0)
        log_write(keyring->log, LOG_ERROR, "%s", problem);
}

static void describe_copy(const struct keyring *keyring,
                          const struct snapshot *snapshot,
                          char *problem)
{
    struct asap_error cause = { 0 };

    if (problem[0] != '\0' || store_refuse_copy(&snapshot->mark, &cause) == ASAP_OK)
        return;
    (void)snprintf(problem, CURRENT_PROBLEM_SIZE, "%s", cause.message);
    log_write(keyring->log, LOG_WARNING, "%s", problem);
}

static enum asap_code
reload(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    SCOPED(buffer) struct buffer damaged = BUFFER(DAMAGED_MAX);
    struct asap_error cause = { 0 };
    struct snapshot *snapshot = NULL;
    char problem[CURRENT_PROBLEM_SIZE] = "";

    if (build(keyring, store, now, &snapshot, &damaged, &cause) != ASAP_OK)
        return current_keep(&keyring->current, &cause, err);
    describe_damage(keyring, &damaged, problem);
    describe_copy(keyring, snapshot, problem);
    current_replace(&keyring->current, &snapshot->item, problem);
    return ASAP_OK;
}

enum asap_code
keyring_reload(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    current_begin_reload(&keyring->current, keyring->monotonic_ms());
    code = reload(keyring, store, now, err);
    if (code != ASAP_OK)
        current_fall_behind(&keyring->current);
    current_end_reload(&keyring->current);
    return code;
}

static bool has_generation(const struct keyring *keyring, int64_t generation)
{
    return keyring->current.item != NULL && keyring->current.item->generation == generation;
}

static enum asap_code fall_behind(struct keyring *keyring,
                                  const struct asap_error *cause,
                                  struct asap_error *err)
{
    current_fall_behind(&keyring->current);
    return current_keep(&keyring->current, cause, err);
}

static enum asap_code
refresh(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    struct asap_error cause = { 0 };
    struct server_row server;
    enum asap_code code = ASAP_OK;

    if (store_read_server(store, &server, &cause) != ASAP_OK)
        return current_keep(&keyring->current, &cause, err);
    if (current_is(&keyring->current, server.generation))
        return ASAP_OK;
    if (current_check_forward(&keyring->current, server.generation, &cause) != ASAP_OK)
        return fall_behind(keyring, &cause, err);
    code = reload(keyring, store, now, err);
    if (code != ASAP_OK && !has_generation(keyring, server.generation))
        current_fall_behind(&keyring->current);
    return code;
}

enum asap_code
keyring_refresh(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    current_begin_reload(&keyring->current, keyring->monotonic_ms());
    code = refresh(keyring, store, now, err);
    current_end_reload(&keyring->current);
    return code;
}

bool keyring_problem(struct keyring *keyring, char *out, size_t size)
{
    return current_problem(&keyring->current, out, size);
}

void keyring_share(struct keyring *keyring, int64_t limit_ms, int64_t (*monotonic_ms)(void))
{
    keyring->limit_ms = limit_ms;
    keyring->monotonic_ms = monotonic_ms;
}

struct doubt keyring_doubt(struct keyring *keyring)
{
    int64_t confirmed = 0;
    int64_t doubt_ms = 0;
    bool is_behind = false;

    if (!current_confirmed(&keyring->current, &confirmed, &is_behind)
        || (keyring->limit_ms == 0 && !is_behind))
        return (struct doubt){ .may_lack = false };
    doubt_ms = keyring->monotonic_ms() - confirmed;
    return (struct doubt){ .may_lack = is_behind || doubt_ms > keyring->limit_ms,
                           .age = doubt_ms / 1000 + 1 };
}

enum asap_code keyring_check_forward(struct keyring *keyring,
                                     int64_t generation,
                                     struct asap_error *err)
{
    return current_check_forward(&keyring->current, generation, err);
}

bool keyring_confirmed(struct keyring *keyring, int64_t *ms)
{
    bool is_behind = false;

    return current_confirmed(&keyring->current, ms, &is_behind);
}

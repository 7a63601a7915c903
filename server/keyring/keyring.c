/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "snapshot.h"
#include "store_server.h"

enum { PROBLEM_SIZE = 256, DAMAGED_MAX = 4096 };

struct keyring {
    const struct log *log;
    pthread_mutex_t reload; /* one reload at a time; taken before `lock` */
    pthread_mutex_t lock;   /* over what follows; held for a few instructions */
    struct snapshot *current;
    bool reload_failed;
    char problem[PROBLEM_SIZE];
};

DEFINE_SCOPED(keyring, struct keyring *, free)

enum asap_code keyring_new(const struct log *log, struct keyring **out, struct asap_error *err)
{
    SCOPED(keyring) struct keyring *keyring = calloc(1, sizeof *keyring);

    *out = NULL;
    if (keyring == NULL || pthread_mutex_init(&keyring->lock, NULL) != 0)
        return fail_memory(err);
    if (pthread_mutex_init(&keyring->reload, NULL) != 0) {
        (void)pthread_mutex_destroy(&keyring->lock);
        return fail_memory(err);
    }
    keyring->log = log;
    (void)snprintf(keyring->problem, PROBLEM_SIZE, "the keys are not loaded yet");
    keyring->reload_failed = true;
    *out = MOVE(keyring);
    return ASAP_OK;
}

void keyring_free(struct keyring *keyring)
{
    if (keyring == NULL)
        return;
    snapshot_free(keyring->current);
    (void)pthread_mutex_destroy(&keyring->lock);
    (void)pthread_mutex_destroy(&keyring->reload);
    free(keyring);
}

const struct snapshot *keyring_acquire(struct keyring *keyring)
{
    struct snapshot *snapshot = NULL;

    (void)pthread_mutex_lock(&keyring->lock);
    snapshot = keyring->current;
    if (snapshot != NULL)
        snapshot->references++;
    (void)pthread_mutex_unlock(&keyring->lock);
    return snapshot;
}

/* Under the lock: whether the caller is to free it. */
static bool drop_reference(struct snapshot *snapshot)
{
    return snapshot != NULL && --snapshot->references == 0;
}

void keyring_release(struct keyring *keyring, const struct snapshot *snapshot)
{
    bool is_last = false;

    if (snapshot == NULL)
        return;
    (void)pthread_mutex_lock(&keyring->lock);
    is_last = drop_reference(snapshot->self);
    (void)pthread_mutex_unlock(&keyring->lock);
    if (is_last)
        snapshot_free(snapshot->self);
}

static void swap_in(struct keyring *keyring, struct snapshot *snapshot, const char *problem)
{
    struct snapshot *old = NULL;
    bool is_last = false;

    snapshot->references = 1;
    (void)pthread_mutex_lock(&keyring->lock);
    old = keyring->current;
    keyring->current = snapshot;
    keyring->reload_failed = false;
    (void)snprintf(keyring->problem, PROBLEM_SIZE, "%s", problem);
    is_last = drop_reference(old);
    (void)pthread_mutex_unlock(&keyring->lock);
    if (is_last)
        snapshot_free(old);
}

static void keep_old(struct keyring *keyring, const char *why)
{
    (void)pthread_mutex_lock(&keyring->lock);
    keyring->reload_failed = true;
    (void)snprintf(keyring->problem, PROBLEM_SIZE, "the keys could not be reloaded: %.220s", why);
    (void)pthread_mutex_unlock(&keyring->lock);
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
    TRY(txn_begin(&txn, store, err));
    return snapshot_build(&txn, now, keyring->current, out, damaged, err);
}

/* Damaged rows are named when they are found, not at each reload that finds them again. */
static void describe_damage(struct keyring *keyring, const struct buffer *damaged, char *problem)
{
    char before[PROBLEM_SIZE];

    if (damaged->length == 0)
        return;
    (void)snprintf(problem, PROBLEM_SIZE, "damaged keys, not served (restore them):%.180s",
                   damaged->bytes);
    (void)keyring_problem(keyring, before, sizeof before);
    if (strcmp(before, problem) != 0)
        log_write(keyring->log, LOG_ERROR, "%s", problem);
}

static enum asap_code
reload(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    SCOPED(buffer) struct buffer damaged = BUFFER(DAMAGED_MAX);
    struct asap_error cause = { 0 };
    struct snapshot *snapshot = NULL;
    char problem[PROBLEM_SIZE] = "";

    if (build(keyring, store, now, &snapshot, &damaged, &cause) != ASAP_OK) {
        keep_old(keyring, cause.message);
        if (err != NULL)
            *err = cause;
        return cause.code;
    }
    describe_damage(keyring, &damaged, problem);
    swap_in(keyring, snapshot, problem);
    return ASAP_OK;
}

enum asap_code
keyring_reload(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    /* In turn, so that of two snapshots the one read later stays. */
    (void)pthread_mutex_lock(&keyring->reload);
    code = reload(keyring, store, now, err);
    (void)pthread_mutex_unlock(&keyring->reload);
    return code;
}

static enum asap_code read_generation(struct store *store, int64_t *out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct server_row server;

    TRY(txn_begin(&txn, store, err));
    TRY(store_get_server(&txn, &server, err));
    *out = server.generation;
    return ASAP_OK;
}

static bool is_current(struct keyring *keyring, int64_t generation)
{
    bool current = false;

    (void)pthread_mutex_lock(&keyring->lock);
    current = !keyring->reload_failed && keyring->current != NULL
              && keyring->current->generation == generation;
    (void)pthread_mutex_unlock(&keyring->lock);
    return current;
}

static enum asap_code
refresh(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    struct asap_error cause = { 0 };
    int64_t generation = 0;

    if (read_generation(store, &generation, &cause) != ASAP_OK) {
        keep_old(keyring, cause.message);
        if (err != NULL)
            *err = cause;
        return cause.code;
    }
    return is_current(keyring, generation) ? ASAP_OK : reload(keyring, store, now, err);
}

enum asap_code
keyring_refresh(struct keyring *keyring, struct store *store, int64_t now, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    /* Those who wait for the same change find it loaded. */
    (void)pthread_mutex_lock(&keyring->reload);
    code = refresh(keyring, store, now, err);
    (void)pthread_mutex_unlock(&keyring->reload);
    return code;
}

bool keyring_problem(struct keyring *keyring, char *out, size_t size)
{
    bool is_loaded = false;

    (void)pthread_mutex_lock(&keyring->lock);
    is_loaded = !keyring->reload_failed;
    (void)snprintf(out, size, "%s", keyring->problem);
    (void)pthread_mutex_unlock(&keyring->lock);
    return is_loaded;
}

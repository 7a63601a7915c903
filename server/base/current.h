/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CURRENT_H
#define ASAPD_CURRENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* What is worked by at the moment: something immutable in memory that its
 * readers hold while they use it, and that a reload replaces. */

/* Embedded in what is held. Filled by whoever builds it, the counter aside. */
struct current_item {
    struct current_item *self; /* how readers, to whom all is constant, hand it back */
    void (*free)(struct current_item *self);
    int64_t generation;  /* of the store when it was read */
    unsigned references; /* `lock` protects it */
};

enum { CURRENT_PROBLEM_SIZE = 256 };

struct current {
    pthread_mutex_t reload; /* one reload at a time; taken before `lock` */
    pthread_mutex_t lock;   /* over what follows; held for a few instructions */
    struct current_item *item;
    const char *what; /* "the keys", for messages */
    bool reload_failed;
    bool is_behind;       /* the store has changed since the item was read from it */
    int64_t looked_ms;    /* of the monotonic clock, when this reload began; `reload` protects it */
    int64_t confirmed_ms; /* the same, of the last that found the item to be the store's */
    char problem[CURRENT_PROBLEM_SIZE]; /* "" while all is well */
};

/* Holds nothing at first, which is a problem. False without memory. */
bool current_init(struct current *current, const char *what);
void current_destroy(struct current *current); /* no reader may be left */

/* The item, held until released; NULL while there is none, which needs no release. Any thread. */
const struct current_item *current_acquire(struct current *current);
void current_release(struct current *current, const struct current_item *item);

/* What a reload does, one thread at a time: see current_begin_reload(). The new item replaces the
 * old one, with a problem that it has all the same ("" for none); or the old one stays, and *err
 * (which may be NULL) becomes `cause`, whose code is returned. */
void current_replace(struct current *current, struct current_item *item, const char *problem);
enum asap_code current_keep(struct current *current,
                            const struct asap_error *cause,
                            struct asap_error *err);

/* In turn, so that of two items the one read later stays, and those who wait for the same change
 * find it loaded. `now_ms` is of the monotonic clock. */
void current_begin_reload(struct current *current, int64_t now_ms);
void current_end_reload(struct current *current);

/* Whether the item is of this generation and the last reload went well. */
bool current_is(struct current *current, int64_t generation);

/* ASAP_FAILED_PRECONDITION: the store has an earlier generation than the item, so that it lost
 * changes which were made, or is another one. */
ASAP_MUST_CHECK enum asap_code current_check_forward(struct current *current,
                                                     int64_t generation,
                                                     struct asap_error *err);

/* The item is known not to be what the store has, until it is replaced. */
void current_fall_behind(struct current *current);

/* When the item was last known to be that of the store, by the monotonic clock, and whether it is
 * known not to be. False: there is no item. */
bool current_confirmed(struct current *current, int64_t *ms, bool *is_behind);

/* Whether the last reload went well. `out` says what is wrong, "" while all is well. */
bool current_problem(struct current *current, char *out, size_t size);

#endif

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
    int64_t confirmed_ms; /* of the monotonic clock, when the item last was that of the store */
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
 * find it loaded. */
void current_begin_reload(struct current *current);
void current_end_reload(struct current *current);

/* Whether the item is of this generation and the last reload went well. */
bool current_is(struct current *current, int64_t generation);

/* When the item was last known to be that of the store, by clock_monotonic_ms(). False: there is no
 * item. */
bool current_confirmed(struct current *current, int64_t *ms);

/* Whether the last reload went well. `out` says what is wrong, "" while all is well. */
bool current_problem(struct current *current, char *out, size_t size);

#endif

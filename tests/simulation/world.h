/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_WORLD_H
#define ASAP_SIMULATION_WORLD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lifecycle_plan.h"
#include "random.h"
#include "rules.h"

/* A small model of everything that the invariant is about: the store's rows, the nodes with their
 * clocks and snapshots, mirrors, verifiers and their caches, and the tokens that are alive. What
 * decides about keys is the product's own planner. */

enum {
    ISSUERS_MAX = 2,
    KEYS_MAX = 28,
    NODES_MAX = 3,
    MIRRORS_MAX = 2,
    VERIFIERS_MAX = 7,
    TOKENS_MAX = 32,
    FAILURE_SIZE = 240
};

struct issuer {
    bool exists;
    int64_t max_lifetime;
    size_t count;
    struct planned_key keys[KEYS_MAX];
};

struct store {
    int64_t generation;
    int64_t latest_time;
    struct issuer issuers[ISSUERS_MAX];
};

/* What the checks know of a key and the store does not. Real times but for the promise. */
struct facts {
    int64_t revoked_at;    /* LIFECYCLE_NEVER: it is not */
    int64_t excused_until; /* the operator accepted misses */
    int64_t held_until;    /* some cache may hold it, by headers of the current lifetimes */
    int64_t
        promise; /* how long before its unpublish_time a token, its leeway and the skew fit in */
};

/* For how many emergencies standbys are ready: for each, once nothing was changed for a lead. */
struct readiness {
    int64_t last_change;
    size_t emergencies;
};

/* A mint between its signature and its audit record. */
struct mint {
    bool is_set;
    size_t issuer, key;
    int64_t lifetime;
    int64_t now;
    int64_t generation;
};

struct node {
    int64_t offset;   /* of its clock from the real time */
    bool is_wrong;    /* the clock is off by more than the skew */
    int64_t poll_due; /* LIFECYCLE_NEVER: its snapshot is the newest */
    struct store snapshot;
    struct mint mint;
};

/* What a source says of one key, or of an issuer's set. */
struct answer {
    bool is_served;
    bool has_headers;
    struct cache_lifetime lifetime;
    int64_t date;  /* the source's clock */
    uint32_t keys; /* of a set: a bit each */
};

/* A copy of a node that is renewed every `period` seconds. */
struct mirror {
    size_t node;
    int64_t period;
    int64_t phase;
    int64_t renewed_at;
    bool has_headers;
    struct answer keys[ISSUERS_MAX][KEYS_MAX];
    struct answer sets[ISSUERS_MAX];
};

/* What a verifier's cache holds. Real times. */
struct entry {
    enum { ENTRY_NONE, ENTRY_KEY, ENTRY_MISS } kind;
    bool is_bare;     /* no headers came with it */
    int64_t fresh;    /* until then it is not asked for again */
    int64_t usable;   /* until then it may serve while it is asked for */
    int64_t on_error; /* until then it may serve if the source fails */
    uint32_t keys;
};

struct habit;

struct verifier {
    const struct habit *habit;
    int64_t offset;
    struct entry keys[ISSUERS_MAX][KEYS_MAX];
    struct entry sets[ISSUERS_MAX];
};

struct token {
    size_t issuer, key;
    int64_t expire;
    int64_t leeway; /* that it was minted for, unless verifiers allow less now */
    int64_t end;    /* the last real second at which some verifier's clock takes it */
};

struct world {
    enum rule broken;
    struct random random; /* for what the world is like, not for what happens in it */
    FILE *trace;          /* NULL: tell nothing */
    bool has_failed;
    char failure[FAILURE_SIZE];

    int64_t now; /* the real time */
    struct lifecycle_policy policy;
    struct lifecycle_policy longest; /* the longest cache lifetimes that there were */
    int64_t lead_changed, caches_changed, order_wait;
    /* What is so, while the policy may be more careful. */
    int64_t skew, lag, least_leeway;
    int64_t earliest; /* offset of a node's clock; the latest is `skew` more */
    int64_t poll_period;
    int64_t rotation_period;

    struct store store;
    struct facts facts[ISSUERS_MAX][KEYS_MAX];
    int64_t gap_until[ISSUERS_MAX]; /* by nodes' clocks: a declared gap */
    struct readiness ready[ISSUERS_MAX];
    struct node nodes[NODES_MAX];
    size_t node_count;
    struct mirror mirrors[MIRRORS_MAX];
    size_t mirror_count;
    struct verifier verifiers[VERIFIERS_MAX];
    size_t verifier_count;
    struct token tokens[TOKENS_MAX];
    size_t token_count;
    uint64_t minted;
};

void world_init(struct world *world, enum rule broken, uint64_t seed, uint64_t number, FILE *trace);

/* Lets time pass; checks at each moment at which a token ends or a snapshot is renewed. */
void world_advance(struct world *world, int64_t until);

bool breaks(const struct world *world, enum rule rule);

/* The first failure is kept. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tells what happened, at the real time. */
void world_tell(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

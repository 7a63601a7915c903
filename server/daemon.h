/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_DAEMON_H
#define ASAPD_DAEMON_H

#include <asap/clock.h>
#include <asap/error.h>
#include <asap/retriever.h>

#include "auth_endpoint.h"
#include "config.h"
#include "gate.h"
#include "http.h"
#include "key_schedule.h"
#include "keyring.h"
#include "log.h"
#include "meters.h"
#include "network.h"
#include "ops.h"
#include "repository.h"
#include "rpc.h"
#include "service.h"
#include "store.h"
#include "vault.h"

enum { LISTENERS = 3, ROUTES_MOST = 5, METHODS_MOST = 48 };

/* When what is not done at every beat of the heart is done next, in milliseconds of the monotonic
 * clock. */
struct daemon_schedule {
    int64_t next_head;
    int64_t next_pruning;
    char last_head[AUDIT_HEAD_TEXT_SIZE]; /* what was logged */
};

/* Everything that a running asapd consists of, opened from below upwards and
 * closed from above downwards. */
struct daemon {
    const struct config *config;
    const struct asap_clock *clock;
    const struct log *log;
    struct meters meters;
    struct route_stats *method_stats[METHODS_MOST];
    struct store *store;
    struct vault *vault;
    struct secret page_token_key;
    struct secret audit_key;
    struct audit *audit;
    struct keyring *keyring;
    struct callers *callers;
    struct asap_retriever *retriever; /* of our own published keys */
    struct authenticator *authenticator;
    struct limiter *caller_limits, *address_limits, *grant_limits;
    struct signing_keys *signing_keys;
    struct mint mint;
    struct gate gate;
    struct rpc_gate rpc_gate;
    struct auth_endpoint *auth_endpoint;
    bool is_stale; /* the last refresh failed */
    struct daemon_schedule schedule;
    struct key_schedule key_schedule;
    struct service service;
    struct rpc_server rpc;
    struct repository repository;
    struct ops ops;
    struct networks proxies;
    struct http_route routes[LISTENERS][ROUTES_MOST]; /* each ended by a zeroed row */
    struct http_listener *listeners[LISTENERS];
};

/* Opens store, vault, audit log, keyring and callers, and loads them. Keys that cannot be loaded
 * are no failure: the daemon answers 503 and keeps trying. The rest of *daemon is set by the
 * caller. */
ASAP_MUST_CHECK enum asap_code daemon_open(struct daemon *daemon, struct asap_error *err);

/* Starts the listeners and logs where they listen. */
ASAP_MUST_CHECK enum asap_code daemon_listen(struct daemon *daemon, struct asap_error *err);

/* To be called about once a second: takes up what has changed in the database, or could not be read
 * before, closes private keys that sign no more, rotates keys whose period is over, destroys what
 * is retired, logs the head of the audit log once a minute, and removes what is older than its
 * retention. */
void daemon_beat(struct daemon *daemon);

/* Reads certificates again; what fails is logged and the old ones stay. */
void daemon_reload(struct daemon *daemon);

/* Lets requests in flight finish, then closes everything. Any half-opened daemon is fine. */
void daemon_close(struct daemon *daemon);

static inline void daemon_scope_exit(struct daemon *daemon)
{
    daemon_close(daemon);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_DAEMON_H
#define ASAPD_DAEMON_H

#include <asap/clock.h>
#include <asap/error.h>

#include "auth_endpoint.h"
#include "config.h"
#include "http.h"
#include "keyring.h"
#include "log.h"
#include "ops.h"
#include "repository.h"
#include "rpc.h"
#include "service.h"
#include "store.h"
#include "vault.h"

enum { LISTENERS = 3 };

/* Everything that a running asapd consists of, opened from below upwards and
 * closed from above downwards. */
struct daemon {
    const struct config *config;
    const struct asap_clock *clock;
    const struct log *log;
    struct store *store;
    struct vault *vault;
    struct keyring *keyring;
    struct asap_retriever *own_keys; /* of the keyring, for verifiers */
    struct auth_endpoint *auth_endpoint;
    struct secret page_token_key;
    bool is_stale; /* the last refresh failed */
    struct service service;
    struct rpc_server rpc;
    struct repository repository;
    struct ops ops;
    struct http_route routes[LISTENERS][4];
    struct http_listener *listeners[LISTENERS];
};

/* Opens store, vault and keyring, and loads the keys. Keys that cannot be loaded are no failure:
 * the daemon answers 503 and keeps trying. The rest of *daemon is set by the caller. */
ASAP_MUST_CHECK enum asap_code daemon_open(struct daemon *daemon, struct asap_error *err);

/* Starts the listeners and logs where they listen. */
ASAP_MUST_CHECK enum asap_code daemon_listen(struct daemon *daemon, struct asap_error *err);

/* Takes up what has changed in the database, or could not be read before. */
void daemon_refresh(struct daemon *daemon);

/* Reads certificates again; what fails is logged and the old ones stay. */
void daemon_reload(struct daemon *daemon);

/* Lets requests in flight finish, then closes everything. Any half-opened daemon is fine. */
void daemon_close(struct daemon *daemon);

static inline void daemon_scope_exit(struct daemon *daemon)
{
    daemon_close(daemon);
}

#endif

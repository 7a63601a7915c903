/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_OPS_H
#define ASAPD_OPS_H

#include <stdatomic.h>
#include <stdint.h>

#include <asap/clock.h>

#include "audit.h"
#include "callers.h"
#include "http.h"
#include "keyring.h"
#include "meters.h"

enum { OPS_LISTENERS = 3 };

struct store_health;

struct ops_certificate {
    const char *listener;
    _Atomic int64_t ends; /* seconds since 1970; 0: the listener has none */
};

/* What an operator's probes ask; metrics.h has more of it. */
struct ops {
    struct keyring *keyring;
    struct callers *callers;
    struct audit *audit;
    struct store_health *store;  /* NULL: not told of */
    const struct meters *meters; /* likewise */
    const char *version;         /* likewise */
    struct ops_certificate certificates[OPS_LISTENERS];
    struct asap_clock clock;
    int64_t (*monotonic_ms)(void);
};

/* http_handlers; `context` is a struct ops.
 * /healthz: 200 while the process answers at all.
 * /readyz: 200 when the keys in service are those of the database, else 503. Its text has a line
 * for each part, "keys: ok", or says what is wrong with it. Damaged keys, callers that cannot be
 * loaded, an audit log that cannot be written and a certificate that has ended leave it at 200:
 * downloads go on, and what is wrong is so on every node, so that to take them out of service would
 * help nobody.
 */
void ops_healthz(void *context, const struct http_request *request, struct http_response *response);
void ops_readyz(void *context, const struct http_request *request, struct http_response *response);
void ops_not_found(void *context,
                   const struct http_request *request,
                   struct http_response *response);

bool ops_matches_healthz(const char *path);
bool ops_matches_readyz(const char *path);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_OPS_H
#define ASAPD_OPS_H

#include "http.h"
#include "keyring.h"

/* What an operator's probes ask. */
struct ops {
    struct keyring *keyring;
};

/* http_handlers; `context` is a struct ops.
 * /healthz: 200 while the process answers at all.
 * /readyz: 200 when the keys in service are those of the database, naming those that are damaged,
 * else 503 and why. */
void ops_healthz(void *context, const struct http_request *request, struct http_response *response);
void ops_readyz(void *context, const struct http_request *request, struct http_response *response);
void ops_not_found(void *context,
                   const struct http_request *request,
                   struct http_response *response);

bool ops_matches_healthz(const char *path);
bool ops_matches_readyz(const char *path);

#endif

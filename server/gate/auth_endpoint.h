/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUTH_ENDPOINT_H
#define ASAPD_AUTH_ENDPOINT_H

#include <asap/clock.h>
#include <asap/retriever.h>

#include "config.h"
#include "denials.h"
#include "http.h"
#include "log.h"

/* Checks tokens for proxies that ask before they pass a request on. They send the request's
 * Authorization header, by any method, to one of
 *
 *     /.well-known/asap/auth?profile=NAME      nginx's auth_request
 *     /.well-known/asap/auth/NAME/...          Envoy's ext_authz, which appends its client's target
 *     /.well-known/asap/auth?profile=NAME&...
 *
 * What stands behind the profile has no say: it may be the client's. */
struct auth_endpoint;

struct auth_endpoint_options {
    const struct auth_profile *profiles;
    size_t profile_count;
    struct asap_retriever *keys; /* does not block: the handler may run on an event thread */
    struct asap_clock clock;
    struct denials *denials; /* NULL: nothing counts them */
    const struct log *log;   /* why tokens are refused, at debug level */
};

/* Copies the profiles and borrows the rest. ASAP_INVALID_ARGUMENT: a profile that no configuration
 * has. Freed with auth_endpoint_free(), once no handler runs. */
ASAP_MUST_CHECK enum asap_code auth_endpoint_new(const struct auth_endpoint_options *options,
                                                 struct auth_endpoint **out,
                                                 struct asap_error *err);
void auth_endpoint_free(struct auth_endpoint *endpoint); /* NULL is fine */

/* The path above and all below it. */
bool auth_endpoint_matches(const char *path);

/* An http_handler; `context` is a struct auth_endpoint. Any thread; never blocks.
 * 204 with X-ASAP-Issuer, X-ASAP-Subject and X-ASAP-Key-Id, or 200 where something stands behind
 * the profile; 401 without a good token; 403 for a good one of an issuer that the profile does not
 * name; 404 without a profile; 503 while the keys are unknown. Outside, every bad token is only an
 * invalid one. */
void auth_endpoint_handle(void *context,
                          const struct http_request *request,
                          struct http_response *response);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_REPOSITORY_H
#define ASAPD_REPOSITORY_H

#include <asap/clock.h>

#include "fetches.h"
#include "http.h"
#include "keyring.h"
#include "lifecycle.h"

/* What counts the requests of each kind; NULL: nothing does. */
struct repository_stats {
    struct route_stats *key;
    struct route_stats *alias; /* a key by its hash */
    struct route_stats *jwks;
};

/* The public key repository over HTTP, served from the keyring alone. */
struct repository {
    struct keyring *keyring;
    struct lifecycle_policy policy;
    struct asap_clock clock;
    const char *base_path; /* "" or "/keys" */
    struct repository_stats stats;
    struct fetches *fetches; /* of keys that retire; NULL: nothing counts them */
};

/* An http_handler; `context` is a struct repository. Serves GET and HEAD of
 *   {base}/{issuer}/.well-known/jwks.json    the issuer's key set (RFC 7517)
 *   {base}/{sha256hex(kid)}.pem              a key by the hash of its key id
 *   {base}/{kid}                             a key
 * and answers 404 to every other path. */
void repository_handle(void *context,
                       const struct http_request *request,
                       struct http_response *response);

#endif

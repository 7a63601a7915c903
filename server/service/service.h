/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SERVICE_H
#define ASAPD_SERVICE_H

#include "admin.h"
#include "audit.h"
#include "method.h"
#include "mint.h"
#include "outcomes.h"

#include <asap/retriever.h>

/* asapd's RPC services: each method is a row here and a handler that turns a
 * request into one operation below and its result into a response. */

/* What every handler works on: rpc_call.service. */
struct service {
    struct admin admin;
    const struct secret *page_token_key;
    const struct mint *mint;
    struct outcome_table *mints;      /* how they end, by issuer; NULL: nothing counts them */
    struct asap_retriever *retriever; /* of the keys that are published here */
    const char *audience;             /* this service's own, which no grant for "*" has */
    const char *version;
};

/* Ended by a zeroed row. */
extern const struct rpc_method service_methods[];

#endif

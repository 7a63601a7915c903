/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_ACCESS_H
#define ASAPCTL_ACCESS_H

#include <stdbool.h>

#include <asap/error.h>

#include "call.h"
#include "parse.h"
#include "secret.h"

/* Where the server is, and how asapctl proves to it who it is: options, or
 * else variables. No secret is an option, since other users see command lines. */
struct access {
    struct rpc_endpoint endpoint; /* its bearer is that of a variable */
    const char *bearer_file;      /* NULL: none */
    bool is_given;                /* it was said where the server is */
};

/* Borrows from both. ASAP_INVALID_ARGUMENT: wrong usage, such as two proofs of the same kind. */
ASAP_MUST_CHECK enum asap_code access_read(char *const *environment,
                                           const struct arguments *arguments,
                                           struct access *out,
                                           struct asap_error *err);

/* *out for one call, with what the file holds now: a token there may be renewed at any time. It
 * points into `bearer`, which the caller clears. */
ASAP_MUST_CHECK enum asap_code access_endpoint(const struct access *access,
                                               struct rpc_endpoint *out,
                                               struct secret *bearer,
                                               struct asap_error *err);

#endif

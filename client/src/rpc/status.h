/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_STATUS_H
#define ASAP_RPC_STATUS_H

#include <stddef.h>

#include <asap/error.h>

/* The one table of the canonical codes: name on the wire and in metrics, HTTP
 * status of the Connect protocol, exit status of the commands. */
struct status {
    enum asap_code code;
    const char *name;     /* "not_found" */
    unsigned http_status; /* 404 */
    int exit_status;      /* 0 done, 1 refused or failed, 2 usage */
};

const struct status *status_of(enum asap_code code);

/* ASAP_UNKNOWN for a name that is none. */
enum asap_code status_code_from_name(const char *name, size_t length);

/* What an HTTP status means when the body carries no code (Connect protocol, "HTTP to error code").
 */
enum asap_code status_code_from_http(unsigned http_status);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_RPC_CALL_ERROR_H
#define ASAP_RPC_CALL_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* What the server's answer says when it is an error of the Connect protocol:
 * read leniently, as proxies answer, too. */

struct call_error {
    const char *url;  /* who answered, for messages */
    unsigned status;  /* of HTTP */
    bool is_json;     /* by its Content-Type */
    const char *body; /* NUL-terminated */
    size_t length;
};

/* Fills *err with the error's code and message, and of its details the reason
 * (google.rpc.ErrorInfo), the first field (BadRequest) and, where there is one, *retry_ms
 * (RetryInfo), which is left alone otherwise. Where the server is at fault, the message ends with
 * the id of the request (RequestInfo). Never ASAP_OK. */
enum asap_code call_error_read(const struct call_error *answer,
                               int64_t *retry_ms,
                               struct asap_error *err);

#endif

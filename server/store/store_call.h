/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_CALL_H
#define ASAPD_STORE_CALL_H

#include "store.h"

/* Calls that were carried out and named their request, with their answers. */

enum {
    CALLER_NAME_SIZE = 128,
    CALL_METHOD_SIZE = 128,
    REQUEST_ID_SIZE = 65,
    REQUEST_DIGEST_SIZE = 65
};

struct call_row {
    char caller[CALLER_NAME_SIZE];
    char method[CALL_METHOD_SIZE];
    char request_id[REQUEST_ID_SIZE];
    char request_digest[REQUEST_DIGEST_SIZE]; /* of what was asked for, hexadecimal SHA-256 */
    int64_t done_time;
};

/* There must be none of this caller, method and request id. */
ASAP_MUST_CHECK enum asap_code store_add_call(struct txn *txn,
                                              const struct call_row *row,
                                              const void *response,
                                              size_t length,
                                              struct asap_error *err);

/* The call of row->caller, row->method and row->request_id: completes *row. ASAP_NOT_FOUND: none,
 * and *row is as before. The caller frees *response with free(). */
ASAP_MUST_CHECK enum asap_code store_get_call(
    struct txn *txn, struct call_row *row, void **response, size_t *length, struct asap_error *err);

/* Removes the calls that were done before this time. */
ASAP_MUST_CHECK enum asap_code store_forget_calls(struct txn *txn,
                                                  int64_t before,
                                                  struct asap_error *err);

#endif

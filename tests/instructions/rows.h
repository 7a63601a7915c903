/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_INSTRUCTIONS_ROWS_H
#define ASAP_INSTRUCTIONS_ROWS_H

#include "side.h"

/* What the server does often, as operations of a side (side.h); check.py counts their instructions.
 * The libraries' operations are those of the benchmark. */

#define ROWS_NOW INT64_C(1795440000)
enum { ROWS_KEYS = 200, ROWS_GRANTS = 1000 };

/* The repository: GET of one of its keys, and of an issuer's twenty; all of them loaded. */
void *rows_publish(const char *algorithm, const struct side_input *input);
bool rows_download(void *prepared);
bool rows_download_is_right(void *prepared);
bool rows_key_set(void *prepared);
bool rows_key_set_is_right(void *prepared);
bool rows_load(void *prepared);
bool rows_change(void *prepared);
bool rows_load_is_right(void *prepared);

/* The messages of MintToken in JSON. */
void *rows_prepare_messages(const char *algorithm, const struct side_input *input);
bool rows_read_request(void *prepared);
bool rows_read_request_is_right(void *prepared);
bool rows_write_response(void *prepared);
bool rows_write_response_is_right(void *prepared);

/* A wish held against a thousand grants, ten of them of its issuer. */
void *rows_prepare_grants(const char *algorithm, const struct side_input *input);
bool rows_judge(void *prepared);
bool rows_judge_is_right(void *prepared);

/* One event hashed into the audit log's chain. */
void *rows_prepare_chain(const char *algorithm, const struct side_input *input);
bool rows_hash_event(void *prepared);
bool rows_hash_event_is_right(void *prepared);

#endif

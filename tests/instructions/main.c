/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "rows.h"

/* The input of ES256 stands for any. */
static const struct side_operation operations[] = {
    { "download", "ES256", rows_publish, rows_download, rows_download_is_right },
    { "key-set", "ES256", rows_publish, rows_key_set, rows_key_set_is_right },
    { "load", "ES256", rows_publish, rows_load, rows_load_is_right },
    { "change", "ES256", rows_publish, rows_change, rows_load_is_right },
    { "read-request", "ES256", rows_prepare_messages, rows_read_request,
      rows_read_request_is_right },
    { "write-response", "ES256", rows_prepare_messages, rows_write_response,
      rows_write_response_is_right },
    { "judge", "ES256", rows_prepare_grants, rows_judge, rows_judge_is_right },
    { "hash-event", "ES256", rows_prepare_chain, rows_hash_event, rows_hash_event_is_right },
};

int main(int argc, char **argv)
{
    json_object_seed(1); /* the same order of members in each run */
    return side_main(argc, argv, operations, sizeof operations / sizeof *operations);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <string.h>

/* The HTTP column is the Connect protocol's table "Error codes". */
static const struct status table[] = {
    [ASAP_OK] = { ASAP_OK, "ok", 200, 0 },
    [ASAP_CANCELED] = { ASAP_CANCELED, "canceled", 499, 1 },
    [ASAP_UNKNOWN] = { ASAP_UNKNOWN, "unknown", 500, 1 },
    [ASAP_INVALID_ARGUMENT] = { ASAP_INVALID_ARGUMENT, "invalid_argument", 400, 1 },
    [ASAP_DEADLINE_EXCEEDED] = { ASAP_DEADLINE_EXCEEDED, "deadline_exceeded", 504, 1 },
    [ASAP_NOT_FOUND] = { ASAP_NOT_FOUND, "not_found", 404, 1 },
    [ASAP_ALREADY_EXISTS] = { ASAP_ALREADY_EXISTS, "already_exists", 409, 1 },
    [ASAP_PERMISSION_DENIED] = { ASAP_PERMISSION_DENIED, "permission_denied", 403, 1 },
    [ASAP_RESOURCE_EXHAUSTED] = { ASAP_RESOURCE_EXHAUSTED, "resource_exhausted", 429, 1 },
    [ASAP_FAILED_PRECONDITION] = { ASAP_FAILED_PRECONDITION, "failed_precondition", 400, 1 },
    [ASAP_ABORTED] = { ASAP_ABORTED, "aborted", 409, 1 },
    [ASAP_OUT_OF_RANGE] = { ASAP_OUT_OF_RANGE, "out_of_range", 400, 1 },
    [ASAP_UNIMPLEMENTED] = { ASAP_UNIMPLEMENTED, "unimplemented", 501, 1 },
    [ASAP_INTERNAL] = { ASAP_INTERNAL, "internal", 500, 1 },
    [ASAP_UNAVAILABLE] = { ASAP_UNAVAILABLE, "unavailable", 503, 1 },
    [ASAP_DATA_LOSS] = { ASAP_DATA_LOSS, "data_loss", 500, 1 },
    [ASAP_UNAUTHENTICATED] = { ASAP_UNAUTHENTICATED, "unauthenticated", 401, 1 },
};

enum { STATUS_COUNT = sizeof table / sizeof table[0] };

/* The Connect protocol's table "HTTP to error code". */
static const struct {
    unsigned http_status;
    enum asap_code code;
} from_http[] = {
    { 400, ASAP_INTERNAL },      { 401, ASAP_UNAUTHENTICATED }, { 403, ASAP_PERMISSION_DENIED },
    { 404, ASAP_UNIMPLEMENTED }, { 429, ASAP_UNAVAILABLE },     { 502, ASAP_UNAVAILABLE },
    { 503, ASAP_UNAVAILABLE },   { 504, ASAP_UNAVAILABLE },
};

const struct status *status_of(enum asap_code code)
{
    return (unsigned)code < STATUS_COUNT ? &table[code] : &table[ASAP_UNKNOWN];
}

enum asap_code status_code_from_name(const char *name, size_t length)
{
    for (size_t i = 0; i < STATUS_COUNT; i++)
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
            return table[i].code;
    return ASAP_UNKNOWN;
}

enum asap_code status_code_from_http(unsigned http_status)
{
    for (size_t i = 0; i < sizeof from_http / sizeof from_http[0]; i++)
        if (from_http[i].http_status == http_status)
            return from_http[i].code;
    return ASAP_UNKNOWN;
}

const char *asap_code_name(enum asap_code code)
{
    return status_of(code)->name;
}

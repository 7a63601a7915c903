/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_FETCH_HEADER_H
#define ASAP_SRC_FETCH_HEADER_H

#include <stdbool.h>

#include "cache.h"
#include "cache_control.h"

/* The header fields of one answer, as far as they concern a key: its type, how
 * long it may be used, and what revalidates it. */
struct fetch_header {
    const char *const *types; /* media types that are wanted, ended by NULL */
    bool has_type;
    bool is_wanted; /* each type that was named is one of them */
    struct cache_headers *headers;
    struct cache_validators *validators;
};

/* Splits "Name: value\r\n" in place and takes it in. */
void fetch_header_take(struct fetch_header *header, char *line);

#endif

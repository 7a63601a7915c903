/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_TOKEN_MEMBERS_H
#define ASAPCTL_TOKEN_MEMBERS_H

#include <jansson.h>
#include <stdint.h>

#include <asap/error.h>

#include "table.h"

/* Rows of name and value for the members of a header or of claims: strings as
 * they are, times also in words, the rest in JSON. Where the table has a third
 * column, it says what the member is for, and nothing for those that are the
 * application's own. */
ASAP_MUST_CHECK enum asap_code
token_add_members(struct table *table, json_t *object, int64_t now, struct asap_error *err);

#endif

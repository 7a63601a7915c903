/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_JSON_H
#define ASAP_CORE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

#include "scoped.h"

/* Strict reading over jansson: UTF-8, no duplicate members, no NUL, nothing
 * before or after the value, and bounds on its shape that are checked before
 * jansson recurses into it. */

DEFINE_SCOPED(json, json_t *, json_decref)

struct json_limits {
    size_t depth;         /* of nested objects and arrays */
    size_t members;       /* of one object */
    size_t values;        /* in all, objects and arrays themselves not counted */
    size_t string_length; /* bytes of one string or member name */
    bool wide_numbers;    /* with a whole number over 64 bits, read all of them as real ones */
};

/* Limits for the header and the claims of a token. */
extern const struct json_limits json_token_limits;

/* On ASAP_OK *out is an object that the caller owns (json_decref).
 * ASAP_UNAUTHENTICATED, ASAP_REASON_JSON, and the message says what is wrong and where (line and
 * column), naming `what`. */
ASAP_MUST_CHECK enum asap_code json_read_object(const char *text,
                                                size_t length,
                                                const struct json_limits *limits,
                                                const char *what,
                                                json_t **out,
                                                struct asap_error *err);

/* The same for a document, where white space may stand around the object (RFC 8259 section 2);
 * lines and columns count from its first character. */
ASAP_MUST_CHECK enum asap_code json_read_document(const char *text,
                                                  size_t length,
                                                  const struct json_limits *limits,
                                                  const char *what,
                                                  json_t **out,
                                                  struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_KID_H
#define ASAP_CORE_KID_H

#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

/* The key id, "issuer/name":
 *
 *     kid     = segment 1*("/" segment)          3 to 255 bytes
 *     segment = 1*64( A-Z a-z 0-9 . _ + - )      not dots only
 *
 * ASCII, case-sensitive, nothing is decoded or normalised. Hence a key's URL
 * is repository + "/" + kid with no escaping. */
enum { KID_MAX = 255, KID_SEGMENT_MAX = 64 };

/* Both parts point into the parsed text. The issuer is all before the last slash. */
struct kid {
    const char *text; /* the whole, `length` bytes, not NUL-terminated by itself */
    size_t length;
    const char *issuer;
    size_t issuer_length;
    const char *name;
    size_t name_length;
};

/* ASAP_UNAUTHENTICATED, ASAP_REASON_KID_GRAMMAR: outside the grammar. */
ASAP_MUST_CHECK enum asap_code
kid_parse(const char *text, size_t length, struct kid *out, struct asap_error *err);

/* What a repository registers is narrower: each segment begins with a letter or digit and has no
 * ".." in it, and the first one does not begin with "asap.".
 * ASAP_INVALID_ARGUMENT says which of these `text` breaks; `field` names the request field. */
ASAP_MUST_CHECK enum asap_code kid_check_registrable(const char *text,
                                                     const char *field,
                                                     struct asap_error *err);

/* The same rules for an issuer alone, which may have one segment. An issuer has at most 190 bytes,
 * so that a generated name fits behind it. */
enum { ISSUER_MAX = 190 };
ASAP_MUST_CHECK enum asap_code issuer_check_registrable(const char *text,
                                                        const char *field,
                                                        struct asap_error *err);

/* Whether `kid` belongs to `issuer`: its issuer part is exactly that. */
bool kid_owned_by(const struct kid *kid, const char *issuer);

#endif

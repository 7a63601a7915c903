/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ACCESS_RULES_H
#define ASAPD_ACCESS_RULES_H

#include "change.h"

/* What the operations on callers, credentials and grants have in common. */

/* The same failure, laid at a field of the request. */
enum asap_code access_blame(struct asap_error *err, enum asap_code code, const char *field);

/* ASAP_NOT_FOUND, at `field`: a deleted one is not found. */
ASAP_MUST_CHECK enum asap_code access_find_caller(struct txn *txn,
                                                  const char *name,
                                                  const char *field,
                                                  struct caller_row *out,
                                                  struct asap_error *err);
ASAP_MUST_CHECK enum asap_code access_find_issuer(struct txn *txn,
                                                  const char *name,
                                                  const char *field,
                                                  struct issuer_row *out,
                                                  struct asap_error *err);

/* 16 random hexadecimal digits, and whether a request's text is such. */
ASAP_MUST_CHECK enum asap_code access_new_id(char out[ACCESS_ID_SIZE], struct asap_error *err);
ASAP_MUST_CHECK enum asap_code access_check_id(const char *id,
                                               const char *field,
                                               struct asap_error *err);

/* Whether it is UTF-8 without control characters, and fits `size` bytes with its NUL. */
bool access_is_line(const char *text, size_t size);

#endif

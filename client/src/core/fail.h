/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_FAIL_H
#define ASAP_CORE_FAIL_H

#include <asap/error.h>

/* How every fallible function reports: a code, and a line for people. */

/* Fills *err (which may be NULL) and returns `code`, so a failure is one line:
 *     return fail(err, ASAP_NOT_FOUND, "no key %s", kid); */
__attribute__((format(printf, 3, 4))) enum asap_code
fail(struct asap_error *err, enum asap_code code, const char *format, ...);

/* A token or key that breaks a rule: ASAP_UNAUTHENTICATED with the rule and the claim or member
 * concerned ("" for none). */
__attribute__((format(printf, 4, 5))) enum asap_code
refuse(struct asap_error *err, enum asap_reason reason, const char *field, const char *format, ...);

/* A failure whose cause programs are told, too. */
__attribute__((format(printf, 4, 5))) enum asap_code fail_reason(
    struct asap_error *err, enum asap_code code, enum asap_reason reason, const char *format, ...);

/* The same failure under another code, as a caller's context demands it. */
enum asap_code fail_as(struct asap_error *err, enum asap_code code);

/* A request field, claim or setting that is wrong: ASAP_INVALID_ARGUMENT and the field's path. */
__attribute__((format(printf, 3, 4))) enum asap_code
fail_field(struct asap_error *err, const char *field, const char *format, ...);

/* ASAP_INTERNAL, "out of memory". */
enum asap_code fail_memory(struct asap_error *err);

/* Passes a failure up. The only macro in this project that returns. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        const enum asap_code try_code = (call);                                                    \
        if (try_code != ASAP_OK)                                                                   \
            return try_code;                                                                       \
    } while (0)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "fail.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static const char *const reason_names[ASAP_REASON_COUNT] = {
    [ASAP_REASON_NONE] = "",
    [ASAP_REASON_TOKEN_SIZE] = "TOKEN_SIZE",
    [ASAP_REASON_TOKEN_FORM] = "TOKEN_FORM",
    [ASAP_REASON_BASE64URL] = "BASE64URL",
    [ASAP_REASON_JSON] = "JSON",
    [ASAP_REASON_HEADER] = "HEADER",
    [ASAP_REASON_TYPE] = "TYPE",
    [ASAP_REASON_ALGORITHM] = "ALGORITHM",
    [ASAP_REASON_KID_GRAMMAR] = "KID_GRAMMAR",
    [ASAP_REASON_KID_OWNER] = "KID_OWNER",
    [ASAP_REASON_CLAIM_MISSING] = "CLAIM_MISSING",
    [ASAP_REASON_CLAIM_TYPE] = "CLAIM_TYPE",
    [ASAP_REASON_LIFETIME] = "LIFETIME",
    [ASAP_REASON_EXPIRED] = "EXPIRED",
    [ASAP_REASON_NOT_YET_VALID] = "NOT_YET_VALID",
    [ASAP_REASON_ISSUED_IN_FUTURE] = "ISSUED_IN_FUTURE",
    [ASAP_REASON_AUDIENCE] = "AUDIENCE",
    [ASAP_REASON_ISSUER] = "ISSUER",
    [ASAP_REASON_SUBJECT] = "SUBJECT",
    [ASAP_REASON_REPLAYED] = "REPLAYED",
    [ASAP_REASON_REPLAY_CACHE_FULL] = "REPLAY_CACHE_FULL",
    [ASAP_REASON_REPLAY_UNAVAILABLE] = "REPLAY_UNAVAILABLE",
    [ASAP_REASON_KEY_NOT_FOUND] = "KEY_NOT_FOUND",
    [ASAP_REASON_KEY_UNAVAILABLE] = "KEY_UNAVAILABLE",
    [ASAP_REASON_KEY_NOT_CACHED] = "KEY_NOT_CACHED",
    [ASAP_REASON_KEY_REFUSED] = "KEY_REFUSED",
    [ASAP_REASON_KEY_ALGORITHM] = "KEY_ALGORITHM",
    [ASAP_REASON_SIGNATURE] = "SIGNATURE",
    [ASAP_REASON_NO_PROOF] = "NO_PROOF",
    [ASAP_REASON_TWO_PROOFS] = "TWO_PROOFS",
    [ASAP_REASON_PROOF_MALFORMED] = "PROOF_MALFORMED",
    [ASAP_REASON_CREDENTIAL_UNKNOWN] = "CREDENTIAL_UNKNOWN",
    [ASAP_REASON_CREDENTIAL_EXPIRED] = "CREDENTIAL_EXPIRED",
    [ASAP_REASON_CREDENTIAL_REVOKED] = "CREDENTIAL_REVOKED",
    [ASAP_REASON_CERTIFICATE] = "CERTIFICATE",
    [ASAP_REASON_CALLER_DISABLED] = "CALLER_DISABLED",
    [ASAP_REASON_CALLER_DELETED] = "CALLER_DELETED",
    [ASAP_REASON_NO_GRANT] = "NO_GRANT",
    [ASAP_REASON_GRANT_AUDIENCE] = "GRANT_AUDIENCE",
    [ASAP_REASON_GRANT_LIFETIME] = "GRANT_LIFETIME",
    [ASAP_REASON_GRANT_SUBJECT] = "GRANT_SUBJECT",
    [ASAP_REASON_GRANT_CLAIM] = "GRANT_CLAIM",
    [ASAP_REASON_NOT_ADMIN] = "NOT_ADMIN",
    [ASAP_REASON_RATE_LIMIT] = "RATE_LIMIT",
    [ASAP_REASON_ISSUER_EXTERNAL] = "ISSUER_EXTERNAL",
    [ASAP_REASON_NO_SIGNING_KEY] = "NO_SIGNING_KEY",
    [ASAP_REASON_CLOCK_WENT_BACK] = "CLOCK_WENT_BACK",
    [ASAP_REASON_AUDIT_UNAVAILABLE] = "AUDIT_UNAVAILABLE",
    [ASAP_REASON_OVERLOADED] = "OVERLOADED",
};

static void
fill(struct asap_error *err, enum asap_code code, enum asap_reason reason, const char *field)
{
    err->code = code;
    err->reason = reason;
    (void)snprintf(err->field, sizeof err->field, "%s", field);
}

enum asap_code fail(struct asap_error *err, enum asap_code code, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return code;
    fill(err, code, ASAP_REASON_NONE, "");
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}

enum asap_code
refuse(struct asap_error *err, enum asap_reason reason, const char *field, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return ASAP_UNAUTHENTICATED;
    fill(err, ASAP_UNAUTHENTICATED, reason, field);
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return ASAP_UNAUTHENTICATED;
}

enum asap_code fail_reason(
    struct asap_error *err, enum asap_code code, enum asap_reason reason, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return code;
    fill(err, code, reason, "");
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}

enum asap_code fail_as(struct asap_error *err, enum asap_code code)
{
    if (err != NULL)
        err->code = code;
    return code;
}

enum asap_code fail_field(struct asap_error *err, const char *field, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return ASAP_INVALID_ARGUMENT;
    fill(err, ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, field);
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return ASAP_INVALID_ARGUMENT;
}

enum asap_code fail_memory(struct asap_error *err)
{
    return fail(err, ASAP_INTERNAL, "out of memory");
}

const char *asap_reason_name(enum asap_reason reason)
{
    return (unsigned)reason < ASAP_REASON_COUNT ? reason_names[reason] : "";
}

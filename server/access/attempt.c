/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include <stdio.h>

#include "fail.h"
#include "policy.h"
#include "utc.h"

enum asap_code attempt_find(const struct attempt *attempt,
                            enum credential_kind kind,
                            const char *name,
                            const struct known_credential **out,
                            struct asap_error *err)
{
    *out = NULL;
    if (attempt->set == NULL)
        return fail(err, ASAP_UNAVAILABLE, "the callers are not loaded yet; try again");
    *out = caller_set_find_credential(attempt->set, kind, name);
    return ASAP_OK;
}

/* Whatever the clock says, which may have gone back since. */
static bool is_revoked(const struct known_credential *credential)
{
    return credential->revoke_time != LIFECYCLE_NEVER;
}

static bool is_expired(const struct known_credential *credential, int64_t now)
{
    return credential->expire_time <= now;
}

bool attempt_stands(const struct attempt *attempt, const struct known_credential *credential)
{
    return credential != NULL && !is_revoked(credential) && !is_expired(credential, attempt->now);
}

static enum asap_code check_credential(const struct known_credential *credential,
                                       int64_t now,
                                       struct asap_error *err)
{
    char when[UTC_TEXT_SIZE];

    if (is_revoked(credential))
        return refuse(err, ASAP_REASON_CREDENTIAL_REVOKED, "",
                      "credential %s is revoked; use another or ask an administrator for one",
                      credential->credential_id);
    if (!is_expired(credential, now))
        return ASAP_OK;
    utc_format(credential->expire_time, when);
    return refuse(err, ASAP_REASON_CREDENTIAL_EXPIRED, "",
                  "credential %s expired at %s; ask an administrator for a new one",
                  credential->credential_id, when);
}

static enum asap_code check_caller(const struct known_caller *caller, struct asap_error *err)
{
    if (caller->is_deleted)
        return refuse(err, ASAP_REASON_CALLER_DELETED, "",
                      "caller %s was deleted; ask an administrator for another", caller->name);
    if (!caller->is_enabled)
        return refuse(err, ASAP_REASON_CALLER_DISABLED, "",
                      "caller %s is disabled; ask an administrator to enable it", caller->name);
    return ASAP_OK;
}

enum asap_code attempt_admit(const struct attempt *attempt,
                             enum rpc_proof kind,
                             const struct known_credential *credential,
                             const char *proof,
                             struct asap_error *err)
{
    const struct known_caller *caller = credential->caller;
    struct rpc_caller *out = attempt->out;

    out->proof_kind = kind;
    (void)snprintf(out->proof, sizeof out->proof, "%s", proof);
    (void)snprintf(out->name, sizeof out->name, "%s", caller->name);
    TRY(check_caller(caller, err));
    TRY(check_credential(credential, attempt->now, err));
    out->is_admin = policy_is_admin(caller);
    return ASAP_OK;
}

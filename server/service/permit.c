/* SPDX-License-Identifier: Apache-2.0 */
#include "permit.h"

#include "fail.h"
#include "policy.h"
#include "service.h"

static void judge(const struct service *service,
                  const char *caller_name,
                  const struct wish *wish,
                  struct verdict *out)
{
    const struct caller_set *set = callers_acquire(service->admin.callers);
    const struct known_caller *caller = set == NULL ? NULL : caller_set_find(set, caller_name);

    *out = (struct verdict){ .reason = ASAP_REASON_NO_GRANT,
                             .message = "the callers are not known yet" };
    if (set == NULL)
        return;
    policy_judge(caller, wish, service->audience, out);
    callers_release(service->admin.callers, set);
}

enum asap_code
permit(const struct rpc_call *call, enum verb verb, const char *issuer, struct asap_error *err)
{
    const struct wish wish = { .verb = verb, .issuer = issuer };
    struct verdict verdict;

    if (call->caller->is_admin)
        return ASAP_OK;
    judge(call->service, call->caller->name, &wish, &verdict);
    return verdict.is_allowed
               ? ASAP_OK
               : fail_reason(err, ASAP_PERMISSION_DENIED, verdict.reason, "%s", verdict.message);
}

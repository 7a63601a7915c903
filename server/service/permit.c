/* SPDX-License-Identifier: Apache-2.0 */
#include "permit.h"

#include "fail.h"
#include "policy.h"
#include "service.h"

enum { ATTEMPTS = 3 };

/* *generation: what the verdict is from. */
static void judge(const struct service *service,
                  const char *caller_name,
                  const struct wish *wish,
                  struct verdict *out,
                  int64_t *generation)
{
    const struct caller_set *set = callers_acquire(service->admin.callers);
    const struct known_caller *caller = set == NULL ? NULL : caller_set_find(set, caller_name);

    *out = (struct verdict){ .reason = ASAP_REASON_NO_GRANT,
                             .message = "the callers are not known yet" };
    if (set == NULL)
        return;
    policy_judge(caller, wish, service->audience, out);
    *generation = caller_set_generation(set);
    callers_release(service->admin.callers, set);
}

static enum asap_code permit(const struct rpc_call *call,
                             const struct permission *permission,
                             int64_t *generation,
                             struct asap_error *err)
{
    const struct wish wish = { .verb = permission->verb, .issuer = permission->issuer };
    struct verdict verdict;

    if (call->caller->is_admin)
        return ASAP_OK;
    judge(call->service, call->caller->name, &wish, &verdict, generation);
    return verdict.is_allowed
               ? ASAP_OK
               : fail_reason(err, ASAP_PERMISSION_DENIED, verdict.reason, "%s", verdict.message);
}

enum asap_code permitted_call(const struct rpc_call *call,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              const struct permission *permission,
                              change_handler *handler,
                              struct asap_error *err)
{
    const struct admin *admin = &((const struct service *)call->service)->admin;
    struct change_method method = { .handler = handler };
    enum asap_code code = ASAP_ABORTED;

    for (int i = 0; i < ATTEMPTS && code == ASAP_ABORTED; i++) {
        if (i > 0)
            TRY(callers_refresh(admin->callers, admin->store, err));
        TRY(permit(call, permission, &method.access_generation, err));
        code = change_call_by(call, in, out, &method, err);
    }
    return code;
}

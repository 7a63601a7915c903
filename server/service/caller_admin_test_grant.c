/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "caller_admin.h"
#include "codec.h"
#include "fail.h"
#include "handlers.h"
#include "policy.h"

enum { DEFAULT_LIFETIME = 60 };

static enum asap_code choose_lifetime(const Google__Protobuf__Duration *requested,
                                      int64_t longest,
                                      int64_t *out,
                                      struct asap_error *err)
{
    *out = requested == NULL ? DEFAULT_LIFETIME : requested->seconds;
    if (*out < 1 || *out > longest || (requested != NULL && requested->nanos != 0))
        return fail_field(err, "lifetime", "a token lives from 1 to %lld whole seconds here",
                          (long long)longest);
    return ASAP_OK;
}

static enum asap_code refuse_mint_only(const char *field, struct asap_error *err)
{
    return fail_field(err, field, "this goes with VERB_MINT only (leave it out)");
}

/* What only a mint has. */
static enum asap_code check_mint(const Asap__V1__TestGrantRequest *request, struct asap_error *err)
{
    if (request->verb == ASAP__V1__VERB__VERB_MINT) {
        if (request->audience[0] == '\0')
            return fail_field(err, "audience", "name the audience of the token");
        return ASAP_OK;
    }
    if (request->audience[0] != '\0')
        return refuse_mint_only("audience", err);
    if (request->lifetime != NULL)
        return refuse_mint_only("lifetime", err);
    if (request->subject[0] != '\0')
        return refuse_mint_only("subject", err);
    return ASAP_OK;
}

static enum asap_code check(const Asap__V1__TestGrantRequest *request, struct asap_error *err)
{
    const bool is_admin = request->verb == ASAP__V1__VERB__VERB_ADMIN;

    if (request->verb < ASAP__V1__VERB__VERB_MINT || request->verb > ASAP__V1__VERB__VERB_ADMIN)
        return fail_field(err, "verb",
                          "say what the caller does: VERB_MINT, VERB_PUBLISH, VERB_ROTATE or"
                          " VERB_ADMIN");
    if (is_admin != (request->issuer[0] == '\0'))
        return fail_field(err, "issuer",
                          is_admin ? "VERB_ADMIN is for everything (leave the issuer out)"
                                   : "name the issuer");
    return check_mint(request, err);
}

/* The grant that makes an administrator is named, too. */
static const struct known_grant *find_grant(const struct known_caller *caller,
                                            const struct verdict *verdict)
{
    const struct known_grant *admin = NULL;
    size_t count = 0;

    if (!verdict->is_allowed || verdict->grant != NULL)
        return verdict->grant;
    admin = known_caller_grants(caller, VERB_ADMIN, "", &count);
    return count > 0 ? admin : NULL;
}

static enum asap_code judge(const struct caller_set *set,
                            const Asap__V1__TestGrantRequest *request,
                            const struct wish *wish,
                            const char *own_audience,
                            Asap__V1__TestGrantResponse *out,
                            struct asap_error *err)
{
    const struct known_caller *caller = caller_set_find(set, request->caller);
    const struct known_grant *grant = NULL;
    struct verdict verdict;

    if (caller == NULL || caller->is_deleted) {
        (void)fail_field(err, "caller", "there is no caller %.64s", request->caller);
        return fail_as(err, ASAP_NOT_FOUND);
    }
    policy_judge(caller, wish, own_audience, &verdict);
    grant = find_grant(caller, &verdict);
    out->allowed = verdict.is_allowed;
    TRY(codec_set_string(&out->grant_id, grant == NULL ? "" : grant->grant_id, err));
    return codec_set_string(&out->reason, verdict.is_allowed ? "" : verdict.message, err);
}

enum asap_code caller_admin_test_grant(const struct rpc_call *call,
                                       const ProtobufCMessage *in,
                                       ProtobufCMessage *out,
                                       struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__TestGrantRequest *request = (const Asap__V1__TestGrantRequest *)in;
    const char *const audiences[] = { request->audience, NULL };
    struct wish wish = { .verb = (enum verb)request->verb,
                         .issuer = request->issuer,
                         .audiences = audiences,
                         .subject = request->subject };
    const struct caller_set *set = NULL;
    enum asap_code code = ASAP_OK;

    TRY(check(request, err));
    TRY(choose_lifetime(request->lifetime, service->admin.policy->max_token_lifetime,
                        &wish.lifetime, err));
    set = callers_acquire(service->admin.callers);
    if (set == NULL)
        return fail(err, ASAP_UNAVAILABLE, "the callers are not loaded yet (try again soon)");
    code = judge(set, request, &wish, service->audience, (Asap__V1__TestGrantResponse *)out, err);
    callers_release(service->admin.callers, set);
    return code;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_CALLER_ADMIN_FIXTURE_H
#define ASAP_TESTS_CALLER_ADMIN_FIXTURE_H

#include "asap/v1/caller_admin.pb-c.h"

#include "service_fixture.h"

/* The methods of CallerAdmin, and callers and issuers for them. */

#define ADMIN "/asap.v1.CallerAdmin/"
#define CREATE ADMIN "CreateCaller"
#define GET ADMIN "GetCaller"
#define LIST ADMIN "ListCallers"
#define UPDATE ADMIN "UpdateCaller"
#define DELETE ADMIN "DeleteCaller"
#define PROVE ADMIN "CreateCredential"
#define REVOKE ADMIN "RevokeCredential"
#define GRANT ADMIN "CreateGrant"
#define LIST_GRANTS ADMIN "ListGrants"
#define UNGRANT ADMIN "DeleteGrant"
#define TEST ADMIN "TestGrant"

#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TWO_FIFTY_SIX SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR

#define CI "{\"caller\":\"ci\","
#define HEX "0123456789abcdef"
#define MINT CI "\"verb\":1,\"issuer\":\"payments/api\",\"mintLimits\":"

/* Callers ci and cd, a managed issuer payments/api and an external one web. */
static inline void set_up_callers(void)
{
    set_up_service();
    drop(ask(CREATE, "{\"name\":\"ci\",\"description\":\"builds\"}"));
    drop(ask(CREATE, "{\"name\":\"cd\"}"));
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer",
             "{\"name\":\"payments/api\",\"algorithm\":\"ES256\"}"));
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer", "{\"name\":\"web\",\"kind\":2}"));
}

static inline int64_t access_generation(void)
{
    const struct caller_set *set = callers_acquire(fixture.admin.callers);
    const int64_t generation = caller_set_generation(set);

    callers_release(fixture.admin.callers, set);
    return generation;
}

static inline void assert_validated_only(const char *path, const char *json)
{
    const int64_t before = access_generation();

    drop(ask(path, json));
    drop(ask(path, json));
    ck_assert_int_eq(access_generation(), before);
    drop(ask(CREATE, "{\"name\":\"a\"}"));
    ck_assert_int_eq(access_generation(), before + 1);
}

#endif

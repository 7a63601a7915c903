/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_TESTS_GATE_FIXTURE_H
#define ASAPD_TESTS_GATE_FIXTURE_H

#include <strings.h>

#include "asap/v1/audit_log.pb-c.h"
#include "asap/v1/caller_admin.pb-c.h"
#include "gate.h"
#include "service_fixture.h"

/* A gate before the methods of service_fixture.h, with its callers. */

enum { BUCKETS = 64, BEARER_SIZE = 128, JSON_SIZE = 1024 };

#define ADMIN "/asap.v1.CallerAdmin/"
#define MINT "/asap.v1.TokenService/MintToken"
#define ROTATE "/asap.v1.KeyAdmin/RotateKey"
#define STATUS "/asap.v1.Server/GetStatus"

static struct gate gate;

static inline void set_up_gate(void)
{
    struct authenticator_options options = { .audience = "asapd", .daemon_uid = 800 };
    struct asap_error err = { 0 };

    set_up_service();
    ck_assert_succeeds(callers_reload(fixture.admin.callers, fixture.admin.store, &err));
    options.callers = fixture.admin.callers;
    options.keyring = fixture.admin.keyring;
    options.clock = service.admin.clock;
    gate = (struct gate){ .audit = fixture.admin.audit, .monotonic_ms = read_now_ms };
    ck_assert_succeeds(authenticator_new(&options, &gate.authenticator, &err));
    ck_assert_succeeds(limiter_new(BUCKETS, &gate.callers, &err));
    ck_assert_succeeds(limiter_new(BUCKETS, &gate.addresses, &err));
}

static inline void tear_down_gate(void)
{
    authenticator_free(gate.authenticator);
    limiter_free(gate.callers);
    limiter_free(gate.addresses);
    tear_down_service();
}

/* A new API key of a caller, as the Authorization header has it. */
static inline void give_key(const char *caller, char bearer[BEARER_SIZE])
{
    Asap__V1__CreateCredentialResponse *made = NULL;
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, "{\"caller\":\"%s\",\"apiKey\":{}}", caller);
    made = ask(ADMIN "CreateCredential", json);
    (void)snprintf(bearer, BEARER_SIZE, "Bearer %s", made->api_key);
    drop(made);
}

static inline void create_caller(const char *name)
{
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, "{\"name\":\"%s\"}", name);
    drop(ask(ADMIN "CreateCaller", json));
}

static inline Asap__V1__ListEventsResponse *list_events(void)
{
    return ask("/asap.v1.AuditLog/ListEvents", "{\"pageSize\":1000}");
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "permit.h"

#include <stdio.h>

#include "asap/v1/caller_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "service_fixture.h"

/* Grants that change between the look at them and the transaction that they permit. */

#define ADMIN "/asap.v1.CallerAdmin/"
#define ROTATE "/asap.v1.KeyAdmin/RotateKey"

static char grant_id[ACCESS_ID_SIZE];
static int attempts;

static void set_up_grant(void)
{
    Asap__V1__Grant *grant = NULL;

    set_up_service();
    attempts = 0;
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}"));
    drop(ask(ADMIN "CreateCaller", "{\"name\":\"ci\"}"));
    grant =
        ask(ADMIN "CreateGrant", "{\"caller\":\"ci\",\"verb\":\"VERB_ROTATE\",\"issuer\":\"a\"}");
    (void)snprintf(grant_id, sizeof grant_id, "%s", grant->grant_id);
    drop(grant);
    come_as("ci");
}

static enum asap_code rotate(struct change *change, struct asap_error *err)
{
    SCOPED(key_plan) struct key_plan plan = { 0 };

    attempts++;
    return keys_rotate(change, &(struct rotation){ "a", "", NULL }, &plan, err);
}

static void administer(const char *method, const char *json)
{
    come_as_admin();
    drop(ask(method, json));
    come_as("ci");
}

static enum asap_code rotate_without_grant(struct change *change,
                                           const ProtobufCMessage *in,
                                           ProtobufCMessage *out,
                                           struct asap_error *err)
{
    char json[128];

    (void)in;
    (void)out;
    (void)snprintf(json, sizeof json, "{\"grantId\":\"%s\"}", grant_id);
    if (attempts == 0)
        administer(ADMIN "DeleteGrant", json);
    return rotate(change, err);
}

static void create_caller(void)
{
    char json[64];

    (void)snprintf(json, sizeof json, "{\"name\":\"other%d\"}", attempts);
    administer(ADMIN "CreateCaller", json);
}

static enum asap_code rotate_beside_others(struct change *change,
                                           const ProtobufCMessage *in,
                                           ProtobufCMessage *out,
                                           struct asap_error *err)
{
    (void)in;
    (void)out;
    if (attempts == 0)
        create_caller();
    return rotate(change, err);
}

static enum asap_code rotate_among_others(struct change *change,
                                          const ProtobufCMessage *in,
                                          ProtobufCMessage *out,
                                          struct asap_error *err)
{
    (void)in;
    (void)out;
    create_caller();
    return rotate(change, err);
}

static const struct {
    change_handler *handler;
    enum asap_code code;
    int attempts;
} changes[] = {
    { rotate_without_grant, ASAP_PERMISSION_DENIED, 1 },
    { rotate_beside_others, ASAP_OK, 2 },
    { rotate_among_others, ASAP_ABORTED, 3 },
};

START_TEST(a_change_is_permitted_by_the_grants_at_its_beginning)
{
    const struct rpc_call context = { .service = &service,
                                      .method = find_method(ROTATE),
                                      .caller = &transport.caller,
                                      .now = now,
                                      .may_block = true,
                                      .reply = &transport.reply };
    const struct permission needed = { VERB_ROTATE, "a" };
    Asap__V1__RotateKeyRequest request;
    Asap__V1__RotateKeyResponse response = ASAP__V1__ROTATE_KEY_RESPONSE__INIT;
    struct asap_error err = { 0 };

    asap__v1__rotate_key_request__init(&request);
    ck_assert_int_eq(
        permitted_call(&context, &request.base, &response.base, &needed, changes[_i].handler, &err),
        changes[_i].code);
    ck_assert_int_eq(attempts, changes[_i].attempts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("permit");
    TCase *cases = tcase_create("changes meanwhile");

    tcase_add_checked_fixture(cases, set_up_grant, tear_down_service);
    tcase_add_loop_test(cases, a_change_is_permitted_by_the_grants_at_its_beginning, 0,
                        COUNT(changes));
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

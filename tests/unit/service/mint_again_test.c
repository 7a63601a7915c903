/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/token_service.pb-c.h"

#include <math.h>
#include <sched.h>
#include <stdatomic.h>

#include "clock.h"
#include "mint.h"
#include "service_fixture.h"
#include "store_server.h"

/* Minting between the transport and the mint. */

#define MINT "/asap.v1.TokenService/MintToken"

static struct mint mint;

static void enter(void)
{
    struct asap_error err = { 0 };
    static const char issuer[] = "{\"name\":\"payments/api\",\"algorithm\":\"ES256\"}";

    set_up_service();
    mint = (struct mint){ .keyring = fixture.admin.keyring,
                          .callers = fixture.admin.callers,
                          .policy = &policy,
                          .own_audience = "asapd",
                          .monotonic_ms = clock_monotonic_ms };
    ck_assert_succeeds(signing_keys_new(fixture.admin.store, fixture.vault, 4, &mint.keys, &err));
    ck_assert_succeeds(limiter_new(16, &mint.grants, &err));
    service.mint = &mint;
    ck_assert_succeeds(callers_reload(fixture.admin.callers, fixture.admin.store, &err));
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer", issuer));
}

static void leave(void)
{
    signing_keys_free(mint.keys);
    limiter_free(mint.grants);
    tear_down_service();
}

/* As another thread does that has not loaded them yet. */
static void change_keys_and_callers(void)
{
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_record_change(&txn, now, &err));
    ck_assert_succeeds(store_record_access_change(&txn, now, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

static void note_done(void *context)
{
    *(atomic_bool *)context = true;
}

/* What comes of a token's hold once it is over. */
static enum asap_code mint_once(bool is_repeated)
{
    const struct rpc_caller caller = { .is_admin = true, .name = "uid:0" };
    char issuer[] = "payments/api";
    char audience[] = "orders/api";
    char *audiences[] = { audience };
    Asap__V1__MintTokenRequest request;
    SCOPED(message) ProtobufCMessage *response = NULL;
    struct rpc_reply reply = { .hold = NULL };
    const struct rpc_call context = { .service = &service,
                                      .method = find_method(MINT),
                                      .caller = &caller,
                                      .now = now,
                                      .may_block = true,
                                      .is_repeated = is_repeated,
                                      .reply = &reply };
    struct asap_error err = { 0 };
    struct rpc_hold *hold = NULL;
    atomic_bool is_done = false;
    enum asap_code code = ASAP_OK;

    asap__v1__mint_token_request__init(&request);
    request.issuer = issuer;
    request.audience = audiences;
    request.n_audience = 1;
    ck_assert_succeeds(codec_new(context.method->response, &response, &err));
    ck_assert_succeeds(context.method->handler(&context, &request.base, response, &err));
    hold = MOVE(reply.hold);
    ck_assert_ptr_nonnull(hold);
    hold->begin(hold, note_done, &is_done);
    while (!is_done)
        (void)sched_yield();
    code = hold->result(hold, &err);
    hold->free(hold);
    return code;
}

START_TEST(a_token_that_a_change_overtakes_is_made_by_what_the_change_left)
{
    ck_assert_int_eq(mint_once(false), ASAP_OK);
    change_keys_and_callers();
    ck_assert_int_eq(mint_once(false), ASAP_ABORTED);
    ck_assert_int_eq(mint_once(false), ASAP_ABORTED);
    ck_assert_int_eq(mint_once(true), ASAP_OK);
}
END_TEST

/* What only the binary form can ask for. */
static enum asap_code mint_with(Google__Protobuf__Value *value, struct asap_error *out)
{
    const struct rpc_caller caller = { .is_admin = true, .name = "uid:0" };
    char issuer[] = "payments/api";
    char audience[] = "orders/api";
    char key[] = "role";
    char *audiences[] = { audience };
    Google__Protobuf__Struct__FieldsEntry entry;
    Google__Protobuf__Struct__FieldsEntry *fields[] = { &entry };
    Google__Protobuf__Struct claims = GOOGLE__PROTOBUF__STRUCT__INIT;
    Asap__V1__MintTokenRequest request;
    SCOPED(message) ProtobufCMessage *response = NULL;
    struct asap_error err = { 0 };
    struct rpc_reply reply = { .hold = NULL };
    const struct rpc_call context = { .service = &service,
                                      .method = find_method(MINT),
                                      .caller = &caller,
                                      .now = now,
                                      .may_block = true,
                                      .reply = &reply };

    *out = (struct asap_error){ 0 };
    google__protobuf__struct__fields_entry__init(&entry);
    entry.key = key;
    entry.value = value;
    claims.fields = fields;
    claims.n_fields = 1;
    asap__v1__mint_token_request__init(&request);
    request.issuer = issuer;
    request.audience = audiences;
    request.n_audience = 1;
    request.additional_claims = &claims;
    ck_assert_succeeds(codec_new(context.method->response, &response, &err));
    return context.method->handler(&context, &request.base, response, out);
}

START_TEST(claims_that_json_cannot_hold_are_the_callers_mistake)
{
    Google__Protobuf__Value nothing = GOOGLE__PROTOBUF__VALUE__INIT;
    Google__Protobuf__Value infinite = GOOGLE__PROTOBUF__VALUE__INIT;
    struct asap_error err = { 0 };

    ck_assert_int_eq(mint_with(&nothing, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "additional_claims");
    infinite.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    infinite.number_value = HUGE_VAL;
    ck_assert_int_eq(mint_with(&infinite, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "additional_claims");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mint_again");
    TCase *tests = tcase_create("mint_again");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, a_token_that_a_change_overtakes_is_made_by_what_the_change_left);
    tcase_add_test(tests, claims_that_json_cannot_hold_are_the_callers_mistake);
    return check_main(suite);
}

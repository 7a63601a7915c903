/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/token_service.pb-c.h"

#include <string.h>

#include "asap/v1/audit_log.pb-c.h"
#include "asap/v1/caller_admin.pb-c.h"
#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "service_fixture.h"
#include "test_keys.h"

/* Minting and verifying up to the moment at which a token may leave, and what else grants allow. */

#define ADMIN "/asap.v1.CallerAdmin/"
#define CREATE_ISSUER "/asap.v1.IssuerAdmin/CreateIssuer"
#define MINT "/asap.v1.TokenService/MintToken"
#define VERIFY "/asap.v1.TokenService/VerifyToken"
#define PUBLISH "/asap.v1.KeyAdmin/PublishKey"
#define ROTATE "/asap.v1.KeyAdmin/RotateKey"

#define USUAL "\"issuer\":\"payments/api\",\"audience\":[\"orders/api\"]"
#define WISH "{" USUAL ",\"lifetime\":\"30s\",\"requestId\":\"build-17\"}"

enum { JSON_SIZE = 8192 };

static char grant_id[ACCESS_ID_SIZE]; /* by which "ci" mints */
static struct asap_error err;

static void create_caller(const char *name)
{
    char json[128];

    (void)snprintf(json, sizeof json, "{\"name\":\"%s\"}", name);
    drop(ask(ADMIN "CreateCaller", json));
}

static void create_grant(const char *json, char id[ACCESS_ID_SIZE])
{
    Asap__V1__Grant *grant = ask(ADMIN "CreateGrant", json);

    (void)snprintf(id, ACCESS_ID_SIZE, "%s", grant->grant_id);
    drop(grant);
}

/* An issuer for which "ci" mints, and an external one. */
static void enter(void)
{
    set_up_service();
    err = (struct asap_error){ 0 };
    drop(ask(CREATE_ISSUER, "{\"name\":\"payments/api\",\"algorithm\":\"ES256\"}"));
    drop(ask(CREATE_ISSUER, "{\"name\":\"team/api\",\"kind\":2}"));
    create_caller("ci");
    create_caller("cd");
    create_grant("{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"payments/api\",\"mintLimits\":"
                 "{\"audiences\":[\"orders/*\"],\"subjects\":[\"batch\"],"
                 "\"additionalClaims\":[\"role\"],\"tokensPerMinute\":3}}",
                 grant_id);
    come_as("ci");
}

/* What is asked as an administrator takes nothing from the reply of the call before. */
static void *administer(const char *path, const char *json)
{
    const struct transport before = transport;
    void *response = NULL;

    transport.reply = (struct rpc_reply){ .retry_ms = 0 };
    transport.is_quick = false;
    come_as_admin();
    response = ask(path, json);
    rpc_reply_clear(&transport.reply);
    transport = before;
    return response;
}

static Asap__V1__MintTokenResponse *mint(const char *json)
{
    return ask(MINT, json);
}

static size_t count_events(void)
{
    Asap__V1__ListEventsResponse *events = administer("/asap.v1.AuditLog/ListEvents", "{}");
    const size_t count = events->n_events;

    drop(events);
    return count;
}

#define VERIFY_WISH "{\"token\":\"%s\",\"audiences\":[\"orders/api\"],\"subjects\":[%s]}"

static Asap__V1__VerifyTokenResponse *verify(const char *token)
{
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, VERIFY_WISH, token, "\"batch\"");
    return administer(VERIFY, json);
}

static void assert_last_event(const Asap__V1__MintTokenResponse *minted, const char *token_id)
{
    Asap__V1__ListEventsResponse *events = administer("/asap.v1.AuditLog/ListEvents", "{}");
    const Asap__V1__Event *event = events->events[events->n_events - 1];

    ck_assert_str_eq(event->caller, "ci");
    ck_assert_int_eq(event->proof_kind, ASAP__V1__PROOF_KIND__PROOF_KIND_API_KEY);
    ck_assert_str_eq(event->proof, "credential");
    ck_assert_str_eq(event->method, "asap.v1.TokenService/MintToken");
    ck_assert_str_eq(event->issuer, "payments/api");
    ck_assert_str_eq(event->request_id, "build-17");
    ck_assert_str_eq(event->result, "ok");
    ck_assert_str_eq(event->key_id, minted->key_id);
    ck_assert_str_eq(event->token_id, token_id);
    ck_assert_int_eq(event->create_time->seconds, now);
    drop(events);
}

START_TEST(a_token_waits_for_its_event_and_is_as_the_event_says)
{
    const size_t before = count_events();
    Asap__V1__MintTokenResponse *minted = mint(WISH);
    Asap__V1__VerifyTokenResponse *verified = verify(minted->token);

    ck_assert_ptr_nonnull(transport.reply.hold);
    ck_assert_uint_eq(count_events(), before);
    ck_assert_succeeds(await_hold(&transport.reply, &err));
    ck_assert_uint_eq(count_events(), before + 1);
    assert_last_event(minted, verified->token_id);
    ck_assert_str_eq(verified->key_id, minted->key_id);
    ck_assert_int_eq(minted->expire_time->seconds, now + 30);
    ck_assert_int_eq(minted->refresh_time->seconds, now + 24);
    ck_assert_int_eq(verified->expire_time->seconds, now + 30);
    drop(verified);
    drop(minted);
}
END_TEST

START_TEST(a_token_that_never_leaves_is_not_recorded)
{
    const size_t before = count_events();

    drop(mint(WISH));
    rpc_reply_clear(&transport.reply);
    ck_assert_uint_eq(count_events(), before);
}
END_TEST

START_TEST(a_token_lives_a_minute_when_nothing_else_is_asked_for)
{
    Asap__V1__MintTokenResponse *minted = mint("{" USUAL "}");

    ck_assert_int_eq(minted->expire_time->seconds, now + 60);
    drop(minted);
}
END_TEST

START_TEST(a_validation_says_what_would_be_and_holds_nothing)
{
    Asap__V1__MintTokenResponse *minted = mint("{" USUAL ",\"validateOnly\":true}");

    ck_assert_ptr_null(transport.reply.hold);
    ck_assert_str_eq(minted->token, "");
    ck_assert_str_ne(minted->key_id, "");
    ck_assert_int_eq(minted->expire_time->seconds, now + 60);
    drop(minted);
}
END_TEST

START_TEST(a_key_that_is_revoked_meanwhile_signs_no_token_that_leaves)
{
    Asap__V1__MintTokenResponse *minted = mint(WISH);
    const size_t before = count_events();
    char json[JSON_SIZE];
    char first[KID_MAX + 1];

    (void)snprintf(first, sizeof first, "%s", minted->key_id);
    (void)snprintf(json, sizeof json, "{\"keyId\":\"%s\",\"reason\":\"a test\"}", first);
    drop(minted);
    drop(administer("/asap.v1.KeyAdmin/RevokeKey", json));
    ck_assert_int_eq(await_hold(&transport.reply, &err), ASAP_ABORTED);
    ck_assert_uint_eq(count_events(), before + 1);
    assert_refused(MINT, WISH, ASAP_UNAVAILABLE, "");
    ck_assert_ptr_null(transport.reply.hold);
    ck_assert_int_gt(transport.reply.retry_ms, 0);
    now += transport.reply.retry_ms / 1000;
    minted = mint(WISH);
    ck_assert_str_ne(minted->key_id, first);
    ck_assert_succeeds(await_hold(&transport.reply, &err));
    drop(minted);
}
END_TEST

START_TEST(a_rotation_meanwhile_has_the_call_carried_out_again)
{
    Asap__V1__MintTokenResponse *minted = mint(WISH);
    Asap__V1__VerifyTokenResponse *verified = NULL;

    drop(minted);
    drop(administer(ROTATE, "{\"issuer\":\"payments/api\"}"));
    ck_assert_int_eq(await_hold(&transport.reply, &err), ASAP_ABORTED);
    minted = mint(WISH);
    ck_assert_succeeds(await_hold(&transport.reply, &err));
    verified = verify(minted->token);
    ck_assert_str_eq(verified->key_id, minted->key_id);
    drop(verified);
    drop(minted);
}
END_TEST

START_TEST(a_grant_that_is_taken_back_meanwhile_lets_no_token_leave)
{
    char json[JSON_SIZE];

    drop(mint(WISH));
    (void)snprintf(json, sizeof json, "{\"grantId\":\"%s\"}", grant_id);
    drop(administer(ADMIN "DeleteGrant", json));
    ck_assert_int_eq(await_hold(&transport.reply, &err), ASAP_ABORTED);
    assert_refused(MINT, WISH, ASAP_PERMISSION_DENIED, "");
    ck_assert_ptr_null(transport.reply.hold);
}
END_TEST

START_TEST(a_change_to_others_meanwhile_has_the_call_carried_out_again)
{
    drop(mint(WISH));
    drop(administer(ADMIN "CreateCaller", "{\"name\":\"new\"}"));
    ck_assert_int_eq(await_hold(&transport.reply, &err), ASAP_ABORTED);
    drop(mint(WISH));
    ck_assert_succeeds(await_hold(&transport.reply, &err));
}
END_TEST

START_TEST(a_clock_that_went_back_meanwhile_lets_no_token_leave)
{
    struct rpc_reply late = { .retry_ms = 0 };

    drop(mint(WISH));
    late = transport.reply;
    transport.reply = (struct rpc_reply){ .retry_ms = 0 };
    now += policy.clock_skew + 1;
    drop(mint(WISH));
    ck_assert_succeeds(await_hold(&transport.reply, &err));
    ck_assert_int_eq(await_hold(&late, &err), ASAP_FAILED_PRECONDITION);
    ck_assert_int_eq(err.reason, ASAP_REASON_CLOCK_WENT_BACK);
    rpc_reply_clear(&late);
}
END_TEST

static const struct {
    const char *json;
    enum asap_code code;
    enum asap_reason reason;
    const char *field;
} refusals[] = {
    { "{}", ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, "issuer" },
    { "{\"issuer\":\"payments/api\"}", ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, "audience" },
    { "{\"issuer\":\"payments/api\",\"audience\":[\"a\",\"\"]}", ASAP_INVALID_ARGUMENT,
      ASAP_REASON_NONE, "audience" },
    { "{" USUAL ",\"lifetime\":\"0s\"}", ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, "lifetime" },
    { "{" USUAL ",\"lifetime\":\"1.5s\"}", ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, "lifetime" },
    { "{" USUAL ",\"requestId\":\"a b\"}", ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, "request_id" },
    { "{" USUAL ",\"subject\":\"root\"}", ASAP_PERMISSION_DENIED, ASAP_REASON_GRANT_SUBJECT, "" },
    { "{" USUAL ",\"additionalClaims\":{\"role\":1,\"scope\":2}}", ASAP_PERMISSION_DENIED,
      ASAP_REASON_GRANT_CLAIM, "" },
    { "{\"issuer\":\"payments/api\",\"audience\":[\"asapd\"]}", ASAP_PERMISSION_DENIED,
      ASAP_REASON_GRANT_AUDIENCE, "" },
    { "{\"issuer\":\"team/api\",\"audience\":[\"orders/api\"]}", ASAP_PERMISSION_DENIED,
      ASAP_REASON_NO_GRANT, "" },
};

START_TEST(what_is_refused_has_neither_token_nor_hold)
{
    SCOPED(message) ProtobufCMessage *response = NULL;
    const Asap__V1__MintTokenResponse *minted = NULL;

    ck_assert_int_eq(call(MINT, refusals[_i].json, &response, &err), refusals[_i].code);
    ck_assert_str_eq(asap_reason_name(err.reason), asap_reason_name(refusals[_i].reason));
    ck_assert_str_eq(err.field, refusals[_i].field);
    minted = (const Asap__V1__MintTokenResponse *)response;
    ck_assert_str_eq(minted->token, "");
    ck_assert_str_eq(minted->key_id, "");
    ck_assert_ptr_null(transport.reply.hold);
}
END_TEST

START_TEST(claims_that_are_too_large_are_refused_by_their_field)
{
    char json[JSON_SIZE + 1024];
    const int before = snprintf(json, sizeof json, "{" USUAL ",\"additionalClaims\":{\"role\":\"");

    (void)memset(json + before, 'x', JSON_SIZE);
    (void)snprintf(json + before + JSON_SIZE, 8, "\"}}");
    assert_refused(MINT, json, ASAP_INVALID_ARGUMENT, "additional_claims");
    ck_assert_ptr_null(transport.reply.hold);
}
END_TEST

static const struct {
    const char *accepted;
    enum asap_code code;
    enum asap_reason reason;
} subjects[] = {
    { "", ASAP_INVALID_ARGUMENT, ASAP_REASON_SUBJECT },
    { "\"other\"", ASAP_INVALID_ARGUMENT, ASAP_REASON_SUBJECT },
    { "\"other\",\"batch\"", ASAP_OK, ASAP_REASON_NONE },
    { "\"*\"", ASAP_OK, ASAP_REASON_NONE },
};

START_TEST(a_subject_is_accepted_when_the_request_says_so)
{
    Asap__V1__MintTokenResponse *minted = mint("{" USUAL ",\"subject\":\"batch\"}");
    SCOPED(message) ProtobufCMessage *verified = NULL;
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, VERIFY_WISH, minted->token, subjects[_i].accepted);
    ck_assert_int_eq(call(VERIFY, json, &verified, &err), subjects[_i].code);
    ck_assert_str_eq(asap_reason_name(err.reason), asap_reason_name(subjects[_i].reason));
    drop(minted);
}
END_TEST

START_TEST(additional_claims_and_a_subject_are_in_the_token)
{
    Asap__V1__MintTokenResponse *minted =
        mint("{" USUAL ",\"subject\":\"batch\",\"additionalClaims\":{\"role\":\"reader\"}}");
    Asap__V1__VerifyTokenResponse *verified = verify(minted->token);
    bool has_role = false;

    ck_assert_str_eq(verified->issuer, "payments/api");
    ck_assert_str_eq(verified->subject, "batch");
    ck_assert_uint_eq(verified->n_audience, 1);
    ck_assert_str_eq(verified->audience[0], "orders/api");
    ck_assert_int_eq(verified->issue_time->seconds, now);
    for (size_t i = 0; i < verified->claims->n_fields; i++)
        has_role = has_role || strcmp(verified->claims->fields[i]->key, "role") == 0;
    ck_assert(has_role);
    drop(verified);
    drop(minted);
}
END_TEST

START_TEST(a_grants_limit_says_when_to_come_again)
{
    for (int i = 0; i < 3; i++)
        drop(mint(WISH));
    assert_refused(MINT, WISH, ASAP_RESOURCE_EXHAUSTED, "");
    ck_assert_int_eq(transport.reply.retry_ms, 20000);
    ck_assert_ptr_null(transport.reply.hold);
    now_ms += 20000;
    drop(mint(WISH));
}
END_TEST

START_TEST(validations_take_nothing_of_the_limit)
{
    for (int i = 0; i < 4; i++)
        drop(mint("{" USUAL ",\"validateOnly\":true}"));
    for (int i = 0; i < 3; i++)
        drop(mint(WISH));
}
END_TEST

static void assert_denied(enum asap_code code, enum asap_reason reason)
{
    SCOPED(message) ProtobufCMessage *response = NULL;

    ck_assert_int_eq(call(MINT, WISH, &response, &err), code);
    ck_assert_str_eq(asap_reason_name(err.reason), asap_reason_name(reason));
    ck_assert_ptr_null(transport.reply.hold);
}

START_TEST(a_disabled_caller_and_a_pattern_over_the_servers_own_audience_mint_nothing)
{
    service_mint.own_audience = "orders/api";
    assert_denied(ASAP_PERMISSION_DENIED, ASAP_REASON_GRANT_AUDIENCE);
    drop(administer(ADMIN "UpdateCaller", "{\"name\":\"ci\",\"state\":2}"));
    assert_denied(ASAP_PERMISSION_DENIED, ASAP_REASON_CALLER_DISABLED);
}
END_TEST

START_TEST(no_token_outlives_the_publication_of_its_key)
{
    struct lifecycle_policy longer = policy;

    drop(administer(ROTATE, "{\"issuer\":\"payments/api\"}"));
    drop(mint(WISH));
    longer.verifier_leeway = 1000000;
    service_mint.policy = &longer;
    assert_denied(ASAP_UNAVAILABLE, ASAP_REASON_NO_SIGNING_KEY);
    ck_assert_int_gt(transport.reply.retry_ms, 0);
}
END_TEST

static void assert_declined(const char *json)
{
    Asap__V1__MintTokenResponse *minted = mint(json);

    ck_assert(transport.reply.wants_worker);
    ck_assert_ptr_null(transport.reply.hold);
    ck_assert_str_eq(minted->token, "");
    drop(minted);
}

START_TEST(where_it_may_not_block_only_what_is_quick_is_signed)
{
    static const char slow[] = "{\"issuer\":\"slow/api\",\"audience\":[\"orders/api\"]}";

    come_as_admin();
    drop(ask(CREATE_ISSUER, "{\"name\":\"slow/api\",\"algorithm\":\"RS256\"}"));
    transport.is_quick = true;
    assert_declined(WISH);
    assert_declined(slow);
    transport.is_quick = false;
    drop(mint(WISH));
    drop(mint(slow));
    ck_assert_ptr_nonnull(transport.reply.hold);
    transport.is_quick = true;
    assert_declined(slow);
    drop(mint(WISH));
    ck_assert(!transport.reply.wants_worker);
    ck_assert_ptr_nonnull(transport.reply.hold);
}
END_TEST

static const struct {
    const char *rest;
    int64_t later;
    enum asap_reason reason;
    const char *field;
} judgements[] = {
    { "\"audiences\":[\"orders/api\"]", 29, ASAP_REASON_NONE, "" },
    { "\"audiences\":[\"x\",\"orders/api\"],\"issuers\":[\"payments/api\"]", 0, ASAP_REASON_NONE,
      "" },
    { "\"audiences\":[\"orders/api\"],\"leeway\":\"60s\"", 80, ASAP_REASON_NONE, "" },
    { "\"audiences\":[\"orders/api\"]", 31, ASAP_REASON_EXPIRED, "exp" },
    { "\"audiences\":[\"orders\"]", 0, ASAP_REASON_AUDIENCE, "aud" },
    { "\"audiences\":[\"orders/api\"],\"issuers\":[\"team/api\"]", 0, ASAP_REASON_ISSUER, "iss" },
    { "\"audiences\":[]", 0, ASAP_REASON_NONE, "audiences" },
    { "\"audiences\":[\"orders/api\"],\"leeway\":\"61s\"", 0, ASAP_REASON_NONE, "leeway" },
    { "\"audiences\":[\"orders/api\"],\"leeway\":\"-1s\"", 0, ASAP_REASON_NONE, "leeway" },
    { "\"audiences\":[\"orders/api\"],\"leeway\":\"0.5s\"", 0, ASAP_REASON_NONE, "leeway" },
};

START_TEST(a_token_is_judged_by_the_rules_of_the_request)
{
    const bool is_good = judgements[_i].reason == ASAP_REASON_NONE && !*judgements[_i].field;
    Asap__V1__MintTokenResponse *minted = mint(WISH);
    SCOPED(message) ProtobufCMessage *response = NULL;
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, "{\"token\":\"%s\",%s}", minted->token, judgements[_i].rest);
    drop(minted);
    now += judgements[_i].later;
    ck_assert_int_eq(call(VERIFY, json, &response, &err),
                     is_good ? ASAP_OK : ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(asap_reason_name(err.reason), asap_reason_name(judgements[_i].reason));
    ck_assert_str_eq(err.field, judgements[_i].field);
    ck_assert_ptr_null(transport.reply.hold);
}
END_TEST

START_TEST(a_caller_rotates_the_keys_of_its_grants_issuer_only)
{
    static const char own[] = "{\"issuer\":\"payments/api\"}";
    char id[ACCESS_ID_SIZE];

    come_as_admin();
    create_grant("{\"caller\":\"cd\",\"verb\":3,\"issuer\":\"payments/api\"}", id);
    come_as("cd");
    drop(ask(ROTATE, own));
    assert_refused(ROTATE, "{\"issuer\":\"team/api\"}", ASAP_PERMISSION_DENIED, "");
    assert_refused(ROTATE, "{\"issuer\":\"unknown\"}", ASAP_PERMISSION_DENIED, "");
    assert_refused(PUBLISH, own, ASAP_PERMISSION_DENIED, "");
    assert_refused(MINT, WISH, ASAP_PERMISSION_DENIED, "");
    come_as("ci");
    assert_refused(ROTATE, own, ASAP_PERMISSION_DENIED, "");
    come_as("stranger");
    assert_refused(ROTATE, own, ASAP_PERMISSION_DENIED, "");
    drop(administer(ADMIN "UpdateCaller", "{\"name\":\"cd\",\"state\":2}"));
    come_as("cd");
    assert_refused(ROTATE, own, ASAP_PERMISSION_DENIED, "");
}
END_TEST

/* A request to publish a new key under the issuer team/api. */
static void write_publication(char *json, size_t size)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("prime256v1");
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    int length = snprintf(json, size, "{\"issuer\":\"team/api\",\"publicKey\":\"");

    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    for (const char *at = pem.bytes; *at != '\0'; at++)
        length += snprintf(json + length, size - (size_t)length, *at == '\n' ? "\\n" : "%c", *at);
    (void)snprintf(json + length, size - (size_t)length, "\"}");
}

START_TEST(a_caller_publishes_keys_of_its_grants_issuer_only)
{
    Asap__V1__PublishKeyResponse *published = NULL;
    Asap__V1__ListEventsResponse *events = NULL;
    char json[JSON_SIZE];
    char id[ACCESS_ID_SIZE];

    come_as_admin();
    create_grant("{\"caller\":\"cd\",\"verb\":2,\"issuer\":\"team/api\"}", id);
    write_publication(json, sizeof json);
    come_as("ci");
    assert_refused(PUBLISH, json, ASAP_PERMISSION_DENIED, "");
    come_as("cd");
    published = ask(PUBLISH, json);
    events = administer("/asap.v1.AuditLog/ListEvents", "{}");
    ck_assert_str_eq(events->events[events->n_events - 1]->caller, "cd");
    ck_assert_str_eq(events->events[events->n_events - 1]->key_id, published->key->key_id);
    drop(events);
    drop(published);
    assert_refused(PUBLISH, "{\"issuer\":\"web\",\"publicKey\":\"x\"}", ASAP_PERMISSION_DENIED, "");
    assert_refused(ROTATE, "{\"issuer\":\"team/api\"}", ASAP_PERMISSION_DENIED, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token service");
    TCase *tests = tcase_create("token service");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, tear_down_service);
    tcase_add_test(tests, a_token_waits_for_its_event_and_is_as_the_event_says);
    tcase_add_test(tests, a_token_that_never_leaves_is_not_recorded);
    tcase_add_test(tests, a_token_lives_a_minute_when_nothing_else_is_asked_for);
    tcase_add_test(tests, a_validation_says_what_would_be_and_holds_nothing);
    tcase_add_test(tests, a_key_that_is_revoked_meanwhile_signs_no_token_that_leaves);
    tcase_add_test(tests, a_rotation_meanwhile_has_the_call_carried_out_again);
    tcase_add_test(tests, a_grant_that_is_taken_back_meanwhile_lets_no_token_leave);
    tcase_add_test(tests, a_change_to_others_meanwhile_has_the_call_carried_out_again);
    tcase_add_test(tests, a_clock_that_went_back_meanwhile_lets_no_token_leave);
    tcase_add_loop_test(tests, what_is_refused_has_neither_token_nor_hold, 0, COUNT(refusals));
    tcase_add_test(tests, claims_that_are_too_large_are_refused_by_their_field);
    tcase_add_loop_test(tests, a_subject_is_accepted_when_the_request_says_so, 0, COUNT(subjects));
    tcase_add_test(tests, additional_claims_and_a_subject_are_in_the_token);
    tcase_add_test(tests, a_grants_limit_says_when_to_come_again);
    tcase_add_test(tests, validations_take_nothing_of_the_limit);
    tcase_add_test(tests,
                   a_disabled_caller_and_a_pattern_over_the_servers_own_audience_mint_nothing);
    tcase_add_test(tests, no_token_outlives_the_publication_of_its_key);
    tcase_add_test(tests, where_it_may_not_block_only_what_is_quick_is_signed);
    tcase_add_loop_test(tests, a_token_is_judged_by_the_rules_of_the_request, 0, COUNT(judgements));
    tcase_add_test(tests, a_caller_rotates_the_keys_of_its_grants_issuer_only);
    tcase_add_test(tests, a_caller_publishes_keys_of_its_grants_issuer_only);
    return check_main(suite);
}

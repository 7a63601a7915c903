/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/caller_admin.pb-c.h"

#include <string.h>

#include "api_key.h"
#include "service_fixture.h"

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

/* Callers ci and cd, a managed issuer payments/api and an external one web. */
static void set_up_callers(void)
{
    set_up_service();
    drop(ask(CREATE, "{\"name\":\"ci\",\"description\":\"builds\"}"));
    drop(ask(CREATE, "{\"name\":\"cd\"}"));
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer",
             "{\"name\":\"payments/api\",\"algorithm\":\"ES256\"}"));
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer", "{\"name\":\"web\",\"kind\":2}"));
}

START_TEST(a_caller_is_what_was_asked_for)
{
    Asap__V1__Caller *caller =
        ask(CREATE, "{\"name\":\"Build.job_7-x\",\"description\":\"caf\xc3\xa9\"}");

    for (int again = 0; again < 2; again++) {
        ck_assert_str_eq(caller->name, "Build.job_7-x");
        ck_assert_str_eq(caller->description, "caf\xc3\xa9");
        ck_assert_int_eq(caller->state, ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED);
        ck_assert_int_eq(caller->create_time->seconds, CREATED);
        ck_assert_uint_eq(caller->n_credentials, 0);
        drop(caller);
        caller = ask(GET, "{\"name\":\"Build.job_7-x\"}");
    }
    drop(caller);
}
END_TEST

static const struct {
    const char *json, *description;
    Asap__V1__CallerState state;
} updates[] = {
    { "{\"name\":\"ci\"}", "builds", ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED },
    { "{\"name\":\"ci\",\"description\":\"x\"}", "x",
      ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED },
    { "{\"name\":\"ci\",\"state\":2}", "builds", ASAP__V1__CALLER_STATE__CALLER_STATE_DISABLED },
    { "{\"name\":\"ci\",\"state\":1,\"description\":\"x\"}", "x",
      ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED },
};

START_TEST(an_update_changes_what_it_names)
{
    Asap__V1__Caller *caller = NULL;

    drop(ask(PROVE, "{\"caller\":\"ci\",\"uid\":7}"));
    caller = ask(UPDATE, updates[_i].json);
    for (int again = 0; again < 2; again++) {
        ck_assert_str_eq(caller->description, updates[_i].description);
        ck_assert_int_eq(caller->state, updates[_i].state);
        ck_assert_uint_eq(caller->n_credentials, 1);
        drop(caller);
        caller = ask(GET, "{\"name\":\"ci\"}");
    }
    drop(caller);
}
END_TEST

/* In the order of their names, which is not that of their making. */
static const char *const names[] = { "d", "B", "a.b", "a-c" };
static const char *const sorted[] = { "B", "a-c", "a.b", "cd", "ci", "d" };

START_TEST(pages_of_any_size_make_up_the_list_of_callers)
{
    char json[1024];
    char token[512] = "";
    int seen = 0;

    drop(ask(PROVE, "{\"caller\":\"ci\",\"uid\":7}"));
    for (int i = 0; i < COUNT(names); i++) {
        (void)snprintf(json, sizeof json, "{\"name\":\"%s\"}", names[i]);
        drop(ask(CREATE, json));
    }
    do {
        Asap__V1__ListCallersResponse *page = NULL;

        (void)snprintf(json, sizeof json, "{\"pageSize\":%d,\"pageToken\":\"%s\"}", _i, token);
        page = ask(LIST, json);
        ck_assert_uint_gt(page->n_callers, 0);
        for (size_t i = 0; i < page->n_callers; i++) {
            ck_assert_str_eq(page->callers[i]->name, sorted[seen++]);
            ck_assert_uint_eq(page->callers[i]->n_credentials, 0);
        }
        (void)snprintf(token, sizeof token, "%s", page->next_page_token);
        drop(page);
    } while (token[0] != '\0');
    ck_assert_int_eq(seen, COUNT(sorted));
}
END_TEST

START_TEST(a_deleted_caller_is_shown_as_it_was_and_then_no_more)
{
    Asap__V1__DeleteCallerResponse *deleted = NULL;
    Asap__V1__ListGrantsResponse *grants = NULL;

    drop(ask(PROVE, "{\"caller\":\"ci\",\"uid\":7}"));
    drop(ask(GRANT, "{\"caller\":\"ci\",\"verb\":4}"));
    deleted = ask(DELETE, "{\"name\":\"ci\"}");
    ck_assert_str_eq(deleted->caller->name, "ci");
    ck_assert_str_eq(deleted->caller->description, "builds");
    ck_assert_uint_eq(deleted->caller->n_credentials, 1);
    ck_assert_ptr_null(deleted->caller->credentials[0]->revoke_time);
    drop(deleted);
    grants = ask(LIST_GRANTS, "{}");
    ck_assert_uint_eq(grants->n_grants, 0);
    drop(grants);
    assert_refused(GET, "{\"name\":\"ci\"}", ASAP_NOT_FOUND, "name");
    assert_refused(CREATE, "{\"name\":\"ci\"}", ASAP_ALREADY_EXISTS, "name");
    assert_refused(TEST, "{\"caller\":\"ci\",\"verb\":4}", ASAP_NOT_FOUND, "caller");
    drop(ask(PROVE, "{\"caller\":\"cd\",\"uid\":7}"));
}
END_TEST

static const struct {
    const char *proof;
    Asap__V1__Credential__ProofCase kind;
    const char *text;
} proofs[] = {
    { "\"issuer\":\"payments/api\"", ASAP__V1__CREDENTIAL__PROOF_ISSUER, "payments/api" },
    { "\"certificateUri\":\"spiffe://example.org/ci\"", ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_URI,
      "spiffe://example.org/ci" },
    { "\"certificateUri\":\"urn:x\"", ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_URI, "urn:x" },
    { "\"certificateUri\":\"a+b-c.d:%20/?#[]@!$&'()*+,;=~_\"",
      ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_URI, "a+b-c.d:%20/?#[]@!$&'()*+,;=~_" },
    { "\"certificateDnsName\":\"ci.example.org\"", ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_DNS_NAME,
      "ci.example.org" },
    { "\"certificateDnsName\":\"localhost\"", ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_DNS_NAME,
      "localhost" },
    { "\"certificateDnsName\":\"a-1.0-b\"", ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_DNS_NAME,
      "a-1.0-b" },
};

START_TEST(a_credential_is_what_was_asked_for)
{
    char json[512];
    Asap__V1__CreateCredentialResponse *created = NULL;
    Asap__V1__Caller *caller = NULL;
    const Asap__V1__Credential *credential = NULL;

    (void)snprintf(json, sizeof json,
                   "{\"caller\":\"ci\",%s,\"expireTime\":\"2030-01-01T00:00:00Z\"}",
                   proofs[_i].proof);
    created = ask(PROVE, json);
    caller = ask(GET, "{\"name\":\"ci\"}");
    ck_assert_str_eq(created->api_key, "");
    ck_assert_uint_eq(caller->n_credentials, 1);
    for (int again = 0; again < 2; again++) {
        credential = again == 0 ? created->credential : caller->credentials[0];
        ck_assert_uint_eq(strlen(credential->credential_id), 16);
        ck_assert_str_eq(credential->credential_id, created->credential->credential_id);
        ck_assert_str_eq(credential->caller, "ci");
        ck_assert_int_eq(credential->proof_case, proofs[_i].kind);
        ck_assert_str_eq(credential->issuer, proofs[_i].text);
        ck_assert_int_eq(credential->create_time->seconds, CREATED);
        ck_assert_int_eq(credential->expire_time->seconds, INT64_C(1893456000));
        ck_assert_ptr_null(credential->revoke_time);
    }
    drop(caller);
    drop(created);
}
END_TEST

static const char *const uids[] = { "0", "1000", "4294967295" };

START_TEST(a_user_id_is_a_credential)
{
    char json[128];
    Asap__V1__CreateCredentialResponse *created = NULL;

    (void)snprintf(json, sizeof json, "{\"caller\":\"ci\",\"uid\":%s}", uids[_i]);
    created = ask(PROVE, json);
    ck_assert_int_eq(created->credential->proof_case, ASAP__V1__CREDENTIAL__PROOF_UID);
    (void)snprintf(json, sizeof json, "%u", created->credential->uid);
    ck_assert_str_eq(json, uids[_i]);
    ck_assert_ptr_null(created->credential->expire_time);
    drop(created);
}
END_TEST

START_TEST(an_api_key_is_shown_once_and_its_prefix_always)
{
    Asap__V1__CreateCredentialResponse *created = ask(PROVE, "{\"caller\":\"ci\",\"apiKey\":{}}");
    Asap__V1__Caller *caller = ask(GET, "{\"name\":\"ci\"}");
    char prefix[API_KEY_PREFIX_SIZE];

    ck_assert(api_key_read_prefix(created->api_key, prefix));
    ck_assert_int_eq(created->credential->proof_case, ASAP__V1__CREDENTIAL__PROOF_API_KEY);
    ck_assert_str_eq(created->credential->api_key->key_prefix, prefix);
    ck_assert_str_eq(caller->credentials[0]->api_key->key_prefix, prefix);
    drop(caller);
    drop(created);
}
END_TEST

#define KEY_REQUEST "{\"caller\":\"ci\",\"apiKey\":{},\"requestId\":\"one\"}"

START_TEST(a_repeated_request_gets_the_same_credential_without_its_key)
{
    Asap__V1__CreateCredentialResponse *first = ask(PROVE, KEY_REQUEST);
    Asap__V1__CreateCredentialResponse *again = NULL;

    ck_assert_str_ne(first->api_key, "");
    again = ask(PROVE, KEY_REQUEST);
    ck_assert_str_eq(again->credential->credential_id, first->credential->credential_id);
    ck_assert_str_eq(again->credential->api_key->key_prefix,
                     first->credential->api_key->key_prefix);
    ck_assert_str_eq(again->api_key, "");
    drop(again);
    drop(first);
}
END_TEST

START_TEST(what_is_stored_for_a_repetition_is_no_key)
{
    Asap__V1__CreateCredentialResponse *first = ask(PROVE, KEY_REQUEST);
    struct asap_error err = { 0 };
    struct call_row row = { .caller = "uid:0",
                            .method = "asap.v1.CreateCredentialRequest",
                            .request_id = "one" };
    SCOPED(txn) struct txn txn = { 0 };
    void *response = NULL;
    size_t length = 0;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_get_call(&txn, &row, &response, &length, &err));
    for (size_t i = 0; i < length; i++)
        ck_assert_int_ne(strncmp((const char *)response + i, "asapk_", 6), 0);
    ck_assert_uint_eq(strlen(first->api_key), API_KEY_TEXT_SIZE - 1);
    free(response);
    drop(first);
}
END_TEST

START_TEST(a_validation_shows_no_key_since_there_will_be_none)
{
    Asap__V1__CreateCredentialResponse *created =
        ask(PROVE, "{\"caller\":\"ci\",\"apiKey\":{},\"validateOnly\":true}");
    Asap__V1__Caller *caller = ask(GET, "{\"name\":\"ci\"}");

    ck_assert_str_eq(created->api_key, "");
    ck_assert_uint_eq(caller->n_credentials, 0);
    drop(caller);
    drop(created);
}
END_TEST

/* Creates a credential and hands out its id. */
static void prove(const char *json, char id[ACCESS_ID_SIZE])
{
    Asap__V1__CreateCredentialResponse *created = ask(PROVE, json);

    (void)snprintf(id, ACCESS_ID_SIZE, "%s", created->credential->credential_id);
    drop(created);
}

static void assert_revoked(const char *id, int64_t at)
{
    char json[128];
    Asap__V1__Credential *credential = NULL;

    (void)snprintf(json, sizeof json, "{\"credentialId\":\"%s\"}", id);
    credential = ask(REVOKE, json);
    ck_assert_str_eq(credential->credential_id, id);
    ck_assert_str_eq(credential->caller, "ci");
    ck_assert_int_eq(credential->revoke_time->seconds, at);
    drop(credential);
}

START_TEST(a_credential_is_revoked_once)
{
    char id[ACCESS_ID_SIZE];

    prove("{\"caller\":\"ci\",\"uid\":7}", id);
    now += 5;
    assert_revoked(id, CREATED + 5);
    now += 5;
    assert_revoked(id, CREATED + 5);
    drop(ask(PROVE, "{\"caller\":\"cd\",\"uid\":7}"));
}
END_TEST

START_TEST(a_caller_has_two_live_api_keys_at_most)
{
    char id[ACCESS_ID_SIZE];

    prove("{\"caller\":\"ci\",\"apiKey\":{}}", id);
    prove("{\"caller\":\"ci\",\"apiKey\":{},\"expireTime\":\"2026-11-23T14:00:00Z\"}", id);
    assert_refused(PROVE, "{\"caller\":\"ci\",\"apiKey\":{}}", ASAP_FAILED_PRECONDITION, "api_key");
    prove("{\"caller\":\"cd\",\"apiKey\":{}}", id);
    prove("{\"caller\":\"ci\",\"uid\":7}", id);
    now = INT64_C(1795442400);
    prove("{\"caller\":\"ci\",\"apiKey\":{}}", id);
    assert_refused(PROVE, "{\"caller\":\"ci\",\"apiKey\":{}}", ASAP_FAILED_PRECONDITION, "api_key");
    assert_revoked(id, now);
    prove("{\"caller\":\"ci\",\"apiKey\":{}}", id);
}
END_TEST

START_TEST(a_proof_is_one_callers_until_it_is_expired)
{
    char id[ACCESS_ID_SIZE];
    Asap__V1__Caller *caller = NULL;

    prove("{\"caller\":\"ci\",\"uid\":7,\"expireTime\":\"2026-11-23T14:00:00Z\"}", id);
    assert_refused(PROVE, "{\"caller\":\"cd\",\"uid\":7}", ASAP_ALREADY_EXISTS, "uid");
    now = INT64_C(1795442399);
    assert_refused(PROVE, "{\"caller\":\"ci\",\"uid\":7}", ASAP_ALREADY_EXISTS, "uid");
    now++;
    drop(ask(PROVE, "{\"caller\":\"cd\",\"uid\":7}"));
    caller = ask(GET, "{\"name\":\"ci\"}");
    ck_assert_int_eq(caller->credentials[0]->revoke_time->seconds, now);
    drop(caller);
}
END_TEST

#define MINT "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"payments/api\",\"mintLimits\":"

START_TEST(a_grant_to_mint_is_what_was_asked_for)
{
    Asap__V1__Grant *created =
        ask(GRANT, MINT "{\"audiences\":[\"orders/*\",\"caf\xc3\xa9\"],\"maxLifetime\":\"600s\","
                        "\"subjects\":[\"a\",\"b\"],\"additionalClaims\":[\"x\"],"
                        "\"tokensPerMinute\":60}}");
    Asap__V1__ListGrantsResponse *list = ask(LIST_GRANTS, "{\"caller\":\"ci\"}");

    ck_assert_uint_eq(list->n_grants, 1);
    for (int again = 0; again < 2; again++) {
        const Asap__V1__Grant *grant = again == 0 ? created : list->grants[0];
        const Asap__V1__MintLimits *limits = grant->mint_limits;

        ck_assert_uint_eq(strlen(grant->grant_id), 16);
        ck_assert_str_eq(grant->caller, "ci");
        ck_assert_int_eq(grant->verb, ASAP__V1__VERB__VERB_MINT);
        ck_assert_str_eq(grant->issuer, "payments/api");
        ck_assert_int_eq(grant->create_time->seconds, CREATED);
        ck_assert_uint_eq(limits->n_audiences, 2);
        ck_assert_str_eq(limits->audiences[0], "orders/*");
        ck_assert_str_eq(limits->audiences[1], "caf\xc3\xa9");
        ck_assert_uint_eq(limits->n_subjects, 2);
        ck_assert_str_eq(limits->subjects[1], "b");
        ck_assert_uint_eq(limits->n_additional_claims, 1);
        ck_assert_str_eq(limits->additional_claims[0], "x");
        ck_assert_int_eq(limits->max_lifetime->seconds, 600);
        ck_assert_int_eq(limits->tokens_per_minute, 60);
    }
    drop(list);
    drop(created);
}
END_TEST

static const struct {
    const char *json;
    Asap__V1__Verb verb;
    const char *issuer;
} grants[] = {
    { "{\"caller\":\"ci\",\"verb\":\"VERB_PUBLISH\",\"issuer\":\"web\"}",
      ASAP__V1__VERB__VERB_PUBLISH, "web" },
    { "{\"caller\":\"ci\",\"verb\":2,\"issuer\":\"payments/api\"}", ASAP__V1__VERB__VERB_PUBLISH,
      "payments/api" },
    { "{\"caller\":\"ci\",\"verb\":3,\"issuer\":\"payments/api\"}", ASAP__V1__VERB__VERB_ROTATE,
      "payments/api" },
    { "{\"caller\":\"ci\",\"verb\":4}", ASAP__V1__VERB__VERB_ADMIN, "" },
};

START_TEST(a_grant_of_another_verb_has_no_limits)
{
    Asap__V1__Grant *grant = ask(GRANT, grants[_i].json);

    ck_assert_int_eq(grant->verb, grants[_i].verb);
    ck_assert_str_eq(grant->issuer, grants[_i].issuer);
    ck_assert_ptr_null(grant->mint_limits);
    drop(grant);
}
END_TEST

START_TEST(the_least_grant_to_mint_limits_audiences_only)
{
    Asap__V1__Grant *grant = ask(GRANT, MINT "{\"audiences\":[\"a\"]}}");

    ck_assert_ptr_null(grant->mint_limits->max_lifetime);
    ck_assert_uint_eq(grant->mint_limits->n_subjects, 0);
    ck_assert_int_eq(grant->mint_limits->tokens_per_minute, 0);
    drop(grant);
}
END_TEST

START_TEST(a_deleted_grant_is_shown_as_it_was_and_then_no_more)
{
    char json[128];
    Asap__V1__Grant *grant = ask(GRANT, MINT "{\"audiences\":[\"a\"]}}");
    Asap__V1__DeleteGrantResponse *deleted = NULL;

    (void)snprintf(json, sizeof json, "{\"grantId\":\"%s\"}", grant->grant_id);
    deleted = ask(UNGRANT, json);
    ck_assert_str_eq(deleted->grant->grant_id, grant->grant_id);
    ck_assert_str_eq(deleted->grant->caller, "ci");
    ck_assert_str_eq(deleted->grant->mint_limits->audiences[0], "a");
    assert_refused(UNGRANT, json, ASAP_NOT_FOUND, "grant_id");
    drop(deleted);
    drop(grant);
}
END_TEST

/* By caller, then age. */
static const char *const granted[] = { "cd3", "cd2", "ci4", "ci2", "ci3" };

static void add_grants(void)
{
    static const char *const made[] = {
        "\"ci\",\"verb\":4",
        "\"cd\",\"verb\":3,\"issuer\":\"payments/api\"",
        "\"ci\",\"verb\":2,\"issuer\":\"web\"",
        "\"cd\",\"verb\":2,\"issuer\":\"web\"",
        "\"ci\",\"verb\":3,\"issuer\":\"payments/api\"",
    };

    for (int i = 0; i < COUNT(made); i++) {
        char json[128];

        (void)snprintf(json, sizeof json, "{\"caller\":%s}", made[i]);
        drop(ask(GRANT, json));
    }
}

START_TEST(pages_of_any_size_make_up_the_list_of_grants)
{
    char json[1024];
    char token[512] = "";
    int seen = 0;

    add_grants();
    do {
        Asap__V1__ListGrantsResponse *page = NULL;

        (void)snprintf(json, sizeof json, "{\"pageSize\":%d,\"pageToken\":\"%s\"}", _i, token);
        page = ask(LIST_GRANTS, json);
        ck_assert_uint_gt(page->n_grants, 0);
        for (size_t i = 0; i < page->n_grants; i++) {
            (void)snprintf(json, sizeof json, "%s%d", page->grants[i]->caller,
                           (int)page->grants[i]->verb);
            ck_assert_str_eq(json, granted[seen++]);
        }
        (void)snprintf(token, sizeof token, "%s", page->next_page_token);
        drop(page);
    } while (token[0] != '\0');
    ck_assert_int_eq(seen, COUNT(granted));
}
END_TEST

START_TEST(a_list_goes_on_although_its_last_grant_was_deleted)
{
    char json[512];
    Asap__V1__ListGrantsResponse *page = NULL;
    Asap__V1__ListGrantsResponse *next = NULL;

    add_grants();
    page = ask(LIST_GRANTS, "{\"caller\":\"ci\",\"pageSize\":2}");
    ck_assert_uint_eq(page->n_grants, 2);
    (void)snprintf(json, sizeof json, "{\"grantId\":\"%s\"}", page->grants[1]->grant_id);
    drop(ask(UNGRANT, json));
    (void)snprintf(json, sizeof json, "{\"caller\":\"ci\",\"pageToken\":\"%s\"}",
                   page->next_page_token);
    next = ask(LIST_GRANTS, json);
    ck_assert_uint_eq(next->n_grants, 1);
    ck_assert_int_eq(next->grants[0]->verb, ASAP__V1__VERB__VERB_ROTATE);
    drop(next);
    drop(page);
}
END_TEST

#define FOR_CI "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"payments/api\""
#define LIMITED "{\"audiences\":[\"orders/*\"],\"maxLifetime\":\"90s\",\"subjects\":[\"s\"]}}"

static const struct {
    const char *json;
    bool allowed;
} tried[] = {
    { FOR_CI ",\"audience\":\"orders/api\"}", true },
    { FOR_CI ",\"audience\":\"orders/api\",\"lifetime\":\"90s\",\"subject\":\"s\"}", true },
    { FOR_CI ",\"audience\":\"orders/api\",\"lifetime\":\"91s\"}", false },
    { FOR_CI ",\"audience\":\"orders/api\",\"subject\":\"t\"}", false },
    { FOR_CI ",\"audience\":\"orders\"}", false },
    { FOR_CI ",\"audience\":\"asapd\"}", false },
    { "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"web\",\"audience\":\"orders/api\"}", false },
    { "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"nobody\",\"audience\":\"orders/api\"}", false },
    { "{\"caller\":\"ci\",\"verb\":3,\"issuer\":\"payments/api\"}", false },
    { "{\"caller\":\"ci\",\"verb\":4}", false },
    { "{\"caller\":\"cd\",\"verb\":1,\"issuer\":\"payments/api\",\"audience\":\"orders/api\"}",
      false },
};

static void check_tried(const char *json, const char *grant_id, bool allowed)
{
    Asap__V1__TestGrantResponse *answer = ask(TEST, json);

    ck_assert_msg((answer->allowed != 0) == allowed, "%s: %s", json, answer->reason);
    ck_assert_str_eq(answer->grant_id, allowed ? grant_id : "");
    ck_assert((answer->reason[0] == '\0') == allowed);
    drop(answer);
}

START_TEST(a_test_says_by_which_grant_or_why_not)
{
    Asap__V1__Grant *grant = ask(GRANT, MINT LIMITED);

    check_tried(tried[_i].json, grant->grant_id, tried[_i].allowed);
    drop(grant);
}
END_TEST

START_TEST(a_token_lives_for_a_minute_unless_a_test_says_otherwise)
{
    drop(ask(GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"60s\"}}"));
    drop(ask(GRANT, MINT "{\"audiences\":[\"b\"],\"maxLifetime\":\"59s\"}}"));
    check_tried(FOR_CI ",\"audience\":\"b\"}", "", false);
    drop(ask(UPDATE, "{\"name\":\"ci\",\"state\":2}"));
    check_tried(FOR_CI ",\"audience\":\"a\"}", "", false);
}
END_TEST

START_TEST(an_administrator_may_do_everything_by_its_grant)
{
    Asap__V1__Grant *grant = ask(GRANT, "{\"caller\":\"ci\",\"verb\":4}");

    check_tried("{\"caller\":\"ci\",\"verb\":4}", grant->grant_id, true);
    check_tried(FOR_CI ",\"audience\":\"a\"}", grant->grant_id, true);
    drop(ask(UPDATE, "{\"name\":\"ci\",\"state\":2}"));
    check_tried("{\"caller\":\"ci\",\"verb\":4}", grant->grant_id, false);
    drop(grant);
}
END_TEST

#define CI "{\"caller\":\"ci\","
#define HEX "0123456789abcdef"

static const struct {
    const char *path, *json;
    enum asap_code code;
    const char *field;
} refused[] = {
    { CREATE, "{}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"-a\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\".a\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"_a\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"a:b\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"a/b\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"caf\xc3\xa9\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"asapd\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"" SIXTY_FOUR "0\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"ci\"}", ASAP_ALREADY_EXISTS, "name" },
    { CREATE, "{\"name\":\"a\",\"description\":\"x\\ny\"}", ASAP_INVALID_ARGUMENT, "description" },
    { CREATE, "{\"name\":\"a\",\"description\":\"\xc2\x85\"}", ASAP_INVALID_ARGUMENT,
      "description" },
    { CREATE, "{\"name\":\"a\",\"description\":\"" TWO_FIFTY_SIX "\"}", ASAP_INVALID_ARGUMENT,
      "description" },
    { GET, "{}", ASAP_INVALID_ARGUMENT, "name" },
    { GET, "{\"name\":\"c\"}", ASAP_NOT_FOUND, "name" },
    { GET, "{\"name\":\"" TWO_FIFTY_SIX "\"}", ASAP_NOT_FOUND, "name" },
    { LIST, "{\"pageSize\":-1}", ASAP_INVALID_ARGUMENT, "page_size" },
    { LIST, "{\"pageToken\":\"x\"}", ASAP_INVALID_ARGUMENT, "page_token" },
    { UPDATE, "{\"name\":\"c\"}", ASAP_NOT_FOUND, "name" },
    { UPDATE, "{\"name\":\"ci\",\"state\":3}", ASAP_INVALID_ARGUMENT, "state" },
    { UPDATE, "{\"name\":\"ci\",\"description\":\"\\u007f\"}", ASAP_INVALID_ARGUMENT,
      "description" },
    { DELETE, "{\"name\":\"c\"}", ASAP_NOT_FOUND, "name" },
    { PROVE, "{\"uid\":1}", ASAP_INVALID_ARGUMENT, "caller" },
    { PROVE, "{\"caller\":\"c\",\"uid\":1}", ASAP_NOT_FOUND, "caller" },
    { PROVE, "{\"caller\":\"ci\"}", ASAP_INVALID_ARGUMENT, "proof" },
    { PROVE, CI "\"issuer\":\"\"}", ASAP_INVALID_ARGUMENT, "issuer" },
    { PROVE, CI "\"issuer\":\"payments\"}", ASAP_NOT_FOUND, "issuer" },
    { PROVE, CI "\"certificateUri\":\"\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"a\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"a:\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\":a\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"1a:b\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"a:b c\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"a:%2\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"a:%2g\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"a:\xc3\xa9\"}", ASAP_INVALID_ARGUMENT, "certificate_uri" },
    { PROVE, CI "\"certificateUri\":\"a:" TWO_FIFTY_SIX "\"}", ASAP_INVALID_ARGUMENT,
      "certificate_uri" },
    { PROVE, CI "\"certificateDnsName\":\"\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"*.a\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"A\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"a.\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\".a\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"a..b\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"-a\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"a-\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"a_b\"}", ASAP_INVALID_ARGUMENT, "certificate_dns_name" },
    { PROVE, CI "\"certificateDnsName\":\"" SIXTY_FOUR "\"}", ASAP_INVALID_ARGUMENT,
      "certificate_dns_name" },
    { PROVE, CI "\"apiKey\":{\"keyPrefix\":\"" HEX "\"}}", ASAP_INVALID_ARGUMENT,
      "api_key.key_prefix" },
    { PROVE, CI "\"uid\":1,\"expireTime\":\"2026-11-23T13:20:00Z\"}", ASAP_INVALID_ARGUMENT,
      "expire_time" },
    { REVOKE, "{}", ASAP_INVALID_ARGUMENT, "credential_id" },
    { REVOKE, "{\"credentialId\":\"0123456789ABCDEF\"}", ASAP_INVALID_ARGUMENT, "credential_id" },
    { REVOKE, "{\"credentialId\":\"" HEX "\"}", ASAP_NOT_FOUND, "credential_id" },
    { GRANT, "{\"caller\":\"ci\"}", ASAP_INVALID_ARGUMENT, "verb" },
    { GRANT, CI "\"verb\":5}", ASAP_INVALID_ARGUMENT, "verb" },
    { GRANT, CI "\"verb\":-1}", ASAP_INVALID_ARGUMENT, "verb" },
    { GRANT, "{\"verb\":4}", ASAP_INVALID_ARGUMENT, "caller" },
    { GRANT, "{\"verb\":4,\"caller\":\"c\"}", ASAP_NOT_FOUND, "caller" },
    { GRANT, CI "\"verb\":4,\"issuer\":\"web\"}", ASAP_INVALID_ARGUMENT, "issuer" },
    { GRANT, CI "\"verb\":4,\"mintLimits\":{}}", ASAP_INVALID_ARGUMENT, "mint_limits" },
    { GRANT, CI "\"verb\":2}", ASAP_INVALID_ARGUMENT, "issuer" },
    { GRANT, CI "\"verb\":2,\"issuer\":\"we\"}", ASAP_NOT_FOUND, "issuer" },
    { GRANT, CI "\"verb\":2,\"issuer\":\"web\",\"mintLimits\":{}}", ASAP_INVALID_ARGUMENT,
      "mint_limits" },
    { GRANT, CI "\"verb\":3,\"issuer\":\"web\"}", ASAP_FAILED_PRECONDITION, "issuer" },
    { GRANT, CI "\"verb\":1,\"issuer\":\"web\",\"mintLimits\":{\"audiences\":[\"a\"]}}",
      ASAP_FAILED_PRECONDITION, "issuer" },
    { GRANT, CI "\"verb\":1,\"issuer\":\"payments/api\"}", ASAP_INVALID_ARGUMENT,
      "mint_limits.audiences" },
    { GRANT, MINT "{}}", ASAP_INVALID_ARGUMENT, "mint_limits.audiences" },
    { GRANT, MINT "{\"audiences\":[\"a\",\"*\"]}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.audiences[1]" },
    { GRANT, MINT "{\"audiences\":[\"a\\nb\"]}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.audiences[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"0s\"}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.max_lifetime" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"1.5s\"}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.max_lifetime" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"maxLifetime\":\"3601s\"}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.max_lifetime" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"subjects\":[\"\"]}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.subjects[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"subjects\":[\"" TWO_FIFTY_SIX "\"]}}",
      ASAP_INVALID_ARGUMENT, "mint_limits.subjects[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"additionalClaims\":[\"x\",\"jti\"]}}",
      ASAP_INVALID_ARGUMENT, "mint_limits.additional_claims[1]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"additionalClaims\":[\"a\\tb\"]}}",
      ASAP_INVALID_ARGUMENT, "mint_limits.additional_claims[0]" },
    { GRANT, MINT "{\"audiences\":[\"a\"],\"tokensPerMinute\":-1}}", ASAP_INVALID_ARGUMENT,
      "mint_limits.tokens_per_minute" },
    { LIST_GRANTS, "{\"caller\":\"c\"}", ASAP_NOT_FOUND, "caller" },
    { LIST_GRANTS, "{\"pageSize\":-1}", ASAP_INVALID_ARGUMENT, "page_size" },
    { LIST_GRANTS, "{\"pageToken\":\"x\"}", ASAP_INVALID_ARGUMENT, "page_token" },
    { UNGRANT, "{}", ASAP_INVALID_ARGUMENT, "grant_id" },
    { UNGRANT, "{\"grantId\":\"" HEX "\"}", ASAP_NOT_FOUND, "grant_id" },
    { TEST, "{\"caller\":\"ci\"}", ASAP_INVALID_ARGUMENT, "verb" },
    { TEST, CI "\"verb\":5}", ASAP_INVALID_ARGUMENT, "verb" },
    { TEST, CI "\"verb\":3}", ASAP_INVALID_ARGUMENT, "issuer" },
    { TEST, CI "\"verb\":4,\"issuer\":\"web\"}", ASAP_INVALID_ARGUMENT, "issuer" },
    { TEST, CI "\"verb\":1,\"issuer\":\"web\"}", ASAP_INVALID_ARGUMENT, "audience" },
    { TEST, CI "\"verb\":3,\"issuer\":\"web\",\"audience\":\"a\"}", ASAP_INVALID_ARGUMENT,
      "audience" },
    { TEST, CI "\"verb\":3,\"issuer\":\"web\",\"lifetime\":\"1s\"}", ASAP_INVALID_ARGUMENT,
      "lifetime" },
    { TEST, CI "\"verb\":3,\"issuer\":\"web\",\"subject\":\"a\"}", ASAP_INVALID_ARGUMENT,
      "subject" },
    { TEST, FOR_CI ",\"audience\":\"a\",\"lifetime\":\"0s\"}", ASAP_INVALID_ARGUMENT, "lifetime" },
    { TEST, FOR_CI ",\"audience\":\"a\",\"lifetime\":\"3601s\"}", ASAP_INVALID_ARGUMENT,
      "lifetime" },
    { TEST, "{\"caller\":\"c\",\"verb\":4}", ASAP_NOT_FOUND, "caller" },
    { TEST, "{\"verb\":4}", ASAP_NOT_FOUND, "caller" },
};

START_TEST(a_bad_request_is_refused_by_the_field_that_is_wrong)
{
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].code, refused[_i].field);
}
END_TEST

START_TEST(a_list_of_a_grant_has_a_bound)
{
    char json[4096] = MINT "{\"audiences\":[\"a\"],\"subjects\":[\"" SIXTY_FOUR "\"";
    size_t length = strlen(json);

    for (int i = 1; i < 32; i++)
        length += (size_t)snprintf(json + length, sizeof json - length, ",\"%.*s\"",
                                   i == 31 ? 32 : 64, SIXTY_FOUR);
    (void)snprintf(json + length, sizeof json - length, "]}}");
    drop(ask(GRANT, json));
    (void)snprintf(json + length, sizeof json - length, ",\"%.*s\"]}}", 64, SIXTY_FOUR);
    assert_refused(GRANT, json, ASAP_INVALID_ARGUMENT, "mint_limits.subjects");
}
END_TEST

static const char *const validated[][2] = {
    { CREATE, "{\"name\":\"a\",\"validateOnly\":true}" },
    { UPDATE, "{\"name\":\"ci\",\"state\":2,\"validateOnly\":true}" },
    { DELETE, "{\"name\":\"ci\",\"validateOnly\":true}" },
    { PROVE, CI "\"uid\":8,\"validateOnly\":true}" },
    { GRANT, CI "\"verb\":4,\"validateOnly\":true}" },
};

static int64_t access_generation(void)
{
    const struct caller_set *set = callers_acquire(fixture.admin.callers);
    const int64_t generation = caller_set_generation(set);

    callers_release(fixture.admin.callers, set);
    return generation;
}

START_TEST(validating_only_answers_and_changes_nothing)
{
    const int64_t before = access_generation();

    drop(ask(validated[_i][0], validated[_i][1]));
    drop(ask(validated[_i][0], validated[_i][1]));
    ck_assert_int_eq(access_generation(), before);
    drop(ask(CREATE, "{\"name\":\"a\"}"));
    ck_assert_int_eq(access_generation(), before + 1);
}
END_TEST

START_TEST(what_changes_something_is_audited)
{
    for (const struct rpc_method *method = service_methods; method->path != NULL; method++)
        if (strncmp(method->path, ADMIN, strlen(ADMIN)) == 0)
            ck_assert_msg(method->is_audited != method->no_side_effects, "%s", method->path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("caller administration");
    TCase *cases = tcase_create("methods");

    tcase_add_checked_fixture(cases, set_up_callers, tear_down_service);
    tcase_add_test(cases, a_caller_is_what_was_asked_for);
    tcase_add_loop_test(cases, an_update_changes_what_it_names, 0, COUNT(updates));
    tcase_add_loop_test(cases, pages_of_any_size_make_up_the_list_of_callers, 1, COUNT(sorted) + 2);
    tcase_add_test(cases, a_deleted_caller_is_shown_as_it_was_and_then_no_more);
    tcase_add_loop_test(cases, a_credential_is_what_was_asked_for, 0, COUNT(proofs));
    tcase_add_loop_test(cases, a_user_id_is_a_credential, 0, COUNT(uids));
    tcase_add_test(cases, an_api_key_is_shown_once_and_its_prefix_always);
    tcase_add_test(cases, a_repeated_request_gets_the_same_credential_without_its_key);
    tcase_add_test(cases, what_is_stored_for_a_repetition_is_no_key);
    tcase_add_test(cases, a_validation_shows_no_key_since_there_will_be_none);
    tcase_add_test(cases, a_credential_is_revoked_once);
    tcase_add_test(cases, a_caller_has_two_live_api_keys_at_most);
    tcase_add_test(cases, a_proof_is_one_callers_until_it_is_expired);
    tcase_add_test(cases, a_grant_to_mint_is_what_was_asked_for);
    tcase_add_loop_test(cases, a_grant_of_another_verb_has_no_limits, 0, COUNT(grants));
    tcase_add_test(cases, the_least_grant_to_mint_limits_audiences_only);
    tcase_add_test(cases, a_deleted_grant_is_shown_as_it_was_and_then_no_more);
    tcase_add_loop_test(cases, pages_of_any_size_make_up_the_list_of_grants, 1, COUNT(granted) + 2);
    tcase_add_test(cases, a_list_goes_on_although_its_last_grant_was_deleted);
    tcase_add_loop_test(cases, a_test_says_by_which_grant_or_why_not, 0, COUNT(tried));
    tcase_add_test(cases, a_token_lives_for_a_minute_unless_a_test_says_otherwise);
    tcase_add_test(cases, an_administrator_may_do_everything_by_its_grant);
    tcase_add_loop_test(cases, a_bad_request_is_refused_by_the_field_that_is_wrong, 0,
                        COUNT(refused));
    tcase_add_test(cases, a_list_of_a_grant_has_a_bound);
    tcase_add_loop_test(cases, validating_only_answers_and_changes_nothing, 0, COUNT(validated));
    tcase_add_test(cases, what_changes_something_is_audited);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

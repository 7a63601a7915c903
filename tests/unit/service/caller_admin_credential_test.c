/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api_key.h"
#include "caller_admin_fixture.h"

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

START_TEST(the_credentials_of_a_caller_are_shown_oldest_first)
{
    Asap__V1__Caller *caller = NULL;

    for (int i = 0; i < 3; i++) {
        char json[128];

        (void)snprintf(json, sizeof json, "{\"caller\":\"ci\",\"uid\":%d}", 9 - i);
        drop(ask(PROVE, json));
    }
    caller = ask(GET, "{\"name\":\"ci\"}");
    ck_assert_uint_eq(caller->n_credentials, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(caller->credentials[i]->uid, 9 - i);
    drop(caller);
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

static const struct {
    const char *path, *json;
    enum asap_code code;
    const char *field;
} refused[] = {
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
};

START_TEST(a_bad_request_is_refused_by_the_field_that_is_wrong)
{
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].code, refused[_i].field);
}
END_TEST

START_TEST(validating_only_answers_and_changes_nothing)
{
    assert_validated_only(PROVE, CI "\"uid\":8,\"validateOnly\":true}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("credentials of callers");
    TCase *cases = tcase_create("methods");

    tcase_add_checked_fixture(cases, set_up_callers, tear_down_service);
    tcase_add_loop_test(cases, a_credential_is_what_was_asked_for, 0, COUNT(proofs));
    tcase_add_loop_test(cases, a_user_id_is_a_credential, 0, COUNT(uids));
    tcase_add_test(cases, the_credentials_of_a_caller_are_shown_oldest_first);
    tcase_add_test(cases, an_api_key_is_shown_once_and_its_prefix_always);
    tcase_add_test(cases, a_repeated_request_gets_the_same_credential_without_its_key);
    tcase_add_test(cases, what_is_stored_for_a_repetition_is_no_key);
    tcase_add_test(cases, a_validation_shows_no_key_since_there_will_be_none);
    tcase_add_test(cases, a_credential_is_revoked_once);
    tcase_add_test(cases, a_caller_has_two_live_api_keys_at_most);
    tcase_add_test(cases, a_proof_is_one_callers_until_it_is_expired);
    tcase_add_loop_test(cases, a_bad_request_is_refused_by_the_field_that_is_wrong, 0,
                        COUNT(refused));
    tcase_add_test(cases, validating_only_answers_and_changes_nothing);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "asap/v1/server.pb-c.h"
#include "service_fixture.h"

/* The methods that change issuers, end keys and declare emergencies. */

#define CREATE "/asap.v1.IssuerAdmin/CreateIssuer"
#define GET_ISSUER "/asap.v1.IssuerAdmin/GetIssuer"
#define UPDATE "/asap.v1.IssuerAdmin/UpdateIssuer"
#define DELETE "/asap.v1.IssuerAdmin/DeleteIssuer"
#define PUBLISH "/asap.v1.KeyAdmin/PublishKey"
#define RETIRE "/asap.v1.KeyAdmin/RetireKey"
#define REVOKE "/asap.v1.KeyAdmin/RevokeKey"
#define ROTATE "/asap.v1.KeyAdmin/RotateKey"
#define STATUS "/asap.v1.Server/GetStatus"

static const char public_key[] =
    "-----BEGIN PUBLIC KEY-----\\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKhgDkl93XmA9BkNIlubfIVPlEiZ3\\n"
    "gzJGePxKhRcjXy29Btf0YsF9xmsxi9PT22wToLcodjHSQHNIYDIp+HL9Yw==\\n"
    "-----END PUBLIC KEY-----\\n";

static void create(const char *json)
{
    drop(ask(CREATE, json));
}

static void create_managed(void)
{
    create("{\"name\":\"a\",\"algorithm\":\"ES256\",\"maxTokenLifetime\":\"600s\"}");
}

START_TEST(an_update_changes_what_it_names_and_nothing_else)
{
    Asap__V1__Issuer *issuer = NULL;

    create_managed();
    issuer = ask(UPDATE, "{\"name\":\"a\",\"rotationPeriod\":\"86400s\"}");
    ck_assert_str_eq(issuer->algorithm, "ES256");
    ck_assert_int_eq(issuer->max_token_lifetime->seconds, 600);
    ck_assert_int_eq(issuer->rotation_period->seconds, 86400);
    drop(issuer);
    drop(ask(UPDATE, "{\"name\":\"a\",\"algorithm\":\"EdDSA\",\"maxTokenLifetime\":\"60s\"}"));
    issuer = ask(GET_ISSUER, "{\"name\":\"a\"}");
    ck_assert_str_eq(issuer->algorithm, "EdDSA");
    ck_assert_int_eq(issuer->max_token_lifetime->seconds, 60);
    ck_assert_int_eq(issuer->rotation_period->seconds, 86400);
    drop(issuer);
    issuer = ask(UPDATE, "{\"name\":\"a\",\"rotationPeriod\":\"0s\"}");
    ck_assert_ptr_null(issuer->rotation_period);
    drop(issuer);
}
END_TEST

START_TEST(an_update_that_is_validated_only_changes_nothing)
{
    Asap__V1__Issuer *issuer = NULL;

    create_managed();
    drop(ask(UPDATE, "{\"name\":\"a\",\"algorithm\":\"EdDSA\",\"validateOnly\":true}"));
    issuer = ask(GET_ISSUER, "{\"name\":\"a\"}");
    ck_assert_str_eq(issuer->algorithm, "ES256");
    drop(issuer);
}
END_TEST

START_TEST(an_issuer_is_created_with_its_period)
{
    Asap__V1__Issuer *issuer =
        ask(CREATE, "{\"name\":\"b\",\"algorithm\":\"ES256\",\"rotationPeriod\":\"1800s\"}");

    ck_assert_int_eq(issuer->rotation_period->seconds, 1800);
    drop(issuer);
}
END_TEST

static const struct {
    const char *path, *json;
    enum asap_code code;
    const char *field;
} refused[] = {
    { UPDATE, "{\"name\":\"b\"}", ASAP_NOT_FOUND, "" },
    { UPDATE, "{\"name\":\"a\",\"algorithm\":\"none\"}", ASAP_INVALID_ARGUMENT, "algorithm" },
    { UPDATE, "{\"name\":\"a\",\"maxTokenLifetime\":\"0s\"}", ASAP_INVALID_ARGUMENT,
      "max_token_lifetime" },
    { UPDATE, "{\"name\":\"a\",\"maxTokenLifetime\":\"3601s\"}", ASAP_INVALID_ARGUMENT,
      "max_token_lifetime" },
    { UPDATE, "{\"name\":\"a\",\"rotationPeriod\":\"1799s\"}", ASAP_INVALID_ARGUMENT,
      "rotation_period" },
    { UPDATE, "{\"name\":\"a\",\"rotationPeriod\":\"86400.5s\"}", ASAP_INVALID_ARGUMENT,
      "rotation_period" },
    { UPDATE, "{\"name\":\"a\",\"rotationPeriod\":\"-86400s\"}", ASAP_INVALID_ARGUMENT,
      "rotation_period" },
    { DELETE, "{\"name\":\"a\"}", ASAP_FAILED_PRECONDITION, "" },
    { DELETE, "{\"name\":\"b\",\"force\":true}", ASAP_NOT_FOUND, "" },
    { RETIRE, "{\"keyId\":\"a\"}", ASAP_INVALID_ARGUMENT, "key_id" },
    { RETIRE, "{\"keyId\":\"a/b\"}", ASAP_NOT_FOUND, "" },
    { RETIRE, "{\"keyId\":\"a/b\",\"signUntil\":\"1969-12-31T23:59:59Z\"}", ASAP_INVALID_ARGUMENT,
      "sign_until" },
    { ROTATE, "{\"issuer\":\"a\",\"expectedKeyId\":\"a/b\",\"emergency\":{}}",
      ASAP_INVALID_ARGUMENT, "expected_key_id" },
};

START_TEST(a_bad_request_names_what_is_wrong)
{
    create_managed();
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].code, refused[_i].field);
}
END_TEST

START_TEST(a_deleted_issuer_is_shown_as_it_was_with_the_end_of_trust)
{
    Asap__V1__DeleteIssuerResponse *response = NULL;

    create_managed();
    response = ask(DELETE, "{\"name\":\"a\",\"force\":true}");
    ck_assert_str_eq(response->issuer->name, "a");
    ck_assert_int_eq(response->trusted_until->seconds, CREATED + 660);
    drop(response);
    assert_refused(GET_ISSUER, "{\"name\":\"a\"}", ASAP_NOT_FOUND, "");
    create("{\"name\":\"b\",\"kind\":\"ISSUER_KIND_EXTERNAL\"}");
    response = ask(DELETE, "{\"name\":\"b\"}");
    ck_assert_ptr_null(response->trusted_until);
    drop(response);
}
END_TEST

START_TEST(an_emergency_tells_until_when_the_revoked_key_is_trusted)
{
    Asap__V1__RotateKeyResponse *response = NULL;

    create_managed();
    now += 5000;
    response = ask(ROTATE, "{\"issuer\":\"a\",\"emergency\":{\"reason\":\"lost\"}}");
    ck_assert_int_eq(response->outgoing->state, ASAP__V1__KEY_STATE__KEY_STATE_REVOKED);
    ck_assert_str_eq(response->outgoing->revoke_reason, "lost");
    ck_assert_int_eq(response->incoming->sign_time->seconds, now);
    ck_assert_int_eq(response->trusted_until->seconds, now + 660);
    ck_assert_uint_eq(response->n_standbys, 2);
    drop(response);
    response = ask(ROTATE, "{\"issuer\":\"a\"}");
    ck_assert_ptr_null(response->trusted_until);
    drop(response);
}
END_TEST

START_TEST(each_option_of_an_emergency_is_heard)
{
    Asap__V1__RotateKeyResponse *response = NULL;

    create_managed();
    response = ask(ROTATE, "{\"issuer\":\"a\",\"emergency\":{},\"validateOnly\":true}");
    ck_assert_int_eq(response->incoming->sign_time->seconds, CREATED + 900);
    ck_assert_int_eq(response->incoming->create_time->seconds, CREATED);
    drop(response);
    response = ask(
        ROTATE, "{\"issuer\":\"a\",\"emergency\":{\"acceptMisses\":true},\"validateOnly\":true}");
    ck_assert_int_eq(response->incoming->sign_time->seconds, CREATED);
    drop(response);
    now += 5000;
    response = ask(ROTATE, "{\"issuer\":\"a\",\"emergency\":{\"storeCompromised\":true}}");
    ck_assert_int_eq(response->incoming->create_time->seconds, now);
    ck_assert_int_eq(response->incoming->sign_time->seconds, now + 900);
    drop(response);
}
END_TEST

START_TEST(an_emergency_is_for_administrators)
{
    const struct rpc_caller caller = { .is_admin = false, .name = "ci" };
    const struct rpc_method *method = find_method(ROTATE);
    const struct rpc_call context = {
        .service = &service, .method = method, .caller = &caller, .now = CREATED
    };
    Asap__V1__Emergency emergency = ASAP__V1__EMERGENCY__INIT;
    Asap__V1__RotateKeyRequest request = ASAP__V1__ROTATE_KEY_REQUEST__INIT;
    Asap__V1__RotateKeyResponse response = ASAP__V1__ROTATE_KEY_RESPONSE__INIT;
    struct asap_error err = { 0 };

    create_managed();
    request.issuer = (char[]){ "a" };
    request.emergency = &emergency;
    ck_assert_int_eq(method->handler(&context, &request.base, &response.base, &err),
                     ASAP_PERMISSION_DENIED);
    ck_assert_ptr_nonnull(strstr(err.message, "administrators"));
}
END_TEST

static void publish(const char *name, const char *more)
{
    char json[1024];

    (void)snprintf(json, sizeof json, "{\"issuer\":\"x\",\"name\":\"%s\",\"publicKey\":\"%s\"%s}",
                   name, public_key, more);
    drop(ask(PUBLISH, json));
}

START_TEST(a_retired_key_is_shown_with_its_end)
{
    Asap__V1__Key *key = NULL;

    create("{\"name\":\"x\",\"kind\":\"ISSUER_KIND_EXTERNAL\"}");
    publish("one", "");
    now += 100;
    key = ask(RETIRE, "{\"keyId\":\"x/one\"}");
    ck_assert_int_eq(key->state, ASAP__V1__KEY_STATE__KEY_STATE_RETIRING);
    ck_assert_int_eq(key->sign_until->seconds, now);
    ck_assert_int_eq(key->unpublish_time->seconds, now + 3721);
    drop(key);
    key = ask(RETIRE, "{\"keyId\":\"x/one\",\"signUntil\":\"2026-11-23T23:00:00Z\"}");
    ck_assert_int_eq(key->unpublish_time->seconds - key->sign_until->seconds, 3721);
    drop(key);
}
END_TEST

START_TEST(an_only_key_is_revoked_when_the_request_insists)
{
    create("{\"name\":\"x\",\"kind\":\"ISSUER_KIND_EXTERNAL\"}");
    publish("one", ",\"unpublishTime\":\"2036-01-01T00:00:00Z\"");
    assert_refused(REVOKE, "{\"keyId\":\"x/one\"}", ASAP_FAILED_PRECONDITION, "");
    drop(ask(REVOKE, "{\"keyId\":\"x/one\",\"force\":true}"));
}
END_TEST

START_TEST(a_rotation_that_is_overdue_is_a_problem_of_the_status)
{
    static const struct {
        int64_t late;
        size_t problems;
    } moments[] = { { 0, 0 }, { 119, 0 }, { 120, 1 } };
    struct asap_error err = { 0 };

    ck_assert_succeeds(callers_reload(fixture.admin.callers, fixture.admin.store, &err));
    create("{\"name\":\"a\",\"algorithm\":\"ES256\",\"rotationPeriod\":\"86400s\"}");
    for (size_t i = 0; i < COUNT(moments); i++) {
        Asap__V1__Status *status = NULL;

        now = CREATED + 86400 + moments[i].late;
        status = ask(STATUS, "{}");
        ck_assert_uint_eq(status->n_problems, moments[i].problems);
        if (status->n_problems > 0)
            ck_assert_ptr_nonnull(strstr(status->problems[0], "overdue, such as that of a"));
        drop(status);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("key_change");
    TCase *tests = tcase_create("methods");

    tcase_add_checked_fixture(tests, set_up_service, tear_down_service);
    tcase_add_test(tests, an_update_changes_what_it_names_and_nothing_else);
    tcase_add_test(tests, an_update_that_is_validated_only_changes_nothing);
    tcase_add_test(tests, an_issuer_is_created_with_its_period);
    tcase_add_loop_test(tests, a_bad_request_names_what_is_wrong, 0, COUNT(refused));
    tcase_add_test(tests, a_deleted_issuer_is_shown_as_it_was_with_the_end_of_trust);
    tcase_add_test(tests, an_emergency_tells_until_when_the_revoked_key_is_trusted);
    tcase_add_test(tests, each_option_of_an_emergency_is_heard);
    tcase_add_test(tests, an_emergency_is_for_administrators);
    tcase_add_test(tests, a_retired_key_is_shown_with_its_end);
    tcase_add_test(tests, an_only_key_is_revoked_when_the_request_insists);
    tcase_add_test(tests, a_rotation_that_is_overdue_is_a_problem_of_the_status);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

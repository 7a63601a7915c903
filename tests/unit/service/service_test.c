/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "asap/v1/server.pb-c.h"
#include "service_fixture.h"
#include "test_keys.h"

/* Every method but those of CallerAdmin. */

enum { JSON_MAX = 8192 };

#define CREATE "/asap.v1.IssuerAdmin/CreateIssuer"
#define GET_ISSUER "/asap.v1.IssuerAdmin/GetIssuer"
#define LIST_ISSUERS "/asap.v1.IssuerAdmin/ListIssuers"
#define PUBLISH "/asap.v1.KeyAdmin/PublishKey"
#define RETIRE "/asap.v1.KeyAdmin/RetireKey"
#define ROTATE "/asap.v1.KeyAdmin/RotateKey"
#define REVOKE "/asap.v1.KeyAdmin/RevokeKey"
#define GET_KEY "/asap.v1.KeyAdmin/GetKey"
#define LIST_KEYS "/asap.v1.KeyAdmin/ListKeys"
#define STATUS "/asap.v1.Server/GetStatus"

/* What a grant of a verb allows, beside minting. */
static bool is_granted(const char *path)
{
    return strcmp(path, PUBLISH) == 0 || strcmp(path, RETIRE) == 0 || strcmp(path, ROTATE) == 0;
}

START_TEST(what_administers_is_for_administrators_only)
{
    for (const struct rpc_method *method = service_methods; method->path != NULL; method++)
        if (strstr(method->path, "Admin/") != NULL || strstr(method->path, ".Server/") != NULL
            || strstr(method->path, ".AuditLog/") != NULL)
            ck_assert_msg(method->role == (is_granted(method->path) ? RPC_CALLER : RPC_ADMIN), "%s",
                          method->path);
}
END_TEST

static const struct {
    const char *json, *name, *algorithm;
    Asap__V1__IssuerKind kind;
    int64_t lifetime;
} created[] = {
    { "{\"name\":\"a/b\"}", "a/b", "RS256", ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED, 3600 },
    { "{\"name\":\"a\",\"algorithm\":\"EdDSA\",\"maxTokenLifetime\":\"60s\"}", "a", "EdDSA",
      ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED, 60 },
    { "{\"name\":\"a\",\"kind\":\"ISSUER_KIND_MANAGED\",\"algorithm\":\"ES512\","
      "\"maxTokenLifetime\":\"1s\"}",
      "a", "ES512", ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED, 1 },
    { "{\"name\":\"a\",\"kind\":\"ISSUER_KIND_EXTERNAL\",\"maxTokenLifetime\":\"3600s\"}", "a", "",
      ASAP__V1__ISSUER_KIND__ISSUER_KIND_EXTERNAL, 3600 },
};

START_TEST(an_issuer_is_what_was_asked_for)
{
    char json[64];
    Asap__V1__Issuer *issuer = ask(CREATE, created[_i].json);

    for (int again = 0; again < 2; again++) {
        ck_assert_str_eq(issuer->name, created[_i].name);
        ck_assert_str_eq(issuer->algorithm, created[_i].algorithm);
        ck_assert_int_eq(issuer->kind, created[_i].kind);
        ck_assert_int_eq(issuer->max_token_lifetime->seconds, created[_i].lifetime);
        ck_assert_int_eq(issuer->create_time->seconds, CREATED);
        drop(issuer);
        (void)snprintf(json, sizeof json, "{\"name\":\"%s\"}", created[_i].name);
        issuer = ask(GET_ISSUER, json);
    }
    drop(issuer);
}
END_TEST

static void create_external(const char *name)
{
    char json[128];

    (void)snprintf(json, sizeof json, "{\"name\":\"%s\",\"kind\":2}", name);
    drop(ask(CREATE, json));
}

static void create_managed(const char *name)
{
    char json[128];

    (void)snprintf(json, sizeof json, "{\"name\":\"%s\",\"algorithm\":\"EdDSA\"}", name);
    drop(ask(CREATE, json));
}

static const struct {
    const char *path, *json;
    enum asap_code code;
    const char *field;
} refused[] = {
    { CREATE, "{}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"a..b\"}", ASAP_INVALID_ARGUMENT, "name" },
    { CREATE, "{\"name\":\"web\"}", ASAP_ALREADY_EXISTS, "" },
    { CREATE, "{\"name\":\"web/x\"}", ASAP_ALREADY_EXISTS, "" },
    { CREATE, "{\"name\":\"a\",\"kind\":3}", ASAP_INVALID_ARGUMENT, "kind" },
    { CREATE, "{\"name\":\"a\",\"kind\":-1}", ASAP_INVALID_ARGUMENT, "kind" },
    { CREATE, "{\"name\":\"a\",\"algorithm\":\"HS256\"}", ASAP_INVALID_ARGUMENT, "algorithm" },
    { CREATE, "{\"name\":\"a\",\"algorithm\":\"none\"}", ASAP_INVALID_ARGUMENT, "algorithm" },
    { CREATE, "{\"name\":\"a\",\"algorithm\":\"rs256\"}", ASAP_INVALID_ARGUMENT, "algorithm" },
    { CREATE, "{\"name\":\"a\",\"kind\":2,\"algorithm\":\"RS256\"}", ASAP_INVALID_ARGUMENT,
      "algorithm" },
    { CREATE, "{\"name\":\"a\",\"maxTokenLifetime\":\"0s\"}", ASAP_INVALID_ARGUMENT,
      "max_token_lifetime" },
    { CREATE, "{\"name\":\"a\",\"maxTokenLifetime\":\"-5s\"}", ASAP_INVALID_ARGUMENT,
      "max_token_lifetime" },
    { CREATE, "{\"name\":\"a\",\"maxTokenLifetime\":\"3601s\"}", ASAP_INVALID_ARGUMENT,
      "max_token_lifetime" },
    { CREATE, "{\"name\":\"a\",\"maxTokenLifetime\":\"1.5s\"}", ASAP_INVALID_ARGUMENT,
      "max_token_lifetime" },
    { GET_ISSUER, "{}", ASAP_NOT_FOUND, "" },
    { GET_ISSUER, "{\"name\":\"we\"}", ASAP_NOT_FOUND, "" },
    { LIST_ISSUERS, "{\"pageSize\":-1}", ASAP_INVALID_ARGUMENT, "page_size" },
    { PUBLISH, "{}", ASAP_INVALID_ARGUMENT, "public_key" },
    { PUBLISH, "{\"issuer\":\"web\",\"publicKey\":\"x\"}", ASAP_INVALID_ARGUMENT, "public_key" },
    { ROTATE, "{}", ASAP_NOT_FOUND, "" },
    { ROTATE, "{\"issuer\":\"web\"}", ASAP_FAILED_PRECONDITION, "" },
    { ROTATE, "{\"issuer\":\"own\",\"expectedKeyId\":\"own/x\"}", ASAP_INVALID_ARGUMENT,
      "expected_key_id" },
    { REVOKE, "{}", ASAP_INVALID_ARGUMENT, "key_id" },
    { REVOKE, "{\"keyId\":\"web\"}", ASAP_INVALID_ARGUMENT, "key_id" },
    { REVOKE, "{\"keyId\":\"web/../x\"}", ASAP_INVALID_ARGUMENT, "key_id" },
    { REVOKE, "{\"keyId\":\"web/x\"}", ASAP_NOT_FOUND, "" },
    { REVOKE, "{\"keyId\":\"nobody/x\"}", ASAP_NOT_FOUND, "" },
    { GET_KEY, "{\"keyId\":\"web/x\"}", ASAP_NOT_FOUND, "" },
    { LIST_KEYS, "{\"issuer\":\"nobody\"}", ASAP_NOT_FOUND, "" },
    { LIST_KEYS, "{\"issuer\":\"own\",\"pageSize\":-2147483648}", ASAP_INVALID_ARGUMENT,
      "page_size" },
    { LIST_KEYS, "{\"issuer\":\"own\",\"pageToken\":\"x\"}", ASAP_INVALID_ARGUMENT, "page_token" },
    { LIST_KEYS, "{\"issuer\":\"own\",\"pageToken\":\"web/x\"}", ASAP_INVALID_ARGUMENT,
      "page_token" },
};

START_TEST(a_bad_request_is_refused_by_the_field_that_is_wrong)
{
    create_external("web");
    create_managed("own");
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].code, refused[_i].field);
}
END_TEST

/* JSON that asks to publish a new key of this kind; the caller frees it. */
static char *publication(const char *kind, const char *rest)
{
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    SCOPED(buffer) struct buffer json = BUFFER(JSON_MAX);
    SCOPED(pkey) EVP_PKEY *key = new_key(kind);
    struct asap_error err = { 0 };
    char *text = NULL;

    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    buffer_puts(&json, "{\"issuer\":\"web\",\"publicKey\":\"");
    for (const char *at = pem.bytes; *at != '\0'; at++)
        if (*at == '\n')
            buffer_puts(&json, "\\n");
        else
            buffer_append(&json, at, 1);
    buffer_printf(&json, "\"%s}", rest);
    ck_assert_succeeds(buffer_take(&json, "JSON", &text, &err));
    return text;
}

static const struct {
    const char *kind, *rest, *algorithm;
} published[] = {
    { "RSA", ",\"name\":\"k\"", "RS256" },
    { "RSA", ",\"name\":\"k\",\"algorithm\":\"PS512\"", "PS512" },
    { "prime256v1", ",\"name\":\"k\"", "ES256" },
    { "secp521r1", ",\"name\":\"k\"", "ES512" },
    { "ED25519", ",\"name\":\"k\",\"algorithm\":\"EdDSA\"", "EdDSA" },
};

START_TEST(a_published_key_is_shown_with_all_that_follows_from_it)
{
    char *json = publication(published[_i].kind, published[_i].rest);
    Asap__V1__PublishKeyResponse *response = NULL;
    const Asap__V1__Key *key = NULL;

    create_external("web");
    response = ask(PUBLISH, json);
    key = response->key;
    ck_assert_str_eq(key->key_id, "web/k");
    ck_assert_str_eq(key->issuer, "web");
    ck_assert_str_eq(key->algorithm, published[_i].algorithm);
    ck_assert_int_eq(key->kind, ASAP__V1__KEY_KIND__KEY_KIND_EXTERNAL);
    ck_assert_int_eq(key->state, ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE);
    ck_assert_uint_eq(strlen(key->thumbprint), 43);
    ck_assert_int_eq(strncmp(key->public_key, "-----BEGIN PUBLIC KEY-----\n", 27), 0);
    ck_assert_int_eq(key->create_time->seconds, CREATED);
    ck_assert_int_eq(key->publish_time->seconds, CREATED);
    ck_assert_ptr_null(key->sign_until);
    ck_assert_ptr_null(key->unpublish_time);
    ck_assert_ptr_null(key->revoke_time);
    ck_assert_ptr_null(key->next_transition_time);
    ck_assert_int_eq(response->safe_sign_time->seconds, CREATED + policy.publish_lead);
    drop(response);
    free(json);
}
END_TEST

static const struct {
    const char *kind, *rest, *field;
} unpublishable[] = {
    { "ED25519", ",\"algorithm\":\"ES256\"", "algorithm" },
    { "prime256v1", ",\"algorithm\":\"ES384\"", "algorithm" },
    { "RSA", ",\"algorithm\":\"HS256\"", "algorithm" },
    { "secp256k1", "", "public_key" },
    { "X25519", "", "public_key" },
    { "ED25519", ",\"name\":\"a/b\"", "name" },
    { "ED25519", ",\"name\":\"..\"", "name" },
    { "ED25519", ",\"name\":\"-\"", "name" },
};

START_TEST(a_key_that_cannot_be_published_is_refused_by_its_field)
{
    char *json = publication(unpublishable[_i].kind, unpublishable[_i].rest);

    create_external("web");
    assert_refused(PUBLISH, json, ASAP_INVALID_ARGUMENT, unpublishable[_i].field);
    free(json);
}
END_TEST

START_TEST(a_rotation_shows_who_goes_who_comes_and_who_stands_by)
{
    Asap__V1__RotateKeyResponse *plan = NULL;

    create_managed("own");
    now += 5;
    plan = ask(ROTATE, "{\"issuer\":\"own\"}");
    ck_assert_int_eq(plan->already_planned, 0);
    ck_assert_int_eq(plan->outgoing->state, ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE);
    ck_assert_int_eq(plan->outgoing->sign_until->seconds, CREATED + 900);
    ck_assert_int_eq(plan->outgoing->unpublish_time->seconds, CREATED + 900 + 3600 + 60 + 60 + 1);
    ck_assert_int_eq(plan->outgoing->next_transition_time->seconds, CREATED + 900);
    ck_assert_int_eq(plan->incoming->sign_time->seconds, CREATED + 900);
    ck_assert_int_eq(plan->incoming->state, ASAP__V1__KEY_STATE__KEY_STATE_STANDBY);
    ck_assert_uint_eq(plan->n_standbys, 2);
    for (size_t i = 0; i < plan->n_standbys; i++)
        ck_assert_str_ne(plan->standbys[i]->key_id, plan->incoming->key_id);
    ck_assert_int_eq(plan->standbys[1]->publish_time->seconds, CREATED + 5);
    drop(plan);
    plan = ask(ROTATE, "{\"issuer\":\"own\"}");
    ck_assert_int_eq(plan->already_planned, 1);
    drop(plan);
}
END_TEST

static Asap__V1__ListKeysResponse *list_keys(const char *rest)
{
    char json[1024];

    (void)snprintf(json, sizeof json, "{\"issuer\":\"own\"%.900s}", rest);
    return ask(LIST_KEYS, json);
}

START_TEST(a_revocation_says_until_when_caches_trust_and_who_succeeds)
{
    char json[512];
    Asap__V1__ListKeysResponse *list = NULL;
    Asap__V1__RevokeKeyResponse *revocation = NULL;

    create_managed("own");
    list = list_keys("");
    now += 5000;
    (void)snprintf(json, sizeof json, "{\"keyId\":\"%s\",\"reason\":\"stolen\"}",
                   list->keys[0]->key_id);
    for (int again = 0; again < 2; again++) {
        revocation = ask(REVOKE, json);
        ck_assert_int_eq(revocation->key->state, ASAP__V1__KEY_STATE__KEY_STATE_REVOKED);
        ck_assert_int_eq(revocation->key->revoke_time->seconds, CREATED + 5000);
        ck_assert_str_eq(revocation->key->revoke_reason, "stolen");
        ck_assert_int_eq(revocation->trusted_until->seconds, CREATED + 5000 + 300 + 300 + 60);
        if (again == 0)
            ck_assert_str_eq(revocation->successor->key_id, list->keys[1]->key_id);
        drop(revocation);
        now += 10;
    }
    drop(list);
    list = list_keys("");
    ck_assert_uint_eq(list->n_keys, 3);
    drop(list);
    list = list_keys(",\"showUnpublished\":true");
    ck_assert_uint_eq(list->n_keys, 4);
    drop(list);
}
END_TEST

START_TEST(a_reason_has_a_bound)
{
    char json[512];
    char reason[REVOKE_REASON_SIZE + 1];
    Asap__V1__ListKeysResponse *list = NULL;

    create_managed("own");
    list = list_keys("");
    (void)memset(reason, 'x', sizeof reason);
    reason[REVOKE_REASON_SIZE] = '\0';
    (void)snprintf(json, sizeof json, "{\"keyId\":\"%s\",\"reason\":\"%s\"}", list->keys[0]->key_id,
                   reason);
    assert_refused(REVOKE, json, ASAP_INVALID_ARGUMENT, "reason");
    (void)snprintf(json, sizeof json, "{\"keyId\":\"%s\",\"reason\":\"%s\"}", list->keys[0]->key_id,
                   reason + 1);
    drop(ask(REVOKE, json));
    drop(list);
}
END_TEST

START_TEST(a_clock_that_goes_back_shows_keys_as_they_were)
{
    char json[512];
    Asap__V1__ListKeysResponse *list = NULL;
    Asap__V1__Key *key = NULL;
    Asap__V1__Status *status = NULL;

    create_managed("own");
    now -= 20;
    list = list_keys("");
    ck_assert_int_eq(list->keys[0]->state, ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE);
    (void)snprintf(json, sizeof json, "{\"keyId\":\"%s\"}", list->keys[0]->key_id);
    key = ask(GET_KEY, json);
    ck_assert_int_eq(key->state, ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE);
    status = ask(STATUS, "{}");
    ck_assert_int_eq(status->published_key_count, 3);
    ck_assert_int_eq(status->current_time->seconds, now);
    drop(status);
    drop(key);
    drop(list);
}
END_TEST

static const char *const only_validated[] = { ROTATE, REVOKE, PUBLISH, CREATE };

START_TEST(validating_only_answers_and_changes_nothing)
{
    char json[JSON_MAX];
    char *publish = publication("ED25519", ",\"validateOnly\":true");
    Asap__V1__ListKeysResponse *list = NULL;
    Asap__V1__Status *before = NULL;
    Asap__V1__Status *after = NULL;

    create_external("web");
    create_managed("own");
    list = list_keys("");
    (void)snprintf(json, sizeof json,
                   "{\"issuer\":\"own\",\"name\":\"new\",\"algorithm\":\"ES256\","
                   "\"keyId\":\"%s\",\"validateOnly\":true}",
                   list->keys[0]->key_id);
    before = ask(STATUS, "{}");
    drop(ask(only_validated[_i], strcmp(only_validated[_i], PUBLISH) == 0 ? publish : json));
    after = ask(STATUS, "{}");
    ck_assert_int_eq(after->generation, before->generation);
    ck_assert_int_eq(after->published_key_count, before->published_key_count);
    drop(before);
    drop(after);
    drop(list);
    free(publish);
}
END_TEST

static const struct {
    const char *json;
    size_t first_page;
} pages[] = {
    { "", 3 },
    { ",\"pageSize\":0", 3 },
    { ",\"pageSize\":1", 1 },
    { ",\"pageSize\":2", 2 },
    { ",\"pageSize\":3", 3 },
    { ",\"pageSize\":1001", 3 },
    { ",\"pageSize\":2147483647", 3 },
};

START_TEST(pages_of_any_size_make_up_the_list_of_keys)
{
    char json[1024];
    Asap__V1__ListKeysResponse *all = NULL;
    Asap__V1__ListKeysResponse *page = NULL;
    size_t seen = 0;

    create_managed("own");
    all = list_keys("");
    page = list_keys(pages[_i].json);
    ck_assert_uint_eq(page->n_keys, pages[_i].first_page);
    for (;;) {
        for (size_t i = 0; i < page->n_keys; i++)
            ck_assert_str_eq(page->keys[i]->key_id, all->keys[seen++]->key_id);
        if (page->next_page_token[0] == '\0')
            break;
        (void)snprintf(json, sizeof json, "%s,\"pageToken\":\"%s\"", pages[_i].json,
                       page->next_page_token);
        drop(page);
        page = list_keys(json);
        ck_assert_uint_gt(page->n_keys, 0);
    }
    ck_assert_uint_eq(seen, all->n_keys);
    drop(page);
    drop(all);
}
END_TEST

/* In the order of their names, which is not that of their making. */
static const char *const issuers[] = { "d", "a/c", "a-c", "b", "a/b" };
static const char *const sorted[] = { "a-c", "a/b", "a/c", "b", "d" };

START_TEST(pages_of_any_size_make_up_the_list_of_issuers)
{
    char json[1024];
    char token[512] = "";
    int seen = 0;

    for (int i = 0; i < COUNT(issuers); i++)
        create_external(issuers[i]);
    do {
        Asap__V1__ListIssuersResponse *page = NULL;

        (void)snprintf(json, sizeof json, "{\"pageSize\":%d,\"pageToken\":\"%s\"}", _i, token);
        page = ask(LIST_ISSUERS, json);
        ck_assert_uint_gt(page->n_issuers, 0);
        for (size_t i = 0; i < page->n_issuers; i++)
            ck_assert_str_eq(page->issuers[i]->name, sorted[seen++]);
        (void)snprintf(token, sizeof token, "%s", page->next_page_token);
        drop(page);
    } while (token[0] != '\0');
    ck_assert_int_eq(seen, COUNT(sorted));
}
END_TEST

START_TEST(the_status_tells_what_is_served_and_what_is_wrong)
{
    Asap__V1__Status *status = ask(STATUS, "{}");
    struct asap_error err = { 0 };

    ck_assert_str_eq(status->version, "1.2.3");
    ck_assert_int_eq(status->current_time->seconds, CREATED);
    ck_assert_int_eq(status->published_key_count, 0);
    ck_assert_uint_eq(status->n_problems, 2);
    ck_assert_str_eq(status->problems[0], "the keys are not loaded yet");
    ck_assert_str_eq(status->problems[1], "the callers are not loaded yet");
    drop(status);
    create_managed("own");
    ck_assert_succeeds(callers_reload(fixture.admin.callers, fixture.admin.store, &err));
    status = ask(STATUS, "{}");
    ck_assert_int_eq(status->published_key_count, 3);
    ck_assert_int_eq(status->generation, 1);
    ck_assert_uint_eq(status->n_problems, 0);
    drop(status);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("service");
    TCase *cases = tcase_create("methods");

    tcase_add_checked_fixture(cases, set_up_service, tear_down_service);
    tcase_add_test(cases, what_administers_is_for_administrators_only);
    tcase_add_loop_test(cases, an_issuer_is_what_was_asked_for, 0, COUNT(created));
    tcase_add_loop_test(cases, a_bad_request_is_refused_by_the_field_that_is_wrong, 0,
                        COUNT(refused));
    tcase_add_loop_test(cases, a_published_key_is_shown_with_all_that_follows_from_it, 0,
                        COUNT(published));
    tcase_add_loop_test(cases, a_key_that_cannot_be_published_is_refused_by_its_field, 0,
                        COUNT(unpublishable));
    tcase_add_test(cases, a_rotation_shows_who_goes_who_comes_and_who_stands_by);
    tcase_add_test(cases, a_revocation_says_until_when_caches_trust_and_who_succeeds);
    tcase_add_test(cases, a_reason_has_a_bound);
    tcase_add_test(cases, a_clock_that_goes_back_shows_keys_as_they_were);
    tcase_add_loop_test(cases, validating_only_answers_and_changes_nothing, 0,
                        COUNT(only_validated));
    tcase_add_loop_test(cases, pages_of_any_size_make_up_the_list_of_keys, 0, COUNT(pages));
    tcase_add_loop_test(cases, pages_of_any_size_make_up_the_list_of_issuers, 1,
                        COUNT(issuers) + 2);
    tcase_add_test(cases, the_status_tells_what_is_served_and_what_is_wrong);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

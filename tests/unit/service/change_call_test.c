/* SPDX-License-Identifier: Apache-2.0 */
#include "change_call.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "asap/v1/issuer_admin.pb-c.h"
#include "check_main.h"
#include "codec.h"
#include "handlers.h"
#include "manage_issuers.h"
#include "scratch.h"
#include "store_server.h"

/* The handlers on a real store, vault and keyring, called with JSON. */

#define NOW INT64_C(1795440000)
#define DAY INT64_C(86400)
#define ID "\"requestId\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\""

static const struct lifecycle_policy policy = {
    .max_age = 300,
    .stale = 300,
    .jwks_max_age = 300,
    .clock_skew = 30,
    .verifier_leeway = 60,
    .max_token_lifetime = 3600,
    .publish_lead = 900,
};

static unsigned char key_bytes[] = "0123456789abcdef0123456789abcdef";
static const struct secret page_token_key = { key_bytes, 32 };
static const struct secret audit_key = { key_bytes, 32 };

static struct fixture {
    struct scratch scratch;
    struct log log;
    struct vault *vault;
    struct service service;
    struct rpc_caller caller;
    int64_t now;
    struct asap_error err; /* of the last call */
} fixture;

static void open_database(void)
{
    struct asap_error err = { 0 };
    char url[256];

    (void)snprintf(url, sizeof url, "sqlite:%s/db", fixture.scratch.path);
    ck_assert_succeeds(store_open(url, true, &fixture.log, &fixture.service.admin.store, &err));
    ck_assert_succeeds(keyring_new(&fixture.log, &fixture.service.admin.keyring, &err));
    ck_assert_succeeds(callers_new(&fixture.service.admin.callers, &err));
    ck_assert_succeeds(audit_open(fixture.service.admin.store, &audit_key, policy.clock_skew,
                                  &fixture.log, &fixture.service.admin.audit, &err));
}

static void close_database(void)
{
    audit_close(fixture.service.admin.audit);
    callers_free(fixture.service.admin.callers);
    keyring_free(fixture.service.admin.keyring);
    store_close(fixture.service.admin.store);
}

static void set_up(void)
{
    struct asap_error err = { 0 };
    char kek[256];

    fixture = (struct fixture){ .now = NOW, .caller = { .is_admin = true, .name = "uid:0" } };
    fixture.log = (struct log){ .stream = stderr, .level = LOG_ERROR };
    scratch_make(&fixture.scratch);
    (void)scratch_file(&fixture.scratch, "kek", kek, sizeof kek);
    ck_assert_succeeds(vault_create_kek(kek, &err));
    ck_assert_succeeds(vault_open(kek, &fixture.vault, &err));
    fixture.service.admin.vault = fixture.vault;
    fixture.service.admin.policy = &policy;
    fixture.service.page_token_key = &page_token_key;
    open_database();
}

static void tear_down(void)
{
    close_database();
    vault_close(fixture.vault);
    scratch_remove(&fixture.scratch);
}

static const struct rpc_method *find(const char *name)
{
    for (const struct rpc_method *row = service_methods; row->path != NULL; row++)
        if (strcmp(strrchr(row->path, '/') + 1, name) == 0)
            return row;
    ck_abort_msg("no method %s", name);
}

/* Calls a method; the response in JSON, freed by the caller, or NULL and fixture.err. */
static char *call(const char *name, const char *json)
{
    const struct rpc_method *method = find(name);
    const struct rpc_call details = {
        .service = &fixture.service, .method = method, .caller = &fixture.caller, .now = fixture.now
    };
    SCOPED(message) ProtobufCMessage *in = NULL;
    SCOPED(message) ProtobufCMessage *out = NULL;
    SCOPED(buffer) struct buffer text = BUFFER(1 << 20);
    struct asap_error err = { 0 };
    char *answer = NULL;

    fixture.err = (struct asap_error){ 0 };
    ck_assert_succeeds(codec_read_json(method->request, json, strlen(json), &in, &err));
    ck_assert_succeeds(codec_new(method->response, &out, &err));
    if (method->handler(&details, in, out, &fixture.err) != ASAP_OK)
        return NULL;
    ck_assert_succeeds(codec_write_json(out, &text, &err));
    ck_assert_succeeds(buffer_take(&text, "the answer", &answer, &err));
    return answer;
}

static void check_call(const char *name, const char *json)
{
    char *answer = call(name, json);

    ck_assert_msg(answer != NULL, "%s: %s", name, fixture.err.message);
    free(answer);
}

/* The generation, which every change raises, and the number of key rows of "a". */
static int64_t generation(void)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct server_row row;

    ck_assert_succeeds(txn_begin(&txn, fixture.service.admin.store, &err));
    ck_assert_succeeds(store_get_server(&txn, &row, &err));
    return row.generation;
}

/* Whether a second call is answered as the first one was, changing nothing. */
static void check_repeated(const char *first, const char *name, const char *json)
{
    const int64_t before = generation();
    char *again = call(name, json);

    ck_assert_msg(again != NULL, "%s", fixture.err.message);
    ck_assert_str_eq(first, again);
    ck_assert_int_eq(generation(), before);
    free(again);
}

static const char new_issuer[] = "{\"name\":\"a\",\"algorithm\":\"ES256\"," ID "}";

/* A public key that nobody has. */
static const char *public_key(void)
{
    static char json[1024];
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    size_t length = 0;

    ck_assert_succeeds(vault_generate(algorithm_find("ES256", 5), &key, &err));
    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    for (size_t i = 0; i < pem.length; i++)
        length += (size_t)snprintf(json + length, sizeof json - length, "%s%c",
                                   pem.bytes[i] == '\n' ? "\\" : "",
                                   pem.bytes[i] == '\n' ? 'n' : pem.bytes[i]);
    return json;
}

static void write_request(char *out, size_t size, const char *name, const char *more)
{
    char *issuer = NULL;

    if (strcmp(name, "CreateIssuer") == 0)
        (void)snprintf(out, size, "{\"name\":\"b\",\"algorithm\":\"ES256\"%s}", more);
    else if (strcmp(name, "PublishKey") == 0)
        (void)snprintf(out, size, "{\"issuer\":\"a\",\"name\":\"k\",\"publicKey\":\"%s\"%s}",
                       public_key(), more);
    else if (strcmp(name, "RotateKey") == 0)
        (void)snprintf(out, size, "{\"issuer\":\"a\"%s}", more);
    else {
        issuer = call("ListKeys", "{\"issuer\":\"a\",\"pageSize\":1}");
        ck_assert_ptr_nonnull(issuer);
        (void)snprintf(out, size, "{\"keyId\":%.*s%s}",
                       (int)(strchr(strstr(issuer, "\"a/"), ',') - strstr(issuer, "\"a/")),
                       strstr(issuer, "\"a/"), more);
        free(issuer);
    }
}

static const char *const changing[] = { "CreateIssuer", "PublishKey", "RotateKey", "RevokeKey" };

START_TEST(a_repeated_request_gets_the_first_answer_and_changes_nothing)
{
    char request[2048];
    char *first = NULL;

    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    write_request(request, sizeof request, changing[_i], "," ID);
    fixture.now += 10;
    first = call(changing[_i], request);
    ck_assert_msg(first != NULL, "%s", fixture.err.message);
    fixture.now += 100;
    check_repeated(first, changing[_i], request);
    close_database();
    open_database();
    fixture.now += DAY - 100;
    check_repeated(first, changing[_i], request);
    free(first);
}
END_TEST

START_TEST(a_repetition_makes_the_keyring_serve_what_was_stored)
{
    const struct snapshot *snapshot = NULL;

    check_call("CreateIssuer", new_issuer);
    close_database();
    open_database();
    check_call("CreateIssuer", new_issuer);
    snapshot = keyring_acquire(fixture.service.admin.keyring);
    ck_assert_ptr_nonnull(snapshot);
    ck_assert_uint_eq(snapshot_count(snapshot, fixture.now), 3);
    keyring_release(fixture.service.admin.keyring, snapshot);
}
END_TEST

START_TEST(without_an_id_every_request_is_a_new_one)
{
    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    ck_assert_ptr_null(call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}"));
    ck_assert_int_eq(fixture.err.code, ASAP_ALREADY_EXISTS);
}
END_TEST

START_TEST(the_id_of_another_request_is_refused)
{
    const int64_t before = generation();

    check_call("CreateIssuer", new_issuer);
    ck_assert_ptr_null(call("CreateIssuer", "{\"name\":\"b\",\"algorithm\":\"ES256\"," ID "}"));
    ck_assert_int_eq(fixture.err.code, ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(fixture.err.field, "request_id");
    ck_assert_int_eq(generation(), before + 1);
}
END_TEST

START_TEST(ids_of_two_callers_or_two_methods_have_nothing_to_do_with_one_another)
{
    check_call("CreateIssuer", new_issuer);
    check_call("RotateKey", "{\"issuer\":\"a\"," ID "}");
    fixture.caller = (struct rpc_caller){ .is_admin = true, .name = "uid:1000" };
    ck_assert_ptr_null(call("CreateIssuer", new_issuer));
    ck_assert_int_eq(fixture.err.code, ASAP_ALREADY_EXISTS);
}
END_TEST

START_TEST(a_failure_is_not_remembered)
{
    ck_assert_ptr_null(call("RotateKey", "{\"issuer\":\"a\"," ID "}"));
    ck_assert_int_eq(fixture.err.code, ASAP_NOT_FOUND);
    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    check_call("RotateKey", "{\"issuer\":\"a\"," ID "}");
}
END_TEST

START_TEST(an_id_is_forgotten_after_a_day)
{
    check_call("CreateIssuer", new_issuer);
    fixture.now += DAY + 1;
    ck_assert_ptr_null(call("CreateIssuer", new_issuer));
    ck_assert_int_eq(fixture.err.code, ASAP_ALREADY_EXISTS);
    check_call("CreateIssuer", "{\"name\":\"b\",\"algorithm\":\"ES256\"," ID "}");
}
END_TEST

START_TEST(a_later_change_removes_what_is_expired)
{
    struct asap_error err = { 0 };
    struct call_row row = { .caller = "uid:0", .method = "asap.v1.CreateIssuerRequest" };
    void *response = NULL;
    size_t length = 0;

    (void)snprintf(row.request_id, sizeof row.request_id, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    check_call("CreateIssuer", new_issuer);
    for (int64_t passed = 0; passed <= 1; passed++) {
        SCOPED(txn) struct txn txn = { 0 };

        fixture.now += passed * (DAY + 1);
        check_call("RotateKey", "{\"issuer\":\"a\"}");
        ck_assert_succeeds(txn_begin(&txn, fixture.service.admin.store, &err));
        ck_assert_int_eq(store_get_call(&txn, &row, &response, &length, &err),
                         passed == 0 ? ASAP_OK : ASAP_NOT_FOUND);
        free(response);
    }
}
END_TEST

START_TEST(an_answer_that_nothing_was_to_be_done_is_remembered_too)
{
    char *first = NULL;

    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    check_call("RotateKey", "{\"issuer\":\"a\"}");
    first = call("RotateKey", "{\"issuer\":\"a\"," ID "}");
    ck_assert_ptr_nonnull(strstr(first, "\"alreadyPlanned\":true"));
    fixture.now += 7200;
    check_repeated(first, "RotateKey", "{\"issuer\":\"a\"," ID "}");
    free(first);
}
END_TEST

START_TEST(validating_changes_and_remembers_nothing)
{
    char request[2048];
    int64_t before = 0;

    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    before = generation();
    write_request(request, sizeof request, changing[_i], ",\"validateOnly\":true," ID);
    check_call(changing[_i], request);
    check_call(changing[_i], request);
    ck_assert_int_eq(generation(), before);
    write_request(request, sizeof request, changing[_i], "," ID);
    check_call(changing[_i], request);
    ck_assert_int_eq(generation(), before + 1);
}
END_TEST

START_TEST(a_validation_has_nothing_to_do_with_an_id_that_was_used)
{
    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    check_call("RotateKey", "{\"issuer\":\"a\"," ID "}");
    check_call("RotateKey", "{\"issuer\":\"a\",\"validateOnly\":true," ID "}");
}
END_TEST

#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *id;
    bool good;
} ids[] = {
    { "a", true },         { "!~", true },   { SIXTY_FOUR, true }, { SIXTY_FOUR "0", false },
    { " ", false },        { "a b", false }, { "\\u0001", false }, { "\\u007f", false },
    { "\xc3\xa4", false },
};

START_TEST(an_id_is_short_and_printable)
{
    char request[256];
    char *answer = NULL;

    (void)snprintf(request, sizeof request,
                   "{\"name\":\"a\",\"algorithm\":\"ES256\",\"requestId\":\"%s\"}", ids[_i].id);
    answer = call("CreateIssuer", request);
    ck_assert_msg((answer != NULL) == ids[_i].good, "%s", ids[_i].id);
    if (answer == NULL)
        ck_assert_str_eq(fixture.err.field, "request_id");
    free(answer);
}
END_TEST

/* Another call of the same id that is carried out while the first one makes its keys. */
static enum asap_code overtaken(struct change *change,
                                const ProtobufCMessage *in,
                                ProtobufCMessage *out,
                                struct asap_error *err)
{
    struct issuer_row row = { .name = "a", .managed = false, .max_lifetime = 60 };

    (void)in;
    (void)out;
    check_call("CreateIssuer", new_issuer);
    return keys_create_issuer(change, &row, err);
}

START_TEST(of_two_equal_requests_at_once_one_is_carried_out_and_both_get_its_answer)
{
    struct asap_error err = { 0 };
    const struct rpc_call details = { .service = &fixture.service,
                                      .method = find("CreateIssuer"),
                                      .caller = &fixture.caller,
                                      .now = fixture.now };
    SCOPED(message) ProtobufCMessage *in = NULL;
    SCOPED(message) ProtobufCMessage *out = NULL;

    ck_assert_succeeds(codec_read_json(&asap__v1__create_issuer_request__descriptor, new_issuer,
                                       strlen(new_issuer), &in, &err));
    ck_assert_succeeds(codec_new(&asap__v1__issuer__descriptor, &out, &err));
    ck_assert_succeeds(change_call(&details, in, out, overtaken, &err));
    ck_assert_str_eq(((Asap__V1__Issuer *)out)->algorithm, "ES256");
    ck_assert_int_eq(generation(), 1);
}
END_TEST

/* The newest event, and how many there are. */
static struct audit_row newest_event(size_t *count)
{
    enum { EVENTS_MAX = 16 };
    static struct audit_row rows[EVENTS_MAX];
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    const struct audit_filter all = { .caller = "", .issuer = "" };

    ck_assert_succeeds(txn_begin(&txn, fixture.service.admin.store, &err));
    ck_assert_succeeds(store_list_audit_events(&txn, &all, rows, EVENTS_MAX, count, &err));
    ck_assert_uint_gt(*count, 0);
    return rows[*count - 1];
}

/* By `changing`. An issuer's name is the request's; what a rotation or a publication is about, the
 * operation knows. */
static const struct {
    const char *method, *issuer, *key_id;
} recorded[] = {
    { "asap.v1.IssuerAdmin/CreateIssuer", "b", "" },
    { "asap.v1.KeyAdmin/PublishKey", "a", "a/k" },
    { "asap.v1.KeyAdmin/RotateKey", "a", "a/2026" },
    { "asap.v1.KeyAdmin/RevokeKey", "a", "a/2026" },
};

START_TEST(the_audit_log_says_who_did_what_and_a_repetition_does_nothing)
{
    struct audit_row event;
    char request[2048];
    size_t count = 0;

    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    write_request(request, sizeof request, changing[_i], "," ID);
    fixture.caller.proof_kind = RPC_PROOF_API_KEY;
    (void)snprintf(fixture.caller.proof, sizeof fixture.caller.proof, "0123456789abcdef");
    check_call(changing[_i], request);
    check_call(changing[_i], request);
    event = newest_event(&count);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(event.caller, "uid:0");
    ck_assert_int_eq(event.proof_kind, RPC_PROOF_API_KEY);
    ck_assert_str_eq(event.proof, "0123456789abcdef");
    ck_assert_str_eq(event.method, recorded[_i].method);
    ck_assert_str_eq(event.result, "ok");
    ck_assert_str_eq(event.message, "");
    ck_assert_str_eq(event.issuer, recorded[_i].issuer);
    ck_assert_int_eq(strncmp(event.key_id, recorded[_i].key_id, strlen(recorded[_i].key_id)), 0);
    ck_assert((event.key_id[0] == '\0') == (recorded[_i].key_id[0] == '\0'));
    ck_assert_str_eq(event.request_id, "6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    ck_assert_int_eq(event.create_time, NOW);
}
END_TEST

START_TEST(a_call_that_finds_nothing_to_do_is_recorded_as_that)
{
    struct audit_row event;
    size_t count = 0;

    check_call("CreateIssuer", "{\"name\":\"a\",\"algorithm\":\"ES256\"}");
    check_call("RotateKey", "{\"issuer\":\"a\"}");
    check_call("RotateKey", "{\"issuer\":\"a\"}");
    event = newest_event(&count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(event.method, "asap.v1.KeyAdmin/RotateKey");
    ck_assert_str_eq(event.message, "nothing was to be changed");
    ck_assert_int_eq(generation(), 2);
}
END_TEST

START_TEST(a_repetition_makes_the_callers_known_that_were_stored)
{
    const struct caller_set *set = NULL;

    check_call("CreateCaller", "{\"name\":\"ci\"," ID "}");
    close_database();
    open_database();
    check_call("CreateCaller", "{\"name\":\"ci\"," ID "}");
    set = callers_acquire(fixture.service.admin.callers);
    ck_assert_ptr_nonnull(set);
    ck_assert_ptr_nonnull(caller_set_find(set, "ci"));
    callers_release(fixture.service.admin.callers, set);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("changing calls");
    TCase *cases = tcase_create("calls");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, a_repeated_request_gets_the_first_answer_and_changes_nothing, 0,
                        COUNT(changing));
    tcase_add_test(cases, a_repetition_makes_the_keyring_serve_what_was_stored);
    tcase_add_test(cases, without_an_id_every_request_is_a_new_one);
    tcase_add_test(cases, the_id_of_another_request_is_refused);
    tcase_add_test(cases, ids_of_two_callers_or_two_methods_have_nothing_to_do_with_one_another);
    tcase_add_test(cases, a_failure_is_not_remembered);
    tcase_add_test(cases, an_id_is_forgotten_after_a_day);
    tcase_add_test(cases, a_later_change_removes_what_is_expired);
    tcase_add_test(cases, an_answer_that_nothing_was_to_be_done_is_remembered_too);
    tcase_add_loop_test(cases, validating_changes_and_remembers_nothing, 0, COUNT(changing));
    tcase_add_test(cases, a_validation_has_nothing_to_do_with_an_id_that_was_used);
    tcase_add_loop_test(cases, an_id_is_short_and_printable, 0, COUNT(ids));
    tcase_add_test(cases, of_two_equal_requests_at_once_one_is_carried_out_and_both_get_its_answer);
    tcase_add_loop_test(cases, the_audit_log_says_who_did_what_and_a_repetition_does_nothing, 0,
                        COUNT(recorded));
    tcase_add_test(cases, a_call_that_finds_nothing_to_do_is_recorded_as_that);
    tcase_add_test(cases, a_repetition_makes_the_callers_known_that_were_stored);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

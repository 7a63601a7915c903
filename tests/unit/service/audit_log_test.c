/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <string.h>

#include "admin_fixture.h"
#include "codec.h"

/* The audit log's methods, by their rows of the table, in JSON. */

enum { JSON_MAX = 1024 * 1024 };

static struct secret key;
static struct service service;

/* Event i, of the second CREATED + 10 * i. */
static const struct {
    const char *caller, *issuer;
} recorded[] = {
    { "ci", "web" }, { "ops", "web" }, { "ci", "api" }, { "uid:0", "" }, { "ci", "web" },
};

static void record_all(void)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    for (int i = 0; i < COUNT(recorded); i++) {
        struct audit_row event = { .create_time = CREATED + 10 * (i + 1),
                                   .proof_kind = 3,
                                   .proof = "0123456789abcdef",
                                   .method = "asap.v1.TokenService/MintToken",
                                   .result = "permission_denied",
                                   .message = "no grant",
                                   .key_id = "web/1",
                                   .token_id = "jti",
                                   .request_id = "r" };

        (void)snprintf(event.caller, sizeof event.caller, "%s", recorded[i].caller);
        (void)snprintf(event.issuer, sizeof event.issuer, "%s", recorded[i].issuer);
        ck_assert_succeeds(audit_append(service.admin.audit, &txn, &event, &err));
    }
    ck_assert_succeeds(txn_commit(&txn, &err));
}

static void set_up_service(void)
{
    struct asap_error err = { 0 };

    set_up();
    ck_assert_succeeds(secret_init(&key, 32, &err));
    memset(key.bytes, 7, key.length);
    service = (struct service){ .admin = fixture.admin, .page_token_key = &key };
    record_all();
}

static void tear_down_service(void)
{
    secret_clear(&key);
    tear_down();
}

static const struct rpc_method *find_method(const char *path)
{
    const struct rpc_method *method = service_methods;

    while (method->path != NULL && strcmp(method->path, path) != 0)
        method++;
    ck_assert_msg(method->path != NULL, "no method %s", path);
    ck_assert_int_eq(method->role, RPC_ADMIN);
    ck_assert(method->no_side_effects);
    return method;
}

/* The response as JSON in `out`. */
static enum asap_code
call(const char *path, const char *json, struct buffer *out, struct asap_error *err)
{
    const struct rpc_method *method = find_method(path);
    const struct rpc_caller caller = { .is_admin = true, .name = "uid:0" };
    const struct rpc_call context = { .service = &service, .caller = &caller, .now = CREATED };
    SCOPED(message) ProtobufCMessage *in = NULL;
    SCOPED(message) ProtobufCMessage *response = NULL;
    enum asap_code code = ASAP_OK;

    *err = (struct asap_error){ 0 };
    ck_assert_msg(codec_read_json(method->request, json, strlen(json), &in, err) == ASAP_OK,
                  "%s: %s", json, err->message);
    ck_assert_int_eq(codec_new(method->response, &response, err), ASAP_OK);
    code = method->handler(&context, in, response, err);
    return code == ASAP_OK ? codec_write_json(response, out, err) : code;
}

#define LIST "/asap.v1.AuditLog/ListEvents"
#define VERIFY "/asap.v1.AuditLog/VerifyChain"

static void assert_refused(const char *path, const char *json, const char *field)
{
    SCOPED(buffer) struct buffer out = BUFFER(JSON_MAX);
    struct asap_error err = { 0 };

    ck_assert_msg(call(path, json, &out, &err) == ASAP_INVALID_ARGUMENT, "%s", json);
    ck_assert_msg(strcmp(err.field, field) == 0, "%s: field \"%s\"", json, err.field);
    ck_assert_msg(err.message[0] != '\0' && strchr(err.message, '\n') == NULL, "%s", err.message);
}

START_TEST(an_event_is_listed_with_all_that_is_known_of_it)
{
    SCOPED(buffer) struct buffer out = BUFFER(JSON_MAX);
    struct asap_error err = { 0 };
    const char *hash = NULL;

    ck_assert_succeeds(call(LIST, "{\"pageSize\":1000,\"afterSequence\":\"4\"}", &out, &err));
    hash = strstr(out.bytes, ",\"chainHash\":\"");
    ck_assert_ptr_nonnull(hash);
    ck_assert_uint_eq(strspn(hash + 14, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789+/="),
                      44);
    ck_assert_str_eq(hash + 14 + 44, "\"}]}");
    out.bytes[hash - out.bytes] = '\0';
    ck_assert_str_eq(out.bytes,
                     "{\"events\":[{\"sequence\":\"5\",\"createTime\":\"2026-11-23T13:20:50Z\","
                     "\"caller\":\"ci\",\"proofKind\":\"PROOF_KIND_API_KEY\","
                     "\"proof\":\"0123456789abcdef\","
                     "\"method\":\"asap.v1.TokenService/MintToken\","
                     "\"result\":\"permission_denied\",\"message\":\"no grant\","
                     "\"issuer\":\"web\",\"keyId\":\"web/1\",\"tokenId\":\"jti\","
                     "\"requestId\":\"r\"");
}
END_TEST

/* CREATED is 13:20 of that day. */
#define AT(time) "\"2026-11-23T13:20:" time "Z\""

static const struct {
    const char *json, *sequences;
} lists[] = {
    { "{}", "12345" },
    { "{\"pageSize\":1001}", "12345" },
    { "{\"caller\":\"ci\"}", "135" },
    { "{\"issuer\":\"web\"}", "125" },
    { "{\"caller\":\"ci\",\"issuer\":\"web\"}", "15" },
    { "{\"caller\":\"nobody\"}", "" },
    { "{\"afterSequence\":\"2\"}", "345" },
    { "{\"afterSequence\":\"99\"}", "" },
    { "{\"startTime\":" AT("30") "}", "345" },
    { "{\"startTime\":" AT("30.9") "}", "345" },
    { "{\"endTime\":" AT("30") "}", "12" },
    { "{\"startTime\":" AT("20") ",\"endTime\":" AT("40") "}", "23" },
    { "{\"startTime\":" AT("20") ",\"endTime\":" AT("40") ",\"caller\":\"ci\"}", "3" },
    { "{\"startTime\":\"1970-01-01T00:00:00Z\"}", "12345" },
    { "{\"endTime\":\"1970-01-01T00:00:01Z\"}", "" },
};

static void collect(const char *json, char *sequences)
{
    for (const char *at = strstr(json, "\"sequence\":\""); at != NULL;
         at = strstr(at + 1, "\"sequence\":\"")) {
        *sequences++ = at[strlen("\"sequence\":\"")];
        *sequences = '\0';
    }
}

START_TEST(events_are_listed_by_their_filters)
{
    SCOPED(buffer) struct buffer out = BUFFER(JSON_MAX);
    struct asap_error err = { 0 };
    char sequences[16] = "";

    ck_assert_succeeds(call(LIST, lists[_i].json, &out, &err));
    collect(out.bytes, sequences);
    ck_assert_msg(strcmp(sequences, lists[_i].sequences) == 0, "%s: %s", lists[_i].json, sequences);
    ck_assert_ptr_null(strstr(out.bytes, "nextPageToken"));
}
END_TEST

static const struct {
    int size;
    const char *filter, *sequences;
    int pages;
} paged[] = {
    { 1, "", "12345", 5 },
    { 2, "", "12345", 3 },
    { 5, "", "12345", 1 },
    { 1, ",\"caller\":\"ci\"", "135", 3 },
    { 2, ",\"afterSequence\":\"1\"", "2345", 2 },
    { 2, ",\"issuer\":\"web\",\"startTime\":" AT("20"), "25", 1 },
};

START_TEST(pages_make_up_the_list)
{
    struct asap_error err = { 0 };
    char json[1024];
    char token[512] = "";
    char sequences[16] = "";
    int pages = 0;

    do {
        SCOPED(buffer) struct buffer out = BUFFER(JSON_MAX);
        const char *next = NULL;

        (void)snprintf(json, sizeof json, "{\"pageSize\":%d%s,\"pageToken\":\"%s\"}",
                       paged[_i].size, paged[_i].filter, token);
        ck_assert_succeeds(call(LIST, json, &out, &err));
        collect(out.bytes, sequences + strlen(sequences));
        next = strstr(out.bytes, "\"nextPageToken\":\"");
        token[0] = '\0';
        if (next != NULL)
            (void)snprintf(token, sizeof token, "%.*s", (int)strcspn(next + 17, "\""), next + 17);
        pages++;
    } while (token[0] != '\0');
    ck_assert_str_eq(sequences, paged[_i].sequences);
    ck_assert_int_eq(pages, paged[_i].pages);
}
END_TEST

static const struct {
    const char *path, *json, *field;
} refused[] = {
    { LIST, "{\"pageSize\":-1}", "page_size" },
    { LIST, "{\"pageToken\":\"x\"}", "page_token" },
    { LIST, "{\"afterSequence\":\"-1\"}", "after_sequence" },
    { LIST, "{\"startTime\":\"1969-12-31T23:59:59Z\"}", "start_time" },
    { LIST, "{\"endTime\":\"1969-12-31T23:59:59Z\"}", "end_time" },
    { LIST, "{\"endTime\":\"1970-01-01T00:00:00Z\"}", "end_time" },
    { LIST, "{\"startTime\":" AT("20") ",\"endTime\":" AT("20") "}", "end_time" },
    { LIST, "{\"startTime\":" AT("20") ",\"endTime\":" AT("10") "}", "end_time" },
    { VERIFY, "{\"head\":\"v1.5.x.y\"}", "head" },
};

START_TEST(what_makes_no_sense_is_refused_by_its_field)
{
    assert_refused(refused[_i].path, refused[_i].json, refused[_i].field);
}
END_TEST

START_TEST(a_page_token_serves_its_own_filters_only)
{
    SCOPED(buffer) struct buffer out = BUFFER(JSON_MAX);
    struct asap_error err = { 0 };
    char json[1024];
    const char *next = NULL;

    ck_assert_succeeds(call(LIST, "{\"pageSize\":1,\"caller\":\"ci\"}", &out, &err));
    next = strstr(out.bytes, "\"nextPageToken\":\"");
    ck_assert_ptr_nonnull(next);
    (void)snprintf(json, sizeof json, "{\"caller\":\"ops\",\"pageToken\":\"%.*s\"}",
                   (int)strcspn(next + 17, "\""), next + 17);
    assert_refused(LIST, json, "page_token");
}
END_TEST

START_TEST(a_whole_chain_is_reported_with_its_head)
{
    SCOPED(buffer) struct buffer out = BUFFER(JSON_MAX);
    SCOPED(buffer) struct buffer again = BUFFER(JSON_MAX);
    struct asap_error err = { 0 };
    char head[AUDIT_HEAD_TEXT_SIZE];
    char wanted[512];
    char json[512];

    ck_assert_succeeds(audit_get_head(service.admin.audit, head, &err));
    (void)snprintf(wanted, sizeof wanted, "{\"intact\":true,\"eventCount\":\"5\",\"head\":\"%s\"}",
                   head);
    ck_assert_succeeds(call(VERIFY, "{}", &out, &err));
    ck_assert_str_eq(out.bytes, wanted);
    (void)snprintf(json, sizeof json, "{\"head\":\"%s\"}", head);
    ck_assert_succeeds(call(VERIFY, json, &again, &err));
    ck_assert_str_eq(again.bytes, wanted);
}
END_TEST

START_TEST(a_broken_chain_is_reported_with_the_event)
{
    SCOPED(buffer) struct buffer out = BUFFER(JSON_MAX);
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_delete_audit_events(&txn, 2, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
    ck_assert_succeeds(call(VERIFY, "{}", &out, &err));
    ck_assert_str_eq(out.bytes, "{\"brokenSequence\":\"1\",\"problem\":\"event 1 is missing\"}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit service");
    TCase *cases = tcase_create("methods");

    tcase_add_checked_fixture(cases, set_up_service, tear_down_service);
    tcase_add_test(cases, an_event_is_listed_with_all_that_is_known_of_it);
    tcase_add_loop_test(cases, events_are_listed_by_their_filters, 0, COUNT(lists));
    tcase_add_loop_test(cases, pages_make_up_the_list, 0, COUNT(paged));
    tcase_add_loop_test(cases, what_makes_no_sense_is_refused_by_its_field, 0, COUNT(refused));
    tcase_add_test(cases, a_page_token_serves_its_own_filters_only);
    tcase_add_test(cases, a_whole_chain_is_reported_with_its_head);
    tcase_add_test(cases, a_broken_chain_is_reported_with_the_event);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

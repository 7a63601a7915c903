/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_fixture.h"

/* Who gets in, how often, and what is recorded of those who do not. */

#define WRONG "Bearer asapk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define HOME "192.0.2.7"

static char ci[BEARER_SIZE], boss[BEARER_SIZE];
static struct rpc_caller found;
static struct rpc_reply reply;
static struct asap_error err;

static void enter(void)
{
    set_up_gate();
    found = (struct rpc_caller){ .is_admin = false };
    reply = (struct rpc_reply){ .retry_ms = 0 };
    create_caller("ci");
    create_caller("boss");
    drop(ask(ADMIN "CreateGrant", "{\"caller\":\"boss\",\"verb\":\"VERB_ADMIN\"}"));
    give_key("ci", ci);
    give_key("boss", boss);
}

static void leave(void)
{
    rpc_reply_clear(&reply);
    tear_down_gate();
}

static const char *find_authorization(void *transport_of_test, const char *name)
{
    return strcasecmp(name, "Authorization") == 0 ? transport_of_test : NULL;
}

/* `bearer` is NULL for none; "uid:N" is the address of who comes over a Unix socket. */
static struct http_request come_from(const char *address, const char *bearer)
{
    struct http_request request = { .method = HTTP_POST,
                                    .find_header = bearer == NULL ? NULL : find_authorization,
                                    .transport = (void *)(uintptr_t)bearer };

    (void)snprintf(request.peer.address, sizeof request.peer.address, "%s", address);
    request.peer.is_local = strncmp(address, "uid:", 4) == 0;
    if (request.peer.is_local)
        request.peer.uid = (uint32_t)strtoul(address + 4, NULL, 10);
    return request;
}

static enum asap_code admit(const struct http_request *request, const char *path)
{
    rpc_reply_clear(&reply);
    err = (struct asap_error){ 0 };
    found = (struct rpc_caller){ .is_admin = false };
    err.code = gate_admit(&gate, request, find_method(path), &reply, &found, &err);
    return err.code;
}

static enum asap_code attempt(const char *address, const char *bearer, const char *path)
{
    const struct http_request request = come_from(address, bearer);

    return admit(&request, path);
}

static void assert_reason(enum asap_code code, enum asap_reason reason)
{
    ck_assert_msg(err.code == code && err.reason == reason, "%d %s: %s", (int)err.code,
                  asap_reason_name(err.reason), err.message);
    ck_assert_int_eq(err.message[0] == '\0', code == ASAP_OK);
}

START_TEST(those_who_are_turned_away_are_counted_by_reason)
{
    static struct denials denials;
    const struct rpc_method *method = find_method(ROTATE);
    struct asap_error denied = { .code = ASAP_PERMISSION_DENIED, .reason = ASAP_REASON_NO_GRANT };
    struct rpc_call call = { .method = method, .caller = &found, .reply = &reply };

    denials = (struct denials){ 0 };
    gate.denials = &denials;
    gate_refused(&gate, &call, NULL, &denied);
    denied =
        (struct asap_error){ .code = ASAP_RESOURCE_EXHAUSTED, .reason = ASAP_REASON_RATE_LIMIT };
    gate_refused(&gate, &call, NULL, &denied);
    denied = (struct asap_error){ .code = ASAP_NOT_FOUND, .reason = ASAP_REASON_KEY_NOT_FOUND };
    gate_refused(&gate, &call, NULL, &denied);
    ck_assert_uint_eq(counter_read(&denials.by_reason[DENIAL_RPC][ASAP_REASON_NO_GRANT]), 1);
    ck_assert_uint_eq(counter_read(&denials.by_reason[DENIAL_RPC][ASAP_REASON_RATE_LIMIT]), 1);
    ck_assert_uint_eq(counter_read(&denials.by_reason[DENIAL_RPC][ASAP_REASON_KEY_NOT_FOUND]), 0);
}
END_TEST

#define ANYBODYS "/asap.v1.KeyRepository/GetPublicKey"
#define CALLERS "/asap.v1.TokenService/VerifyToken"
#define ADMINS STATUS

static const struct {
    const char *path, *address, *bearer;
    enum asap_code code;
    enum asap_reason reason;
    const char *name;
    enum rpc_proof proof;
} roles[] = {
    { ANYBODYS, HOME, NULL, ASAP_OK, ASAP_REASON_NONE, HOME, RPC_PROOF_NONE },
    { ANYBODYS, HOME, ci, ASAP_OK, ASAP_REASON_NONE, HOME, RPC_PROOF_NONE },
    { ANYBODYS, HOME, WRONG, ASAP_OK, ASAP_REASON_NONE, HOME, RPC_PROOF_NONE },
    { CALLERS, HOME, NULL, ASAP_UNAUTHENTICATED, ASAP_REASON_NO_PROOF, HOME, RPC_PROOF_NONE },
    { CALLERS, HOME, WRONG, ASAP_UNAUTHENTICATED, ASAP_REASON_CREDENTIAL_UNKNOWN, HOME,
      RPC_PROOF_NONE },
    { CALLERS, HOME, ci, ASAP_OK, ASAP_REASON_NONE, "ci", RPC_PROOF_API_KEY },
    { CALLERS, HOME, boss, ASAP_OK, ASAP_REASON_NONE, "boss", RPC_PROOF_API_KEY },
    { CALLERS, "uid:0", NULL, ASAP_OK, ASAP_REASON_NONE, "uid:0", RPC_PROOF_UID },
    { CALLERS, "uid:1000", NULL, ASAP_UNAUTHENTICATED, ASAP_REASON_NO_PROOF, "uid:1000",
      RPC_PROOF_NONE },
    { ADMINS, HOME, NULL, ASAP_UNAUTHENTICATED, ASAP_REASON_NO_PROOF, HOME, RPC_PROOF_NONE },
    { ADMINS, HOME, WRONG, ASAP_UNAUTHENTICATED, ASAP_REASON_CREDENTIAL_UNKNOWN, HOME,
      RPC_PROOF_NONE },
    { ADMINS, HOME, ci, ASAP_PERMISSION_DENIED, ASAP_REASON_NOT_ADMIN, "ci", RPC_PROOF_API_KEY },
    { ADMINS, HOME, boss, ASAP_OK, ASAP_REASON_NONE, "boss", RPC_PROOF_API_KEY },
    { ADMINS, "uid:0", NULL, ASAP_OK, ASAP_REASON_NONE, "uid:0", RPC_PROOF_UID },
    { ADMINS, "uid:800", NULL, ASAP_OK, ASAP_REASON_NONE, "uid:800", RPC_PROOF_UID },
    { ADMINS, "uid:1000", NULL, ASAP_UNAUTHENTICATED, ASAP_REASON_NO_PROOF, "uid:1000",
      RPC_PROOF_NONE },
};

START_TEST(a_method_is_for_those_of_its_role)
{
    (void)attempt(roles[_i].address, roles[_i].bearer, roles[_i].path);
    assert_reason(roles[_i].code, roles[_i].reason);
    ck_assert_str_eq(found.name, roles[_i].name);
    ck_assert_str_eq(found.address, roles[_i].address);
    ck_assert_int_eq(found.proof_kind, roles[_i].proof);
    ck_assert_int_eq(reply.retry_ms, 0);
}
END_TEST

START_TEST(a_caller_calls_as_often_as_its_rate_allows)
{
    gate.call_rate.per_minute = 2;
    ck_assert_int_eq(attempt(HOME, ci, CALLERS), ASAP_OK);
    ck_assert_int_eq(attempt("192.0.2.8", ci, CALLERS), ASAP_OK);
    (void)attempt(HOME, ci, CALLERS);
    assert_reason(ASAP_RESOURCE_EXHAUSTED, ASAP_REASON_RATE_LIMIT);
    ck_assert_int_eq(reply.retry_ms, 30000);
    ck_assert_int_eq(attempt(HOME, boss, CALLERS), ASAP_OK);
    ck_assert_int_eq(attempt(HOME, ci, ANYBODYS), ASAP_OK);
    now_ms += 30000;
    ck_assert_int_eq(attempt(HOME, ci, CALLERS), ASAP_OK);
    ck_assert_int_eq(reply.retry_ms, 0);
}
END_TEST

START_TEST(a_call_that_is_carried_out_again_counts_once)
{
    struct http_request again = come_from(HOME, ci);

    gate.call_rate.per_minute = 1;
    again.attempt = 1;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(admit(&again, CALLERS), ASAP_OK);
    ck_assert_int_eq(attempt(HOME, ci, CALLERS), ASAP_OK);
    ck_assert_int_eq(admit(&again, CALLERS), ASAP_OK);
    ck_assert_int_eq(attempt(HOME, ci, CALLERS), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(who_is_denied_is_limited_like_everybody)
{
    gate.call_rate.per_minute = 1;
    (void)attempt(HOME, ci, ADMINS);
    assert_reason(ASAP_PERMISSION_DENIED, ASAP_REASON_NOT_ADMIN);
    (void)attempt(HOME, ci, ADMINS);
    assert_reason(ASAP_RESOURCE_EXHAUSTED, ASAP_REASON_RATE_LIMIT);
}
END_TEST

START_TEST(who_administers_at_the_machine_is_not_limited)
{
    gate.call_rate.per_minute = 1;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(attempt("uid:0", NULL, ADMINS), ASAP_OK);
    drop(ask(ADMIN "CreateCredential", "{\"caller\":\"ci\",\"uid\":1000}"));
    ck_assert_int_eq(attempt("uid:1000", NULL, CALLERS), ASAP_OK);
    ck_assert_int_eq(attempt("uid:1000", NULL, CALLERS), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(attempt(HOME, boss, ADMINS), ASAP_OK);
    ck_assert_int_eq(attempt(HOME, boss, ADMINS), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

static const struct {
    const char *guesser, *neighbour, *stranger;
} networks[] = {
    { "192.0.2.7", "192.0.2.7", "192.0.2.8" },
    { "2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", "2001:db8:1:3::1" },
    { "2001:db8:1:2::1", "2001:0db8:0001:0002::0009", "2001:db8:2:2::1" },
};

START_TEST(whoever_guesses_is_stopped_even_when_it_guesses_right)
{
    gate.failure_rate.per_minute = 2;
    for (int i = 0; i < 2; i++) {
        (void)attempt(networks[_i].guesser, WRONG, CALLERS);
        assert_reason(ASAP_UNAUTHENTICATED, ASAP_REASON_CREDENTIAL_UNKNOWN);
        ck_assert_int_eq(reply.retry_ms, 0);
    }
    for (int i = 0; i < 2; i++) {
        (void)attempt(networks[_i].neighbour, i == 0 ? ci : WRONG, CALLERS);
        assert_reason(ASAP_RESOURCE_EXHAUSTED, ASAP_REASON_RATE_LIMIT);
        ck_assert_int_eq(reply.retry_ms, 30000);
        ck_assert_int_eq(found.proof_kind, RPC_PROOF_NONE);
    }
    ck_assert_int_eq(attempt(networks[_i].stranger, ci, CALLERS), ASAP_OK);
    ck_assert_int_eq(attempt(networks[_i].neighbour, ci, ANYBODYS), ASAP_OK);
    now_ms += 30000;
    ck_assert_int_eq(attempt(networks[_i].neighbour, ci, CALLERS), ASAP_OK);
    ck_assert_int_eq(reply.retry_ms, 0);
}
END_TEST

START_TEST(to_show_nothing_or_to_be_right_is_no_failure)
{
    gate.failure_rate.per_minute = 1;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(attempt(HOME, NULL, CALLERS), ASAP_UNAUTHENTICATED);
        ck_assert_int_eq(attempt(HOME, ci, ADMINS), ASAP_PERMISSION_DENIED);
        ck_assert_int_eq(attempt(HOME, ci, CALLERS), ASAP_OK);
    }
    ck_assert_int_eq(attempt(HOME, WRONG, CALLERS), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(attempt(HOME, ci, CALLERS), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

static struct http_certificate certificate;

static enum asap_code show_certificate(const char *path)
{
    struct http_request request = come_from(HOME, NULL);

    request.peer.certificate = &certificate;
    return admit(&request, path);
}

static const struct {
    const char *credential;
    enum http_name_kind kind;
    const char *name;
} names[] = {
    { "certificateUri", HTTP_NAME_URI, "spiffe://example.com/ci" },
    { "certificateDnsName", HTTP_NAME_DNS, "ci.example.com" },
};

/* As the last of as many names as a certificate has. */
static void make_certificate(enum http_name_kind kind, const char *name)
{
    certificate = (struct http_certificate){ .not_after = now + 60 };
    for (; certificate.name_count < HTTP_NAMES_MAX; certificate.name_count++) {
        const size_t i = certificate.name_count;

        certificate.names[i].kind = i + 1 < HTTP_NAMES_MAX ? HTTP_NAME_DNS : kind;
        (void)snprintf(certificate.names[i].text, HTTP_NAME_SIZE, "%s",
                       i + 1 < HTTP_NAMES_MAX ? "other.example.com" : name);
    }
}

static void make_certificate_of_ci(int row)
{
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, "{\"caller\":\"ci\",\"%s\":\"%s\"}", names[row].credential,
                   names[row].name);
    drop(ask(ADMIN "CreateCredential", json));
    make_certificate(names[row].kind, names[row].name);
}

START_TEST(a_certificates_names_say_who_calls)
{
    make_certificate_of_ci(_i);
    ck_assert_int_eq(show_certificate(CALLERS), ASAP_OK);
    ck_assert_str_eq(found.name, "ci");
    ck_assert_int_eq(found.proof_kind, RPC_PROOF_CERTIFICATE);
    make_certificate(names[1 - _i].kind, names[_i].name);
    ck_assert_int_eq(show_certificate(CALLERS), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_NO_PROOF);
}
END_TEST

START_TEST(a_certificate_with_a_problem_is_refused_and_says_which)
{
    gate.failure_rate.per_minute = 1;
    make_certificate_of_ci(0);
    (void)snprintf(certificate.problem, sizeof certificate.problem, "it is odd");
    certificate.not_after = now - 1;
    (void)show_certificate(CALLERS);
    assert_reason(ASAP_UNAUTHENTICATED, ASAP_REASON_CERTIFICATE);
    ck_assert_ptr_nonnull(strstr(err.message, "it is odd"));
    ck_assert_int_eq(show_certificate(ANYBODYS), ASAP_OK);
    ck_assert_int_eq(show_certificate(CALLERS), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(a_certificate_that_expires_while_its_connection_lives_is_refused)
{
    make_certificate_of_ci(0);
    now = certificate.not_after;
    ck_assert_int_eq(show_certificate(CALLERS), ASAP_OK);
    now++;
    (void)show_certificate(CALLERS);
    assert_reason(ASAP_UNAUTHENTICATED, ASAP_REASON_CERTIFICATE);
    ck_assert_ptr_nonnull(strstr(err.message, "has expired"));
    ck_assert_int_eq(found.proof_kind, RPC_PROOF_NONE);
    ck_assert_int_eq(show_certificate(ANYBODYS), ASAP_OK);
}
END_TEST

/* Tells the gate of a refusal; the result of what the reply waits for then, if anything. */
static enum asap_code refuse(const char *path, const struct asap_error *why)
{
    static const char json[] = "{\"issuer\":\"payments/api\",\"requestId\":\"build-17\"}";
    const struct rpc_method *method = find_method(path);
    const struct rpc_call refused = {
        .service = &service, .method = method, .caller = &found, .now = now, .reply = &reply
    };
    SCOPED(message) ProtobufCMessage *in = NULL;
    struct asap_error late = { 0 };

    if (strcmp(path, MINT) == 0)
        ck_assert_int_eq(codec_read_json(method->request, json, strlen(json), &in, &late), ASAP_OK);
    gate_refused(&gate, &refused, in, why);
    return reply.hold == NULL ? ASAP_OK : await_hold(&reply, &late);
}

static size_t count_events(void)
{
    Asap__V1__ListEventsResponse *events = list_events();
    const size_t count = events->n_events;

    drop(events);
    return count;
}

static const struct {
    const char *path;
    enum rpc_proof proof;
    enum asap_code code;
    bool is_recorded;
} refusals[] = {
    { CALLERS, RPC_PROOF_API_KEY, ASAP_PERMISSION_DENIED, true },
    { ADMINS, RPC_PROOF_API_KEY, ASAP_PERMISSION_DENIED, true },
    { CALLERS, RPC_PROOF_API_KEY, ASAP_UNAUTHENTICATED, true },
    { CALLERS, RPC_PROOF_API_KEY, ASAP_INVALID_ARGUMENT, false },
    { CALLERS, RPC_PROOF_API_KEY, ASAP_RESOURCE_EXHAUSTED, false },
    { CALLERS, RPC_PROOF_NONE, ASAP_UNAUTHENTICATED, false },
    { CALLERS, RPC_PROOF_NONE, ASAP_PERMISSION_DENIED, false },
    { MINT, RPC_PROOF_TOKEN, ASAP_INVALID_ARGUMENT, true },
    { MINT, RPC_PROOF_CERTIFICATE, ASAP_UNAVAILABLE, true },
    { MINT, RPC_PROOF_UID, ASAP_NOT_FOUND, true },
    { MINT, RPC_PROOF_API_KEY, ASAP_RESOURCE_EXHAUSTED, false },
    { MINT, RPC_PROOF_NONE, ASAP_INVALID_ARGUMENT, false },
    { MINT, RPC_PROOF_NONE, ASAP_UNAUTHENTICATED, false },
};

START_TEST(refusals_of_those_who_are_known_are_recorded)
{
    const struct asap_error why = { .code = refusals[_i].code, .message = "because" };
    const size_t before = count_events();

    found = (struct rpc_caller){ .proof_kind = refusals[_i].proof, .name = "ci" };
    ck_assert_int_eq(refuse(refusals[_i].path, &why), ASAP_OK);
    ck_assert_int_eq(reply.hold != NULL, refusals[_i].is_recorded);
    ck_assert_uint_eq(count_events(), before + (refusals[_i].is_recorded ? 1 : 0));
}
END_TEST

START_TEST(a_record_says_who_wanted_what_and_why_it_was_refused)
{
    const struct asap_error why = { .code = ASAP_PERMISSION_DENIED, .message = "not for you" };
    Asap__V1__ListEventsResponse *events = NULL;
    const Asap__V1__Event *event = NULL;

    ck_assert_int_eq(attempt(HOME, ci, MINT), ASAP_OK);
    now += 5;
    ck_assert_int_eq(refuse(MINT, &why), ASAP_OK);
    events = list_events();
    event = events->events[events->n_events - 1];
    ck_assert_int_eq(event->create_time->seconds, CREATED + 5);
    ck_assert_str_eq(event->caller, "ci");
    ck_assert_int_eq(event->proof_kind, ASAP__V1__PROOF_KIND__PROOF_KIND_API_KEY);
    ck_assert_str_eq(event->proof, found.proof);
    ck_assert_str_eq(event->method, "asap.v1.TokenService/MintToken");
    ck_assert_str_eq(event->result, "permission_denied");
    ck_assert_str_eq(event->message, "not for you");
    ck_assert_str_eq(event->issuer, "payments/api");
    ck_assert_str_eq(event->request_id, "build-17");
    ck_assert_str_eq(event->key_id, "");
    ck_assert_str_eq(event->token_id, "");
    drop(events);
}
END_TEST

/* The id of the API key of ci. */
static void revoke_key_of_ci(void)
{
    Asap__V1__Caller *caller = ask(ADMIN "GetCaller", "{\"name\":\"ci\"}");
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, "{\"credentialId\":\"%s\"}",
                   caller->credentials[0]->credential_id);
    drop(caller);
    drop(ask(ADMIN "RevokeCredential", json));
}

START_TEST(who_shows_a_revoked_credential_is_recorded_under_its_name)
{
    Asap__V1__ListEventsResponse *events = NULL;
    const Asap__V1__Event *event = NULL;

    gate.failure_rate.per_minute = 1;
    revoke_key_of_ci();
    (void)attempt(HOME, ci, ADMINS);
    assert_reason(ASAP_UNAUTHENTICATED, ASAP_REASON_CREDENTIAL_REVOKED);
    ck_assert_int_eq(refuse(ADMINS, &err), ASAP_OK);
    events = list_events();
    event = events->events[events->n_events - 1];
    ck_assert_str_eq(event->caller, "ci");
    ck_assert_str_eq(event->proof, found.proof);
    ck_assert_str_eq(event->method, "asap.v1.Server/GetStatus");
    ck_assert_str_eq(event->result, "unauthenticated");
    ck_assert_str_eq(event->message, err.message);
    drop(events);
    ck_assert_int_eq(attempt(HOME, ci, CALLERS), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate");
    TCase *tests = tcase_create("gate");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_loop_test(tests, a_method_is_for_those_of_its_role, 0, COUNT(roles));
    tcase_add_test(tests, a_caller_calls_as_often_as_its_rate_allows);
    tcase_add_test(tests, a_call_that_is_carried_out_again_counts_once);
    tcase_add_test(tests, who_is_denied_is_limited_like_everybody);
    tcase_add_test(tests, who_administers_at_the_machine_is_not_limited);
    tcase_add_loop_test(tests, whoever_guesses_is_stopped_even_when_it_guesses_right, 0,
                        COUNT(networks));
    tcase_add_test(tests, to_show_nothing_or_to_be_right_is_no_failure);
    tcase_add_loop_test(tests, a_certificates_names_say_who_calls, 0, COUNT(names));
    tcase_add_test(tests, a_certificate_with_a_problem_is_refused_and_says_which);
    tcase_add_test(tests, a_certificate_that_expires_while_its_connection_lives_is_refused);
    tcase_add_loop_test(tests, refusals_of_those_who_are_known_are_recorded, 0, COUNT(refusals));
    tcase_add_test(tests, a_record_says_who_wanted_what_and_why_it_was_refused);
    tcase_add_test(tests, who_shows_a_revoked_credential_is_recorded_under_its_name);
    tcase_add_test(tests, those_who_are_turned_away_are_counted_by_reason);
    return check_main(suite);
}

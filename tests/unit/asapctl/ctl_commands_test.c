/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"
#include "key_pair.h"
#include "secret.h"

#define KEY_A "a/b/20261123T120000Z-000001.pem"
#define KEY_B "a/b/20261123T120000Z-000002.pem"

static const struct {
    const char *line;
    const char *path;
    const char *request;
} requests[] = {
    { "issuer create a/b", "/asap.v1.IssuerAdmin/CreateIssuer", "{\"name\":\"a/b\"}" },
    { "issuer create a/b --external --dry-run", "/asap.v1.IssuerAdmin/CreateIssuer",
      "{\"name\":\"a/b\",\"kind\":\"ISSUER_KIND_EXTERNAL\",\"validateOnly\":true}" },
    { "issuer create a/b --algorithm ES256 --max-token-lifetime 10m",
      "/asap.v1.IssuerAdmin/CreateIssuer",
      "{\"name\":\"a/b\",\"algorithm\":\"ES256\",\"maxTokenLifetime\":\"600s\"}" },
    { "issuer list", "/asap.v1.IssuerAdmin/ListIssuers", "{\"pageSize\":1000}" },
    { "issuer show a/b", "/asap.v1.IssuerAdmin/GetIssuer", "{\"name\":\"a/b\"}" },
    { "key rotate a/b", "/asap.v1.KeyAdmin/RotateKey", "{\"issuer\":\"a/b\"}" },
    { "key rotate a/b --expected " KEY_A " --dry-run", "/asap.v1.KeyAdmin/RotateKey",
      "{\"issuer\":\"a/b\",\"expectedKeyId\":\"" KEY_A "\",\"validateOnly\":true}" },
    { "key list a/b", "/asap.v1.KeyAdmin/ListKeys", "{\"issuer\":\"a/b\",\"pageSize\":1000}" },
    { "key list a/b --all", "/asap.v1.KeyAdmin/ListKeys",
      "{\"issuer\":\"a/b\",\"pageSize\":1000,\"showUnpublished\":true}" },
    { "issuer create a/b --rotation-period 30d", "/asap.v1.IssuerAdmin/CreateIssuer",
      "{\"name\":\"a/b\",\"rotationPeriod\":\"2592000s\"}" },
    { "issuer update a/b --algorithm ES256 --max-token-lifetime 10m",
      "/asap.v1.IssuerAdmin/UpdateIssuer",
      "{\"name\":\"a/b\",\"algorithm\":\"ES256\",\"maxTokenLifetime\":\"600s\"}" },
    { "issuer update a/b --rotation-period 1h --dry-run", "/asap.v1.IssuerAdmin/UpdateIssuer",
      "{\"name\":\"a/b\",\"rotationPeriod\":\"3600s\",\"validateOnly\":true}" },
    { "issuer update a/b --rotation-period never", "/asap.v1.IssuerAdmin/UpdateIssuer",
      "{\"name\":\"a/b\",\"rotationPeriod\":\"0s\"}" },
    { "issuer delete a/b", "/asap.v1.IssuerAdmin/DeleteIssuer", "{\"name\":\"a/b\"}" },
    { "issuer delete a/b --force --dry-run", "/asap.v1.IssuerAdmin/DeleteIssuer",
      "{\"name\":\"a/b\",\"force\":true,\"validateOnly\":true}" },
    { "key retire " KEY_A, "/asap.v1.KeyAdmin/RetireKey", "{\"keyId\":\"" KEY_A "\"}" },
    { "key retire " KEY_A " --sign-until 1h --dry-run", "/asap.v1.KeyAdmin/RetireKey",
      "{\"keyId\":\"" KEY_A "\",\"signUntil\":\"2026-11-23T14:15:00Z\",\"validateOnly\":true}" },
    { "key show " KEY_A, "/asap.v1.KeyAdmin/GetKey", "{\"keyId\":\"" KEY_A "\"}" },
    { "key revoke " KEY_A " --reason leaked", "/asap.v1.KeyAdmin/RevokeKey",
      "{\"keyId\":\"" KEY_A "\",\"reason\":\"leaked\"}" },
    { "key revoke " KEY_A " --reason=leaked --dry-run", "/asap.v1.KeyAdmin/RevokeKey",
      "{\"keyId\":\"" KEY_A "\",\"reason\":\"leaked\",\"validateOnly\":true}" },
    { "key revoke " KEY_A " --reason leaked --force", "/asap.v1.KeyAdmin/RevokeKey",
      "{\"keyId\":\"" KEY_A "\",\"reason\":\"leaked\",\"force\":true}" },
    { "status --output json", "/asap.v1.Server/GetStatus", "{}" },
};

START_TEST(a_command_becomes_its_request)
{
    fake_reset();
    fake.answers[0] = "{}";
    ck_assert_msg(fake_line(requests[_i].line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.path, requests[_i].path);
    ck_assert_str_eq(fake.request, requests[_i].request);
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

static const struct {
    const char *line;
    bool has_id;
} identified[] = {
    { "issuer create a/b", true },
    { "issuer create a/b --dry-run", false },
    { "key rotate a/b", true },
    { "key revoke " KEY_A " --reason leaked", true },
    { "key revoke " KEY_A " --reason leaked --dry-run", false },
    { "issuer update a/b --rotation-period 1h", true },
    { "issuer delete a/b", true },
    { "key retire " KEY_A, true },
    { "key show " KEY_A, false },
};

START_TEST(a_change_has_a_new_id_and_only_a_change)
{
    char first[64] = "";

    for (int i = 0; i < 2; i++) {
        fake_reset();
        fake.answers[0] = "{}";
        ck_assert_msg(fake_line(identified[_i].line) == 0, "%s", fake.err);
        ck_assert_uint_eq(strlen(fake.ids[0]), identified[_i].has_id ? 36 : 0);
        if (identified[_i].has_id)
            ck_assert_str_ne(fake.ids[0], first);
        (void)snprintf(first, sizeof first, "%s", fake.ids[0]);
    }
}
END_TEST

START_TEST(a_change_whose_answer_got_lost_is_sent_once_more_under_its_id)
{
    fake_reset();
    fake.answers[0] = "broken";
    fake.answers[1] = "{}";
    ck_assert_int_eq(fake_line("key rotate a/b"), 0);
    ck_assert_uint_eq(fake.calls, 2);
    ck_assert_uint_eq(strlen(fake.ids[0]), 36);
    ck_assert_str_eq(fake.ids[0], fake.ids[1]);

    fake_reset();
    fake.answers[0] = fake.answers[1] = "broken";
    ck_assert_int_eq(fake_line("key rotate a/b"), 1);
    ck_assert_uint_eq(fake.calls, 2);
}
END_TEST

static const char *const sent_once[] = { "key show " KEY_A, "key rotate a/b --dry-run" };

START_TEST(what_changes_nothing_or_was_refused_is_not_sent_again)
{
    fake_reset();
    fake.answers[0] = "broken";
    ck_assert_int_eq(fake_line(sent_once[_i]), 1);
    ck_assert_uint_eq(fake.calls, 1);

    fake_reset();
    fake.answers[0] = "!no";
    ck_assert_int_eq(fake_line("key rotate a/b"), 1);
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

START_TEST(json_is_the_response_itself)
{
    static const char answer[] = "{\"name\":\"a/b\",\"kind\":\"ISSUER_KIND_MANAGED\","
                                 "\"algorithm\":\"RS256\",\"maxTokenLifetime\":\"3600s\","
                                 "\"createTime\":\"2026-11-23T13:15:00Z\"}";

    fake_reset();
    fake.answers[0] = answer;
    ck_assert_int_eq(fake_line("issuer create a/b --output json"), 0);
    ck_assert_uint_eq(strlen(fake.out), sizeof answer);
    ck_assert_int_eq(strncmp(fake.out, answer, sizeof answer - 1), 0);
    ck_assert_str_eq(fake.err, "");
}
END_TEST

START_TEST(a_refusal_says_what_and_why_and_exits_with_1)
{
    fake_reset();
    fake.answers[0] = "!a/b/c is an issuer already (choose another name)";
    ck_assert_int_eq(fake_line("issuer create a/b"), 1);
    ck_assert_str_eq(fake.out, "");
    ck_assert_str_eq(fake.err, "asapctl: cannot create issuer a/b: a/b/c is an issuer already"
                               " (choose another name)\n");
}
END_TEST

START_TEST(a_list_follows_the_pages_to_the_end)
{
    fake_reset();
    fake.answers[0] = "{\"issuers\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"nextPageToken\":\"b\"}";
    fake.answers[1] = "{\"nextPageToken\":\"bb\"}";
    fake.answers[2] = "{\"issuers\":[{\"name\":\"c\"}]}";
    ck_assert_int_eq(fake_line("issuer list --output json"), 0);
    ck_assert_uint_eq(fake.calls, 3);
    ck_assert_str_eq(fake.request, "{\"pageSize\":1000,\"pageToken\":\"bb\"}");
    ck_assert_str_eq(fake.out,
                     "{\"issuers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}\n");
}
END_TEST

START_TEST(a_list_that_never_ends_is_given_up)
{
    fake_reset();
    fake.answers[0] = fake.answers[1] = "{\"issuers\":[{\"name\":\"a\"}],\"nextPageToken\":\"a\"}";
    ck_assert_int_eq(fake_line("issuer list"), 1);
    ck_assert_uint_eq(fake.calls, 2);
    ck_assert_str_eq(fake.out, "");
}
END_TEST

START_TEST(a_page_that_fails_fails_the_list)
{
    fake_reset();
    fake.answers[0] = "{\"keys\":[{\"keyId\":\"" KEY_A "\"}],\"nextPageToken\":\"x\"}";
    fake.answers[1] = "!gone";
    ck_assert_int_eq(fake_line("key list a/b"), 1);
    ck_assert_str_eq(fake.out, "");
}
END_TEST

START_TEST(issuers_are_listed_in_columns)
{
    fake_reset();
    fake.answers[0] = "{\"issuers\":["
                      "{\"name\":\"a/b\",\"kind\":\"ISSUER_KIND_MANAGED\",\"algorithm\":\"RS256\","
                      "\"maxTokenLifetime\":\"600s\",\"createTime\":\"2026-11-23T10:15:00Z\"},"
                      "{\"name\":\"long/name\",\"kind\":\"ISSUER_KIND_EXTERNAL\"}]}";
    ck_assert_int_eq(fake_line("issuer list"), 0);
    ck_assert_str_eq(fake.out,
                     "ISSUER     KIND      ALGORITHM  LIFETIME  CREATED  EVERY  NEXT ROTATION\n"
                     "a/b        managed   RS256      10m       3h ago   -      -\n"
                     "long/name  external  -          -         -        -      -\n");
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

START_TEST(keys_are_listed_with_what_comes_next)
{
    fake_reset();
    fake.answers[0] =
        "{\"keys\":[{\"keyId\":\"" KEY_A "\",\"state\":\"KEY_STATE_ACTIVE\","
        "\"kind\":\"KEY_KIND_MANAGED\",\"algorithm\":\"RS256\","
        "\"createTime\":\"2026-11-23T12:00:00Z\",\"signUntil\":\"2026-11-23T13:29:00Z\","
        "\"unpublishTime\":\"2026-11-23T15:00:00Z\","
        "\"nextTransitionTime\":\"2026-11-23T13:29:00Z\"},"
        "{\"keyId\":\"" KEY_B "\",\"state\":\"KEY_STATE_STANDBY\",\"kind\":\"KEY_KIND_MANAGED\","
        "\"algorithm\":\"RS256\",\"createTime\":\"2026-11-23T12:00:00Z\","
        "\"signTime\":\"2026-11-23T13:29:00Z\",\"nextTransitionTime\":\"2026-11-23T13:29:00Z\"},"
        "{\"keyId\":\"a/b/c\",\"state\":\"KEY_STATE_STANDBY\",\"kind\":\"KEY_KIND_MANAGED\","
        "\"algorithm\":\"RS256\",\"createTime\":\"2026-11-23T13:15:00Z\"}]}";
    ck_assert_int_eq(fake_line("key list a/b"), 0);
    ck_assert_str_eq(
        fake.out,
        "KEY ID                           STATE    KIND     ALGORITHM  CREATED  NEXT\n" KEY_A
        "  active   managed  RS256      75m ago  retiring in 14m\n" KEY_B
        "  standby  managed  RS256      75m ago  active in 14m\n"
        "a/b/c                            standby  managed  RS256      now      -\n");
}
END_TEST

START_TEST(an_empty_list_says_so)
{
    fake_reset();
    fake.answers[0] = fake.answers[1] = "{}";
    ck_assert_int_eq(fake_line("issuer list"), 0);
    assert_contains(fake.out, "no issuers yet");
    ck_assert_int_eq(fake_line("key list a/b"), 0);
    assert_contains(fake.out, "no published keys");
}
END_TEST

static const char plan[] =
    "{\"outgoing\":{\"keyId\":\"a/out\",\"signUntil\":\"2026-11-23T13:29:00Z\","
    "\"unpublishTime\":\"2026-11-23T15:15:00Z\"},"
    "\"incoming\":{\"keyId\":\"a/in\",\"signTime\":\"2026-11-23T13:29:00Z\"},"
    "\"standbys\":[{\"keyId\":\"a/next\","
    "\"publishTime\":\"2026-11-23T13:15:00Z\"}]}";

static const struct {
    const char *key;
    const char *event;
    const char *when;
} events[] = {
    { "a/in ", "starts signing", "(in 14m)\n" },
    { "a/out ", "stops signing", "(in 14m)\n" },
    { "a/out ", "is published until", "(in 2h)\n" },
    { "a/out ", "may be trusted by caches until", "(in 2h)\n" },
    { "a/next ", "stands by from", "(now)\n" },
};

START_TEST(a_rotation_prints_its_timeline)
{
    fake_reset();
    fake.answers[0] = plan;
    ck_assert_int_eq(fake_line("key rotate a"), 0);
    assert_contains(fake.out, "rotation planned:\n");
    ck_assert_msg(fake_has_line(events[_i].key, events[_i].event, events[_i].when), "%s %s:\n%s",
                  events[_i].key, events[_i].event, fake.out);
}
END_TEST

START_TEST(a_rotation_says_when_it_changed_nothing)
{
    fake_reset();
    fake.answers[0] = plan;
    fake.answers[1] = "{\"alreadyPlanned\":true}";
    ck_assert_int_eq(fake_line("key rotate a --dry-run"), 0);
    assert_contains(fake.out, "dry run, nothing changed: rotation planned:\n");
    ck_assert_int_eq(fake_line("key rotate a"), 0);
    assert_contains(fake.out, "nothing to do");
}
END_TEST

START_TEST(a_key_is_shown_with_its_times_and_public_half)
{
    fake_reset();
    fake.answers[0] = "{\"keyId\":\"a/k\",\"issuer\":\"a\",\"state\":\"KEY_STATE_REVOKED\","
                      "\"kind\":\"KEY_KIND_EXTERNAL\",\"algorithm\":\"ES256\","
                      "\"publicKey\":\"-----BEGIN\\n\",\"thumbprint\":\"abc\","
                      "\"revokeTime\":\"2026-11-23T13:00:00Z\",\"revokeReason\":\"lost\\u001b\"}";
    ck_assert_int_eq(fake_line("key show a/k"), 0);
    ck_assert(fake_has_line("state ", "revoked", "\n"));
    ck_assert(fake_has_line("kind ", "external", "\n"));
    ck_assert(fake_has_line("revoked ", "2026-11-2", "(15m ago)\n"));
    ck_assert(fake_has_line("reason ", "lost?", "\n"));
    assert_lacks(fake.out, "signs from");
    assert_contains(fake.out, "\n-----BEGIN\n");
}
END_TEST

START_TEST(a_revocation_tells_how_long_caches_trust_and_who_follows)
{
    fake_reset();
    fake.answers[0] = "{\"key\":{\"keyId\":\"a/k\"},\"trustedUntil\":\"2026-11-23T13:25:00Z\","
                      "\"successor\":{\"keyId\":\"a/next\",\"signTime\":\"2026-11-23T13:30:00Z\"}}";
    ck_assert_int_eq(fake_line("key revoke a/k --reason leaked"), 0);
    ck_assert(fake_has_line("revoked a/k", "", "\n"));
    ck_assert(fake_has_line("caches may trust it until ", "", "(in 10m)\n"));
    ck_assert(fake_has_line("a/next signs from ", "", "(in 15m) on\n"));
}
END_TEST

static const char published[] = "{\"key\":{\"keyId\":\"a/k\",\"algorithm\":\"ES256\"},"
                                "\"safeSignTime\":\"2026-11-23T13:30:00Z\"}";

static EVP_PKEY *make_pair(void)
{
    struct asap_error err = { 0 };
    EVP_PKEY *pair = NULL;

    ck_assert_succeeds(key_pair_generate(algorithm_find("ES256", 5), &pair, &err));
    return pair;
}

START_TEST(a_public_key_is_read_from_standard_input)
{
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *pair = make_pair();
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);

    fake_reset();
    ck_assert_succeeds(pem_write_public(pair, &pem, &err));
    fake.in = pem.bytes;
    fake.answers[0] = published;
    ck_assert_msg(fake_line("key publish a --public-key - --name k") == 0, "%s", fake.err);
    assert_contains(fake.request, "\"issuer\":\"a\",\"name\":\"k\",\"publicKey\":\"-----BEGIN PUB");
    assert_contains(fake.out, "published a/k (ES256)\nsign with it from ");
    assert_contains(fake.out, "(in 15m) on");
}
END_TEST

START_TEST(a_private_key_is_refused_before_anything_is_sent)
{
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *pair = make_pair();
    SCOPED(secret) struct secret pem = { 0 };

    fake_reset();
    ck_assert_succeeds(secret_pem_from_key(pair, &pem, &err));
    fake.in = (const char *)pem.bytes;
    ck_assert_int_eq(fake_line("key publish a --public-key -"), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "private key");
    assert_lacks(fake.err, "MI");
}
END_TEST

static const char *const unreadable[] = { "key publish a --public-key /no/such/file",
                                          "key publish a --public-key /",
                                          "key publish a --public-key /dev/zero",
                                          "key publish a --public-key /dev/null" };

START_TEST(what_is_no_public_key_file_is_refused)
{
    fake_reset();
    ck_assert_int_eq(fake_line(unreadable[_i]), 1);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_int_eq(strncmp(fake.err, "asapctl: cannot publish a key of a: ", 36), 0);
}
END_TEST

START_TEST(an_answer_without_its_key_is_an_error)
{
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *pair = make_pair();
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);

    fake_reset();
    ck_assert_succeeds(pem_write_public(pair, &pem, &err));
    fake.in = pem.bytes;
    fake.answers[0] = "{}";
    ck_assert_int_eq(fake_line("key publish a --public-key -"), 1);
    assert_contains(fake.err, "lacks the key");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl commands");
    TCase *tests = tcase_create("all");

    tcase_add_loop_test(tests, a_command_becomes_its_request, 0, COUNT(requests));
    tcase_add_loop_test(tests, a_change_has_a_new_id_and_only_a_change, 0, COUNT(identified));
    tcase_add_test(tests, a_change_whose_answer_got_lost_is_sent_once_more_under_its_id);
    tcase_add_loop_test(tests, what_changes_nothing_or_was_refused_is_not_sent_again, 0,
                        COUNT(sent_once));
    tcase_add_test(tests, json_is_the_response_itself);
    tcase_add_test(tests, a_refusal_says_what_and_why_and_exits_with_1);
    tcase_add_test(tests, a_list_follows_the_pages_to_the_end);
    tcase_add_test(tests, a_list_that_never_ends_is_given_up);
    tcase_add_test(tests, a_page_that_fails_fails_the_list);
    tcase_add_test(tests, issuers_are_listed_in_columns);
    tcase_add_test(tests, keys_are_listed_with_what_comes_next);
    tcase_add_test(tests, an_empty_list_says_so);
    tcase_add_loop_test(tests, a_rotation_prints_its_timeline, 0, COUNT(events));
    tcase_add_test(tests, a_rotation_says_when_it_changed_nothing);
    tcase_add_test(tests, a_key_is_shown_with_its_times_and_public_half);
    tcase_add_test(tests, a_revocation_tells_how_long_caches_trust_and_who_follows);
    tcase_add_test(tests, a_public_key_is_read_from_standard_input);
    tcase_add_test(tests, a_private_key_is_refused_before_anything_is_sent);
    tcase_add_loop_test(tests, what_is_no_public_key_file_is_refused, 0, COUNT(unreadable));
    tcase_add_test(tests, an_answer_without_its_key_is_an_error);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}

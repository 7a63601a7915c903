/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"
#include "fake_host.h"
#include "parse.h"

#define SERVICE "/asap.v1.CallerAdmin/"
#define API_KEY "asapk_0123456789abcdef_0000000000000000000000000000000000000000000"

static const struct {
    const char *line;
    const char *path;
    const char *request;
} requests[] = {
    { "caller create ci", SERVICE "CreateCaller", "{\"name\":\"ci\"}" },
    { "caller create ci --description builds --dry-run", SERVICE "CreateCaller",
      "{\"name\":\"ci\",\"description\":\"builds\",\"validateOnly\":true}" },
    { "caller list", SERVICE "ListCallers", "{\"pageSize\":1000}" },
    { "caller show ci", SERVICE "GetCaller", "{\"name\":\"ci\"}" },
    { "caller update ci --description builds", SERVICE "UpdateCaller",
      "{\"name\":\"ci\",\"description\":\"builds\"}" },
    { "caller update ci --enable", SERVICE "UpdateCaller",
      "{\"name\":\"ci\",\"state\":\"CALLER_STATE_ENABLED\"}" },
    { "caller update ci --disable --dry-run", SERVICE "UpdateCaller",
      "{\"name\":\"ci\",\"state\":\"CALLER_STATE_DISABLED\",\"validateOnly\":true}" },
    { "caller delete ci", SERVICE "DeleteCaller", "{\"name\":\"ci\"}" },
    { "caller delete ci --dry-run", SERVICE "DeleteCaller",
      "{\"name\":\"ci\",\"validateOnly\":true}" },
    { "credential create ci --issuer a/b", SERVICE "CreateCredential",
      "{\"caller\":\"ci\",\"issuer\":\"a/b\"}" },
    { "credential create ci --certificate-uri spiffe://x/y", SERVICE "CreateCredential",
      "{\"caller\":\"ci\",\"certificateUri\":\"spiffe://x/y\"}" },
    { "credential create ci --certificate-dns x.example", SERVICE "CreateCredential",
      "{\"caller\":\"ci\",\"certificateDnsName\":\"x.example\"}" },
    { "credential create ci --uid 0", SERVICE "CreateCredential", "{\"caller\":\"ci\",\"uid\":0}" },
    { "credential create ci --uid 4294967295", SERVICE "CreateCredential",
      "{\"caller\":\"ci\",\"uid\":4294967295}" },
    { "credential create ci --api-key --expires 90d --dry-run", SERVICE "CreateCredential",
      "{\"caller\":\"ci\",\"apiKey\":{},\"expireTime\":\"2027-02-21T13:15:00Z\","
      "\"validateOnly\":true}" },
    { "credential create ci --uid 1 --expires 2027-01-01T01:00:00.5+01:00",
      SERVICE "CreateCredential",
      "{\"caller\":\"ci\",\"uid\":1,\"expireTime\":\"2027-01-01T00:00:00.500Z\"}" },
    { "credential revoke 8f3a", SERVICE "RevokeCredential", "{\"credentialId\":\"8f3a\"}" },
    { "credential revoke 8f3a --dry-run", SERVICE "RevokeCredential",
      "{\"credentialId\":\"8f3a\",\"validateOnly\":true}" },
    { "grant create ci --verb admin", SERVICE "CreateGrant",
      "{\"caller\":\"ci\",\"verb\":\"VERB_ADMIN\"}" },
    { "grant create ci --verb publish --issuer a/b --dry-run", SERVICE "CreateGrant",
      "{\"caller\":\"ci\",\"verb\":\"VERB_PUBLISH\",\"issuer\":\"a/b\",\"validateOnly\":true}" },
    { "grant create ci --verb mint --issuer a/b --audience orders/* --audience=billing"
      " --max-lifetime 10m --subject s --subject t --claim role --tokens-per-minute 60",
      SERVICE "CreateGrant",
      "{\"caller\":\"ci\",\"verb\":\"VERB_MINT\",\"issuer\":\"a/b\",\"mintLimits\":{"
      "\"audiences\":[\"orders/*\",\"billing\"],\"maxLifetime\":\"600s\","
      "\"subjects\":[\"s\",\"t\"],\"additionalClaims\":[\"role\"],\"tokensPerMinute\":60}}" },
    { "grant create ci --verb mint --issuer a/b --audience x", SERVICE "CreateGrant",
      "{\"caller\":\"ci\",\"verb\":\"VERB_MINT\",\"issuer\":\"a/b\","
      "\"mintLimits\":{\"audiences\":[\"x\"]}}" },
    { "grant list", SERVICE "ListGrants", "{\"pageSize\":1000}" },
    { "grant list --caller ci", SERVICE "ListGrants", "{\"caller\":\"ci\",\"pageSize\":1000}" },
    { "grant delete 7", SERVICE "DeleteGrant", "{\"grantId\":\"7\"}" },
    { "grant delete 7 --dry-run", SERVICE "DeleteGrant",
      "{\"grantId\":\"7\",\"validateOnly\":true}" },
};

START_TEST(a_command_becomes_its_request)
{
    fake_reset();
    fake.answers[0] = strstr(requests[_i].path, "CreateCredential") == NULL
                          ? "{}"
                          : "{\"credential\":{\"credentialId\":\"8f3a\"}}";
    ck_assert_msg(fake_line(requests[_i].line) == 0, "%s: %s", requests[_i].line, fake.err);
    ck_assert_str_eq(fake.path, requests[_i].path);
    ck_assert_str_eq(fake.request, requests[_i].request);
    ck_assert_uint_eq(fake.calls, 1);
}
END_TEST

static const struct {
    const char *line;
    const char *message;
} wrong[] = {
    { "caller update ci", "needs --description TEXT, --enable or --disable\n" },
    { "caller update ci --enable --disable", "contradict each other\n" },
    { "caller update ci --description=", "--description is empty" },
    { "caller upddate ci", "did you mean caller update?" },
    { "caller create ci --descrition x", "did you mean --description?" },
    { "credental create ci", "did you mean credential?" },
    { "credential create ci", "needs one of --api-key, --issuer, --certificate-uri," },
    { "credential create ci --api-key --uid 1", "and --uid, not several\n" },
    { "credential create ci --uid root", "--uid is a number, not root (id -u NAME tells it)\n" },
    { "credential create ci --uid 4294967296", "--uid is a number, not 4294967296" },
    { "credential create ci --uid -1", "--uid is a number, not -1" },
    { "credential create ci --api-key --expires soon", "soon is no time (write 90d, 12h" },
    { "credential create ci --api-key --expires 0", "0 is no time" },
    { "credential create ci --api-key --expires 999999999d", "999999999d is no time" },
    { "grant create ci", "grant create needs --verb VERB\n" },
    { "grant create ci --verb mnt --issuer a", "unknown verb mnt (did you mean mint?)\n" },
    { "grant create ci --verb delete", "unknown verb delete (it is mint, publish, rotate or" },
    { "grant create ci --verb mint --audience x", "--verb mint needs --issuer ISSUER\n" },
    { "grant create ci --verb mint --issuer a", "--verb mint needs --audience AUDIENCE (" },
    { "grant create ci --verb admin --issuer a", "admin is for everything (leave --issuer out)" },
    { "grant create ci --verb rotate --issuer a --audience x", "--audience goes with --verb mint" },
    { "grant create ci --verb rotate --issuer a --max-lifetime 1m", "--max-lifetime goes with" },
    { "grant create ci --verb rotate --issuer a --claim c", "--claim goes with --verb mint only" },
    { "grant create ci --verb mint --issuer a --audience=", "--audience is empty" },
    { "grant create ci --verb mint --issuer a --audience x --tokens-per-minute 0",
      "--tokens-per-minute is a number from 1 on, not 0\n" },
    { "grant test --caller ci --issuer a", "grant test needs --verb VERB\n" },
    { "grant test --verb mint --issuer a", "grant test needs --caller CALLER\n" },
    { "grant test --caller ci --verb rotate --issuer a --lifetime 1m", "--lifetime goes with" },
};

START_TEST(wrong_usage_is_told_and_reaches_no_server)
{
    fake_reset();
    ck_assert_msg(fake_line(wrong[_i].line) == 2, "accepted: %s", wrong[_i].line);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_str_eq(fake.out, "");
    ck_assert_int_eq(strncmp(fake.err, "asapctl: ", 9), 0);
    assert_contains(fake.err, wrong[_i].message);
}
END_TEST

START_TEST(an_option_is_not_repeated_for_ever)
{
    char program[] = "asapctl", noun[] = "grant", create[] = "create", caller[] = "ci";
    char verb[] = "--verb=mint", issuer[] = "--issuer=a", option[] = "--audience=x";
    char *words[REPEATED_MAX + 8] = { program, noun, create, caller, verb, issuer };
    size_t count = 6;

    for (int i = 0; i < REPEATED_MAX; i++)
        words[count++] = option;
    fake_reset();
    fake.answers[0] = "{}";
    ck_assert_int_eq(fake_run(words), 0);
    words[count++] = option;
    ck_assert_int_eq(fake_run(words), 2);
    assert_contains(fake.err, "too many values: --audience");
}
END_TEST

static const struct {
    const char *line;
    const char *answer;
    const char *text;
} texts[] = {
    { "caller list", "{}", "no callers yet (asapctl caller create NAME makes one)\n" },
    { "caller list",
      "{\"callers\":[{\"name\":\"ci\",\"description\":\"builds\",\"state\":\"CALLER_STATE_"
      "ENABLED\","
      "\"createTime\":\"2026-11-23T10:15:00Z\"},"
      "{\"name\":\"former\",\"state\":\"CALLER_STATE_DISABLED\"}]}",
      "CALLER  STATE     CREATED  DESCRIPTION\n"
      "ci      enabled   3h ago   builds\n"
      "former  disabled  -        -\n" },
    { "caller create ci", "{\"name\":\"ci\"}",
      "created caller ci (it can do nothing until it has a credential and a grant:"
      " asapctl credential create, asapctl grant create)\n" },
    { "caller update ci --disable",
      "{\"name\":\"ci\",\"state\":\"CALLER_STATE_DISABLED\",\"description\":\"builds\\u001b\"}",
      "updated caller ci (disabled, builds?)\n" },
    { "caller delete ci --dry-run", "{\"caller\":{\"name\":\"ci\"}}",
      "dry run, nothing changed: deleted caller ci, its credentials and its grants\n" },
    { "caller show ci",
      "{\"name\":\"ci\",\"state\":\"CALLER_STATE_ENABLED\",\"credentials\":["
      "{\"credentialId\":\"c1\",\"apiKey\":{\"keyPrefix\":\"0123456789abcdef\"},"
      "\"createTime\":\"2026-11-23T13:00:00Z\",\"expireTime\":\"2026-11-25T13:15:00Z\"},"
      "{\"credentialId\":\"c2\",\"uid\":1000,\"createTime\":\"2026-11-23T13:00:00Z\","
      "\"expireTime\":\"2026-11-23T13:15:00Z\"},"
      "{\"credentialId\":\"c3\",\"certificateUri\":\"spiffe://x/y\","
      "\"createTime\":\"2026-11-23T13:00:00Z\",\"revokeTime\":\"2026-11-23T13:15:00Z\","
      "\"expireTime\":\"2026-11-23T13:14:00Z\"},"
      "{\"credentialId\":\"c4\",\"issuer\":\"a/b\",\"revokeTime\":\"2026-11-23T13:16:00Z\"},"
      "{\"credentialId\":\"c5\",\"certificateDnsName\":\"x.example\"},"
      "{\"credentialId\":\"c6\"}]}",
      "caller  ci\n"
      "state   enabled\n"
      "\n"
      "CREDENTIAL  KIND             VALUE                   CREATED  EXPIRES  STATE\n"
      "c1          api-key          asapk_0123456789abcdef  15m ago  in 2d    live\n"
      "c2          uid              1000                    15m ago  now      expired\n"
      "c3          certificate-uri  spiffe://x/y            15m ago  60s ago  revoked\n"
      "c4          issuer           a/b                     -        -        live\n"
      "c5          certificate-dns  x.example               -        -        live\n"
      "c6          unknown          -                       -        -        live\n" },
    { "caller show ci", "{\"name\":\"ci\",\"state\":\"CALLER_STATE_ENABLED\"}",
      "caller  ci\n"
      "state   enabled\n"
      "no credentials (asapctl credential create ci makes one)\n" },
    { "credential create ci --issuer a/b",
      "{\"credential\":{\"credentialId\":\"c1\",\"caller\":\"ci\",\"issuer\":\"a/b\"}}",
      "created credential c1 of ci (issuer a/b, expires never)\n" },
    { "credential create ci --api-key --dry-run",
      "{\"credential\":{\"caller\":\"ci\",\"apiKey\":{}},\"apiKey\":\"asapk_x_y\"}",
      "dry run, nothing changed: created credential  of ci (api-key asapk_, expires never)\n" },
    { "credential revoke c2", "{\"credentialId\":\"c2\",\"caller\":\"ci\",\"uid\":1000}",
      "revoked credential c2 of ci (uid 1000)\n" },
    { "grant create ci --verb mint --issuer a/b --audience x",
      "{\"grantId\":\"7\",\"caller\":\"ci\",\"verb\":\"VERB_MINT\",\"issuer\":\"a/b\"}",
      "created grant 7: ci may mint for a/b\n" },
    { "grant create ci --verb admin",
      "{\"grantId\":\"8\",\"caller\":\"ci\",\"verb\":\"VERB_ADMIN\"}",
      "created grant 8: ci may admin\n" },
    { "grant delete 7",
      "{\"grant\":{\"grantId\":\"7\",\"caller\":\"ci\",\"verb\":\"VERB_ROTATE\","
      "\"issuer\":\"a/b\"}}",
      "deleted grant 7: ci could rotate for a/b by it\n" },
    { "grant delete 7", "{}", "deleted grant 7\n" },
    { "grant list", "{}", "no grants (asapctl grant create CALLER makes one)\n" },
    { "grant list",
      "{\"grants\":[{\"grantId\":\"7\",\"caller\":\"ci\",\"verb\":\"VERB_MINT\","
      "\"issuer\":\"a/b\",\"createTime\":\"2026-11-23T10:15:00Z\",\"mintLimits\":{"
      "\"audiences\":[\"orders/*\",\"billing\"],\"maxLifetime\":\"600s\",\"subjects\":[\"s\"],"
      "\"additionalClaims\":[\"role\",\"team\"],\"tokensPerMinute\":60}},"
      "{\"grantId\":\"8\",\"caller\":\"root\",\"verb\":\"VERB_ADMIN\"},"
      "{\"grantId\":\"9\",\"caller\":\"ci\",\"verb\":9,\"issuer\":\"a\","
      "\"mintLimits\":{\"audiences\":[\"x\"]}}]}",
      "GRANT  CALLER  VERB     ISSUER  CREATED  LIMITS\n"
      "7      ci      mint     a/b     3h ago   audience orders/*, billing; max-lifetime 10m;"
      " subject s; claim role, team; tokens-per-minute 60\n"
      "8      root    admin    -       -        -\n"
      "9      ci      unknown  a       -        audience x\n" },
};

START_TEST(an_answer_is_printed_for_people)
{
    fake_reset();
    fake.answers[0] = texts[_i].answer;
    ck_assert_msg(fake_line(texts[_i].line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.out, texts[_i].text);
    ck_assert_str_eq(fake.err, "");
}
END_TEST

static const char created[] =
    "{\"credential\":{\"credentialId\":\"c1\",\"caller\":\"ci\","
    "\"apiKey\":{\"keyPrefix\":\"0123456789abcdef\"},\"expireTime\":\"2026-11-25T13:15:00Z\"},"
    "\"apiKey\":\"" API_KEY "\"}";

START_TEST(standard_output_has_the_api_key_alone)
{
    fake_reset();
    fake.answers[0] = created;
    ck_assert_int_eq(fake_line("credential create ci --api-key"), 0);
    ck_assert_str_eq(fake.request, "{\"caller\":\"ci\",\"apiKey\":{}}");
    ck_assert_str_eq(fake.out, API_KEY "\n");
    assert_contains(fake.err, "the API key of ci is on standard output, this once only");
    assert_contains(fake.err, "credential c1");
    assert_contains(fake.err, "(in 2d)");
    assert_lacks(fake.err, API_KEY);
}
END_TEST

START_TEST(json_has_the_api_key_in_the_response)
{
    fake_reset();
    fake.answers[0] = created;
    ck_assert_int_eq(fake_line("credential create ci --api-key --output json"), 0);
    assert_contains(fake.out, "\"apiKey\":\"" API_KEY "\"}\n");
    assert_lacks(fake.err, API_KEY);
}
END_TEST

static const char *const lost[] = { "credential create ci --api-key",
                                    "credential create ci --api-key --output json" };

START_TEST(a_key_that_got_lost_with_the_answer_is_to_be_revoked)
{
    fake_reset();
    fake.answers[0] = "broken";
    fake.answers[1] = "{\"credential\":{\"credentialId\":\"c1\",\"apiKey\":{}}}";
    ck_assert_int_eq(fake_line(lost[_i]), 1);
    ck_assert_uint_eq(fake.calls, 2);
    ck_assert_str_eq(fake.ids[0], fake.ids[1]);
    ck_assert_str_eq(fake.out, "");
    ck_assert_str_eq(fake.err,
                     "asapctl: cannot create a credential of ci: it was created, but its key got"
                     " lost with the server's first answer (revoke it: asapctl credential revoke"
                     " c1; then create another)\n");
}
END_TEST

START_TEST(an_answer_without_its_credential_is_an_error)
{
    fake_reset();
    fake.answers[0] = "{\"apiKey\":\"" API_KEY "\"}";
    ck_assert_int_eq(fake_line("credential create ci --api-key"), 1);
    ck_assert_str_eq(fake.out, "");
    assert_contains(fake.err, "lacks the credential");
    assert_lacks(fake.err, API_KEY);
}
END_TEST

START_TEST(a_key_that_cannot_be_written_is_to_be_revoked)
{
    char program[] = "asapctl", noun[] = "credential", verb[] = "create", caller[] = "ci",
         option[] = "--api-key";
    char *words[] = { program, noun, verb, caller, option, NULL };
    FILE *const full = fopen("/dev/full", "we");
    FILE *const err = tmpfile();
    const struct ctl_host host = { .clock = &fake_clock,
                                   .call = fake_call,
                                   .environment = fake.environment,
                                   .out = full,
                                   .err = err };

    fake_reset();
    fake.answers[0] = created;
    ck_assert(full != NULL && err != NULL);
    (void)setvbuf(full, NULL, _IONBF, 0);
    ck_assert_int_eq(asapctl_main(words, &host), 1);
    fake_take(err, fake.err);
    assert_contains(fake.err, "asapctl credential revoke c1");
    assert_lacks(fake.err, API_KEY);
    (void)fclose(full);
}
END_TEST

static const struct {
    const char *line;
    const char *answer;
    int status;
    const char *text;
} tested[] = {
    { "grant test --caller ci --verb mint --issuer a", "{\"allowed\":true,\"grantId\":\"7\"}", 0,
      "allowed by grant 7\n" },
    { "grant test --caller ci --verb mint --issuer a", "{\"reason\":\"no grant of ci to mint\"}", 1,
      "denied: no grant of ci to mint\n" },
    { "grant test --caller ci --verb admin --output json", "{\"allowed\":true,\"grantId\":\"7\"}",
      0, "{\"allowed\":true,\"grantId\":\"7\"}\n" },
    { "grant test --caller ci --verb admin --output json", "{\"reason\":\"none\"}", 1,
      "{\"reason\":\"none\"}\n" },
};

START_TEST(a_test_of_a_grant_answers_with_the_exit_status)
{
    fake_reset();
    fake.answers[0] = tested[_i].answer;
    ck_assert_int_eq(fake_line(tested[_i].line), tested[_i].status);
    ck_assert_str_eq(fake.out, tested[_i].text);
    ck_assert_str_eq(fake.err, "");
    ck_assert_str_eq(fake.path, SERVICE "TestGrant");
}
END_TEST

START_TEST(a_test_of_a_grant_asks_for_one_token)
{
    fake_reset();
    fake.answers[0] = "{\"allowed\":true}";
    ck_assert_int_eq(fake_line("grant test --caller ci --verb mint --issuer a --audience x"
                               " --lifetime 5m --subject s"),
                     0);
    ck_assert_str_eq(fake.request, "{\"caller\":\"ci\",\"verb\":\"VERB_MINT\",\"issuer\":\"a\","
                                   "\"audience\":\"x\",\"lifetime\":\"300s\",\"subject\":\"s\"}");
}
END_TEST

START_TEST(a_test_that_fails_is_told_as_a_failure)
{
    fake_reset();
    fake.answers[0] = "!there is no caller ci";
    ck_assert_int_eq(fake_line("grant test --caller ci --verb admin"), 1);
    ck_assert_str_eq(fake.err, "asapctl: cannot test the grants: there is no caller ci\n");
    fake_reset();
    fake.answers[0] = "!";
    ck_assert_int_eq(fake_line("grant test --caller ci --verb admin"), 1);
    ck_assert_str_eq(fake.err, "asapctl: cannot test the grants: \n");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl callers");
    TCase *tests = tcase_create("all");

    tcase_add_loop_test(tests, a_command_becomes_its_request, 0, COUNT(requests));
    tcase_add_loop_test(tests, wrong_usage_is_told_and_reaches_no_server, 0, COUNT(wrong));
    tcase_add_test(tests, an_option_is_not_repeated_for_ever);
    tcase_add_loop_test(tests, an_answer_is_printed_for_people, 0, COUNT(texts));
    tcase_add_test(tests, standard_output_has_the_api_key_alone);
    tcase_add_test(tests, json_has_the_api_key_in_the_response);
    tcase_add_loop_test(tests, a_key_that_got_lost_with_the_answer_is_to_be_revoked, 0,
                        COUNT(lost));
    tcase_add_test(tests, an_answer_without_its_credential_is_an_error);
    tcase_add_test(tests, a_key_that_cannot_be_written_is_to_be_revoked);
    tcase_add_loop_test(tests, a_test_of_a_grant_answers_with_the_exit_status, 0, COUNT(tested));
    tcase_add_test(tests, a_test_of_a_grant_asks_for_one_token);
    tcase_add_test(tests, a_test_that_fails_is_told_as_a_failure);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}

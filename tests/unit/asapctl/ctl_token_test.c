/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>

#include "check_main.h"
#include "fake_host.h"
#include "http_server.h"
#include "pem.h"
#include "scratch.h"
#include "secret.h"
#include "test_keys.h"
#include "token_remedy.h"

#define MINT "token mint a/b --audience x"
#define KID "a/b/k.pem"

/* A token as clients write it: {"alg":"none"}, {"iss":"a/b"}. */
#define TOKEN "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhL2IifQ.c2lnbmF0dXJl"

static struct scratch folder;
static struct http_server *server;
static EVP_PKEY *pair;
static char key_file[256]; /* of `pair` */
static char line[FAKE_LINE_MAX];
static char token[FAKE_TEXT_MAX]; /* what `sign` made */

static void write_private(void)
{
    struct asap_error err = { 0 };
    SCOPED(secret) struct secret pem = { 0 };

    ck_assert_succeeds(secret_pem_from_key(pair, &pem, &err));
    (void)scratch_file(&folder, "k.pem", key_file, sizeof key_file);
    fake_write(key_file, (const char *)pem.bytes);
}

/* The server publishes the public half under every key id. */
static void publish(void)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);

    ck_assert_succeeds(pem_write_public(pair, &pem, &err));
    http_server_reply(server, "200 OK", "Content-Type: application/x-pem-file\r\n", pem.bytes);
}

static void set_up(void)
{
    fake_reset();
    scratch_make(&folder);
    server = http_server_start(NULL);
    pair = new_key("P-256");
    write_private();
    publish();
}

static void tear_down(void)
{
    EVP_PKEY_free(pair);
    http_server_stop(server);
    scratch_remove(&folder);
}

static void sign(const char *options)
{
    (void)snprintf(line, sizeof line, "token sign --audience x --key %s --key-id " KID " %s",
                   key_file, options);
    ck_assert_msg(fake_line(line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.err, "");
    (void)memcpy(token, fake.out, sizeof token);
    ck_assert_int_eq(token[strlen(token) - 1], '\n');
    ck_assert_uint_eq(strcspn(token, "\n"), strlen(token) - 1);
}

/* Verifies what was signed. */
static int verify(const char *options)
{
    fake.in = token;
    (void)snprintf(line, sizeof line, "token verify --repository %s %s", http_server_url(server),
                   options);
    return fake_line(line);
}

static const struct {
    const char *line;
    const char *request;
} requests[] = {
    { MINT, "{\"issuer\":\"a/b\",\"audience\":[\"x\"]}" },
    { MINT " --audience y --lifetime 10m --subject s --dry-run",
      "{\"issuer\":\"a/b\",\"audience\":[\"x\",\"y\"],\"lifetime\":\"600s\",\"subject\":\"s\","
      "\"validateOnly\":true}" },
    { MINT " --claims {\"role\":[\"reader\",1]}",
      "{\"issuer\":\"a/b\",\"audience\":[\"x\"],"
      "\"additionalClaims\":{\"role\":[\"reader\",1]}}" },
};

START_TEST(a_command_becomes_its_request)
{
    fake.answers[0] = "{\"token\":\"a.b.c\",\"keyId\":\"" KID "\"}";
    ck_assert_msg(fake_line(requests[_i].line) == 0, "%s", fake.err);
    ck_assert_str_eq(fake.path, "/asap.v1.TokenService/MintToken");
    ck_assert_str_eq(fake.request, requests[_i].request);
}
END_TEST

START_TEST(claims_come_from_a_file)
{
    char path[256] = "";

    fake_write(scratch_file(&folder, "claims", path, sizeof path), "{ \"role\" : \"reader\" }\n");
    (void)snprintf(line, sizeof line, MINT " --claims @%s", path);
    fake.answers[0] = "{\"token\":\"a.b.c\"}";
    ck_assert_msg(fake_line(line) == 0, "%s", fake.err);
    assert_contains(fake.request, "\"additionalClaims\":{\"role\":\"reader\"}");
}
END_TEST

static const struct {
    const char *claims;
    const char *message;
} no_claims[] = {
    { "[1]", "--claims is no JSON object: " },
    { "{", "--claims is no JSON object: " },
    { "role=reader", "--claims is no JSON object: " },
    { "@/no/such/file", "/no/such/file cannot be opened" },
};

START_TEST(claims_that_are_no_object_are_not_sent)
{
    (void)snprintf(line, sizeof line, MINT " --claims %s", no_claims[_i].claims);
    ck_assert_int_eq(fake_line(line), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "asapctl: cannot mint a token of a/b: ");
    assert_contains(fake.err, no_claims[_i].message);
}
END_TEST

static const struct {
    const char *line;
    const char *answer;
    const char *text;
} minted[] = {
    { MINT, "{\"token\":\"a.b.c\",\"keyId\":\"" KID "\"}", "a.b.c\n" },
    { MINT " --output json", "{\"token\":\"a.b.c\",\"keyId\":\"" KID "\"}",
      "{\"token\":\"a.b.c\",\"keyId\":\"" KID "\"}\n" },
    { MINT " --dry-run", "{\"keyId\":\"" KID "\"}",
      "dry run, nothing changed: a token signed by " KID ", which expires -\n" },
};

START_TEST(standard_output_has_the_token_alone)
{
    fake.answers[0] = minted[_i].answer;
    ck_assert_int_eq(fake_line(minted[_i].line), 0);
    ck_assert_str_eq(fake.out, minted[_i].text);
    ck_assert_str_eq(fake.err, "");
}
END_TEST

START_TEST(an_answer_without_its_token_is_an_error)
{
    fake.answers[0] = "{}";
    ck_assert_int_eq(fake_line(MINT), 1);
    assert_contains(fake.err, "lacks the token");
}
END_TEST

static const struct {
    const char *line;
    const char *message;
} wrong[] = {
    { "token mint a/b", "token mint needs --audience AUDIENCE\n" },
    { "token mint --audience x", "ISSUER is missing (asapctl token mint ISSUER)\n" },
    { "token mint a/b --audience x --lifetime soon", "soon is no length of time" },
    { "token mnt a/b", "did you mean token mint?" },
    { "token sign --audience x", "needs either --key FILE and --key-id KID, or --private-dir" },
    { "token sign --audience x --key f", "needs either --key FILE and --key-id KID" },
    { "token sign --audience x --key f --issuer a", "needs either --key FILE" },
    { "token sign --audience x --key f --key-id k --private-dir d", "needs either" },
    { "token sign --key f --key-id k", "token sign needs --audience AUDIENCE\n" },
    { "token verify --audience x", "token verify needs --repository URL\n" },
    { "token verify --repository u", "token verify needs --audience AUDIENCE\n" },
    { "token verify --audience x --repository u --leeway 61", "--leeway is at most 60s, not 61" },
    { "token verify --audience x --repository u --leeway no", "no is no length of time" },
    { "token decode " TOKEN " " TOKEN, "unexpected argument eyJhbGciOiJub25lIn0. (" },
};

START_TEST(wrong_usage_is_told)
{
    ck_assert_msg(fake_line(wrong[_i].line) == 2, "accepted: %s", wrong[_i].line);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_str_eq(fake.out, "");
    assert_contains(fake.err, wrong[_i].message);
}
END_TEST

START_TEST(what_is_signed_here_is_verified_there)
{
    sign("--lifetime 10m --claims {\"role\":[\"reader\",1]}");
    ck_assert_msg(verify("--audience y --audience x --issuer c --issuer a/b") == 0, "%s", fake.err);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_str_eq(fake.err, "");
    assert_contains(fake.out, "kid   " KID "\n");
    assert_contains(fake.out, "iss   a/b\n");
    assert_contains(fake.out, "sub   a/b\n");
    assert_contains(fake.out, "aud   x\n");
    assert_contains(fake.out, " (in 10m)\n");
    assert_contains(fake.out, "role  [\"reader\",1]\n");
}
END_TEST

START_TEST(a_private_key_may_come_from_standard_input_or_a_directory)
{
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PRIVATE_MAX);
    char issuer[256] = "";
    char moved[512] = "";
    FILE *file = fopen(key_file, "re");

    ck_assert_ptr_nonnull(file);
    for (int byte = fgetc(file); byte != EOF; byte = fgetc(file))
        buffer_append(&pem, &(char){ (char)byte }, 1);
    (void)fclose(file);
    fake.in = pem.bytes;
    ck_assert_int_eq(fake_line("token sign --audience x --key - --key-id " KID), 0);

    ck_assert_int_eq(mkdir(scratch_file(&folder, "a", issuer, sizeof issuer), 0700), 0);
    (void)snprintf(moved, sizeof moved, "%s/k.pem", issuer);
    ck_assert_int_eq(rename(key_file, moved), 0);
    (void)snprintf(line, sizeof line, "token sign --audience x --private-dir %s --issuer a",
                   folder.path);
    ck_assert_msg(fake_line(line) == 0, "%s", fake.err);
    (void)memcpy(token, fake.out, sizeof token);
    ck_assert_int_eq(unlink(moved), 0);
    ck_assert_int_eq(rmdir(issuer), 0);
    ck_assert_int_eq(verify("--audience x"), 0);
    assert_contains(fake.out, "kid  a/k.pem\n");
}
END_TEST

START_TEST(a_signed_token_in_json_is_a_response_of_minting)
{
    sign("");
    (void)snprintf(line, sizeof line,
                   "token sign --audience x --key %s --key-id " KID " --output json", key_file);
    ck_assert_int_eq(fake_line(line), 0);
    ck_assert_int_eq(strncmp(fake.out, "{\"token\":\"eyJ", 13), 0);
}
END_TEST

static const struct {
    const char *options;
    const char *message;
} unsignable[] = {
    { "--key-id k", "asapctl: cannot sign a token: " },
    { "--lifetime 2h", "3600" },
    { "--claims {\"iss\":\"c\"}", "iss" },
    { "--claims []", "asapctl: cannot sign a token: " },
    { "--algorithm RS256", "RS256" },
    { "--key /no/such/file", "/no/such/file cannot be opened" },
};

START_TEST(what_cannot_be_signed_is_refused_with_the_reason)
{
    (void)snprintf(line, sizeof line, "token sign --audience x --key %s --key-id " KID " %s",
                   key_file, unsignable[_i].options);
    ck_assert_int_eq(fake_line(line), 1);
    ck_assert_str_eq(fake.out, "");
    assert_contains(fake.err, unsignable[_i].message);
}
END_TEST

static const struct {
    const char *why;
    const char *sign;
    const char *verify;
    int64_t later;
    const char *rule;
    const char *remedy;
} bad[] = {
    { "another audience", "", "--audience y", 0, "AUDIENCE: ", "have it made for this audience" },
    { "another issuer", "", "--audience x --issuer c", 0, "ISSUER: ", "add --issuer" },
    { "expired", "", "--audience x", 91, "EXPIRED: ", "(sign or mint another one" },
    { "expired without leeway", "", "--audience x --leeway 0", 61, "EXPIRED: ", "set the clocks)" },
    { "another subject", "--subject s", "--audience x --subject t", 0,
      "SUBJECT: ", "add --subject" },
    { "from the future", "", "--audience x --leeway 10", -11,
      "ISSUED_IN_FUTURE: ", "set the clocks: that of its maker" },
};

START_TEST(a_bad_token_is_refused_with_the_rule_it_broke)
{
    sign(bad[_i].sign);
    fake.now += bad[_i].later;
    ck_assert_msg(verify(bad[_i].verify) == 1, "accepted: %s", bad[_i].why);
    ck_assert_str_eq(fake.out, "");
    assert_contains(fake.err, "asapctl: the token is not accepted: ");
    assert_contains(fake.err, bad[_i].rule);
    assert_contains(fake.err, bad[_i].remedy);
    ck_assert_uint_eq(strcspn(fake.err, "\n"), strlen(fake.err) - 1);
}
END_TEST

START_TEST(a_token_of_an_extension_is_accepted)
{
    EVP_PKEY_free(pair);
    pair = new_key("ED25519");
    ck_assert_int_eq(unlink(key_file), 0);
    write_private();
    http_server_forget(server);
    publish();
    sign("");
    ck_assert_msg(verify("--audience x") == 0, "%s", fake.err);
}
END_TEST

/* The reasons of a verifier; those that come after are asapd's. */
START_TEST(every_rule_has_a_remedy)
{
    const enum asap_reason reason = (enum asap_reason)_i;
    struct asap_error err = { .code = ASAP_UNAUTHENTICATED, .reason = reason };

    (void)memset(err.message, 'x', sizeof err.message - 1);
    if (reason >= ASAP_REASON_REPLAYED && reason <= ASAP_REASON_REPLAY_UNAVAILABLE)
        return; /* a command remembers no tokens */
    if (reason == ASAP_REASON_KEY_NOT_CACHED)
        return;
    ck_assert_msg(*token_remedy(reason) != '\0', "%s", asap_reason_name(reason));
    ck_assert_uint_le(strlen(token_remedy(reason)), 110);
    ck_assert_int_eq(token_explain(&err), ASAP_UNAUTHENTICATED);
    assert_contains(err.message, token_remedy(reason));
    ck_assert_int_eq(err.message[strlen(err.message) - 1], ')');
}
END_TEST

static const struct {
    const char *sign;
    const char *verify;
    int64_t later;
} good[] = {
    { "", "--audience x", 90 },
    { "", "--audience x --leeway 60", 120 },
    { "", "--audience x --leeway 0", 60 },
    { "--subject s", "--audience x --subject t --subject s", 0 },
};

START_TEST(what_the_options_allow_is_accepted)
{
    sign(good[_i].sign);
    fake.now += good[_i].later;
    ck_assert_msg(verify(good[_i].verify) == 0, "%s", fake.err);
}
END_TEST

START_TEST(a_key_that_is_not_published_is_told)
{
    sign("");
    http_server_forget(server);
    http_server_reply(server, "404 Not Found", "Cache-Control: no-store\r\n", "");
    ck_assert_int_eq(verify("--audience x"), 1);
    assert_contains(fake.err, "the token is not accepted: KEY_NOT_FOUND: ");
}
END_TEST

START_TEST(a_signature_by_another_key_is_told)
{
    EVP_PKEY *const first = pair;

    sign("");
    pair = new_key("P-256");
    EVP_PKEY_free(first);
    http_server_forget(server);
    publish();
    ck_assert_int_eq(verify("--audience x"), 1);
    assert_contains(fake.err, "the token is not accepted: SIGNATURE: ");
}
END_TEST

START_TEST(claims_in_json_are_as_they_were_signed)
{
    sign("--claims {\"role\":\"reader\"}");
    ck_assert_int_eq(verify("--audience x --output json"), 0);
    assert_contains(fake.out, "\"iss\":\"a/b\"");
    assert_contains(fake.out, "\"role\":\"reader\"");
    ck_assert_uint_eq(strcspn(fake.out, "\n"), strlen(fake.out) - 1);
}
END_TEST

static const char *const readers[] = {
    "token verify --audience x --repository https://localhost:1 ",
    "token decode ",
};

START_TEST(a_token_is_in_no_message)
{
    (void)snprintf(line, sizeof line, "%s" TOKEN "#", readers[_i]);
    (void)fake_line(line);
    assert_lacks(fake.err, "eyJ");
    fake.in = TOKEN ".more";
    ck_assert_int_eq(fake_line(readers[_i]), 1);
    assert_lacks(fake.err, "eyJ");
}
END_TEST

START_TEST(a_missing_token_is_told)
{
    fake.in = "\n";
    ck_assert_int_eq(fake_line(readers[_i]), 1);
    assert_contains(fake.err, "there is none (give it as argument or on standard input)");
}
END_TEST

START_TEST(a_decoded_token_is_shown_as_unchecked)
{
    ck_assert_int_eq(fake_line("token decode " TOKEN), 0);
    ck_assert_str_eq(fake.out, "header\n  alg  none  how it is signed\nclaims\n"
                               "  iss  a/b  who made it, and what its kid has to begin with\n"
                               "it does not say when it expires\n");
    assert_contains(fake.err, "its signature was not checked");
    ck_assert_int_eq(fake_line("token decode --output json " TOKEN), 0);
    ck_assert_str_eq(fake.out, "{\"header\":{\"alg\":\"none\"},\"claims\":{\"iss\":\"a/b\"}}\n");
    assert_contains(fake.err, "its signature was not checked");
}
END_TEST

static const struct {
    int64_t later;
    const char *left;
} lefts[] = {
    { 0, "\nit expires in 10m\n" },
    { 600, "\nit expires now\n" },
    { 605, "\nit expired 5s ago\n" },
};

START_TEST(a_decoded_token_tells_the_time_left)
{
    sign("--lifetime 10m --audience y");
    fake.now += lefts[_i].later;
    fake.in = token;
    ck_assert_int_eq(fake_line("token decode"), 0);
    assert_contains(fake.out,
                    "header\n  alg  ES256      how it is signed\n  kid  " KID "  by which");
    assert_contains(fake.out, "\n  aud  x ");
    assert_contains(fake.out, "\n  aud  y ");
    assert_contains(fake.out, "  not valid after\n");
    assert_contains(fake.out, lefts[_i].left);
}
END_TEST

static const struct {
    const char *why;
    const char *text;
} malformed[] = {
    { "one part", "abc" },           { "two parts", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhL2IifQ" },
    { "four parts", TOKEN ".x" },    { "no base64url", "a+b." TOKEN },
    { "no JSON", "YWJj.YWJj.YWJj" }, { "an empty part", ".eyJpc3MiOiJhL2IifQ.c2ln" },
};

START_TEST(what_is_no_token_cannot_be_decoded)
{
    fake.in = malformed[_i].text;
    ck_assert_msg(fake_line("token decode") == 1, "decoded %s", malformed[_i].why);
    ck_assert_str_eq(fake.out, "");
    assert_contains(fake.err, "asapctl: cannot decode the token: ");
}
END_TEST

START_TEST(help_on_signing_has_one_option_of_a_name)
{
    const char *at = NULL;

    ck_assert_int_eq(fake_line("token sign --help"), 0);
    assert_contains(fake.out, "usage: asapctl token sign --audience AUDIENCE ... [OPTION ...]\n");
    at = strstr(fake.out, "--key FILE ");
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_null(strstr(at + 1, "--key FILE "));
}
END_TEST

static void add_checks(TCase *tests)
{
    tcase_add_loop_test(tests, a_bad_token_is_refused_with_the_rule_it_broke, 0, COUNT(bad));
    tcase_add_loop_test(tests, what_the_options_allow_is_accepted, 0, COUNT(good));
    tcase_add_test(tests, a_token_of_an_extension_is_accepted);
    tcase_add_loop_test(tests, every_rule_has_a_remedy, ASAP_REASON_TOKEN_SIZE,
                        ASAP_REASON_SIGNATURE + 1);
    tcase_add_test(tests, a_key_that_is_not_published_is_told);
    tcase_add_test(tests, a_signature_by_another_key_is_told);
    tcase_add_test(tests, claims_in_json_are_as_they_were_signed);
    tcase_add_loop_test(tests, a_token_is_in_no_message, 0, COUNT(readers));
    tcase_add_loop_test(tests, a_missing_token_is_told, 0, COUNT(readers));
    tcase_add_test(tests, a_decoded_token_is_shown_as_unchecked);
    tcase_add_loop_test(tests, a_decoded_token_tells_the_time_left, 0, COUNT(lefts));
    tcase_add_loop_test(tests, what_is_no_token_cannot_be_decoded, 0, COUNT(malformed));
    tcase_add_test(tests, help_on_signing_has_one_option_of_a_name);
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl tokens");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_command_becomes_its_request, 0, COUNT(requests));
    tcase_add_test(tests, claims_come_from_a_file);
    tcase_add_loop_test(tests, claims_that_are_no_object_are_not_sent, 0, COUNT(no_claims));
    tcase_add_loop_test(tests, standard_output_has_the_token_alone, 0, COUNT(minted));
    tcase_add_test(tests, an_answer_without_its_token_is_an_error);
    tcase_add_loop_test(tests, wrong_usage_is_told, 0, COUNT(wrong));
    tcase_add_test(tests, what_is_signed_here_is_verified_there);
    tcase_add_test(tests, a_private_key_may_come_from_standard_input_or_a_directory);
    tcase_add_test(tests, a_signed_token_in_json_is_a_response_of_minting);
    tcase_add_loop_test(tests, what_cannot_be_signed_is_refused_with_the_reason, 0,
                        COUNT(unsignable));
    add_checks(tests);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>

#include "export_fixture.h"

#define STATUS "{\"generation\":\"12\"}"

static const char private_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

/* What stands beside DIR, DIR included. */
static int count_beside(void)
{
    struct dirent **entries = NULL;
    const int count = scandir(root, &entries, NULL, NULL);

    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return count - 2;
}

static char answer[FAKE_TEXT_MAX];
static const char *state = ""; /* a member and a comma */

/* The server says that this one key of issuer "web" is published. */
static int export_key(const char *key_id, const char *algorithm, const char *pem)
{
    char *const text = fixture_json(pem);

    (void)snprintf(answer, sizeof answer,
                   "{\"publicKeys\":[{\"keyId\":\"%s\",\"issuer\":\"web\",\"algorithm\":\"%s\","
                   "%s\"publicKey\":%s,\"publishTime\":\"2026-11-23T13:00:00Z\","
                   "\"unpublishTime\":\"2026-11-24T00:00:00Z\"}]}",
                   key_id, algorithm, state, text);
    free(text);
    fake.answers[0] = STATUS;
    fake.answers[1] = answer;
    return fixture_run("export", "keys", "--issuer web");
}

static char file_text[FAKE_TEXT_MAX];

static void read_file(const char *name)
{
    FILE *file = fopen(fixture_path(name), "re");

    ck_assert_msg(file != NULL, "%s is missing", name);
    file_text[fread(file_text, 1, sizeof file_text - 1, file)] = '\0';
    (void)fclose(file);
}

static void assert_file(const char *name, const char *expected)
{
    read_file(name);
    ck_assert_str_eq(file_text, expected);
}

START_TEST(an_export_is_the_key_its_alias_the_key_set_and_the_manifest)
{
    struct stat status = { 0 };

    state = "\"state\":\"KEY_STATE_ACTIVE\",";
    ck_assert_msg(export_key("web/k.pem", "EdDSA", PEM_WEB) == 0, "%s", fake.err);
    assert_file("keys/web/k.pem", PEM_WEB);
    assert_file("keys/8cffa04d7b8665c8cbfa2b08aeab8005219f9435fab1482eba28ad681027226c.pem",
                PEM_WEB);
    assert_file("keys/web/.well-known/jwks.json",
                "{\"keys\":[{\"kty\":\"OKP\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":"
                "\"web/k.pem\",\"crv\":\"Ed25519\",\"x\":"
                "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}\n");
    assert_file(
        "keys/manifest.json",
        "{\n  \"exportTime\": \"2026-11-23T13:15:00Z\",\n  \"generation\": \"12\",\n"
        "  \"keys\": [\n    {\n      \"keyId\": \"web/k.pem\",\n      \"issuer\": \"web\",\n"
        "      \"algorithm\": \"EdDSA\",\n      \"state\": \"active\",\n      \"alias\": "
        "\"8cffa04d7b8665c8cbfa2b08aeab8005219f9435fab1482eba28ad681027226c.pem\",\n"
        "      \"sha256\": "
        "\"7f2d9ed0b71b8e5a6c5cf30e647d6e20b5bca6dac8071f11abe3fef8014db610\",\n"
        "      \"publishTime\": \"2026-11-23T13:00:00Z\",\n"
        "      \"unpublishTime\": \"2026-11-24T00:00:00Z\"\n    }\n  ]\n}\n");
    ck_assert_int_eq(stat(fixture_path("keys/web/k.pem"), &status), 0);
    ck_assert_int_eq(status.st_mtime, NOW - 15 * 60);
    ck_assert_int_eq(lstat(fixture_path("keys"), &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    assert_contains(fake.out, "exported 1 key of 1 issuer to ");
}
END_TEST

static const struct {
    const char *answer, *written; /* NULL: nothing */
} states[] = {
    { "\"state\":\"KEY_STATE_STANDBY\",", "\"state\": \"standby\"" },
    { "\"state\":\"KEY_STATE_RETIRING\",", "\"state\": \"retiring\"" },
    { "", NULL },
};

START_TEST(the_manifest_says_the_state_if_the_server_does)
{
    state = states[_i].answer;
    ck_assert_msg(export_key("web/k.pem", "EdDSA", PEM_WEB) == 0, "%s", fake.err);
    read_file("keys/manifest.json");
    if (states[_i].written != NULL)
        assert_contains(file_text, states[_i].written);
    else
        assert_lacks(file_text, "state");
}
END_TEST

static const struct {
    const char *why;
    const char *key_id;
    const char *algorithm;
    const char *pem;
} hostile[] = {
    { "another issuer's", "shop/k.pem", "EdDSA", PEM_WEB },
    { "climbs out", "web/../../k.pem", "EdDSA", PEM_WEB },
    { "hidden", "web/.k", "EdDSA", PEM_WEB },
    { "no key id", "", "EdDSA", PEM_WEB },
    { "below the issuer", "web/a/k.pem", "EdDSA", PEM_WEB },
    { "unknown algorithm", "web/k.pem", "\\\",\\\"x", PEM_WEB },
    { "private", "web/k.pem", "EdDSA", private_key },
    { "text around it", "web/k.pem", "EdDSA", "x\n" PEM_WEB },
    { "white space around it", "web/k.pem", "EdDSA", "\n" PEM_WEB },
    { "empty", "web/k.pem", "EdDSA", "" },
};

START_TEST(what_a_server_must_not_answer_is_not_written)
{
    ck_assert_msg(export_key(hostile[_i].key_id, hostile[_i].algorithm, hostile[_i].pem) == 1,
                  "exported %s", hostile[_i].why);
    ck_assert_int_eq(count_beside(), 0);
    assert_lacks(fake.err, "MC4C");
}
END_TEST

START_TEST(a_generation_below_zero_does_not_end_exports)
{
    ck_assert_int_eq(export_key("web/k.pem", "EdDSA", PEM_WEB), 0);
    for (int i = 0; i < 2; i++) {
        fake.calls = 0;
        fake.answers[0] = "{\"generation\":\"-1\"}";
        ck_assert_msg(fixture_run("export", "keys", "--issuer web --output json") == 0, "%s",
                      fake.err);
        assert_lacks(fake.out, "generation");
    }
}
END_TEST

START_TEST(who_may_only_read_keys_exports_without_the_generation)
{
    ck_assert_int_eq(export_key("web/k.pem", "EdDSA", PEM_WEB), 0);
    fake.calls = 0;
    fake.answers[0] = "?administrators only";
    ck_assert_int_eq(fixture_run("export", "keys", "--issuer web --output json"), 0);
    assert_lacks(fake.out, "generation");
    assert_contains(fake.out, "\"keyId\": \"web/k.pem\"");
    fake.calls = 0;
    fake.answers[0] = "!broken";
    ck_assert_int_eq(fixture_run("export", "keys", "--issuer web"), 1);
}
END_TEST

START_TEST(without_an_issuer_every_one_is_asked_for)
{
    fake.answers[0] = STATUS;
    fake.answers[1] = "{\"issuers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}";
    fake.answers[2] = fake.answers[3] = "{}";
    ck_assert_int_eq(fixture_run("export", "keys", ""), 0);
    ck_assert_uint_eq(fake.calls, 4);
    assert_contains(fake.request, "{\"issuer\":\"b\"");
    assert_contains(fake.out, "exported 0 keys of 0 issuers to ");
}
END_TEST

static const char *const bad_folders[] = { "keys/..", "none/keys", "keys/.", "file/keys" };

START_TEST(a_place_that_cannot_be_is_refused_before_anything_is_asked)
{
    fixture_write("file", "x");
    ck_assert_int_eq(fixture_run("export", bad_folders[_i], ""), 1);
    ck_assert_uint_eq(fake.calls, 0);
    ck_assert_int_eq(count_beside(), 1);
}
END_TEST

START_TEST(what_is_there_already_is_not_replaced)
{
    fixture_write("keys/mine", "x");
    ck_assert_int_eq(fixture_run("export", "keys", ""), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.err, "keys is there already");
    assert_file("keys/mine", "x");
}
END_TEST

START_TEST(slashes_at_the_end_are_none_of_the_name)
{
    ck_assert_int_eq(export_key("web/k.pem", "EdDSA", PEM_WEB), 0);
    fake.calls = 0;
    ck_assert_int_eq(fixture_run("export", "keys///", "--issuer web"), 0);
    ck_assert_int_eq(count_beside(), 3);
}
END_TEST

START_TEST(a_dry_run_writes_nothing)
{
    ck_assert_int_eq(export_key("web/k.pem", "EdDSA", PEM_WEB), 0);
    fake.calls = 0;
    ck_assert_int_eq(fixture_run("export", "other", "--issuer web --dry-run"), 0);
    ck_assert_int_eq(count_beside(), 2);
    assert_contains(fake.out, "dry run, nothing changed: exported 1 key");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl key export");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, fixture_setup, fixture_teardown);
    tcase_add_test(tests, an_export_is_the_key_its_alias_the_key_set_and_the_manifest);
    tcase_add_loop_test(tests, the_manifest_says_the_state_if_the_server_does, 0,
                        sizeof states / sizeof states[0]);
    tcase_add_loop_test(tests, what_a_server_must_not_answer_is_not_written, 0, COUNT(hostile));
    tcase_add_test(tests, a_generation_below_zero_does_not_end_exports);
    tcase_add_test(tests, who_may_only_read_keys_exports_without_the_generation);
    tcase_add_test(tests, without_an_issuer_every_one_is_asked_for);
    tcase_add_loop_test(tests, a_place_that_cannot_be_is_refused_before_anything_is_asked, 0,
                        COUNT(bad_folders));
    tcase_add_test(tests, what_is_there_already_is_not_replaced);
    tcase_add_test(tests, slashes_at_the_end_are_none_of_the_name);
    tcase_add_test(tests, a_dry_run_writes_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}

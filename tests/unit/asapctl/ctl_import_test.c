/* SPDX-License-Identifier: Apache-2.0 */

#include "export_fixture.h"

#define PUBLISHED                                                                                  \
    "{\"key\":{\"keyId\":\"web/k\",\"algorithm\":\"EdDSA\"},"                                      \
    "\"safeSignTime\":\"2026-11-23T13:30:00Z\"}"

static int import(const char *options)
{
    return fixture_run("import", "in", options);
}

START_TEST(a_key_that_is_not_published_is)
{
    fixture_write("in/web/k", PEM_WEB);
    fake.answers[0] = "%no such key";
    fake.answers[1] = PUBLISHED;
    ck_assert_msg(import("") == 0, "%s", fake.err);
    ck_assert_str_eq(fake.path, "/asap.v1.KeyAdmin/PublishKey");
    assert_contains(fake.request, "{\"issuer\":\"web\",\"name\":\"k\",\"publicKey\":\"-----BEGIN");
    assert_lacks(fake.request, "algorithm");
    assert_lacks(fake.request, "unpublishTime");
    ck_assert_str_eq(fake.out, "published web/k\n1 published, 0 published before, 0 refused\n");
}
END_TEST

START_TEST(a_dry_run_only_checks)
{
    fixture_write("in/web/k", PEM_WEB);
    fake.answers[0] = "%no such key";
    fake.answers[1] = PUBLISHED;
    ck_assert_int_eq(import("--dry-run"), 0);
    assert_contains(fake.request, "\"validateOnly\":true");
    assert_contains(fake.out, "dry run, nothing changed: published web/k\n");
}
END_TEST

START_TEST(a_key_that_is_published_stays_as_it_is)
{
    char answer[1024] = "";
    char *const pem = fixture_json(PEM_WEB);

    fixture_write("in/web/k", PEM_WEB);
    (void)snprintf(answer, sizeof answer, "{\"publicKey\":%s}", pem);
    free(pem);
    fake.answers[0] = answer;
    ck_assert_int_eq(import(""), 0);
    ck_assert_uint_eq(fake.calls, 1);
    ck_assert_str_eq(fake.out, "0 published, 1 published before, 0 refused\n");
}
END_TEST

/* With or without what import has no use for. */
static const char *const state_members[] = { "", "\"state\":\"active\",", "\"state\":7," };

static void write_manifest(const char *state, const char *digest, const char *until)
{
    char text[1024] = "";

    (void)snprintf(text, sizeof text,
                   "{\"keys\":[{\"keyId\":\"web/k\",%s\"algorithm\":\"EdDSA\",\"sha256\":\"%s\","
                   "\"unpublishTime\":\"%s\"}]}",
                   state, digest, until);
    fixture_write("in/manifest.json", text);
}

#define DIGEST "7f2d9ed0b71b8e5a6c5cf30e647d6e20b5bca6dac8071f11abe3fef8014db610"

START_TEST(the_manifest_tells_algorithm_and_end)
{
    fixture_write("in/web/k", PEM_WEB);
    write_manifest(state_members[_i], DIGEST, "2026-11-24T00:00:00Z");
    fake.answers[0] = "%no such key";
    fake.answers[1] = PUBLISHED;
    ck_assert_msg(import("") == 0, "%s", fake.err);
    assert_contains(fake.request, "\"algorithm\":\"EdDSA\"");
    assert_contains(fake.request, "\"unpublishTime\":\"2026-11-24T00:00:00Z\"");
}
END_TEST

static const struct {
    const char *digest;
    const char *until;
    const char *message;
} contradictions[] = {
    { "00", "2026-11-24T00:00:00Z", "its digest differs" },
    { DIGEST, "2026-11-23T13:15:00Z", "it was to be served until 2026-11-23T13:15:00Z only" },
    { DIGEST, "soon", "soon" },
};

START_TEST(what_the_manifest_speaks_against_is_not_published)
{
    fixture_write("in/web/k", PEM_WEB);
    write_manifest("", contradictions[_i].digest, contradictions[_i].until);
    fake.answers[0] = "%no such key";
    ck_assert_int_eq(import(""), 1);
    ck_assert_str_ne(fake.path, "/asap.v1.KeyAdmin/PublishKey");
    assert_contains(fake.err, "refused web/k: ");
    assert_contains(fake.err, contradictions[_i].message);
}
END_TEST

START_TEST(what_the_server_refuses_is_reported_and_the_next_one_tried)
{
    fixture_write("in/web/a", PEM_WEB);
    fixture_write("in/web/b", PEM_WEB);
    fake.answers[0] = fake.answers[2] = "%no such key";
    fake.answers[1] = "!this public key was used before";
    fake.answers[3] = PUBLISHED;
    ck_assert_int_eq(import(""), 1);
    ck_assert_str_eq(fake.err, "refused web/a: this public key was used before\n");
    assert_contains(fake.out, "1 published, 0 published before, 1 refused\n");
}
END_TEST

START_TEST(a_server_that_is_gone_ends_it)
{
    fixture_write("in/web/a", PEM_WEB);
    fixture_write("in/web/b", PEM_WEB);
    fake.answers[0] = "%no such key";
    fake.answers[1] = fake.answers[2] = "broken";
    ck_assert_int_eq(import(""), 1);
    ck_assert_str_eq(fake.err, "asapctl: cannot import keys: the connection broke\n");
}
END_TEST

START_TEST(a_name_that_is_no_text_counts_too)
{
    fixture_write("in/web/\xff\x1b[1m", PEM_WEB);
    ck_assert_int_eq(import("--output json"), 1);
    ck_assert_uint_eq(fake.calls, 0);
    assert_contains(fake.out, "\"file\":\"web/??[1m\"");
    assert_lacks(fake.err, "\x1b");
}
END_TEST

START_TEST(an_alias_has_to_be_that_of_its_key)
{
    /* Of web/k. */
    static const char alias[] =
        "in/550ba267d3207c9c454670bd466534d90a27831c6f82e7d6d33ed3aff60a19be.pem";
    char answer[1024] = "";
    char *const pem = fixture_json(PEM_WEB);

    (void)snprintf(answer, sizeof answer, "{\"publicKey\":%s}", pem);
    free(pem);
    fixture_write("in/web/k", PEM_WEB);
    fixture_write(alias, PEM_WEB);
    fake.answers[0] = fake.answers[1] = answer;
    ck_assert_msg(import("") == 0, "%s", fake.err);
    fixture_write(alias, "another");
    ck_assert_int_eq(import(""), 1);
    assert_contains(fake.err, "it is not the key of web/k");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_told)
{
    ck_assert_int_eq(import(""), 1);
    assert_contains(fake.err, "is no folder");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl key import");
    TCase *tests = tcase_create("all");

    tcase_add_checked_fixture(tests, fixture_setup, fixture_teardown);
    tcase_add_test(tests, a_key_that_is_not_published_is);
    tcase_add_test(tests, a_dry_run_only_checks);
    tcase_add_test(tests, a_key_that_is_published_stays_as_it_is);
    tcase_add_loop_test(tests, the_manifest_tells_algorithm_and_end, 0,
                        sizeof state_members / sizeof state_members[0]);
    tcase_add_loop_test(tests, what_the_manifest_speaks_against_is_not_published, 0,
                        COUNT(contradictions));
    tcase_add_test(tests, what_the_server_refuses_is_reported_and_the_next_one_tried);
    tcase_add_test(tests, a_server_that_is_gone_ends_it);
    tcase_add_test(tests, a_name_that_is_no_text_counts_too);
    tcase_add_test(tests, an_alias_has_to_be_that_of_its_key);
    tcase_add_test(tests, a_folder_that_is_not_there_is_told);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "repository.h"

#include <string.h>

#include "fake_clock.h"
#include "keyring_fixture.h"

/* What the repository says of keys that it does not know, while the database may have them. */

enum { LIMIT = 60, LEAD = 900 };

static const struct lifecycle_policy policy = {
    .max_age = 300,
    .stale = 200,
    .jwks_max_age = 120,
    .clock_skew = 30,
    .replica_lag = LIMIT,
    .publish_lead = LEAD,
};

static struct fake_clock now;
static int64_t monotonic_ms;
static struct repository repository;
static struct http_response response;
static struct asap_error err;

static int64_t read_monotonic(void)
{
    return monotonic_ms;
}

static void set_up_alone(void)
{
    set_up();
    atomic_store(&now.seconds, NOW);
    err = (struct asap_error){ 0 };
    monotonic_ms = 5000;
    repository = (struct repository){
        .keyring = fixture.keyring, .policy = policy, .clock = fake_clock_of(&now), .base_path = ""
    };
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
    (void)add_ec_key("web/api", "one.pem");
    (void)add_ec_key("old/api", "retired.pem");
    run_sql("UPDATE key SET unpublish_time = 1795440000 WHERE kid = 'old/api/retired.pem'");
}

static void set_up_shared(void)
{
    set_up_alone();
    keyring_share(fixture.keyring, LIMIT * 1000, read_monotonic);
    reload();
}

static void clean_up(void)
{
    buffer_clear(&response.body);
    tear_down();
}

static void pass(int64_t seconds)
{
    fake_clock_advance(&now, seconds);
    monotonic_ms += seconds * 1000;
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < response.header_count; i++)
        if (strcmp(response.headers[i].name, name) == 0)
            return response.headers[i].value;
    return "";
}

static unsigned get(const char *path)
{
    const struct http_request request = { .method = HTTP_GET, .path = path };

    buffer_clear(&response.body);
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
    repository_handle(&repository, &request, &response);
    return response.status;
}

static enum asap_code try_refresh(void)
{
    return keyring_refresh(fixture.keyring, fixture.store, now.seconds, &err);
}

#define NO_DIGEST "/0000000000000000000000000000000000000000000000000000000000000000.pem"

/* While the snapshot is current, and in doubt. */
static const struct {
    const char *path;
    unsigned before, after;
} answers[] = {
    { "/web/api/one.pem", 200, 200 },
    { "/web/api/two.pem", 404, 503 },
    { "/new/api/one.pem", 404, 503 },
    { NO_DIGEST, 404, 503 },
    { "/new/api/.well-known/jwks.json", 404, 503 },
    { "/old/api/.well-known/jwks.json", 404, 503 },
    { "/web/api/.well-known/jwks.json", 200, 200 },
    { "/old/api/retired.pem", 404, 503 }, /* its end may have been moved */
    { "/web", 404, 404 },
    { "/web/a%00b", 404, 404 },
};

static void assert_answers(bool is_in_doubt)
{
    for (int i = 0; i < COUNT(answers); i++) {
        const unsigned expected = is_in_doubt ? answers[i].after : answers[i].before;

        ck_assert_msg(get(answers[i].path) == expected, "%u for %s", response.status,
                      answers[i].path);
        if (expected >= 400)
            ck_assert_str_eq(header("Cache-Control"), "no-store");
        ck_assert_str_eq(header("Retry-After"), expected == 503 ? "1" : "");
    }
}

START_TEST(what_is_not_known_is_503_once_the_database_was_away_for_too_long)
{
    assert_answers(false);
    pass(LIMIT);
    assert_answers(false);
    pass(1);
    assert_answers(true);
    ck_assert_succeeds(try_refresh());
    assert_answers(false);
}
END_TEST

START_TEST(each_look_that_finds_nothing_new_makes_the_keys_current)
{
    for (int i = 0; i < 3; i++) {
        pass(LIMIT);
        ck_assert_succeeds(try_refresh());
    }
    pass(LIMIT);
    assert_answers(false);
}
END_TEST

/* The first statement of each breaks it, the second mends it. */
static const char *const breakages[][2] = {
    { "ALTER TABLE server RENAME TO gone", "ALTER TABLE gone RENAME TO server" },
    { "ALTER TABLE key RENAME TO gone; UPDATE server SET generation = generation + 1",
      "ALTER TABLE gone RENAME TO key" },
};

START_TEST(a_look_that_fails_makes_nothing_current)
{
    run_sql(breakages[_i][0]);
    ck_assert_int_ne(try_refresh(), ASAP_OK);
    assert_answers(_i == 1); /* a change is known to have been made */
    pass(LIMIT + 1);
    ck_assert_int_ne(try_refresh(), ASAP_OK);
    assert_answers(true);
    run_sql(breakages[_i][1]);
    ck_assert_succeeds(try_refresh());
    assert_answers(false);
}
END_TEST

START_TEST(the_only_process_that_makes_changes_knows_what_there_is)
{
    reload();
    pass(100 * LEAD);
    assert_answers(false);
    run_sql(breakages[0][0]);
    ck_assert_int_ne(try_refresh(), ASAP_OK);
    assert_answers(false);
    run_sql(breakages[0][1]);
}
END_TEST

START_TEST(a_change_that_could_not_be_read_is_in_doubt_in_any_case)
{
    reload();
    run_sql(breakages[1][0]);
    ck_assert_int_ne(try_refresh(), ASAP_OK);
    assert_answers(true);
    run_sql(breakages[1][1]);
    ck_assert_succeeds(try_refresh());
    assert_answers(false);
}
END_TEST

/* A set is good, and kept, until a key may sign that it lacks: of a lead of 900 s the skew of 30 s
 * is taken off, and each second that has begun. */
static const struct {
    int64_t age;
    unsigned status;
    const char *caching;
} sets[] = {
    { 0, 200, "public, max-age=120, stale-while-revalidate=200, stale-if-error=200" },
    { 549, 200, "public, max-age=120, stale-while-revalidate=200, stale-if-error=200" },
    { 649, 200, "public, max-age=120, stale-while-revalidate=100, stale-if-error=100" },
    { 769, 200, "public, max-age=100" },
    { 868, 200, "public, max-age=1" },
    { 869, 503, "no-store" },
    { 5000, 503, "no-store" },
};

START_TEST(a_set_is_good_until_a_key_may_sign_that_it_lacks)
{
    pass(sets[_i].age);
    ck_assert_uint_eq(get("/web/api/.well-known/jwks.json"), sets[_i].status);
    ck_assert_str_eq(header("Cache-Control"), sets[_i].caching);
    ck_assert_uint_eq(get("/web/api/one.pem"), 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("doubt");
    TCase *shared = tcase_create("several processes");
    TCase *alone = tcase_create("one process");

    tcase_add_checked_fixture(shared, set_up_shared, clean_up);
    tcase_add_test(shared, what_is_not_known_is_503_once_the_database_was_away_for_too_long);
    tcase_add_test(shared, each_look_that_finds_nothing_new_makes_the_keys_current);
    tcase_add_loop_test(shared, a_look_that_fails_makes_nothing_current, 0, COUNT(breakages));
    tcase_add_loop_test(shared, a_set_is_good_until_a_key_may_sign_that_it_lacks, 0, COUNT(sets));
    tcase_add_checked_fixture(alone, set_up_alone, clean_up);
    tcase_add_test(alone, the_only_process_that_makes_changes_knows_what_there_is);
    tcase_add_test(alone, a_change_that_could_not_be_read_is_in_doubt_in_any_case);
    suite_add_tcase(suite, shared);
    suite_add_tcase(suite, alone);
    return check_main(suite);
}

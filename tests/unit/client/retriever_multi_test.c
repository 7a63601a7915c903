/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* setenv() */
#include "retriever_fixture.h"

#include <stdlib.h>

/* A retriever that says what it is told to. */
struct fake {
    struct asap_retriever base;
    enum asap_reason reason; /* ASAP_REASON_NONE: `pem` */
    const char *pem;
    bool is_held; /* no fetch is needed to say so */
    int fetches;
    int takes; /* seconds */
    int frees;
};

enum { MEMBERS = 2 };

static struct fake fakes[MEMBERS];

static enum asap_code answer_of(const struct fake *self, EVP_PKEY **out, struct asap_error *err)
{
    *out = NULL;
    if (self->reason == ASAP_REASON_NONE)
        return pem_read_public(self->pem, strlen(self->pem), out, err);
    *err = (struct asap_error){ ASAP_UNAUTHENTICATED, self->reason, "", "" };
    if (self->reason == ASAP_REASON_KEY_UNAVAILABLE || self->reason == ASAP_REASON_OVERLOADED)
        err->code = ASAP_UNAVAILABLE;
    (void)snprintf(err->message, sizeof err->message, "member %d", (int)(self - fakes));
    return err->code;
}

static enum asap_code fetch_fake(struct asap_retriever *member,
                                 const struct kid *kid,
                                 EVP_PKEY **out,
                                 struct asap_error *err)
{
    struct fake *self = (struct fake *)(void *)member;

    (void)kid;
    self->fetches += !self->is_held;
    atomic_fetch_add(&age_clock.seconds, self->takes);
    return answer_of(self, out, err);
}

static enum asap_code find_fake_held(struct asap_retriever *member,
                                     const struct kid *kid,
                                     EVP_PKEY **out,
                                     struct asap_error *err)
{
    struct fake *self = (struct fake *)(void *)member;

    (void)kid;
    *out = NULL;
    return self->is_held ? answer_of(self, out, err) : ASAP_OK;
}

static enum asap_code peek_fake(struct asap_retriever *member,
                                const struct kid *kid,
                                EVP_PKEY **out,
                                struct asap_error *err)
{
    struct fake *self = (struct fake *)(void *)member;

    (void)kid;
    *out = NULL;
    return self->is_held && self->reason == ASAP_REASON_NONE ? answer_of(self, out, err) : ASAP_OK;
}

static void free_fake(struct asap_retriever *member)
{
    ((struct fake *)(void *)member)->frees++;
}

static void open_multi(bool missing_fails_over)
{
    struct asap_retriever *members[MEMBERS];
    struct asap_multi_options options = { .missing_fails_over = missing_fails_over };
    struct asap_error err = { 0 };

    options.age_clock = fake_clock_of(&age_clock);
    for (int i = 0; i < MEMBERS; i++) {
        fakes[i] = (struct fake){ .base = { fetch_fake, find_fake_held, peek_fake, free_fake },
                                  .pem = i == 0 ? pem_a : pem_b };
        members[i] = &fakes[i].base;
    }
    ck_assert_succeeds(asap_retriever_multi(members, MEMBERS, &options, &retriever, &err));
}

static void make_pems(void)
{
    atomic_store(&age_clock.seconds, 1000);
    make_pem(pem_a, sizeof pem_a);
    make_pem(pem_b, sizeof pem_b);
}

static void free_retriever(void)
{
    asap_retriever_free(retriever);
    retriever = NULL;
}

#define A pem_a
#define B pem_b
#define FOUND ASAP_REASON_NONE
#define MISSING ASAP_REASON_KEY_NOT_FOUND
#define REFUSED ASAP_REASON_KEY_REFUSED
#define FAILED ASAP_REASON_KEY_UNAVAILABLE
#define SPENT ASAP_REASON_OVERLOADED

static const struct {
    bool missing_fails_over;
    enum asap_reason first, second, expected;
    const char *pem;
    int asked; /* of the second */
} matrix[] = {
    { false, FOUND, FOUND, FOUND, A, 0 },         { false, FOUND, FAILED, FOUND, A, 0 },
    { false, FAILED, FOUND, FOUND, B, 1 },        { false, FAILED, MISSING, MISSING, NULL, 1 },
    { false, FAILED, REFUSED, REFUSED, NULL, 1 }, { false, FAILED, FAILED, FAILED, NULL, 1 },
    { false, MISSING, FOUND, MISSING, NULL, 0 },  { false, REFUSED, FOUND, REFUSED, NULL, 0 },
    { false, SPENT, FOUND, SPENT, NULL, 0 },      { true, MISSING, FOUND, FOUND, B, 1 },
    { true, MISSING, MISSING, MISSING, NULL, 1 }, { true, MISSING, FAILED, FAILED, NULL, 1 },
    { true, FAILED, MISSING, FAILED, NULL, 1 },   { true, REFUSED, FOUND, REFUSED, NULL, 0 },
};

START_TEST(a_failure_fails_over_and_an_answer_does_not)
{
    open_multi(matrix[_i].missing_fails_over);
    fakes[0].reason = matrix[_i].first;
    fakes[1].reason = matrix[_i].second;
    ck_assert_int_eq(find("web/a", matrix[_i].pem), matrix[_i].expected);
    ck_assert_int_eq(fakes[0].fetches, 1);
    ck_assert_int_eq(fakes[1].fetches, matrix[_i].asked);
}
END_TEST

START_TEST(the_first_failure_is_the_one_that_is_told)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct asap_error err;

    open_multi(false);
    fakes[0].reason = FAILED;
    fakes[1].reason = FAILED;
    ck_assert_int_eq(find_into("web/a", &key, &err), ASAP_UNAVAILABLE);
    ck_assert_str_eq(err.message, "member 0");
}
END_TEST

START_TEST(one_that_failed_is_asked_last_for_a_moment)
{
    open_multi(false);
    fakes[0].reason = FAILED;
    ck_assert_int_eq(find("web/a", B), FOUND);
    ck_assert_int_eq(find("web/a", B), FOUND);
    ck_assert_int_eq(fakes[0].fetches, 1);
    fakes[0].reason = FOUND;
    fakes[1].reason = FAILED;
    ck_assert_int_eq(find("web/a", A), FOUND);
    fakes[0].reason = FAILED;
    ck_assert_int_eq(find("web/a", NULL), FAILED);
    fakes[0].reason = FOUND;
    fakes[1].reason = FOUND;
    fake_clock_advance(&age_clock, 5);
    ck_assert_int_eq(find("web/a", A), FOUND);
}
END_TEST

START_TEST(what_a_failure_made_another_fetch_is_used_for_a_minute)
{
    open_multi(false);
    fakes[0].reason = FAILED;
    ck_assert_int_eq(find("web/a", B), FOUND);
    fakes[1].is_held = true;
    atomic_fetch_add(&age_clock.seconds, 64);
    ck_assert_int_eq(find("web/a", B), FOUND);
    ck_assert_int_eq(find_held("web/a", B), FOUND);
    ck_assert_int_eq(fakes[0].fetches, 1);
    atomic_fetch_add(&age_clock.seconds, 1);
    fakes[0].reason = MISSING;
    ck_assert_int_eq(find_held("web/a", NULL), FOUND);
    ck_assert_int_eq(find("web/a", NULL), MISSING);
    ck_assert_int_eq(fakes[0].fetches, 2);
}
END_TEST

START_TEST(what_another_one_holds_is_no_answer_while_the_first_is_well)
{
    open_multi(_i == 1);
    fakes[1].is_held = true;
    ck_assert_int_eq(find_held("web/a", _i == 1 ? B : NULL), FOUND);
    fakes[0].reason = MISSING;
    ck_assert_int_eq(find("web/a", _i == 1 ? B : NULL), _i == 1 ? FOUND : MISSING);
}
END_TEST

START_TEST(one_that_hangs_is_paused_from_the_end_of_its_time_on)
{
    open_multi(false);
    fakes[0].reason = FAILED;
    fakes[0].takes = 5;
    ck_assert_int_eq(find("web/a", B), FOUND);
    ck_assert_int_eq(find("web/b", B), FOUND);
    ck_assert_int_eq(fakes[0].fetches, 1);
}
END_TEST

START_TEST(what_the_first_holds_comes_first)
{
    open_multi(false);
    fakes[0].is_held = true;
    fakes[1].is_held = true;
    ck_assert_int_eq(find_held("web/a", A), FOUND);
    fakes[0].reason = MISSING;
    ck_assert_int_eq(find_held("web/a", NULL), MISSING);
    ck_assert_int_eq(find("web/a", NULL), MISSING);
}
END_TEST

START_TEST(nothing_is_fetched_for_those_who_cannot_wait)
{
    open_multi(_i == 1);
    ck_assert_int_eq(find_held("web/a", NULL), FOUND);
    fakes[0].is_held = true;
    fakes[0].reason = MISSING;
    ck_assert_int_eq(find_held("web/a", NULL), _i == 1 ? FOUND : MISSING);
    fakes[1].is_held = true;
    fakes[1].reason = MISSING;
    ck_assert_int_eq(find_held("web/a", NULL), MISSING);
    ck_assert_int_eq(fakes[0].fetches + fakes[1].fetches, 0);
}
END_TEST

START_TEST(members_are_freed_with_it_and_when_it_is_refused)
{
    struct asap_retriever *members[ASAP_MULTI_MAX + 1];
    struct asap_error err = { 0 };

    open_multi(false);
    free_retriever();
    ck_assert_int_eq(fakes[0].frees, 1);
    ck_assert_int_eq(fakes[1].frees, 1);
    for (size_t i = 0; i < COUNT(members); i++)
        members[i] = &fakes[0].base;
    ck_assert_int_eq(asap_retriever_multi(members, COUNT(members), NULL, &retriever, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(fakes[0].frees, 1 + ASAP_MULTI_MAX + 1);
    members[1] = NULL;
    ck_assert_int_eq(asap_retriever_multi(members, 2, NULL, &retriever, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(asap_retriever_multi(members, 0, NULL, &retriever, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(retriever);
}
END_TEST

/* Two real ones */

static struct http_server *second = NULL;

static void start_two(void)
{
    start();
    free_retriever();
    second = http_server_start(NULL);
    ck_assert_int_eq(setenv("ASAP_PUBLIC_KEY_REPOSITORY_URL", http_server_url(server), 1), 0);
    ck_assert_int_eq(setenv("ASAP_PUBLIC_KEY_FALLBACK_REPOSITORY_URL", http_server_url(second), 1),
                     0);
}

static void stop_two(void)
{
    http_server_stop(second);
    stop();
    (void)unsetenv("ASAP_PUBLIC_KEY_REPOSITORY_URL");
    (void)unsetenv("ASAP_PUBLIC_KEY_FALLBACK_REPOSITORY_URL");
}

static enum asap_code open_environment(struct asap_error *err)
{
    struct asap_https_options options = { .allow_http_loopback = true };

    options.clock = fake_clock_of(&age_clock);
    return asap_retriever_from_environment(&options, &retriever, err);
}

static const struct {
    const char *status;
    enum asap_reason expected;
} firsts[] = {
    { "500 Oh", FOUND },          { "503 Busy", FOUND },      { "404 Not Found", MISSING },
    { "403 Forbidden", MISSING }, { "301 Elsewhere", FOUND },
};

START_TEST(the_environment_names_a_repository_and_a_fallback)
{
    struct asap_error err = { 0 };

    serve(firsts[_i].status, "", "");
    http_server_reply(second, "200 OK", PEM_TYPE, pem_b);
    ck_assert_succeeds(open_environment(&err));
    ck_assert_int_eq(find("web/a", pem_b), firsts[_i].expected);
    ck_assert_int_eq(find("web/a", pem_b), firsts[_i].expected);
    ck_assert_uint_eq(http_server_requests(server), 1);
    ck_assert_uint_eq(http_server_requests(second), firsts[_i].expected == FOUND ? 1 : 0);
}
END_TEST

START_TEST(a_repository_that_is_down_fails_over)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(open_environment(&err));
    http_server_stop(server);
    server = NULL;
    http_server_reply(second, "200 OK", PEM_TYPE, pem_b);
    ck_assert_int_eq(find("web/a", pem_b), FOUND);
}
END_TEST

START_TEST(the_environment_may_name_no_fallback)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(_i == 0 ? unsetenv("ASAP_PUBLIC_KEY_FALLBACK_REPOSITORY_URL")
                             : setenv("ASAP_PUBLIC_KEY_FALLBACK_REPOSITORY_URL", "", 1),
                     0);
    serve("500 Oh", "", "");
    ck_assert_succeeds(open_environment(&err));
    ck_assert_int_eq(find("web/a", NULL), FAILED);
}
END_TEST

static const struct {
    const char *variable, *value;
} bad_environments[] = {
    { "ASAP_PUBLIC_KEY_REPOSITORY_URL", "" },
    { "ASAP_PUBLIC_KEY_REPOSITORY_URL", "keys.example.com" },
    { "ASAP_PUBLIC_KEY_FALLBACK_REPOSITORY_URL", "ftp://keys.example.com" },
};

START_TEST(a_bad_variable_is_named)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(setenv(bad_environments[_i].variable, bad_environments[_i].value, 1), 0);
    ck_assert_int_eq(open_environment(&err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, bad_environments[_i].variable);
    ck_assert_ptr_nonnull(strstr(err.message, bad_environments[_i].variable));
    ck_assert_ptr_nonnull(strstr(err.message, "https://HOST"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retriever_multi");
    TCase *fake = tcase_create("order");
    TCase *real = tcase_create("environment");

    tcase_add_checked_fixture(fake, make_pems, free_retriever);
    tcase_add_loop_test(fake, a_failure_fails_over_and_an_answer_does_not, 0, COUNT(matrix));
    tcase_add_test(fake, the_first_failure_is_the_one_that_is_told);
    tcase_add_test(fake, one_that_failed_is_asked_last_for_a_moment);
    tcase_add_test(fake, what_a_failure_made_another_fetch_is_used_for_a_minute);
    tcase_add_loop_test(fake, what_another_one_holds_is_no_answer_while_the_first_is_well, 0, 2);
    tcase_add_test(fake, one_that_hangs_is_paused_from_the_end_of_its_time_on);
    tcase_add_test(fake, what_the_first_holds_comes_first);
    tcase_add_loop_test(fake, nothing_is_fetched_for_those_who_cannot_wait, 0, 2);
    tcase_add_test(fake, members_are_freed_with_it_and_when_it_is_refused);
    tcase_add_checked_fixture(real, start_two, stop_two);
    tcase_add_loop_test(real, the_environment_names_a_repository_and_a_fallback, 0, COUNT(firsts));
    tcase_add_test(real, a_repository_that_is_down_fails_over);
    tcase_add_loop_test(real, the_environment_may_name_no_fallback, 0, 2);
    tcase_add_loop_test(real, a_bad_variable_is_named, 0, COUNT(bad_environments));
    suite_add_tcase(suite, fake);
    suite_add_tcase(suite, real);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring_retriever.h"

#include <string.h>

#include "fake_clock.h"
#include "keyring_fixture.h"
#include "pem.h"
#include "retriever.h"

static struct fake_clock now;
static struct asap_retriever *keys;

static void prepare(void)
{
    const struct asap_clock clock = fake_clock_of(&now);
    struct asap_error err = { 0 };

    set_up();
    now.seconds = NOW;
    ck_assert_succeeds(keyring_retriever_new(fixture.keyring, &clock, &keys, &err));
}

static void clean_up(void)
{
    asap_retriever_free(keys);
    tear_down();
}

static enum asap_code find(const char *text, EVP_PKEY **out, struct asap_error *err)
{
    struct kid kid;

    ck_assert_int_eq(kid_parse(text, strlen(text), &kid, err), ASAP_OK);
    return keys->find(keys, &kid, out, err);
}

static void assert_refused(const char *text, enum asap_code code, enum asap_reason reason)
{
    struct asap_error err = { 0 };
    EVP_PKEY *key = NULL;

    ck_assert_int_eq(find(text, &key, &err), code);
    ck_assert_int_eq(err.reason, reason);
    ck_assert_ptr_null(key);
}

static void assert_unknown(const char *text)
{
    assert_refused(text, ASAP_UNAUTHENTICATED, ASAP_REASON_KEY_NOT_FOUND);
}

static int64_t read_later(void)
{
    return INT64_MAX;
}

START_TEST(while_the_database_is_away_a_key_may_be_published_that_is_not_found)
{
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;

    (void)add_ec_key("web", "one");
    reload();
    keyring_share(fixture.keyring, 60000, read_later);
    ck_assert_succeeds(find("web/one", &key, &err));
    assert_refused("web/two", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(before_the_first_load_nothing_is_known)
{
    assert_refused("web/one", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

START_TEST(a_published_key_is_found)
{
    const struct key_row row = add_ec_key("web", "one");
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    SCOPED(pkey) EVP_PKEY *key = NULL;

    reload();
    ck_assert_succeeds(find("web/one", &key, &err));
    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    ck_assert_str_eq(pem.bytes, row.pem);
    assert_unknown("web/on");
    assert_unknown("web/one1");
    assert_unknown("other/one");
}
END_TEST

static const struct {
    const char *why, *sql;
    int64_t published_from, published_until; /* relative to NOW */
} times[] = {
    { "scheduled", "UPDATE key SET publish_time = publish_time + 60", 60, LIFECYCLE_NEVER },
    { "retired", "UPDATE key SET unpublish_time = publish_time + 60", 0, 60 },
    { "revoked", "UPDATE key SET revoke_time = publish_time + 60", 0, 60 },
};

START_TEST(a_key_is_found_while_it_is_published)
{
    struct asap_error err = { 0 };

    (void)add_ec_key("web", "one");
    run_sql(times[_i].sql);
    reload();
    for (int64_t second = 0; second <= 61; second++) {
        SCOPED(pkey) EVP_PKEY *key = NULL;

        now.seconds = NOW + second;
        if (second < times[_i].published_from || second >= times[_i].published_until)
            assert_unknown("web/one");
        else
            ck_assert_succeeds(find("web/one", &key, &err));
    }
}
END_TEST

START_TEST(a_clock_that_went_back_revives_no_key)
{
    (void)add_ec_key("web", "one");
    run_sql("UPDATE key SET unpublish_time = publish_time + 60;"
            "UPDATE server SET latest_time = latest_time + 60");
    reload();
    now.seconds = NOW;
    assert_unknown("web/one");
}
END_TEST

START_TEST(a_damaged_key_is_unavailable_not_unknown)
{
    (void)add_ec_key("web", "one");
    run_sql("UPDATE key SET pem = 'lost'");
    reload();
    assert_refused("web/one", ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keyring_retriever");
    TCase *tcase = tcase_create("retriever");

    tcase_add_checked_fixture(tcase, prepare, clean_up);
    tcase_add_test(tcase, before_the_first_load_nothing_is_known);
    tcase_add_test(tcase, while_the_database_is_away_a_key_may_be_published_that_is_not_found);
    tcase_add_test(tcase, a_published_key_is_found);
    tcase_add_loop_test(tcase, a_key_is_found_while_it_is_published, 0, COUNT(times));
    tcase_add_test(tcase, a_clock_that_went_back_revives_no_key);
    tcase_add_test(tcase, a_damaged_key_is_unavailable_not_unknown);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "pem.h"

#define NOW INT64_C(1795000000)

static const struct cache_validators no_validators = { .etag = "" };

/* Two keys tell apart which one is held. */
static EVP_PKEY *key_a = NULL;
static EVP_PKEY *key_b = NULL;
static struct cache *cache = NULL;

static void start(void)
{
    struct asap_error err = { 0 };

    key_a = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    key_b = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    ck_assert_ptr_nonnull(key_a);
    ck_assert_ptr_nonnull(key_b);
    ck_assert_succeeds(cache_new((struct cache_limits){ .entries = 3 }, &cache, &err));
}

static void stop(void)
{
    cache_free(cache);
    EVP_PKEY_free(key_a);
    EVP_PKEY_free(key_b);
}

/* Only the text matters to the cache. */
static struct kid kid_of(const char *text)
{
    return (struct kid){ .text = text, .length = strlen(text) };
}

static struct cache_headers headers_of(const char *control)
{
    struct cache_headers headers = { .control = { .given = false } };

    cache_headers_add(&headers, "Cache-Control", control);
    return headers;
}

/* Where the wall clock and the age clock agree. */
static struct cache_moment at(int64_t now)
{
    return (struct cache_moment){ .now = now, .wall = now };
}

static void put(const char *text, EVP_PKEY *key, const char *control, int64_t now)
{
    struct kid kid = kid_of(text);
    struct cache_headers headers = headers_of(control);

    cache_put(cache, &kid, key, &headers, &no_validators, at(now));
}

static void put_missing(const char *text, const char *control, int64_t now)
{
    struct kid kid = kid_of(text);
    struct cache_headers headers = headers_of(control);

    cache_put_missing(cache, &kid, &headers, now);
}

/* The state, once it is asserted which key comes with it. */
static enum cache_state find(const char *text, const EVP_PKEY *expected, int64_t now)
{
    SCOPED(pkey) EVP_PKEY *found = NULL;
    struct kid kid = kid_of(text);
    enum cache_state state = cache_find(cache, &kid, now, &found);

    ck_assert_ptr_eq(found, expected);
    return state;
}

static bool is_usable_on_error(const char *text, int64_t now)
{
    SCOPED(pkey) EVP_PKEY *found = NULL;
    struct kid kid = kid_of(text);

    found = cache_find_for_error(cache, &kid, now);
    return found != NULL;
}

START_TEST(a_key_is_fresh_until_its_age_is_its_max_age)
{
    put("web/a", key_a, "max-age=60", NOW);
    put("web/b", key_b, "max-age=61", NOW);
    ck_assert_int_eq(find("web/a", key_a, NOW), CACHE_FRESH);
    ck_assert_int_eq(find("web/a", key_a, NOW + 47), CACHE_FRESH);
    ck_assert_int_eq(find("web/a", key_a, NOW + 48), CACHE_FRESH_DUE);
    ck_assert_int_eq(find("web/a", key_a, NOW + 59), CACHE_FRESH_DUE);
    ck_assert_int_eq(find("web/a", key_a, NOW + 60), CACHE_STALE);
    ck_assert_int_eq(find("web/b", key_b, NOW + 60), CACHE_FRESH_DUE);
    ck_assert_int_eq(find("web/c", NULL, NOW), CACHE_UNKNOWN);
    ck_assert_int_eq(find("web/", NULL, NOW), CACHE_UNKNOWN);
    ck_assert_int_eq(find("web/ab", NULL, NOW), CACHE_UNKNOWN);
}
END_TEST

START_TEST(a_stale_key_serves_others_while_one_revalidates)
{
    put("web/a", key_a, "max-age=60, stale-while-revalidate=30", NOW);
    ck_assert_int_eq(find("web/a", key_a, NOW + 60), CACHE_STALE_REVALIDATING);
    ck_assert_int_eq(find("web/a", key_a, NOW + 89), CACHE_STALE_REVALIDATING);
    ck_assert_int_eq(find("web/a", key_a, NOW + 90), CACHE_STALE);
}
END_TEST

START_TEST(a_stale_key_survives_errors_within_its_window)
{
    put("web/a", key_a, "max-age=60, stale-if-error=30", NOW);
    put("web/b", key_b, "max-age=60", NOW);
    ck_assert(is_usable_on_error("web/a", NOW + 89));
    ck_assert(!is_usable_on_error("web/a", NOW + 90));
    ck_assert(is_usable_on_error("web/b", NOW + 59));
    ck_assert(!is_usable_on_error("web/b", NOW + 60));
    ck_assert(!is_usable_on_error("web/c", NOW));
}
END_TEST

START_TEST(an_error_is_not_met_again_for_a_moment)
{
    put("web/a", key_a, "max-age=60, stale-if-error=12", NOW);
    ck_assert(is_usable_on_error("web/a", NOW + 60));
    ck_assert_int_eq(find("web/a", key_a, NOW + 64), CACHE_FRESH);
    ck_assert_int_eq(find("web/a", key_a, NOW + 65), CACHE_STALE);
    ck_assert(is_usable_on_error("web/a", NOW + 70));
    ck_assert_int_eq(find("web/a", key_a, NOW + 71), CACHE_FRESH);
    ck_assert_int_eq(find("web/a", key_a, NOW + 72), CACHE_STALE);
    ck_assert(!is_usable_on_error("web/a", NOW + 72));
}
END_TEST

START_TEST(a_renewal_that_failed_waits_a_moment_and_shortens_nothing)
{
    put("web/a", key_a, "max-age=100", NOW);
    ck_assert_int_eq(find("web/a", key_a, NOW + 80), CACHE_FRESH_DUE);
    ck_assert(is_usable_on_error("web/a", NOW + 80));
    ck_assert_int_eq(find("web/a", key_a, NOW + 84), CACHE_FRESH);
    ck_assert_int_eq(find("web/a", key_a, NOW + 85), CACHE_FRESH_DUE);
    ck_assert_int_eq(find("web/a", key_a, NOW + 99), CACHE_FRESH_DUE);
    ck_assert_int_eq(find("web/a", key_a, NOW + 100), CACHE_STALE);
}
END_TEST

START_TEST(a_revalidation_that_failed_ends_the_stale_key)
{
    put("web/a", key_a, "max-age=60, stale-while-revalidate=60", NOW);
    ck_assert_int_eq(find("web/a", key_a, NOW + 60), CACHE_STALE_REVALIDATING);
    ck_assert(!is_usable_on_error("web/a", NOW + 60));
    ck_assert_int_eq(find("web/a", key_a, NOW + 60), CACHE_STALE);
}
END_TEST

START_TEST(a_short_lifetime_is_not_renewed_ahead)
{
    put("web/a", key_a, "max-age=9", NOW);
    ck_assert_int_eq(find("web/a", key_a, NOW + 8), CACHE_FRESH);
    ck_assert_int_eq(find("web/a", key_a, NOW + 9), CACHE_STALE);
}
END_TEST

/* The origin's Date is compared with the wall clock, all else is the age clock's. */
START_TEST(ages_are_counted_by_a_clock_of_their_own)
{
    struct kid kid = kid_of("web/a");
    struct cache_headers headers =
        headers_of("max-age=60, stale-while-revalidate=20, stale-if-error=30");

    cache_headers_add(&headers, "Date", "Wed, 18 Nov 2026 11:06:30 GMT"); /* NOW - 10 */
    cache_put(cache, &kid, key_a, &headers, &no_validators,
              (struct cache_moment){ .now = 1000, .wall = NOW });
    ck_assert_int_eq(find("web/a", key_a, 1000), CACHE_FRESH);
    ck_assert_int_eq(find("web/a", key_a, 1049), CACHE_FRESH_DUE);
    ck_assert_int_eq(find("web/a", key_a, 1050), CACHE_STALE_REVALIDATING);
    ck_assert_int_eq(find("web/a", key_a, 1070), CACHE_STALE);
    ck_assert(!is_usable_on_error("web/a", 1080));
    ck_assert(is_usable_on_error("web/a", 1079));
}
END_TEST

START_TEST(memory_is_bounded_too)
{
    const size_t room = 2 * cache_key_bytes(key_a) + cache_key_bytes(NULL);
    struct asap_error err = { 0 };
    char text[32];

    cache_free(cache);
    ck_assert_succeeds(
        cache_new((struct cache_limits){ .entries = 1000, .bytes = room }, &cache, &err));
    put_missing("web/x", "", NOW);
    put("web/a", key_a, "max-age=60", NOW);
    put("web/b", key_b, "max-age=60", NOW);
    ck_assert_uint_eq(cache_bytes(cache), room);
    ck_assert_int_eq(find("web/x", NULL, NOW), CACHE_MISSING);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof text, "web/%d", i);
        put(text, key_a, "max-age=60", NOW);
        ck_assert_uint_le(cache_bytes(cache), room);
    }
    ck_assert_uint_eq(cache_length(cache), 2);
    ck_assert_int_eq(find("web/99", key_a, NOW), CACHE_FRESH);
}
END_TEST

START_TEST(a_key_that_has_no_room_displaces_nothing)
{
    const size_t room = cache_key_bytes(NULL);
    struct asap_error err = { 0 };

    cache_free(cache);
    ck_assert_succeeds(
        cache_new((struct cache_limits){ .entries = 1000, .bytes = room }, &cache, &err));
    put_missing("web/x", "", NOW);
    put("web/a", key_a, "max-age=60", NOW);
    ck_assert_int_eq(find("web/x", NULL, NOW), CACHE_MISSING);
}
END_TEST

START_TEST(a_304_makes_a_key_fresh_again)
{
    struct kid kid = kid_of("web/a");
    struct cache_headers newer = headers_of("max-age=10");
    struct cache_headers no_store = headers_of("no-store");

    put("web/a", key_a, "max-age=60", NOW);
    cache_freshen(cache, &kid, &newer, at(NOW + 100));
    ck_assert_int_eq(find("web/a", key_a, NOW + 109), CACHE_FRESH_DUE);
    ck_assert_int_eq(find("web/a", key_a, NOW + 110), CACHE_STALE);
    cache_freshen(cache, &kid, &no_store, at(NOW + 110));
    ck_assert_int_eq(find("web/a", NULL, NOW + 110), CACHE_UNKNOWN);
    cache_freshen(cache, &kid, &newer, at(NOW + 110));
    ck_assert_uint_eq(cache_length(cache), 0);
}
END_TEST

START_TEST(validators_come_back_as_they_were)
{
    struct kid kid = kid_of("web/a");
    struct cache_headers headers = headers_of("max-age=60");
    struct cache_validators given = { .etag = "\"1\"", .last_modified = "yesterday" };
    struct cache_validators kept;

    cache_put(cache, &kid, key_a, &headers, &given, at(NOW));
    kept = cache_validators_of(cache, &kid);
    ck_assert_str_eq(kept.etag, "\"1\"");
    ck_assert_str_eq(kept.last_modified, "yesterday");
    cache_drop(cache, &kid);
    kept = cache_validators_of(cache, &kid);
    ck_assert_str_eq(kept.etag, "");
    ck_assert_str_eq(kept.last_modified, "");
}
END_TEST

START_TEST(a_key_that_may_not_be_stored_is_not)
{
    put("web/a", key_a, "max-age=60", NOW);
    put("web/a", key_b, "no-store", NOW);
    ck_assert_int_eq(find("web/a", NULL, NOW), CACHE_UNKNOWN);
    ck_assert_uint_eq(cache_length(cache), 0);
}
END_TEST

START_TEST(a_second_key_takes_the_place_of_the_first)
{
    put("web/a", key_a, "max-age=60", NOW);
    put("web/a", key_b, "max-age=60", NOW);
    ck_assert_int_eq(find("web/a", key_b, NOW), CACHE_FRESH);
    ck_assert_uint_eq(cache_length(cache), 1);
}
END_TEST

static const struct {
    const char *control;
    int64_t seconds;
} misses[] = {
    { "", 20 }, { "max-age=3600", 20 }, { "no-store", 20 }, { "max-age=5", 5 }, { "max-age=0", 0 },
};

START_TEST(a_missing_key_is_dropped_and_remembered_for_20_seconds_at_most)
{
    const int64_t end = NOW + misses[_i].seconds;

    put("web/a", key_a, "max-age=60, stale-if-error=60", NOW);
    put_missing("web/a", misses[_i].control, NOW);
    ck_assert(!is_usable_on_error("web/a", NOW));
    if (misses[_i].seconds > 0)
        ck_assert_int_eq(find("web/a", NULL, end - 1), CACHE_MISSING);
    ck_assert_int_eq(find("web/a", NULL, end), CACHE_UNKNOWN);
    put("web/a", key_a, "max-age=60", end);
    ck_assert_int_eq(find("web/a", key_a, end), CACHE_FRESH);
}
END_TEST

START_TEST(the_key_that_was_not_used_longest_goes_first)
{
    put("web/a", key_a, "max-age=60", NOW);
    put("web/b", key_a, "max-age=60", NOW);
    put("web/c", key_a, "max-age=60", NOW);
    ck_assert_int_eq(find("web/a", key_a, NOW), CACHE_FRESH);
    put("web/d", key_b, "max-age=60", NOW);
    ck_assert_uint_eq(cache_length(cache), 3);
    ck_assert_int_eq(find("web/b", NULL, NOW), CACHE_UNKNOWN);
    ck_assert_int_eq(find("web/a", key_a, NOW), CACHE_FRESH);
    ck_assert_int_eq(find("web/c", key_a, NOW), CACHE_FRESH);
    ck_assert_int_eq(find("web/d", key_b, NOW), CACHE_FRESH);
}
END_TEST

START_TEST(a_missing_key_displaces_no_key)
{
    put("web/a", key_a, "max-age=60", NOW);
    put("web/b", key_a, "max-age=60", NOW);
    put_missing("web/x", "", NOW);
    put_missing("web/y", "", NOW);
    ck_assert_int_eq(find("web/x", NULL, NOW), CACHE_UNKNOWN);
    ck_assert_int_eq(find("web/y", NULL, NOW), CACHE_MISSING);
    put("web/c", key_a, "max-age=60", NOW);
    ck_assert_int_eq(find("web/y", NULL, NOW), CACHE_UNKNOWN);
    put_missing("web/z", "", NOW);
    ck_assert_int_eq(find("web/z", NULL, NOW), CACHE_UNKNOWN);
    ck_assert_int_eq(find("web/a", key_a, NOW), CACHE_FRESH);
    ck_assert_int_eq(find("web/b", key_a, NOW), CACHE_FRESH);
    ck_assert_int_eq(find("web/c", key_a, NOW), CACHE_FRESH);
}
END_TEST

START_TEST(forged_key_ids_stay_within_the_bound)
{
    char text[32];

    put("web/a", key_a, "max-age=60", NOW);
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(text, sizeof text, "web/forged-%d", i);
        put_missing(text, "", NOW);
        ck_assert_uint_le(cache_length(cache), 3);
    }
    ck_assert_int_eq(find("web/a", key_a, NOW), CACHE_FRESH);
    ck_assert_int_eq(find("web/forged-9999", NULL, NOW), CACHE_MISSING);
}
END_TEST

START_TEST(a_clock_that_goes_back_trusts_nothing)
{
    put("web/a", key_a, "max-age=60, stale-while-revalidate=60, stale-if-error=60", NOW);
    put_missing("web/b", "", NOW);
    ck_assert_int_eq(find("web/a", key_a, NOW - 1), CACHE_STALE);
    ck_assert(!is_usable_on_error("web/a", NOW - 1));
    ck_assert_int_eq(find("web/b", NULL, NOW - 1), CACHE_UNKNOWN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cache");
    TCase *entries = tcase_create("entries");

    tcase_add_checked_fixture(entries, start, stop);
    tcase_add_test(entries, a_key_is_fresh_until_its_age_is_its_max_age);
    tcase_add_test(entries, a_stale_key_serves_others_while_one_revalidates);
    tcase_add_test(entries, a_stale_key_survives_errors_within_its_window);
    tcase_add_test(entries, an_error_is_not_met_again_for_a_moment);
    tcase_add_test(entries, a_renewal_that_failed_waits_a_moment_and_shortens_nothing);
    tcase_add_test(entries, a_revalidation_that_failed_ends_the_stale_key);
    tcase_add_test(entries, a_short_lifetime_is_not_renewed_ahead);
    tcase_add_test(entries, ages_are_counted_by_a_clock_of_their_own);
    tcase_add_test(entries, memory_is_bounded_too);
    tcase_add_test(entries, a_key_that_has_no_room_displaces_nothing);
    tcase_add_test(entries, a_304_makes_a_key_fresh_again);
    tcase_add_test(entries, validators_come_back_as_they_were);
    tcase_add_test(entries, a_key_that_may_not_be_stored_is_not);
    tcase_add_test(entries, a_second_key_takes_the_place_of_the_first);
    tcase_add_loop_test(entries, a_missing_key_is_dropped_and_remembered_for_20_seconds_at_most, 0,
                        COUNT(misses));
    tcase_add_test(entries, the_key_that_was_not_used_longest_goes_first);
    tcase_add_test(entries, a_missing_key_displaces_no_key);
    tcase_add_test(entries, forged_key_ids_stay_within_the_bound);
    tcase_add_test(entries, a_clock_that_goes_back_trusts_nothing);
    suite_add_tcase(suite, entries);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fetches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"

enum { NOW = 1795440000, GOES = NOW + 7200, HOUR = 3600 };

static char *logged;
static size_t logged_length;
static struct log log_to_memory;
static struct fetches *fetches;
static struct buffer text;

static void enter(void)
{
    struct asap_error err = { 0 };

    log_to_memory =
        (struct log){ .stream = open_memstream(&logged, &logged_length), .level = LOG_INFO };
    ck_assert_ptr_nonnull(log_to_memory.stream);
    ck_assert_succeeds(fetches_new(&log_to_memory, &fetches, &err));
    text = (struct buffer){ .limit = 1024 * 1024 };
}

static void leave(void)
{
    buffer_clear(&text);
    fetches_free(fetches);
    ck_assert_int_eq(fclose(log_to_memory.stream), 0);
    free(logged);
}

static void fetch(const char *kid, const char *address, int64_t now)
{
    fetches_note(fetches, &(struct fetch){ .kid = kid,
                                           .unpublish_time = GOES,
                                           .now = now,
                                           .address = address,
                                           .agent = "curl/7" });
}

static size_t count_lines(void)
{
    size_t count = 0;

    (void)fflush(log_to_memory.stream);
    for (const char *at = logged; at != NULL && *at != '\0'; at = strchr(at, '\n') + 1)
        count++;
    return count;
}

static void assert_written(const char *expected, int64_t now)
{
    buffer_clear(&text);
    text.limit = 1024 * 1024;
    fetches_write(fetches, now, &text);
    ck_assert_msg(strstr(text.bytes, expected) != NULL, "no %s in %s", expected, text.bytes);
}

START_TEST(each_key_has_its_fetches_and_the_time_of_the_last)
{
    fetch("web/one", "192.0.2.1", NOW);
    fetch("web/one", "192.0.2.2", NOW + 5);
    fetch("pay/api/two", "192.0.2.1", NOW);
    assert_written("\nasap_retiring_key_fetches_total{issuer=\"web\",key_id=\"web/one\"} 2\n", NOW);
    assert_written("{issuer=\"pay/api\",key_id=\"pay/api/two\"} 1\n", NOW);
    assert_written("\nasap_retiring_key_last_fetch_timestamp_seconds{issuer=\"web\","
                   "key_id=\"web/one\"} 1795440005\n",
                   NOW);
    assert_written("\nasap_retiring_key_fetches_omitted_total 0\n", NOW);
}
END_TEST

START_TEST(the_log_names_each_address_once_an_hour)
{
    fetch("web/one", "192.0.2.1", NOW);
    fetch("web/one", "192.0.2.1", NOW + 1);
    fetch("web/one", "192.0.2.1", NOW + HOUR - 1);
    ck_assert_uint_eq(count_lines(), 1);
    ck_assert_ptr_nonnull(strstr(logged, "web/one"));
    ck_assert_ptr_nonnull(strstr(logged, "192.0.2.1"));
    fetch("web/one", "192.0.2.2", NOW + 1);
    fetch("web/two", "192.0.2.1", NOW + 1);
    ck_assert_uint_eq(count_lines(), 3);
    fetch("web/one", "192.0.2.1", NOW + HOUR);
    ck_assert_uint_eq(count_lines(), 4);
}
END_TEST

START_TEST(a_client_with_many_addresses_cannot_fill_the_log)
{
    char address[32];

    for (int i = 0; i < 200; i++) {
        (void)snprintf(address, sizeof address, "2001:db8::%d", i);
        fetch("web/one", address, NOW);
    }
    ck_assert_uint_eq(count_lines(), 32);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(address, sizeof address, "web/%d", i);
        fetch(address, "192.0.2.1", NOW);
    }
    ck_assert_uint_eq(count_lines(), 60);
    fetch("web/300", "192.0.2.1", NOW + 60);
    ck_assert_uint_eq(count_lines(), 61);
    fetch("web/one", "192.0.2.9", NOW + HOUR);
    ck_assert_uint_eq(count_lines(), 62);
}
END_TEST

START_TEST(keys_are_bounded_and_those_that_have_gone_make_room)
{
    char kid[32];

    for (int i = 0; i < FETCHED_KEYS_MAX + 3; i++) {
        (void)snprintf(kid, sizeof kid, "web/%d", i);
        fetch(kid, "192.0.2.1", NOW);
    }
    assert_written("\nasap_retiring_key_fetches_omitted_total 3\n", NOW);
    ck_assert_ptr_null(strstr(text.bytes, "web/1000\""));
    fetch("web/new", "192.0.2.1", GOES);
    assert_written("key_id=\"web/new\"", GOES - 1);
    assert_written("\nasap_retiring_key_fetches_omitted_total 3\n", GOES);
    ck_assert_ptr_null(strstr(text.bytes, "key_id"));
}
END_TEST

START_TEST(nothing_counts_nothing)
{
    fetches_note(NULL, &(struct fetch){ .kid = "web/one", .address = "192.0.2.1" });
    fetches_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetches");
    TCase *tests = tcase_create("fetches");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_add_test(tests, each_key_has_its_fetches_and_the_time_of_the_last);
    tcase_add_test(tests, the_log_names_each_address_once_an_hour);
    tcase_add_test(tests, a_client_with_many_addresses_cannot_fill_the_log);
    tcase_add_test(tests, keys_are_bounded_and_those_that_have_gone_make_room);
    tcase_add_test(tests, nothing_counts_nothing);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "gzip.h"

#include <string.h>

#include "check_main.h"

enum { LONG = 100000, MOST = 2 * LONG };

static struct buffer packed, plain;
static struct asap_error err;

static void start(void)
{
    packed = (struct buffer)BUFFER(MOST);
    plain = (struct buffer)BUFFER(MOST);
    err = (struct asap_error){ 0 };
}

static void stop(void)
{
    buffer_clear(&packed);
    buffer_clear(&plain);
}

static const struct {
    size_t length;
    char step; /* from one byte to the next */
} texts[] = { { 0, 0 }, { 1, 0 }, { 300, 1 }, { LONG, 0 }, { LONG, 7 } };

START_TEST(inflates_what_it_deflated)
{
    static char text[LONG];

    for (size_t i = 0; i < texts[_i].length; i++)
        text[i] = (char)(i * (size_t)texts[_i].step % 251);
    ck_assert_succeeds(gzip_deflate(text, texts[_i].length, &packed, &err));
    ck_assert_succeeds(gzip_inflate(packed.bytes, packed.length, &plain, &err));
    ck_assert_uint_eq(plain.length, texts[_i].length);
    ck_assert(plain.length == 0 || memcmp(plain.bytes, text, plain.length) == 0);
}
END_TEST

START_TEST(inflates_several_members)
{
    ck_assert_succeeds(gzip_deflate("ab", 2, &packed, &err));
    ck_assert_succeeds(gzip_deflate("", 0, &packed, &err));
    ck_assert_succeeds(gzip_deflate("c", 1, &packed, &err));
    ck_assert_succeeds(gzip_inflate(packed.bytes, packed.length, &plain, &err));
    ck_assert_str_eq(plain.bytes, "abc");
}
END_TEST

START_TEST(stops_at_the_limit)
{
    static char text[LONG];

    ck_assert_succeeds(gzip_deflate(text, LONG, &packed, &err));
    plain.limit = LONG - (size_t)_i;
    ck_assert_int_eq(gzip_inflate(packed.bytes, packed.length, &plain, &err),
                     _i == 0 ? ASAP_OK : ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

START_TEST(refuses_data_that_is_cut_off)
{
    ck_assert_succeeds(gzip_deflate("some text", strlen("some text"), &packed, &err));
    for (size_t length = 0; length < packed.length; length++)
        ck_assert_int_eq(gzip_inflate(packed.bytes, length, &plain, &err), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(refuses_a_changed_byte_and_what_follows_the_end)
{
    ck_assert_succeeds(gzip_deflate("some text", strlen("some text"), &packed, &err));
    packed.bytes[packed.length - 5] ^= 1; /* of the checksum */
    ck_assert_int_eq(gzip_inflate(packed.bytes, packed.length, &plain, &err),
                     ASAP_INVALID_ARGUMENT);
    packed.bytes[packed.length - 5] ^= 1;
    buffer_puts(&packed, "x");
    ck_assert_int_eq(gzip_inflate(packed.bytes, packed.length, &plain, &err),
                     ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(refuses_other_formats)
{
    static const char zlib[] = "\x78\x9c\x4b\x04\x00\x00\x62\x00\x62";
    static const char text[] = "{\"a\":1}";

    ck_assert_int_eq(gzip_inflate(zlib, sizeof zlib - 1, &plain, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(gzip_inflate(text, sizeof text - 1, &plain, &err), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(gives_up_on_a_response_that_does_not_get_shorter)
{
    packed.limit = 5;
    ck_assert_int_eq(gzip_deflate("abcde", 5, &packed, &err), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gzip");
    TCase *tests = tcase_create("gzip");

    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, inflates_what_it_deflated, 0, COUNT(texts));
    tcase_add_test(tests, inflates_several_members);
    tcase_add_loop_test(tests, stops_at_the_limit, 0, 2);
    tcase_add_test(tests, refuses_data_that_is_cut_off);
    tcase_add_test(tests, refuses_a_changed_byte_and_what_follows_the_end);
    tcase_add_test(tests, refuses_other_formats);
    tcase_add_test(tests, gives_up_on_a_response_that_does_not_get_shorter);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

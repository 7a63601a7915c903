/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include <string.h>

#include "check_main.h"

START_TEST(builds_text_from_pieces)
{
    struct buffer buffer = BUFFER(100);
    struct asap_error err = { 0 };

    buffer_puts(&buffer, "key ");
    buffer_printf(&buffer, "%d of %s", 2, "web");
    buffer_append(&buffer, "!?", 1);
    ck_assert_succeeds(buffer_check(&buffer, "text", &err));
    ck_assert_str_eq(buffer.bytes, "key 2 of web!");
    ck_assert_uint_eq(buffer.length, strlen("key 2 of web!"));
    buffer_clear(&buffer);
}
END_TEST

START_TEST(holds_as_much_as_its_limit)
{
    struct buffer buffer = BUFFER(4);
    struct buffer printed = BUFFER(4);

    buffer_puts(&buffer, "1234");
    buffer_printf(&printed, "%d", 1234);
    ck_assert_int_eq(buffer_check(&buffer, "text", NULL), ASAP_OK);
    ck_assert_int_eq(buffer_check(&printed, "text", NULL), ASAP_OK);
    ck_assert_str_eq(buffer.bytes, printed.bytes);
    buffer_clear(&buffer);
    buffer_clear(&printed);
}
END_TEST

START_TEST(refuses_one_byte_over_its_limit)
{
    struct buffer buffer = BUFFER(4);
    struct buffer printed = BUFFER(4);
    struct asap_error err = { 0 };

    buffer_puts(&buffer, "12345");
    buffer_printf(&printed, "%d", 12345);
    ck_assert_int_eq(buffer_check(&buffer, "a listing", &err), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(err.message, "a listing"));
    ck_assert_int_eq(buffer_check(&printed, "text", NULL), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_uint_eq(buffer.length, 0);
    buffer_clear(&buffer);
    buffer_clear(&printed);
}
END_TEST

START_TEST(does_nothing_after_a_failed_append)
{
    struct buffer buffer = BUFFER(4);
    char *text = NULL;

    buffer_puts(&buffer, "12");
    buffer_puts(&buffer, "345");
    buffer_puts(&buffer, "6");
    buffer_printf(&buffer, "7");
    ck_assert_ptr_null(buffer_extend(&buffer, 1));
    ck_assert_str_eq(buffer.bytes, "12");
    ck_assert_int_eq(buffer_take(&buffer, "text", &text, NULL), ASAP_RESOURCE_EXHAUSTED);
    ck_assert_ptr_null(text);
    buffer_clear(&buffer);
}
END_TEST

START_TEST(survives_a_length_that_would_overflow)
{
    struct buffer buffer = BUFFER(SIZE_MAX - 1);

    buffer_puts(&buffer, "12");
    ck_assert_ptr_null(buffer_extend(&buffer, SIZE_MAX - 1));
    ck_assert_uint_eq(buffer.length, 2);
    buffer_clear(&buffer);
}
END_TEST

START_TEST(grows_over_many_appends)
{
    struct buffer buffer = BUFFER(100000);

    for (int i = 0; i < 10000; i++)
        buffer_append(&buffer, "0123456789", 10);
    ck_assert_int_eq(buffer_check(&buffer, "text", NULL), ASAP_OK);
    ck_assert_uint_eq(strlen(buffer.bytes), 100000);
    for (size_t i = 0; i < buffer.length; i++)
        ck_assert_int_eq(buffer.bytes[i], (int)('0' + i % 10));
    buffer_clear(&buffer);
}
END_TEST

START_TEST(hands_its_bytes_over)
{
    struct buffer buffer = BUFFER(10);
    char *text = NULL;

    buffer_puts(&buffer, "mine");
    ck_assert_int_eq(buffer_take(&buffer, "text", &text, NULL), ASAP_OK);
    ck_assert_str_eq(text, "mine");
    ck_assert_ptr_null(buffer.bytes);
    ck_assert_uint_eq(buffer.length, 0);
    free(text);
}
END_TEST

START_TEST(hands_over_an_empty_text_when_nothing_was_appended)
{
    struct buffer buffer = BUFFER(10);
    char *text = NULL;

    ck_assert_int_eq(buffer_take(&buffer, "text", &text, NULL), ASAP_OK);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(is_usable_again_after_clear)
{
    struct buffer buffer = BUFFER(4);

    buffer_puts(&buffer, "12345");
    buffer_clear(&buffer);
    buffer_clear(&buffer);
    buffer_puts(&buffer, "1234");
    ck_assert_str_eq(buffer.bytes, "1234");
    ck_assert_uint_eq(buffer.limit, 4);
    buffer_clear(&buffer);
}
END_TEST

START_TEST(counts_extended_room_and_ends_it)
{
    struct buffer buffer = BUFFER(10);
    char *room = NULL;

    buffer_puts(&buffer, "ab");
    room = buffer_extend(&buffer, 3);
    ck_assert_ptr_nonnull(room);
    memset(room, 'c', 3);
    ck_assert_uint_eq(buffer.length, 5);
    ck_assert_str_eq(buffer.bytes, "abccc");
    buffer_clear(&buffer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buffer");
    TCase *all = tcase_create("all");

    tcase_add_test(all, builds_text_from_pieces);
    tcase_add_test(all, holds_as_much_as_its_limit);
    tcase_add_test(all, refuses_one_byte_over_its_limit);
    tcase_add_test(all, does_nothing_after_a_failed_append);
    tcase_add_test(all, survives_a_length_that_would_overflow);
    tcase_add_test(all, grows_over_many_appends);
    tcase_add_test(all, hands_its_bytes_over);
    tcase_add_test(all, hands_over_an_empty_text_when_nothing_was_appended);
    tcase_add_test(all, is_usable_again_after_clear);
    tcase_add_test(all, counts_extended_room_and_ends_it);
    suite_add_tcase(suite, all);
    return check_main(suite);
}

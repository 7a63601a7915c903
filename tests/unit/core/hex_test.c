/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include "check_main.h"

static const struct {
    const char *bytes;
    size_t count;
    const char *text;
} texts[] = {
    { "", 0, "" },
    { "\x00\x0f", 2, "000f" },
    { "\x9a\xbc\xff", 3, "9abcff" },
};

START_TEST(each_byte_is_two_small_digits)
{
    char out[] = "________";

    hex_write((const unsigned char *)texts[_i].bytes, texts[_i].count, out);
    ck_assert_str_eq(out, texts[_i].text);
    ck_assert_int_eq(out[2 * texts[_i].count + 1], '_');
}
END_TEST

static const struct {
    const char *digits;
    int byte; /* -1: refused */
} bytes[] = {
    { "00", 0x00 }, { "9a", 0x9a }, { "Af", 0xaf }, { "fF", 0xff }, { "g0", -1 },
    { "0g", -1 },   { "/0", -1 },   { ":0", -1 },   { "@0", -1 },   { "`0", -1 },
    { "G0", -1 },   { "0 ", -1 },   { "", -1 },     { "1", -1 },
};

START_TEST(two_digits_of_either_case_are_a_byte)
{
    unsigned char byte = 0x55;
    const bool read = hex_read_byte(bytes[_i].digits, &byte);

    ck_assert_int_eq(read, bytes[_i].byte >= 0);
    ck_assert_int_eq(byte, read ? bytes[_i].byte : 0x55);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hex");
    TCase *tests = tcase_create("hex");

    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, each_byte_is_two_small_digits, 0, COUNT(texts));
    tcase_add_loop_test(tests, two_digits_of_either_case_are_a_byte, 0, COUNT(bytes));
    return check_main(suite);
}

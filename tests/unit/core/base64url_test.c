/* SPDX-License-Identifier: Apache-2.0 */
#include "base64url.h"

#include <string.h>

#include "check_main.h"

static const struct {
    const char *bytes;
    size_t length;
    const char *text;
} pairs[] = {
    { "", 0, "" },
    { "f", 1, "Zg" },
    { "fo", 2, "Zm8" },
    { "foo", 3, "Zm9v" },
    { "foob", 4, "Zm9vYg" },
    { "fooba", 5, "Zm9vYmE" },
    { "foobar", 6, "Zm9vYmFy" },
    { "\x03\xec\xff\xe0\xc1", 5, "A-z_4ME" }, /* RFC 7515 appendix C */
    { "\xff\xff\xff\xfb\xef\xbe", 6, "____----" },
    { "\0\0\0\0", 4, "AAAAAA" },
};

START_TEST(encodes_and_decodes_the_published_examples)
{
    struct buffer text = BUFFER(64);
    struct buffer bytes = BUFFER(64);
    struct asap_error err = { 0 };

    base64url_encode(pairs[_i].bytes, pairs[_i].length, &text);
    ck_assert_uint_eq(text.length, strlen(pairs[_i].text));
    ck_assert_mem_eq(text.bytes, pairs[_i].text, text.length);
    ck_assert_succeeds(base64url_decode(pairs[_i].text, text.length, &bytes, &err));
    ck_assert_uint_eq(bytes.length, pairs[_i].length);
    ck_assert_mem_eq(bytes.bytes, pairs[_i].bytes, bytes.length);
    buffer_clear(&text);
    buffer_clear(&bytes);
}
END_TEST

static const struct {
    const char *why;
    const char *text;
    size_t length;
} refused[] = {
    { "padding", "Zg==", 4 },
    { "one padding character", "Zm8=", 4 },
    { "a single character", "Z", 1 },
    { "a single character without stray bits", "A", 1 },
    { "the same behind a group", "Zm9vA", 5 },
    { "a single character at the end", "Zm9vY", 5 },
    { "a stray bit of four", "Zh", 2 },
    { "the highest stray bit of four", "Zo", 2 },
    { "a stray bit of two", "Zm9", 3 },
    { "the highest stray bit of two", "Zm-", 3 },
    { "plus of the other alphabet", "Zm9+", 4 },
    { "slash of the other alphabet", "Zm9/", 4 },
    { "space within", "Zm 9v", 5 },
    { "space of a whole group", "Zm9 ", 4 },
    { "newline at the end", "Zm9vYg\n", 7 },
    { "tab in front", "\tm9v", 4 },
    { "NUL", "Zm\0v", 4 },
    { "dot", "Zm.v", 4 },
    { "a byte over 127", "Zm\xc3\xa9", 4 },
    { "the highest byte", "Zm9\xff", 4 },
    { "stranger in an early group", "Zm*vZm9v", 8 },
};

START_TEST(refuses_what_is_not_the_one_encoding)
{
    struct buffer out = BUFFER(64);
    struct asap_error err = { 0 };

    buffer_puts(&out, "kept");
    ck_assert_msg(base64url_decode(refused[_i].text, refused[_i].length, &out, &err)
                      == ASAP_UNAUTHENTICATED,
                  "accepted %s", refused[_i].why);
    ck_assert_int_eq(err.reason, ASAP_REASON_BASE64URL);
    ck_assert_uint_eq(out.length, strlen("kept"));
    buffer_clear(&out);
}
END_TEST

START_TEST(takes_exactly_the_64_characters)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (int c = 0; c < 256; c++) {
        const char text[] = { 'A', (char)c, 'A', 'A' };
        struct buffer out = BUFFER(64);
        const bool known = c != 0 && strchr(alphabet, c) != NULL;

        ck_assert_int_eq(base64url_decode(text, 4, &out, NULL),
                         known ? ASAP_OK : ASAP_UNAUTHENTICATED);
        buffer_clear(&out);
    }
}
END_TEST

static void check_round_trip(const unsigned char *bytes, size_t length)
{
    struct buffer text = BUFFER(256);
    struct buffer again = BUFFER(256);

    base64url_encode(bytes, length, &text);
    ck_assert_uint_eq(text.length, base64url_encoded_length(length));
    ck_assert_int_eq(base64url_decode(text.bytes, text.length, &again, NULL), ASAP_OK);
    ck_assert_uint_eq(again.length, length);
    ck_assert_mem_eq(again.bytes, bytes, length);
    buffer_clear(&text);
    buffer_clear(&again);
}

START_TEST(gives_back_bytes_of_any_length)
{
    unsigned char bytes[100] = { 0 };

    for (size_t length = 0; length <= sizeof bytes; length++) {
        for (size_t i = 0; i < length; i++)
            bytes[i] = (unsigned char)(i * 167 + length);
        check_round_trip(bytes, length);
    }
}
END_TEST

START_TEST(appends_to_what_is_there)
{
    struct buffer out = BUFFER(64);

    buffer_puts(&out, "a.");
    base64url_encode("foo", 3, &out);
    buffer_puts(&out, ".");
    ck_assert_int_eq(base64url_decode("Zm8", 3, &out, NULL), ASAP_OK);
    ck_assert_str_eq(out.bytes, "a.Zm9v.fo");
    buffer_clear(&out);
}
END_TEST

START_TEST(stays_within_the_limit_of_the_buffer)
{
    struct buffer exact = BUFFER(3);
    struct buffer small = BUFFER(2);
    struct buffer text = BUFFER(3);

    ck_assert_int_eq(base64url_decode("Zm9v", 4, &exact, NULL), ASAP_OK);
    ck_assert_int_eq(base64url_decode("Zm9v", 4, &small, NULL), ASAP_RESOURCE_EXHAUSTED);
    base64url_encode("foo", 3, &text);
    ck_assert(text.failed);
    buffer_clear(&exact);
    buffer_clear(&small);
    buffer_clear(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64url");
    TCase *all = tcase_create("all");

    tcase_add_loop_test(all, encodes_and_decodes_the_published_examples, 0, COUNT(pairs));
    tcase_add_loop_test(all, refuses_what_is_not_the_one_encoding, 0, COUNT(refused));
    tcase_add_test(all, takes_exactly_the_64_characters);
    tcase_add_test(all, gives_back_bytes_of_any_length);
    tcase_add_test(all, appends_to_what_is_there);
    tcase_add_test(all, stays_within_the_limit_of_the_buffer);
    suite_add_tcase(suite, all);
    return check_main(suite);
}

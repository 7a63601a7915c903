/* SPDX-License-Identifier: Apache-2.0 */
#include "api_key.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"

START_TEST(a_new_key_has_the_form_and_its_digest)
{
    struct asap_error err = { 0 };
    struct api_key key;
    char prefix[API_KEY_PREFIX_SIZE];
    char digest[CREDENTIAL_DIGEST_SIZE];

    ck_assert_succeeds(api_key_new(&key, &err));
    ck_assert_uint_eq(strlen(key.text), 6 + 16 + 1 + 43);
    ck_assert(strncmp(key.text, "asapk_", 6) == 0);
    ck_assert(api_key_read_prefix(key.text, prefix));
    ck_assert_str_eq(prefix, key.prefix);
    ck_assert(strncmp(key.text + 6, key.prefix, 16) == 0);
    ck_assert_succeeds(api_key_digest(key.text, digest, &err));
    ck_assert_str_eq(digest, key.digest);
    api_key_clear(&key);
}
END_TEST

START_TEST(a_digest_is_hexadecimal_sha256_of_the_whole_text)
{
    struct asap_error err = { 0 };
    char digest[CREDENTIAL_DIGEST_SIZE];

    ck_assert_succeeds(api_key_digest("abc", digest, &err)); /* FIPS 180-2, appendix B.1 */
    ck_assert_str_eq(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(no_two_keys_are_alike)
{
    struct asap_error err = { 0 };
    struct api_key one;
    struct api_key other;

    ck_assert_succeeds(api_key_new(&one, &err));
    ck_assert_succeeds(api_key_new(&other, &err));
    ck_assert_str_ne(one.prefix, other.prefix);
    ck_assert_str_ne(one.text + 23, other.text + 23);
    ck_assert_str_ne(one.digest, other.digest);
}
END_TEST

START_TEST(a_cleared_key_holds_nothing)
{
    static const struct api_key nothing;
    struct asap_error err = { 0 };
    struct api_key key;

    ck_assert_succeeds(api_key_new(&key, &err));
    api_key_clear(&key);
    ck_assert_mem_eq(&key, &nothing, sizeof key);
}
END_TEST

#define DIGITS "0123456789abcdef"
#define SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-_"

static const struct {
    const char *why, *text;
} others[] = {
    { "nothing", "" },
    { "the scheme alone", "asapk_" },
    { "no secret", "asapk_" DIGITS "_" },
    { "a short secret", "asapk_" DIGITS "_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-" },
    { "a long secret", "asapk_" DIGITS "_" SECRET "A" },
    { "another scheme", "asapx_" DIGITS "_" SECRET },
    { "a scheme in capitals", "ASAPK_" DIGITS "_" SECRET },
    { "digits in capitals", "asapk_0123456789ABCDEF_" SECRET },
    { "a digit too few", "asapk_0123456789abcde_A" SECRET },
    { "other letters", "asapk_0123456789abcdeg_" SECRET },
    { "another separator", "asapk_" DIGITS "-" SECRET },
    { "base64", "asapk_" DIGITS "_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+/" },
    { "padding", "asapk_" DIGITS "_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
};

START_TEST(only_the_whole_form_is_a_key)
{
    char prefix[API_KEY_PREFIX_SIZE];

    ck_assert_msg(!api_key_read_prefix(others[_i].text, prefix), "%s", others[_i].why);
    ck_assert(api_key_read_prefix("asapk_" DIGITS "_" SECRET, prefix));
    ck_assert_str_eq(prefix, DIGITS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("api_key");
    TCase *tcase = tcase_create("keys");

    tcase_add_test(tcase, a_new_key_has_the_form_and_its_digest);
    tcase_add_test(tcase, a_digest_is_hexadecimal_sha256_of_the_whole_text);
    tcase_add_test(tcase, no_two_keys_are_alike);
    tcase_add_test(tcase, a_cleared_key_holds_nothing);
    tcase_add_loop_test(tcase, only_the_whole_form_is_a_key, 0, COUNT(others));
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}

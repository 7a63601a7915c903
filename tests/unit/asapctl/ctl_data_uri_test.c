/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check_main.h"
#include "data_uri.h"
#include "key_pair.h"

static const struct {
    const char *key_id;
    const char *head;
} heads[] = {
    { "a/b.pem", "data:application/pkcs8;kid=a%2Fb.pem;base64," },
    { "a/b/c-_d", "data:application/pkcs8;kid=a%2Fb%2Fc-_d;base64," },
    { "a+b/c", "data:application/pkcs8;kid=a%2Bb%2Fc;base64," },
    { "a;b,c%/d", "data:application/pkcs8;kid=a%3Bb%2Cc%25%2Fd;base64," },
};

/* Base64 in standard form; its bytes go to `out`, the padding's zeros included. */
static size_t decode(const char *text, unsigned char *out, size_t size)
{
    const size_t length = strlen(text);
    int decoded = 0;

    ck_assert_uint_eq(length % 4, 0);
    ck_assert_uint_le(length / 4 * 3, size);
    decoded = EVP_DecodeBlock(out, (const unsigned char *)text, (int)length);
    ck_assert_int_gt(decoded, 0);
    return (size_t)decoded - (text[length - 1] == '=') - (text[length - 2] == '=');
}

START_TEST(the_key_id_is_percent_encoded_and_the_key_is_pkcs8)
{
    const struct algorithm *algorithm = algorithm_find("ES256", 5);
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(pkey) EVP_PKEY *read = NULL;
    SCOPED(secret) struct secret uri = { 0 };
    unsigned char bytes[1024] = { 0 };
    struct secret der = { .bytes = bytes };
    const size_t head = strlen(heads[_i].head);

    ck_assert_succeeds(key_pair_generate(algorithm, &key, &err));
    ck_assert_succeeds(data_uri_from_key(heads[_i].key_id, key, &uri, &err));
    ck_assert_uint_eq(strlen((const char *)uri.bytes), uri.length);
    ck_assert_msg(memcmp(uri.bytes, heads[_i].head, head) == 0, "%.80s", (const char *)uri.bytes);
    der.length = decode((const char *)uri.bytes + head, bytes, sizeof bytes);
    ck_assert_succeeds(secret_to_key(&der, &read, &err));
    ck_assert_int_eq(EVP_PKEY_eq(read, key), 1);
}
END_TEST

START_TEST(a_public_key_makes_no_uri)
{
    const struct algorithm *algorithm = algorithm_find("ES256", 5);
    struct asap_error err = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(pkey) EVP_PKEY *public_key = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);
    SCOPED(secret) struct secret uri = { 0 };

    ck_assert_succeeds(key_pair_generate(algorithm, &key, &err));
    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    ck_assert_succeeds(pem_read_public(pem.bytes, pem.length, &public_key, &err));
    ck_assert_int_ne(data_uri_from_key("a/b", public_key, &uri, &err), ASAP_OK);
    ck_assert_ptr_null(uri.bytes);
}
END_TEST

START_TEST(a_pair_is_made_for_every_algorithm)
{
    const struct algorithm *algorithm = NULL;
    struct asap_error err = { 0 };

    for (size_t i = 0; (algorithm = algorithm_at(i)) != NULL; i++) {
        SCOPED(pkey) EVP_PKEY *key = NULL;

        ck_assert_succeeds(key_pair_generate(algorithm, &key, &err));
        ck_assert_msg(algorithm_fits(algorithm, key), "%s", algorithm->name);
        ck_assert_succeeds(pem_check_policy(key, &err));
    }
}
END_TEST

START_TEST(names_sort_by_time)
{
    char first[KID_SEGMENT_MAX + 1] = "";
    char second[KID_SEGMENT_MAX + 1] = "";
    struct asap_error err = { 0 };

    ck_assert_succeeds(key_pair_name(INT64_C(1795439700), first, &err));
    ck_assert_succeeds(key_pair_name(INT64_C(1795439701), second, &err));
    ck_assert_int_eq(strncmp(first, "20261123T131500Z-", 17), 0);
    ck_assert_uint_eq(strlen(first), 27);
    ck_assert_str_eq(first + 23, ".pem");
    ck_assert_int_lt(strcmp(first, second), 0);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("asapctl data URI");
    TCase *tests = tcase_create("all");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_key_id_is_percent_encoded_and_the_key_is_pkcs8, 0, COUNT(heads));
    tcase_add_test(tests, a_public_key_makes_no_uri);
    tcase_add_test(tests, a_pair_is_made_for_every_algorithm);
    tcase_add_test(tests, names_sort_by_time);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return check_main(make_suite());
}

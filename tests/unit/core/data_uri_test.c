/* SPDX-License-Identifier: Apache-2.0 */
#include "data_uri.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "pem.h"
#include "test_keys.h"

/* "key" in base64 is a2V5. */
static const struct {
    const char *why, *uri, *key_id, *data;
} accepted[] = {
    { "as ASAP writes it", "data:application/pkcs8;kid=web%2Fkey;base64,a2V5", "web/key", "key" },
    { "a kid that is not encoded", "data:application/pkcs8;kid=web/a+b;base64,a2V5", "web/a+b",
      "key" },
    { "a plus sign of the kid encoded", "data:;kid=web%2fa%2Bb;base64,a2V5", "web/a+b", "key" },
    { "no kid", "data:application/pkcs8;base64,a2V5", "", "key" },
    { "no media type", "data:;base64,a2V5", "", "key" },
    { "nothing but data", "data:,key", "", "key" },
    { "data percent-encoded", "data:text/plain;kid=web%2Fkey,a+b%20c%25%00d", "web/key", "a+b c%" },
    { "base64 percent-encoded", "data:;base64,aw%3D%3d", "", "k" },
    { "base64 with every sign", "data:;base64,+/+/", "", "\xfb\xff\xbf" },
    { "base64 in lines", "data:;base64,a2\r\nV5\n", "", "key" },
    { "another parameter", "data:a/b;charset=utf-8;kid=web/key;x=base64;base64,a2V5", "web/key",
      "key" },
    { "base64 where it is not last", "data:a/b;base64;kid=web/key,a2V5", "web/key", "a2V5" },
    { "all of it encoded, and the kid once more",
      "data%3Aapplication%2Fpkcs8%3Bkid%3Dweb%252Fkey%3Bbase64%2Ca2V5", "web/key", "key" },
    { "all of it encoded", "data%3aapplication%2Fpkcs8%3Bkid%3Dweb%2Fkey%3Bbase64%2Caw%3D%3D",
      "web/key", "k" },
    { "all of it encoded, and the data once more", "data%3A%3Bbase64%2Caw%253D%253D", "", "k" },
};

START_TEST(reads_every_shape)
{
    SCOPED(data_uri) struct data_uri uri = { .key_id = "" };
    struct asap_error err = { 0 };
    const char *text = accepted[_i].uri;

    ck_assert(data_uri_begins(text, strlen(text)));
    ck_assert_msg(data_uri_read(text, strlen(text), &uri, &err) == ASAP_OK, "%s: %s",
                  accepted[_i].why, err.message);
    ck_assert_str_eq(uri.key_id, accepted[_i].key_id);
    ck_assert_str_eq((const char *)uri.data.bytes, accepted[_i].data);
}
END_TEST

static const struct {
    const char *uri, *message;
} refused[] = {
    { "", "no data URI" },
    { "-----BEGIN PRIVATE KEY-----", "no data URI" },
    { "DATA:,key", "no data URI" },
    { "data:application/pkcs8;base64", "no comma" },
    { "data%3Aapplication/pkcs8", "no comma" },
    { "data:;kid=key;base64,a2V5", "not issuer/name" },
    { "data:;kid=;base64,a2V5", "not issuer/name" },
    { "data:;kid=web%2F..;base64,a2V5", "not issuer/name" },
    { "data:;kid=web%20key;base64,a2V5", "not issuer/name" },
    { "data:;kid=web%2Fkey%00;base64,a2V5", "not issuer/name" },
    { "data:;kid=web%2Fkey%2;base64,a2V5", "not issuer/name" },
    { "data:;kid=web%252Fkey;base64,a2V5", "not issuer/name" },
    { "data:;kid=web/key;kid=web/key;base64,a2V5", "more than one kid" },
    { "data:;base64,", "not base64" },
    { "data:;base64,a2V", "not base64" },
    { "data:;base64,a2V5a", "not base64" },
    { "data:;base64,a2 5", "not base64" },
    { "data:;base64,a2_5", "not base64" },
    { "data:;base64,a=V5", "not base64" },
    { "data:;base64,a===", "not base64" },
    { "data:;base64,a2V5-----", "not base64" },
    { "data:,%", "two hexadecimal digits" },
    { "data:,%4", "two hexadecimal digits" },
    { "data:,%4g", "two hexadecimal digits" },
    { "data:,%g4", "two hexadecimal digits" },
    { "data%3A,%zz", "two hexadecimal digits" },
};

START_TEST(refuses_what_is_damaged_and_shows_none_of_it)
{
    struct data_uri uri = { .key_id = "" };
    struct asap_error err = { 0 };

    ck_assert_msg(data_uri_read(refused[_i].uri, strlen(refused[_i].uri), &uri, &err)
                      == ASAP_INVALID_ARGUMENT,
                  "accepted %s", refused[_i].uri);
    ck_assert_ptr_null(uri.data.bytes);
    ck_assert_str_eq(uri.key_id, "");
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s", err.message);
    ck_assert_int_eq(err.reason,
                     err.field[0] != '\0' ? ASAP_REASON_KID_GRAMMAR : ASAP_REASON_KEY_REFUSED);
    ck_assert_ptr_null(strstr(err.message, "a2"));
}
END_TEST

START_TEST(takes_kids_and_uris_up_to_their_bounds)
{
    static char text[DATA_URI_MAX + 2];
    struct data_uri uri = { .key_id = "" };
    struct asap_error err = { 0 };
    char kid[KID_MAX + 2] = "";

    memset(kid, 'a', sizeof kid - 1);
    for (size_t i = 64; i < sizeof kid - 1; i += 64)
        kid[i] = '/';
    kid[KID_MAX] = '\0';
    (void)snprintf(text, sizeof text, "data:;kid=%s,key", kid);
    ck_assert_succeeds(data_uri_read(text, strlen(text), &uri, &err));
    ck_assert_str_eq(uri.key_id, kid);
    data_uri_clear(&uri);
    memset(text, 'a', sizeof text);
    memcpy(text, "data:,", 6);
    ck_assert_succeeds(data_uri_read(text, DATA_URI_MAX, &uri, &err));
    data_uri_clear(&uri);
    ck_assert_int_eq(data_uri_read(text, DATA_URI_MAX + 1, &uri, &err), ASAP_INVALID_ARGUMENT);
    memcpy(text, "data:;kid=a/", 12);
    text[DATA_URI_MAX - 1] = ',';
    ck_assert_int_eq(data_uri_read(text, DATA_URI_MAX, &uri, &err), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(takes_nothing_else_for_a_data_uri)
{
    ck_assert(!data_uri_begins("data", 4));
    ck_assert(!data_uri_begins("data:", 4));
    ck_assert(!data_uri_begins("data%3B", 7));
    ck_assert(!data_uri_begins("-----BEGIN", 10));
}
END_TEST

START_TEST(reads_what_it_writes)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");
    SCOPED(pkey) EVP_PKEY *again = NULL;
    SCOPED(secret) struct secret text = { 0 };
    SCOPED(data_uri) struct data_uri uri = { .key_id = "" };
    struct asap_error err = { 0 };

    ck_assert_succeeds(data_uri_from_key("web/api/a+b.pem", key, &text, &err));
    ck_assert_succeeds(data_uri_read((const char *)text.bytes, text.length, &uri, &err));
    ck_assert_str_eq(uri.key_id, "web/api/a+b.pem");
    ck_assert_succeeds(secret_to_key(&uri.data, &again, &err));
    ck_assert_int_eq(EVP_PKEY_eq(key, again), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data_uri");
    TCase *tests = tcase_create("data_uri");

    tcase_add_loop_test(tests, reads_every_shape, 0, COUNT(accepted));
    tcase_add_loop_test(tests, refuses_what_is_damaged_and_shows_none_of_it, 0, COUNT(refused));
    tcase_add_test(tests, takes_kids_and_uris_up_to_their_bounds);
    tcase_add_test(tests, reads_what_it_writes);
    tcase_add_test(tests, takes_nothing_else_for_a_data_uri);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

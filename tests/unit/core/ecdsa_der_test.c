/* SPDX-License-Identifier: Apache-2.0 */
#include "ecdsa_der.h"

#include <openssl/ecdsa.h>
#include <openssl/rand.h>
#include <string.h>

#include "check_main.h"

/* Held against OpenSSL's own writer and reader. */

enum { RANDOM_PAIRS = 200 };

static const size_t coordinates[] = { 32, 48, 66 };

/* As OpenSSL writes it. */
static size_t write_by_openssl(const unsigned char *raw, size_t coordinate, unsigned char *out)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int length = 0;

    ck_assert_int_eq(ECDSA_SIG_set0(pair, BN_bin2bn(raw, (int)coordinate, NULL),
                                    BN_bin2bn(raw + coordinate, (int)coordinate, NULL)),
                     1);
    length = i2d_ECDSA_SIG(pair, &out);
    ck_assert_int_gt(length, 0);
    ECDSA_SIG_free(pair);
    return (size_t)length;
}

static void check_pair(const unsigned char *raw, size_t coordinate)
{
    unsigned char der[ECDSA_DER_MAX] = { 0 };
    unsigned char expected[2 * ECDSA_DER_MAX] = { 0 };
    unsigned char again[2 * ECDSA_COORDINATE_MAX] = { 0 };
    const size_t length = ecdsa_der_write(raw, coordinate, der);

    ck_assert_uint_eq(length, write_by_openssl(raw, coordinate, expected));
    ck_assert_mem_eq(der, expected, length);
    ck_assert(ecdsa_der_read(der, length, coordinate, again));
    ck_assert_mem_eq(again, raw, 2 * coordinate);
}

/* With `zeros` zero bytes before what is left of each number. */
static void fill(unsigned char *raw, size_t coordinate, size_t zeros, int rest)
{
    for (size_t i = 0; i < 2 * coordinate; i++)
        raw[i] = i % coordinate < zeros ? 0 : (unsigned char)rest;
}

START_TEST(writes_what_openssl_writes_and_reads_it)
{
    const size_t coordinate = coordinates[_i];
    unsigned char raw[2 * ECDSA_COORDINATE_MAX] = { 0 };

    for (size_t zeros = 0; zeros <= coordinate; zeros++) {
        fill(raw, coordinate, zeros, 0xff);
        check_pair(raw, coordinate);
        fill(raw, coordinate, zeros, 0x7f);
        check_pair(raw, coordinate);
        fill(raw, coordinate, zeros, 0x80);
        check_pair(raw, coordinate);
    }
    for (int i = 0; i < RANDOM_PAIRS; i++) {
        ck_assert_int_eq(RAND_bytes(raw, (int)(2 * coordinate)), 1);
        check_pair(raw, coordinate);
    }
}
END_TEST

START_TEST(refuses_what_is_cut_off_or_goes_on)
{
    const size_t coordinate = coordinates[_i];
    unsigned char raw[2 * ECDSA_COORDINATE_MAX] = { 0 };
    unsigned char der[ECDSA_DER_MAX + 1] = { 0 };
    size_t length = 0;

    fill(raw, coordinate, 0, 0x81);
    length = ecdsa_der_write(raw, coordinate, der);
    for (size_t i = 0; i < length; i++) {
        unsigned char *cut = malloc(i + 1); /* so that a read behind its end is seen */

        memcpy(cut, der, i);
        ck_assert_msg(!ecdsa_der_read(cut, i, coordinate, raw), "cut to %zu", i);
        free(cut);
    }
    ck_assert(ecdsa_der_read(der, length, coordinate, raw));
    ck_assert(!ecdsa_der_read(der, length + 1, coordinate, raw));
    ck_assert(!ecdsa_der_read(der, length, coordinate - 1, raw));
}
END_TEST

static const struct {
    const char *why, *der;
    size_t length;
} refused[] = {
    { "another tag", "\x31\x06\x02\x01\x01\x02\x01\x01", 8 },
    { "a string for r", "\x30\x06\x04\x01\x01\x02\x01\x01", 8 },
    { "an empty r", "\x30\x05\x02\x00\x02\x01\x01", 7 },
    { "an empty s", "\x30\x05\x02\x01\x01\x02\x00", 7 },
    { "an indefinite length", "\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00", 10 },
    { "a length of two octets", "\x30\x82\x00\x06\x02\x01\x01\x02\x01\x01", 10 },
    { "three numbers", "\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01", 11 },
    { "one number", "\x30\x03\x02\x01\x01", 5 },
    { "an s that is longer than all", "\x30\x06\x02\x01\x01\x02\x7f\x01", 8 },
    { "nothing", "", 0 },
};

START_TEST(refuses_what_is_no_pair_of_numbers)
{
    unsigned char raw[2 * ECDSA_COORDINATE_MAX];
    unsigned char der[16] = { 0 };

    memcpy(der, refused[_i].der, refused[_i].length);
    ck_assert_msg(!ecdsa_der_read(der, refused[_i].length, 32, raw), "took %s", refused[_i].why);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ecdsa_der");
    TCase *tcase = tcase_create("forms");

    tcase_add_loop_test(tcase, writes_what_openssl_writes_and_reads_it, 0, COUNT(coordinates));
    tcase_add_loop_test(tcase, refuses_what_is_cut_off_or_goes_on, 0, COUNT(coordinates));
    tcase_add_loop_test(tcase, refuses_what_is_no_pair_of_numbers, 0, COUNT(refused));
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}

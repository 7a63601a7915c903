/* SPDX-License-Identifier: Apache-2.0 */
#include "spki.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "pem.h"
#include "test_keys.h"

/* Holds our reader of public keys against OpenSSL's, over keys of every kind, and over what is left
 * of them after some damage. What ours takes is the same key to OpenSSL; what OpenSSL takes beyond
 * that is one of `explanations`. */

enum { DER_MAX = 2048, DAMAGES = 24, SEED = 20261126 };

/* Small and the same everywhere, so that a failure comes again. */
static uint64_t random_state = SEED;

static size_t pick(size_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % below);
}

struct sample {
    unsigned char der[DER_MAX];
    size_t length;
};

static bool has_bytes_behind(EVP_PKEY *key, const struct sample *sample, size_t used)
{
    (void)key;
    return used < sample->length;
}

static bool is_of_another_type(EVP_PKEY *key, const struct sample *sample, size_t used)
{
    (void)sample;
    (void)used;
    return EVP_PKEY_is_a(key, "RSA") != 1 && EVP_PKEY_is_a(key, "EC") != 1
           && EVP_PKEY_is_a(key, "ED25519") != 1;
}

static bool is_on_another_curve(EVP_PKEY *key, const struct sample *sample, size_t used)
{
    char name[64] = "";

    (void)sample;
    (void)used;
    return EVP_PKEY_is_a(key, "EC") == 1
           && (EVP_PKEY_get_group_name(key, name, sizeof name, NULL) != 1
               || (strcmp(name, "prime256v1") != 0 && strcmp(name, "secp384r1") != 0
                   && strcmp(name, "secp521r1") != 0));
}

static bool has_explicit_parameters(EVP_PKEY *key, const struct sample *sample, size_t used)
{
    int is_explicit = 0;

    (void)sample;
    (void)used;
    return EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                  &is_explicit)
               == 1
           && is_explicit == 1;
}

static bool has_another_point_form(EVP_PKEY *key, const struct sample *sample, size_t used)
{
    char form[32] = "";

    (void)sample;
    (void)used;
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form,
                                          sizeof form, NULL)
               == 1
           && strcmp(form, "uncompressed") != 0;
}

/* Such as a length in a long form, a sign octet too many or parameters left out. */
static bool is_written_in_other_ways(EVP_PKEY *key, const struct sample *sample, size_t used)
{
    unsigned char *der = NULL;
    const int length = i2d_PUBKEY(key, &der);
    const bool same = length > 0 && (size_t)length == used && memcmp(der, sample->der, used) == 0;

    OPENSSL_free(der);
    return !same;
}

static bool has_a_number_that_is_not_positive(EVP_PKEY *key,
                                              const struct sample *sample,
                                              size_t used)
{
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    bool is_so = false;

    (void)sample;
    (void)used;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1
        && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1)
        is_so = BN_is_zero(n) || BN_is_negative(n) || BN_is_zero(e) || BN_is_negative(e);
    BN_free(n);
    BN_free(e);
    return is_so;
}

static struct {
    const char *why;
    bool (*holds)(EVP_PKEY *key, const struct sample *sample, size_t used);
    int times;
} explanations[] = {
    { "bytes behind the key", has_bytes_behind, 0 },
    { "another type of key", is_of_another_type, 0 },
    { "explicit parameters", has_explicit_parameters, 0 },
    { "another curve", is_on_another_curve, 0 },
    { "a compressed or hybrid point", has_another_point_form, 0 },
    { "another encoding of the same key", is_written_in_other_ways, 0 },
    { "a number that is not positive", has_a_number_that_is_not_positive, 0 },
};

static int taken, refused;

static void print_sample(const struct sample *sample)
{
    for (size_t i = 0; i < sample->length; i++)
        (void)fprintf(stderr, "%02x", sample->der[i]);
    (void)fputc('\n', stderr);
}

static void explain(EVP_PKEY *key, const struct sample *sample, size_t used)
{
    for (int i = 0; i < COUNT(explanations); i++) {
        if (!explanations[i].holds(key, sample, used))
            continue;
        explanations[i].times++;
        return;
    }
    print_sample(sample);
    ck_abort_msg("OpenSSL takes a key that is refused here without a reason");
}

static void check_same(EVP_PKEY *ours, EVP_PKEY *theirs, const struct sample *sample, size_t used)
{
    if (theirs == NULL || used != sample->length || EVP_PKEY_eq(ours, theirs) != 1
        || is_written_in_other_ways(ours, sample, used)) {
        print_sample(sample);
        ck_abort_msg("OpenSSL takes the bytes for no key, or for another one");
    }
}

static void compare(const struct sample *sample)
{
    const unsigned char *end = sample->der;
    SCOPED(pkey) EVP_PKEY *theirs = d2i_PUBKEY(NULL, &end, (long)sample->length);
    SCOPED(pkey) EVP_PKEY *ours = NULL;
    const size_t used = (size_t)(end - sample->der);
    struct asap_error err = { 0 };

    ERR_clear_error();
    if (spki_read(sample->der, sample->length, &ours, &err) == ASAP_OK) {
        taken++;
        check_same(ours, theirs, sample, used);
        return;
    }
    refused++;
    ck_assert_ptr_null(ours);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    if (theirs != NULL)
        explain(theirs, sample, used);
}

static void remove_at(struct sample *sample, size_t at, size_t count)
{
    memmove(sample->der + at, sample->der + at + count, sample->length - at - count);
    sample->length -= count;
}

static void insert_at(struct sample *sample, size_t at, unsigned char byte)
{
    memmove(sample->der + at + 1, sample->der + at, sample->length - at);
    sample->der[at] = byte;
    sample->length++;
}

/* Most of what decides is in front. */
static size_t pick_place(const struct sample *sample)
{
    return pick(pick(2) == 0 && sample->length > 48 ? 48 : sample->length);
}

static void flip_bit(struct sample *sample)
{
    sample->der[pick_place(sample)] ^= (unsigned char)(1U << pick(8));
}

static void replace_byte(struct sample *sample)
{
    static const unsigned char telling[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
                                             0x30, 0x7f, 0x80, 0x81, 0x82, 0xff };

    sample->der[pick_place(sample)] = telling[pick(sizeof telling)];
}

static void change_length(struct sample *sample)
{
    const size_t at = pick_place(sample);

    sample->der[at] = (unsigned char)(sample->der[at] + (pick(2) == 0 ? 1 : 255));
}

static void insert_byte(struct sample *sample)
{
    insert_at(sample, pick_place(sample), (unsigned char)pick(256));
}

static void remove_byte(struct sample *sample)
{
    remove_at(sample, pick_place(sample), 1);
}

static void cut(struct sample *sample)
{
    sample->length = pick(sample->length);
}

static void append_byte(struct sample *sample)
{
    insert_at(sample, sample->length, (unsigned char)pick(256));
}

/* A short outer length in its long form. */
static void lengthen_length(struct sample *sample)
{
    if (sample->der[1] < 0x80)
        insert_at(sample, 1, 0x81);
    else
        replace_byte(sample);
}

static void (*const damages[])(struct sample *sample) = {
    flip_bit,    replace_byte, change_length, insert_byte,
    remove_byte, cut,          append_byte,   lengthen_length,
};

/* Takes over `key`. */
static void compare_damaged(EVP_PKEY *key)
{
    struct sample whole = { .length = 0 };
    unsigned char *end = whole.der;
    const int length = i2d_PUBKEY(key, &end);

    ck_assert_int_gt(length, 0);
    ck_assert_int_le(length, DER_MAX / 2);
    whole.length = (size_t)length;
    compare(&whole);
    for (int i = 0; i < DAMAGES; i++) {
        struct sample damaged = whole;

        for (size_t count = 1 + pick(2); count > 0 && damaged.length > 1; count--)
            damages[pick(COUNT(damages))](&damaged);
        compare(&damaged);
    }
    EVP_PKEY_free(key);
}

/* Reading does not ask whether a modulus has two prime factors. */
static EVP_PKEY *new_modulus(void)
{
    static const unsigned exponents[] = { 3, 17, 65537, 0x80000001U };
    BIGNUM *modulus = BN_new();
    EVP_PKEY *key = NULL;

    ck_assert_int_eq(BN_rand(modulus, (int)(505 + pick(3592)), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD),
                     1);
    key = rsa_from_numbers(modulus, exponents[pick(COUNT(exponents))]);
    BN_free(modulus);
    return key;
}

static EVP_PKEY *new_ec_written_as(const char *curve, const char *parameter, const char *value)
{
    EVP_PKEY *key = new_key(curve);

    ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(key, parameter, value), 1);
    return key;
}

static const char *const curves[] = { "P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1" };

/* A modulus of zero, written as DER writes it. */
static const struct sample zero = {
    .der = "\x30\x1a\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
           "\x03\x09\x00\x30\x06\x02\x01\x00\x02\x01\x03",
    .length = 28,
};

/* Otherwise the comparison would show less than it seems to. */
static void check_each_reason_was_met(void)
{
    for (int i = 0; i < COUNT(explanations); i++)
        ck_assert_msg(explanations[i].times > 0, "never met: %s", explanations[i].why);
}

START_TEST(agrees_with_openssl_on_every_key_and_on_what_is_left_of_it)
{
    for (int i = 0; i < 400; i++) {
        compare_damaged(new_modulus());
        compare_damaged(new_key("ED25519"));
        compare_damaged(new_key(curves[pick(3)]));
    }
    compare_damaged(new_key("RSA"));
    for (int i = 0; i < COUNT(curves); i++) {
        compare_damaged(new_key(curves[i]));
        compare_damaged(
            new_ec_written_as(curves[i], OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"));
        compare_damaged(
            new_ec_written_as(curves[i], OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid"));
        compare_damaged(new_ec_written_as(curves[i], OSSL_PKEY_PARAM_EC_ENCODING, "explicit"));
    }
    compare_damaged(new_key("X25519"));
    compare_damaged(new_key("RSA-PSS"));
    compare(&zero);
    ck_assert_int_gt(taken, 1200);
    ck_assert_int_gt(refused, 20000);
    check_each_reason_was_met();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spki_differential");
    TCase *tests = tcase_create("spki_differential");

    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, agrees_with_openssl_on_every_key_and_on_what_is_left_of_it);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

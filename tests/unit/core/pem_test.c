/* SPDX-License-Identifier: Apache-2.0 */
#include "test_pem.h"

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };

START_TEST(gives_back_the_key_that_it_wrote)
{
    EVP_PKEY *key = new_key(kinds[_i]);
    EVP_PKEY *again = NULL;
    struct buffer text = BUFFER(PEM_PUBLISHED_MAX);
    struct buffer repeated = BUFFER(PEM_PUBLISHED_MAX);
    struct asap_error err = { 0 };

    ck_assert_succeeds(pem_write_public(key, &text, &err));
    ck_assert_succeeds(pem_read_public(text.bytes, text.length, &again, &err));
    ck_assert_int_eq(EVP_PKEY_eq(key, again), 1);
    ck_assert_succeeds(pem_write_public(again, &repeated, &err));
    ck_assert_str_eq(text.bytes, repeated.bytes);
    ck_assert_int_eq(strncmp(text.bytes, BEGIN_PUBLIC, strlen(BEGIN_PUBLIC)), 0);
    ck_assert_str_eq(text.bytes + text.length - strlen(END_PUBLIC), END_PUBLIC);
    buffer_clear(&text);
    buffer_clear(&repeated);
    EVP_PKEY_free(key);
    EVP_PKEY_free(again);
}
END_TEST

static const char *const accepted_texts[] = {
    GOOD,
    " \t\r\n" GOOD "\n \r\t\n",
    "-----BEGIN PUBLIC KEY-----\r\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\r\n"
    "-----END PUBLIC KEY-----\r\n",
    BEGIN_PUBLIC GOOD_BODY "-----END PUBLIC KEY-----",
    BEGIN_PUBLIC "MCowBQYDK2VwAyEA11qYAYKxCrfVS/\n7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" END_PUBLIC,
};

START_TEST(takes_any_white_space_around_and_within_the_block)
{
    EVP_PKEY *key = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(pem_read_public(accepted_texts[_i], strlen(accepted_texts[_i]), &key, &err));
    EVP_PKEY_free(key);
}
END_TEST

static const struct {
    const char *why;
    const char *text;
    const char *message;
} refused_texts[] = {
    { "nothing", "", "not a public key" },
    { "white space", " \n", "not a public key" },
    { "text in front", "x\n" GOOD, "nothing around it" },
    { "text behind", GOOD "x", "nothing around it" },
    { "a byte order mark", "\xef\xbb\xbf" GOOD, "nothing around it" },
    { "two blocks", GOOD GOOD, "not one whole PUBLIC KEY block" },
    { "no end", BEGIN_PUBLIC GOOD_BODY, "not one whole PUBLIC KEY block" },
    { "another end", BEGIN_PUBLIC GOOD_BODY "-----END RSA PUBLIC KEY-----\n",
      "not one whole PUBLIC KEY block" },
    { "no body", BEGIN_PUBLIC END_PUBLIC, "cut short" },
    { "a begin within", BEGIN_PUBLIC BEGIN_PUBLIC GOOD_BODY END_PUBLIC,
      "not one whole PUBLIC KEY block" },
    { "a header line", BEGIN_PUBLIC "A: b=c\n\n" GOOD_BODY END_PUBLIC, "PUBLIC KEY block" },
    { "the url-safe alphabet", BEGIN_PUBLIC "MCow_QYD\n" END_PUBLIC, "not base64" },
    { "a hyphen", BEGIN_PUBLIC "MCow-QYD\n" END_PUBLIC, "not base64" },
    { "no padding",
      BEGIN_PUBLIC "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo\n" END_PUBLIC,
      "cut short" },
    { "stray bits",
      BEGIN_PUBLIC "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURp=\n" END_PUBLIC,
      "not base64" },
    { "padding within", BEGIN_PUBLIC "MCo=BQYD\n" END_PUBLIC, "not base64" },
    { "padding alone", BEGIN_PUBLIC "====\n" END_PUBLIC, "not base64" },
    { "no DER", BEGIN_PUBLIC "AAAA\n" END_PUBLIC, "canonical DER" },
    { "an empty sequence", BEGIN_PUBLIC "MAA=\n" END_PUBLIC, "canonical DER" },
    { "certificate", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
      "this is a certificate (publish its key: openssl x509 -pubkey -noout" },
    { "private key", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
      "this is a private key (never publish it: openssl pkey -pubout" },
    { "RSA private key", "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
      "this is a private key (never publish it" },
    { "EC private key", "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
      "this is a private key (never publish it" },
    { "encrypted private key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "this is an encrypted private key (never publish it" },
    { "OpenSSH private key",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
      "this is a private key (never publish it" },
    { "PKCS#1 public key", "-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n",
      "this is a PKCS#1 public key (convert it" },
    { "a private key beside a public one",
      GOOD "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "never publish it" },
};

START_TEST(refuses_all_but_one_block_and_says_what_it_is)
{
    check_refused(refused_texts[_i].text, strlen(refused_texts[_i].text), refused_texts[_i].why,
                  refused_texts[_i].message);
}
END_TEST

START_TEST(refuses_a_nul_and_too_many_bytes)
{
    static const char with_nul[] = BEGIN_PUBLIC "MCow\0BQY" GOOD_BODY END_PUBLIC;
    char wide[PEM_PUBLIC_MAX + 2] = "";
    EVP_PKEY *key = NULL;

    check_refused(with_nul, sizeof with_nul - 1, "a NUL within", "PUBLIC KEY block");
    check_refused(GOOD, sizeof GOOD, "a NUL behind", "nothing around it");
    (void)snprintf(wide, sizeof wide, "%-4097s", GOOD);
    ck_assert_int_eq(pem_read_public(wide, PEM_PUBLIC_MAX, &key, NULL), ASAP_OK);
    EVP_PKEY_free(key);
    check_refused(wide, PEM_PUBLIC_MAX + 1, "4097 bytes", "over 4096 bytes");
}
END_TEST

START_TEST(refuses_every_cut_of_a_text)
{
    for (size_t length = 0; length < strlen(GOOD) - 1; length++)
        check_refused(GOOD, length, "a cut text", "");
}
END_TEST

/* The rows replace DER of a key on P-256, whose outer length is 0x59 and whose key is 0x42 long. */
static const struct {
    const char *why;
    size_t offset;
    size_t removed;
    const char *inserted;
    size_t inserted_length;
} mutations[] = {
    { "a long length where a short one fits", 1, 1, "\x81\x59", 2 },
    { "a length of no octets", 1, 1, "\x80", 1 },
    { "a length with a leading zero", 1, 1, "\x82\x00\x59", 3 },
    { "a length beyond the end", 1, 1, "\x5a", 1 },
    { "a length before the end", 1, 1, "\x58", 1 },
    { "a length of nine octets", 1, 1, "\x89\x00\x00\x00\x00\x00\x00\x00\x00\x59", 10 },
    { "a set instead of a sequence", 0, 1, "\x31", 1 },
    { "unused bits", 25, 1, "\x01", 1 },
    { "a longer form of the inner length", 24, 1, "\x81\x42", 2 },
    { "an octet string", 23, 1, "\x04", 1 },
    { "a compressed point's mark on a whole point", 26, 1, "\x02", 1 },
    { "a hybrid point", 26, 1, "\x06", 1 },
    { "bytes behind", 91, 0, "\x00", 1 },
};

START_TEST(refuses_other_encodings_of_the_same_key)
{
    EVP_PKEY *key = new_key("P-256");
    unsigned char *der = NULL;
    struct buffer mutated = BUFFER(256);
    const size_t behind = mutations[_i].offset + mutations[_i].removed;

    ck_assert_int_eq(i2d_PUBKEY(key, &der), 91);
    buffer_append(&mutated, der, mutations[_i].offset);
    buffer_append(&mutated, mutations[_i].inserted, mutations[_i].inserted_length);
    buffer_append(&mutated, der + behind, 91 - behind);
    check_der_refused(mutated.bytes, mutated.length, mutations[_i].why, "canonical DER");
    buffer_clear(&mutated);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}
END_TEST

/* Here the length needs its long form, so that only its leading zero is wrong. */
START_TEST(refuses_a_long_length_with_a_leading_zero)
{
    EVP_PKEY *key = new_key("P-521");
    unsigned char *der = NULL;
    struct buffer longer = BUFFER(256);
    const int length = i2d_PUBKEY(key, &der);

    ck_assert_int_eq(length, 158);
    assemble(&longer, "3082009b", NULL);
    buffer_append(&longer, der + 3, 155);
    check_der_refused(longer.bytes, longer.length, "a leading zero", "canonical DER");
    buffer_clear(&longer);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}
END_TEST

#define RSA_OID "06092a864886f70d010101"

static const struct {
    const char *why;
    const char *der;
} rsa_encodings[] = {
    { "parameters left out", "30820120300b" RSA_OID "0382010f003082010a0282010100N0203010001" },
    { "parameters that are no NULL",
      "30820122300d" RSA_OID "30000382010f003082010a0282010100N0203010001" },
    { "a modulus without its sign octet",
      "30820121300d" RSA_OID "05000382010e003082010902820100N0203010001" },
    { "a modulus with two leading zeros",
      "30820123300d" RSA_OID "050003820110003082010b028201020000N0203010001" },
    { "an exponent with a leading zero",
      "30820123300d" RSA_OID "050003820110003082010b0282010100N020400010001" },
    { "an empty exponent", "3082011f300d" RSA_OID "05000382010c00308201070282010100N0200" },
    { "bytes behind the exponent",
      "30820124300d" RSA_OID "050003820111003082010c0282010100N02030100010500" },
    { "bytes behind the inner sequence",
      "30820124300d" RSA_OID "050003820111003082010a0282010100N02030100010500" },
    { "bytes behind the key",
      "30820124300d" RSA_OID "05000382010f003082010a0282010100N02030100010500" },
};

START_TEST(refuses_other_encodings_of_an_rsa_key)
{
    EVP_PKEY *key = new_key("RSA");
    unsigned char *good = NULL;
    struct buffer der = BUFFER(512);
    const int length = i2d_PUBKEY(key, &good);

    assemble(&der, "30820122300d" RSA_OID "05000382010f003082010a0282010100N0203010001", good + 33);
    ck_assert_uint_eq(der.length, (size_t)length);
    ck_assert_mem_eq(der.bytes, good, der.length);
    buffer_clear(&der);
    assemble(&der, rsa_encodings[_i].der, good + 33);
    check_der_refused(der.bytes, der.length, rsa_encodings[_i].why, "canonical DER");
    buffer_clear(&der);
    OPENSSL_free(good);
    EVP_PKEY_free(key);
}
END_TEST

static void check_written(EVP_PKEY *key, const char *text, size_t length)
{
    struct buffer written = BUFFER(PEM_PUBLIC_MAX);

    ck_assert_int_eq(pem_write_public(key, &written, NULL), ASAP_OK);
    ck_assert_uint_eq(written.length, length);
    ck_assert_mem_eq(written.bytes, text, length);
    buffer_clear(&written);
}

/* What is accepted is written with the very same bytes. */
static void check_other_bits(const unsigned char *der, int length)
{
    BIO *target = BIO_new(BIO_s_mem());
    EVP_PKEY *key = NULL;
    char *text = NULL;
    long text_length = 0;

    PEM_write_bio(target, "PUBLIC KEY", "", der, length);
    text_length = BIO_get_mem_data(target, &text);
    if (pem_read_public(text, (size_t)text_length, &key, NULL) == ASAP_OK)
        check_written(key, text, (size_t)text_length);
    EVP_PKEY_free(key);
    BIO_free(target);
}

START_TEST(reads_each_key_from_one_encoding_only)
{
    EVP_PKEY *key = new_key(kinds[_i]);
    unsigned char *der = NULL;
    const int length = i2d_PUBKEY(key, &der);
    const int checked = strcmp(kinds[_i], "RSA") == 0 ? 33 : length; /* the rest is modulus */

    for (int bit = 0; bit < 8 * checked; bit++) {
        const unsigned char flip = (unsigned char)(1U << bit % 8);

        der[bit / 8] ^= flip;
        check_other_bits(der, length);
        der[bit / 8] ^= flip;
    }
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(says_when_the_written_key_does_not_fit)
{
    EVP_PKEY *key = new_key("ED25519");
    struct buffer text = BUFFER(10);

    ck_assert_int_eq(pem_write_public(key, &text, NULL), ASAP_RESOURCE_EXHAUSTED);
    buffer_clear(&text);
    EVP_PKEY_free(key);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pem");
    TCase *all = tcase_create("all");

    tcase_add_loop_test(all, gives_back_the_key_that_it_wrote, 0, COUNT(kinds));
    tcase_add_loop_test(all, takes_any_white_space_around_and_within_the_block, 0,
                        COUNT(accepted_texts));
    tcase_add_loop_test(all, refuses_all_but_one_block_and_says_what_it_is, 0,
                        COUNT(refused_texts));
    tcase_add_test(all, refuses_a_nul_and_too_many_bytes);
    tcase_add_test(all, refuses_every_cut_of_a_text);
    tcase_add_loop_test(all, refuses_other_encodings_of_the_same_key, 0, COUNT(mutations));
    tcase_add_test(all, refuses_a_long_length_with_a_leading_zero);
    tcase_add_loop_test(all, refuses_other_encodings_of_an_rsa_key, 0, COUNT(rsa_encodings));
    tcase_add_loop_test(all, reads_each_key_from_one_encoding_only, 0, COUNT(kinds));
    tcase_add_test(all, says_when_the_written_key_does_not_fit);
    suite_add_tcase(suite, all);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "pem.h"

#include <openssl/err.h>

#include "check_main.h"
#include "test_keys.h"

#define BEGIN_PUBLIC "-----BEGIN PUBLIC KEY-----\n"
#define END_PUBLIC "-----END PUBLIC KEY-----\n"

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };

/* One good block, wrapped by hand. */
#define GOOD_BODY "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
#define GOOD BEGIN_PUBLIC GOOD_BODY END_PUBLIC

/* What is refused leaves no key, a message and no trace in OpenSSL. */
static void check_refused(const char *text, size_t length, const char *why, const char *message)
{
    EVP_PKEY *key = NULL;
    struct asap_error err = { 0 };

    ck_assert_msg(pem_read_public(text, length, &key, &err) == ASAP_INVALID_ARGUMENT, "accepted %s",
                  why);
    ck_assert_ptr_null(key);
    ck_assert_int_eq(err.code, ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s: %s", why, err.message);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

static void check_der_refused(const void *der, size_t length, const char *why, const char *message)
{
    BIO *target = BIO_new(BIO_s_mem());
    char *text = NULL;
    long text_length = 0;

    PEM_write_bio(target, "PUBLIC KEY", "", der, (long)length);
    text_length = BIO_get_mem_data(target, &text);
    check_refused(text, (size_t)text_length, why, message);
    BIO_free(target);
}

/* Takes over `key`. */
static void check_key_refused(EVP_PKEY *key, const char *why, const char *message)
{
    unsigned char *der = NULL;
    const int length = i2d_PUBKEY(key, &der);

    ck_assert_int_gt(length, 0);
    check_der_refused(der, (size_t)length, why, message);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

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
    { "two blocks", GOOD GOOD, "one block" },
    { "no end", BEGIN_PUBLIC GOOD_BODY, "not a public key" },
    { "another end", BEGIN_PUBLIC GOOD_BODY "-----END RSA PUBLIC KEY-----\n", "not a public key" },
    { "no body", BEGIN_PUBLIC END_PUBLIC, "cut short" },
    { "a begin within", BEGIN_PUBLIC BEGIN_PUBLIC GOOD_BODY END_PUBLIC, "one block" },
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
      "this is a certificate; publish its key: openssl x509 -pubkey -noout" },
    { "private key", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
      "this is a private key; never publish it: openssl pkey -pubout" },
    { "RSA private key", "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
      "this is a private key; never publish it" },
    { "EC private key", "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
      "this is a private key; never publish it" },
    { "encrypted private key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "this is an encrypted private key; never publish it" },
    { "OpenSSH private key",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
      "this is a private key; never publish it" },
    { "PKCS#1 public key", "-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n",
      "this is a PKCS#1 public key; convert it" },
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
    char wide[PEM_PUBLIC_MAX + 1] = "";
    EVP_PKEY *key = NULL;

    check_refused(with_nul, sizeof with_nul - 1, "a NUL within", "PUBLIC KEY block");
    check_refused(GOOD, sizeof GOOD, "a NUL behind", "nothing around it");
    memset(wide, ' ', sizeof wide);
    memcpy(wide, GOOD, strlen(GOOD));
    ck_assert_int_eq(pem_read_public(wide, PEM_PUBLIC_MAX, &key, NULL), ASAP_OK);
    EVP_PKEY_free(key);
    check_refused(wide, sizeof wide, "4097 bytes", "over 4096 bytes");
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

/* Fills `der` from hexadecimal digits and the modulus that stands for 'N'. */
static void assemble(struct buffer *der, const char *template, const unsigned char *modulus)
{
    for (; *template != '\0'; template += *template == 'N' ? 1 : 2) {
        const char digits[] = { template[0], *template == 'N' ? '\0' : template[1], '\0' };
        const unsigned char byte = (unsigned char)strtoul(digits, NULL, 16);

        if (*template == 'N')
            buffer_append(der, modulus, 256);
        else
            buffer_append(der, &byte, 1);
    }
}

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

/* What is accepted is written with the very same bytes. */
static void check_other_bits(const unsigned char *der, int length)
{
    struct buffer written = BUFFER(PEM_PUBLIC_MAX);
    BIO *target = BIO_new(BIO_s_mem());
    EVP_PKEY *key = NULL;
    char *text = NULL;
    long text_length = 0;

    PEM_write_bio(target, "PUBLIC KEY", "", der, length);
    text_length = BIO_get_mem_data(target, &text);
    if (pem_read_public(text, (size_t)text_length, &key, NULL) == ASAP_OK) {
        ck_assert_int_eq(pem_write_public(key, &written, NULL), ASAP_OK);
        ck_assert_uint_eq(written.length, (size_t)text_length);
        ck_assert_mem_eq(written.bytes, text, written.length);
    }
    EVP_PKEY_free(key);
    BIO_free(target);
    buffer_clear(&written);
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

/* The product of moduli of sound keys is a sound modulus, and needs no search. */
static BIGNUM *product_of_moduli(const unsigned bits[], size_t count)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *product = BN_new();

    BN_one(product);
    for (size_t i = 0; i < count; i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits[i]);
        BIGNUM *modulus = NULL;

        ck_assert_int_eq(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus), 1);
        BN_mul(product, product, modulus, ctx);
        BN_free(modulus);
        EVP_PKEY_free(key);
    }
    BN_CTX_free(ctx);
    return product;
}

static const struct {
    const char *why;
    unsigned bits[3];
    size_t count;
    const char *message; /* NULL: good */
} sizes[] = {
    { "512 bits", { 512 }, 1, "has 512 bits; use 2048 to 4096" },
    { "1024 bits", { 1024 }, 1, "has 1024 bits; use 2048 to 4096" },
    { "2047 bits", { 2047 }, 1, "has 2047 bits" },
    { "2048 bits", { 2048 }, 1, NULL },
    { "3072 bits", { 3072 }, 1, NULL },
    { "about 4096 bits", { 2048, 2048 }, 2, NULL },
    { "over 4096 bits", { 2048, 2048, 512 }, 3, "bits; use 2048 to 4096" },
};

START_TEST(takes_rsa_of_2048_to_4096_bits)
{
    BIGNUM *modulus = product_of_moduli(sizes[_i].bits, sizes[_i].count);
    EVP_PKEY *key = rsa_from_numbers(modulus, 65537);
    struct buffer text = BUFFER(PEM_PUBLIC_MAX);
    EVP_PKEY *again = NULL;
    struct asap_error err = { 0 };

    if (sizes[_i].message != NULL) {
        check_key_refused(key, sizes[_i].why, sizes[_i].message);
    } else {
        ck_assert_succeeds(pem_write_public(key, &text, &err));
        ck_assert_succeeds(pem_read_public(text.bytes, text.length, &again, &err));
        EVP_PKEY_free(key);
    }
    EVP_PKEY_free(again);
    buffer_clear(&text);
    BN_free(modulus);
}
END_TEST

START_TEST(refuses_rsa_with_another_exponent)
{
    static const unsigned bits[] = { 2048 };
    static const unsigned exponents[] = { 1, 3, 17, 65539, 65536, 4294967295U };
    BIGNUM *modulus = product_of_moduli(bits, 1);

    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++)
        check_key_refused(rsa_from_numbers(modulus, exponents[i]), "e", "exponent is not 65537");
    BN_free(modulus);
}
END_TEST

START_TEST(refuses_a_modulus_that_is_even_or_prime_or_has_a_small_factor)
{
    static const unsigned bits[] = { 2048 };
    BIGNUM *modulus = product_of_moduli(bits, 1);

    BN_sub_word(modulus, 1);
    check_key_refused(rsa_from_numbers(modulus, 65537), "even", "unsound");
    BN_add_word(modulus, 1);
    BN_mul_word(modulus, 751);
    check_key_refused(rsa_from_numbers(modulus, 65537), "a factor of 751", "unsound");
    ck_assert_int_eq(BN_generate_prime_ex(modulus, 2048, 0, NULL, NULL, NULL), 1);
    check_key_refused(rsa_from_numbers(modulus, 65537), "prime", "unsound");
    BN_free(modulus);
}
END_TEST

static const struct {
    const char *kind;
    const char *message;
} unsupported[] = {
    { "secp256k1", "on secp256k1; use P-256, P-384 or P-521" },
    { "P-224", "on secp224r1; use P-256" },
    { "brainpoolP256r1", "on brainpoolP256r1" },
    { "X25519", "type X25519" },
    { "RSA-PSS", "type rsassaPss" },
};

START_TEST(refuses_and_names_other_kinds_of_keys)
{
    EVP_PKEY *key = new_key(unsupported[_i].kind);

    ck_assert_int_eq(pem_check_policy(key, NULL), ASAP_INVALID_ARGUMENT);
    check_key_refused(key, unsupported[_i].kind, unsupported[_i].message);
}
END_TEST

/* A P-256 key that is written with one of its parameters changed. */
static EVP_PKEY *new_odd_key(const char *parameter, const char *value)
{
    EVP_PKEY *key = new_key("P-256");

    ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(key, parameter, value), 1);
    return key;
}

START_TEST(refuses_explicit_curve_parameters_even_of_a_good_curve)
{
    EVP_PKEY *key = new_odd_key(OSSL_PKEY_PARAM_EC_ENCODING, "explicit");
    BIO *text = BIO_new(BIO_s_mem());
    EVP_PKEY *read = NULL;
    struct asap_error err = { 0 };

    PEM_write_bio_PUBKEY(text, key);
    read = PEM_read_bio_PUBKEY(text, NULL, NULL, NULL);
    ck_assert_ptr_nonnull(read);
    ck_assert_int_eq(pem_check_policy(read, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "explicit parameters"));
    check_key_refused(key, "explicit parameters", "explicit parameters; name its curve");
    EVP_PKEY_free(read);
    BIO_free(text);
}
END_TEST

START_TEST(refuses_a_compressed_point)
{
    check_key_refused(new_odd_key(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
                      "a compressed point", "point is compressed");
}
END_TEST

START_TEST(refuses_a_point_that_is_not_on_its_curve)
{
    for (int i = 1; i <= 3; i++) {
        EVP_PKEY *key = new_key(kinds[i]);
        unsigned char *der = NULL;
        const int length = i2d_PUBKEY(key, &der);

        der[length - 1] ^= 1;
        check_der_refused(der, (size_t)length, kinds[i], "canonical DER");
        OPENSSL_free(der);
        EVP_PKEY_free(key);
    }
}
END_TEST

/* Hexadecimal y of the points of order 1, 2, 4 and 8, and of their other spellings. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

START_TEST(refuses_ed25519_points_of_small_order)
{
    struct buffer der = BUFFER(64);

    assemble(&der, "302a300506032b6570032100", NULL);
    assemble(&der, small_order[_i], NULL);
    check_der_refused(der.bytes, der.length, small_order[_i], "small order");
    der.bytes[der.length - 1] = (char)(der.bytes[der.length - 1] ^ 0x80);
    check_der_refused(der.bytes, der.length, "the sign bit too", "small order");
    buffer_clear(&der);
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

static void check_private_refused(const char *text, size_t length, const char *message)
{
    EVP_PKEY *key = NULL;
    struct asap_error err = { 0 };

    ck_assert_msg(pem_read_private(text, length, &key, &err) == ASAP_INVALID_ARGUMENT,
                  "accepted what should fail with: %s", message);
    ck_assert_ptr_null(key);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

/* Reads what BIO `source` holds and frees it; `key` is what must come out. */
static void check_private_accepted(BIO *source, EVP_PKEY *key)
{
    EVP_PKEY *again = NULL;
    struct asap_error err = { 0 };
    char *text = NULL;
    const long length = BIO_get_mem_data(source, &text);

    ck_assert_succeeds(pem_read_private(text, (size_t)length, &again, &err));
    ck_assert_int_eq(EVP_PKEY_eq(key, again), 1);
    EVP_PKEY_free(again);
    BIO_free(source);
}

START_TEST(reads_private_keys_as_pkcs8_and_in_the_older_forms)
{
    EVP_PKEY *key = new_key(kinds[_i]);
    BIO *pkcs8 = BIO_new(BIO_s_mem());
    BIO *older = BIO_new(BIO_s_mem());

    ck_assert_int_eq(PEM_write_bio_PKCS8PrivateKey(pkcs8, key, NULL, NULL, 0, NULL, NULL), 1);
    check_private_accepted(pkcs8, key);
    if (strcmp(kinds[_i], "ED25519") != 0) {
        ck_assert_int_eq(
            PEM_write_bio_PrivateKey_traditional(older, key, NULL, NULL, 0, NULL, NULL), 1);
        check_private_accepted(older, key);
    } else {
        BIO_free(older);
    }
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(skips_the_curve_name_that_openssl_writes_in_front)
{
    EVP_PKEY *key = new_key("P-256");
    BIO *text = BIO_new(BIO_s_mem());

    BIO_puts(text,
             "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
    PEM_write_bio_PrivateKey_traditional(text, key, NULL, NULL, 0, NULL, NULL);
    check_private_accepted(text, key);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(refuses_encrypted_private_keys_and_asks_for_no_passphrase)
{
    EVP_PKEY *key = new_key("RSA");
    const unsigned char word[] = "word";
    BIO *pkcs8 = BIO_new(BIO_s_mem());
    BIO *older = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;

    PEM_write_bio_PKCS8PrivateKey(pkcs8, key, EVP_aes_256_cbc(), "word", 4, NULL, NULL);
    length = BIO_get_mem_data(pkcs8, &text);
    check_private_refused(text, (size_t)length, "encrypted; decrypt it first");
    PEM_write_bio_PrivateKey_traditional(older, key, EVP_aes_256_cbc(), word, 4, NULL, NULL);
    length = BIO_get_mem_data(older, &text);
    check_private_refused(text, (size_t)length, "encrypted; decrypt it first");
    BIO_free(pkcs8);
    BIO_free(older);
    EVP_PKEY_free(key);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} not_private[] = {
    { "", "not a private key" },
    { "-----BEGIN PRIVATE KEY-----\n", "not a private key" },
    { "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "damaged" },
    { "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "damaged" },
    { "-----BEGIN EC PARAMETERS-----\n", "not a private key" },
    { GOOD, "this is a public key" },
    { "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "this is a certificate" },
    { "-----BEGIN OPENSSH PRIVATE KEY-----\nMAA=\n-----END OPENSSH PRIVATE KEY-----\n",
      "OpenSSH's own format" },
};

START_TEST(refuses_what_is_no_private_key_and_says_what_it_is)
{
    check_private_refused(not_private[_i].text, strlen(not_private[_i].text),
                          not_private[_i].message);
}
END_TEST

START_TEST(refuses_anything_behind_a_private_key)
{
    EVP_PKEY *key = new_key("ED25519");
    BIO *target = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;

    PEM_write_bio_PKCS8PrivateKey(target, key, NULL, NULL, 0, NULL, NULL);
    PEM_write_bio_PKCS8PrivateKey(target, key, NULL, NULL, 0, NULL, NULL);
    length = BIO_get_mem_data(target, &text);
    check_private_refused(text, (size_t)length, "one block");
    check_private_refused(text, (size_t)length / 2 - 2, "not a private key");
    BIO_free(target);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(holds_private_keys_to_the_same_policy)
{
    EVP_PKEY *keys[] = {
        EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
        new_key("secp256k1"),
        new_odd_key(OSSL_PKEY_PARAM_EC_ENCODING, "explicit"),
        new_key("X25519"),
    };
    static const char *const messages[] = {
        "has 1024 bits",
        "unsupported curve",
        "explicit parameters",
        "type of key is not supported",
    };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        BIO *target = BIO_new(BIO_s_mem());
        char *text = NULL;
        long length = 0;

        PEM_write_bio_PKCS8PrivateKey(target, keys[i], NULL, NULL, 0, NULL, NULL);
        length = BIO_get_mem_data(target, &text);
        check_private_refused(text, (size_t)length, messages[i]);
        BIO_free(target);
        EVP_PKEY_free(keys[i]);
    }
}
END_TEST

/* The private number of one key with the public point of another. */
static EVP_PKEY *new_mismatched_pair(void)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *one = new_key("P-256");
    EVP_PKEY *other = new_key("P-256");
    EVP_PKEY *pair = NULL;
    BIGNUM *number = NULL;
    unsigned char point[65] = { 0 };

    EVP_PKEY_get_bn_param(one, OSSL_PKEY_PARAM_PRIV_KEY, &number);
    EVP_PKEY_get_octet_string_param(other, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, NULL);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
    pair = key_from_params("EC", EVP_PKEY_KEYPAIR, builder);
    BN_free(number);
    EVP_PKEY_free(one);
    EVP_PKEY_free(other);
    return pair;
}

START_TEST(refuses_a_private_key_with_a_foreign_public_part)
{
    EVP_PKEY *pair = new_mismatched_pair();
    BIO *target = BIO_new(BIO_s_mem());
    char *text = NULL;
    long length = 0;

    PEM_write_bio_PrivateKey_traditional(target, pair, NULL, NULL, 0, NULL, NULL);
    length = BIO_get_mem_data(target, &text);
    check_private_refused(text, (size_t)length, "do not belong together");
    BIO_free(target);
    EVP_PKEY_free(pair);
}
END_TEST

START_TEST(refuses_a_private_key_of_too_many_bytes)
{
    char wide[PEM_PRIVATE_MAX + 1] = "";

    memset(wide, ' ', sizeof wide);
    check_private_refused(wide, sizeof wide, "over 16384 bytes");
    check_private_refused(wide, sizeof wide - 1, "not a private key");
}
END_TEST

static TCase *text_tests(void)
{
    TCase *text = tcase_create("text");

    tcase_add_loop_test(text, gives_back_the_key_that_it_wrote, 0, COUNT(kinds));
    tcase_add_loop_test(text, takes_any_white_space_around_and_within_the_block, 0,
                        COUNT(accepted_texts));
    tcase_add_loop_test(text, refuses_all_but_one_block_and_says_what_it_is, 0,
                        COUNT(refused_texts));
    tcase_add_test(text, refuses_a_nul_and_too_many_bytes);
    tcase_add_test(text, refuses_every_cut_of_a_text);
    tcase_add_loop_test(text, refuses_other_encodings_of_the_same_key, 0, COUNT(mutations));
    tcase_add_loop_test(text, refuses_other_encodings_of_an_rsa_key, 0, COUNT(rsa_encodings));
    tcase_add_loop_test(text, reads_each_key_from_one_encoding_only, 0, COUNT(kinds));
    tcase_add_test(text, says_when_the_written_key_does_not_fit);
    return text;
}

static TCase *policy_tests(void)
{
    TCase *policy = tcase_create("policy");

    tcase_set_timeout(policy, 120);
    tcase_add_loop_test(policy, takes_rsa_of_2048_to_4096_bits, 0, COUNT(sizes));
    tcase_add_test(policy, refuses_rsa_with_another_exponent);
    tcase_add_test(policy, refuses_a_modulus_that_is_even_or_prime_or_has_a_small_factor);
    tcase_add_loop_test(policy, refuses_and_names_other_kinds_of_keys, 0, COUNT(unsupported));
    tcase_add_test(policy, refuses_explicit_curve_parameters_even_of_a_good_curve);
    tcase_add_test(policy, refuses_a_compressed_point);
    tcase_add_test(policy, refuses_a_point_that_is_not_on_its_curve);
    tcase_add_loop_test(policy, refuses_ed25519_points_of_small_order, 0, COUNT(small_order));
    return policy;
}

static TCase *private_tests(void)
{
    TCase *private = tcase_create("private");

    tcase_set_timeout(private, 120);
    tcase_add_loop_test(private, reads_private_keys_as_pkcs8_and_in_the_older_forms, 0,
                        COUNT(kinds));
    tcase_add_test(private, skips_the_curve_name_that_openssl_writes_in_front);
    tcase_add_test(private, refuses_encrypted_private_keys_and_asks_for_no_passphrase);
    tcase_add_loop_test(private, refuses_what_is_no_private_key_and_says_what_it_is, 0,
                        COUNT(not_private));
    tcase_add_test(private, refuses_anything_behind_a_private_key);
    tcase_add_test(private, holds_private_keys_to_the_same_policy);
    tcase_add_test(private, refuses_a_private_key_with_a_foreign_public_part);
    tcase_add_test(private, refuses_a_private_key_of_too_many_bytes);
    return private;
}

int main(void)
{
    Suite *suite = suite_create("pem");

    suite_add_tcase(suite, text_tests());
    suite_add_tcase(suite, policy_tests());
    suite_add_tcase(suite, private_tests());
    return check_main(suite);
}

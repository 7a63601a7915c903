/* SPDX-License-Identifier: Apache-2.0 */
#include "jws.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "check_main.h"
#include "pem.h"
#include "test_keys.h"
#include "test_tokens.h"

enum { KINDS = 6 };

static const char *const kinds[KINDS] = {
    "RSA", "P-256", "P-384", "P-521", "ED25519", "secp256k1"
};

static const struct {
    const char *algorithm;
    int kind; /* index of kinds */
    size_t signature;
} algorithms[] = {
    { "RS256", 0, 256 }, { "RS384", 0, 256 }, { "RS512", 0, 256 }, { "PS256", 0, 256 },
    { "PS384", 0, 256 }, { "PS512", 0, 256 }, { "ES256", 1, 64 },  { "ES384", 2, 96 },
    { "ES512", 3, 132 }, { "EdDSA", 4, 64 },
};

/* One pair of each kind, and a stranger of each kind. */
static EVP_PKEY *keys[KINDS];
static EVP_PKEY *strangers[KINDS];

static void make_keys(void)
{
    for (int i = 0; i < KINDS; i++) {
        keys[i] = new_key(kinds[i]);
        strangers[i] = new_key(kinds[i]);
    }
}

static void free_keys(void)
{
    for (int i = 0; i < KINDS; i++) {
        EVP_PKEY_free(keys[i]);
        EVP_PKEY_free(strangers[i]);
    }
}

static const struct algorithm *algorithm_of(const char *name)
{
    return algorithm_find(name, strlen(name));
}

/* Parses and verifies; the reason of the refusal, or none. */
static enum asap_reason verdict(const struct buffer *token, EVP_PKEY *key)
{
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_error err = { 0 };

    if (jws_parse(token->bytes, token->length, &jws, &err) == ASAP_OK
        && jws_verify(&jws, key, &err) == ASAP_OK)
        return ASAP_REASON_NONE;
    ck_assert_int_eq(err.code, ASAP_UNAUTHENTICATED);
    ck_assert_int_ne(err.reason, ASAP_REASON_NONE);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    return err.reason;
}

static void sign_token(struct buffer *out, const char *algorithm, EVP_PKEY *key)
{
    const struct jws_signing signing = { algorithm_of(algorithm), key, "web/1" };
    struct asap_error err = { 0 };

    ck_assert_succeeds(jws_sign(&signing, CLAIMS, strlen(CLAIMS), out, &err));
}

START_TEST(verifies_what_it_signed)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_error err = { 0 };

    sign_token(&token, algorithms[_i].algorithm, keys[algorithms[_i].kind]);
    ck_assert_succeeds(jws_parse(token.bytes, token.length, &jws, &err));
    ck_assert_str_eq(jws.algorithm->name, algorithms[_i].algorithm);
    ck_assert_str_eq(jws.key_id, "web/1");
    ck_assert_int_eq(kid_owned_by(&jws.kid, "web"), 1);
    ck_assert_str_eq(jws.claims.bytes, CLAIMS);
    ck_assert_uint_eq(jws.signature.length, algorithms[_i].signature);
    ck_assert_succeeds(jws_verify(&jws, keys[algorithms[_i].kind], &err));
}
END_TEST

START_TEST(refuses_every_other_key)
{
    const int kind = algorithms[_i].kind;
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);

    sign_token(&token, algorithms[_i].algorithm, keys[kind]);
    ck_assert_int_eq(verdict(&token, strangers[kind]), ASAP_REASON_SIGNATURE);
    for (int i = 0; i < KINDS; i++) {
        if (i != kind)
            ck_assert_int_eq(verdict(&token, keys[i]), ASAP_REASON_KEY_ALGORITHM);
    }
}
END_TEST

/* Every character of the token replaced by its neighbour, which is in the alphabet too. */
START_TEST(refuses_a_token_that_was_tampered_with)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    EVP_PKEY *key = keys[algorithms[_i].kind];

    sign_token(&token, algorithms[_i].algorithm, key);
    for (size_t i = 0; i < token.length; i++) {
        const char kept = token.bytes[i];

        token.bytes[i] = kept == 'A' ? 'B' : 'A';
        ck_assert_msg(verdict(&token, key) != ASAP_REASON_NONE, "changed at %zu", i);
        token.bytes[i] = kept;
    }
    ck_assert_int_eq(verdict(&token, key), ASAP_REASON_NONE);
}
END_TEST

static void header_for(char *out, size_t size, const char *algorithm)
{
    (void)snprintf(out, size, "{\"alg\":\"%s\",\"kid\":\"web/1\",\"typ\":\"JWT\"}", algorithm);
}

static enum asap_reason
verdict_on(const char *algorithm, const void *signature, size_t length, EVP_PKEY *key)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    char header[128] = "";

    header_for(header, sizeof header, algorithm);
    assemble(&token, header, signature, length);
    return verdict(&token, key);
}

START_TEST(refuses_a_signature_of_any_other_length)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(jws) struct jws jws = { 0 };
    unsigned char signature[512] = { 0 };
    EVP_PKEY *key = keys[algorithms[_i].kind];

    sign_token(&token, algorithms[_i].algorithm, key);
    ck_assert_int_eq(jws_parse(token.bytes, token.length, &jws, NULL), ASAP_OK);
    memcpy(signature, jws.signature.bytes, jws.signature.length);
    for (size_t length = 1; length <= sizeof signature; length++) {
        const enum asap_reason expected =
            length == algorithms[_i].signature ? ASAP_REASON_NONE : ASAP_REASON_SIGNATURE;

        ck_assert_int_eq(verdict_on(algorithms[_i].algorithm, signature, length, key), expected);
    }
}
END_TEST

/* The input of the signature of a token with this header. */
static void signing_input(struct buffer *out, const char *algorithm)
{
    char header[128] = "";

    header_for(header, sizeof header, algorithm);
    base64url_encode(header, strlen(header), out);
    buffer_puts(out, ".");
    base64url_encode(CLAIMS, strlen(CLAIMS), out);
}

/* OpenSSL's signature for `algorithm`'s header, by other rules than the algorithm's. */
struct rules {
    const char *algorithm;
    const char *digest;
    int padding;
    int salt;
};

static size_t sign_by(const struct rules *rules, EVP_PKEY *key, unsigned char out[512])
{
    SCOPED(buffer) struct buffer input = BUFFER(JWS_TOKEN_MAX);
    SCOPED(md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;
    size_t length = 512;

    signing_input(&input, rules->algorithm);
    ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, &key_ctx, rules->digest, NULL, NULL, key, NULL), 1);
    if (rules->padding != 0)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(key_ctx, rules->padding), 1);
    if (rules->padding == RSA_PKCS1_PSS_PADDING)
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, rules->salt), 1);
    ck_assert_int_eq(
        EVP_DigestSign(ctx, out, &length, (const unsigned char *)input.bytes, input.length), 1);
    return length;
}

static const struct {
    const char *why;
    struct rules rules;
    bool accepted;
} rsa_rules[] = {
    { "PKCS#1 as RS256", { "RS256", "SHA256", RSA_PKCS1_PADDING, 0 }, true },
    { "PSS as RS256", { "RS256", "SHA256", RSA_PKCS1_PSS_PADDING, 32 }, false },
    { "SHA-512 as RS256", { "RS256", "SHA512", RSA_PKCS1_PADDING, 0 }, false },
    { "SHA-1 as RS256", { "RS256", "SHA1", RSA_PKCS1_PADDING, 0 }, false },
    { "PSS as PS256", { "PS256", "SHA256", RSA_PKCS1_PSS_PADDING, 32 }, true },
    { "PKCS#1 as PS256", { "PS256", "SHA256", RSA_PKCS1_PADDING, 0 }, false },
    { "no salt as PS256", { "PS256", "SHA256", RSA_PKCS1_PSS_PADDING, 0 }, false },
    { "a short salt as PS256", { "PS256", "SHA256", RSA_PKCS1_PSS_PADDING, 31 }, false },
    { "a long salt as PS256", { "PS256", "SHA256", RSA_PKCS1_PSS_PADDING, 64 }, false },
    { "PSS as PS384", { "PS384", "SHA384", RSA_PKCS1_PSS_PADDING, 48 }, true },
    { "a salt of 32 as PS384", { "PS384", "SHA384", RSA_PKCS1_PSS_PADDING, 32 }, false },
    { "PSS as PS512", { "PS512", "SHA512", RSA_PKCS1_PSS_PADDING, 64 }, true },
    { "a salt of 32 as PS512", { "PS512", "SHA512", RSA_PKCS1_PSS_PADDING, 32 }, false },
};

START_TEST(holds_rsa_to_the_padding_salt_and_digest_of_the_algorithm)
{
    unsigned char signature[512] = { 0 };
    const size_t length = sign_by(&rsa_rules[_i].rules, keys[0], signature);
    const enum asap_reason reason =
        verdict_on(rsa_rules[_i].rules.algorithm, signature, length, keys[0]);

    ck_assert_msg(reason == (rsa_rules[_i].accepted ? ASAP_REASON_NONE : ASAP_REASON_SIGNATURE),
                  "%s", rsa_rules[_i].why);
}
END_TEST

START_TEST(refuses_der_where_raw_numbers_belong)
{
    static const struct rules rules[] = {
        { "ES256", "SHA256", 0, 0 },
        { "ES384", "SHA384", 0, 0 },
        { "ES512", "SHA512", 0, 0 },
    };
    unsigned char signature[512] = { 0 };
    const size_t length = sign_by(&rules[_i], keys[_i + 1], signature);

    ck_assert_int_eq(verdict_on(rules[_i].algorithm, signature, length, keys[_i + 1]),
                     ASAP_REASON_SIGNATURE);
}
END_TEST

/* r and s, each of them as zero, the curve's order, one more, or all ones. */
START_TEST(refuses_r_and_s_out_of_range)
{
    static const char *const names[] = { "ES256", "ES384", "ES512" };
    EVP_PKEY *key = keys[_i + 1];
    const size_t size = algorithm_of(names[_i])->coordinate;
    unsigned char odd[4][66] = { { 0 } };
    BIGNUM *order = NULL;

    ck_assert_int_eq(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &order), 1);
    BN_bn2binpad(order, odd[1], (int)size);
    BN_add_word(order, 1);
    BN_bn2binpad(order, odd[2], (int)size);
    memset(odd[3], 0xff, size);
    for (int pair = 0; pair < 16; pair++) {
        unsigned char signature[132] = { 0 };

        memcpy(signature, odd[pair % 4], size);
        memcpy(signature + size, odd[pair / 4], size);
        ck_assert_int_eq(verdict_on(names[_i], signature, 2 * size, key), ASAP_REASON_SIGNATURE);
    }
    BN_free(order);
}
END_TEST

/* n - s signs as well as s; RFC 7518 does not ask for the lower. */
START_TEST(takes_the_higher_s)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(jws) struct jws jws = { 0 };
    unsigned char signature[64] = { 0 };
    BIGNUM *order = NULL;
    BIGNUM *s = NULL;

    sign_token(&token, "ES256", keys[1]);
    ck_assert_int_eq(jws_parse(token.bytes, token.length, &jws, NULL), ASAP_OK);
    memcpy(signature, jws.signature.bytes, sizeof signature);
    s = BN_bin2bn(signature + 32, 32, NULL);
    ck_assert_int_eq(EVP_PKEY_get_bn_param(keys[1], OSSL_PKEY_PARAM_EC_ORDER, &order), 1);
    BN_sub(s, order, s);
    BN_bn2binpad(s, signature + 32, 32);
    ck_assert_int_eq(verdict_on("ES256", signature, 64, keys[1]), ASAP_REASON_NONE);
    BN_free(s);
    BN_free(order);
}
END_TEST

START_TEST(refuses_an_rsa_signature_with_a_zero_in_front)
{
    SCOPED(jws) struct jws jws = { 0 };
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    unsigned char longer[257] = { 0 };

    sign_token(&token, "RS256", keys[0]);
    ck_assert_int_eq(jws_parse(token.bytes, token.length, &jws, NULL), ASAP_OK);
    memcpy(longer + 1, jws.signature.bytes, 256);
    ck_assert_int_eq(verdict_on("RS256", longer, 257, keys[0]), ASAP_REASON_SIGNATURE);
    ck_assert_int_eq(verdict_on("RS256", longer + 1, 256, keys[0]), ASAP_REASON_NONE);
}
END_TEST

START_TEST(refuses_hs256_with_the_public_key_as_secret)
{
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);
    SCOPED(buffer) struct buffer input = BUFFER(JWS_TOKEN_MAX);
    unsigned char mac[32] = { 0 };
    size_t length = 0;

    ck_assert_int_eq(pem_write_public(keys[0], &pem, NULL), ASAP_OK);
    signing_input(&input, "HS256");
    ck_assert_ptr_nonnull(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, pem.bytes, pem.length,
                                    (const unsigned char *)input.bytes, input.length, mac,
                                    sizeof mac, &length));
    ck_assert_int_eq(verdict_on("HS256", mac, length, keys[0]), ASAP_REASON_ALGORITHM);
}
END_TEST

START_TEST(signs_with_a_fitting_private_key_only)
{
    const struct algorithm *algorithm = algorithm_of(algorithms[_i].algorithm);

    for (int kind = 0; kind < KINDS; kind++) {
        SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
        const struct jws_signing signing = { algorithm, keys[kind], "web/1" };
        struct asap_error err = { 0 };

        if (kind == algorithms[_i].kind)
            continue;
        ck_assert_int_eq(jws_sign(&signing, "{}", 2, &token, &err), ASAP_INVALID_ARGUMENT);
        ck_assert_int_eq(err.reason, ASAP_REASON_KEY_ALGORITHM);
        ck_assert_uint_eq(token.length, 0);
    }
}
END_TEST

START_TEST(does_not_sign_for_an_odd_key_id_or_without_a_private_part)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(pkey)
    EVP_PKEY *public_key = ed25519_from_jwk("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    const struct jws_signing odd = { algorithm_of("EdDSA"), keys[4], "web/\",\"jku\":\"x" };
    const struct jws_signing half = { algorithm_of("EdDSA"), public_key, "web/1" };
    struct asap_error err = { 0 };

    ck_assert_int_eq(jws_sign(&odd, "{}", 2, &token, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(err.reason, ASAP_REASON_KID_GRAMMAR);
    ck_assert_int_ne(jws_sign(&half, "{}", 2, &token, &err), ASAP_OK);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

START_TEST(appends_the_token_and_stays_within_the_buffer)
{
    SCOPED(buffer) struct buffer out = BUFFER(JWS_TOKEN_MAX);
    SCOPED(buffer) struct buffer small = BUFFER(100);
    const struct jws_signing signing = { algorithm_of("EdDSA"), keys[4], "web/1" };
    struct jws jws = { 0 };

    buffer_puts(&out, "Bearer ");
    ck_assert_int_eq(jws_sign(&signing, "{}", 2, &out, NULL), ASAP_OK);
    ck_assert_int_eq(jws_parse(out.bytes + 7, out.length - 7, &jws, NULL), ASAP_OK);
    ck_assert_int_eq(jws_verify(&jws, keys[4], NULL), ASAP_OK);
    ck_assert_int_eq(jws_sign(&signing, "{}", 2, &small, NULL), ASAP_RESOURCE_EXHAUSTED);
    jws_clear(&jws);
    jws_clear(&jws);
}
END_TEST

/* A published token has no kid, so it is put together here. */
static void check_published(const char *algorithm, EVP_PKEY *key, const char *token)
{
    SCOPED(buffer) struct buffer text = BUFFER(JWS_TOKEN_MAX);
    const char *dot = strrchr(token, '.');
    struct jws jws = { .algorithm = algorithm_of(algorithm), .signature = BUFFER(512) };
    struct asap_error err = { 0 };

    buffer_puts(&text, token);
    jws.token = text.bytes;
    jws.signed_length = (size_t)(dot - token);
    decode_into(&jws.signature, dot + 1);
    ck_assert_succeeds(jws_verify(&jws, key, &err));
    text.bytes[0] = 'f';
    ck_assert_int_eq(jws_verify(&jws, key, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_SIGNATURE);
    jws_clear(&jws);
    EVP_PKEY_free(key);
}

#define PUBLISHED_CLAIMS                                                                           \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "f"                                                                                            \
    "Q"

START_TEST(verifies_the_published_rs256_token) /* RFC 7515 appendix A.2 */
{
    check_published(
        "RS256",
        rsa_from_jwk("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
                     "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_"
                     "YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
                     "bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZ"
                     "lxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
                     "h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"),
        "eyJhbGciOiJSUzI1NiJ9." PUBLISHED_CLAIMS
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_"
        "lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
        "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
        "xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIh"
        "WkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
}
END_TEST

START_TEST(verifies_the_published_es256_token) /* RFC 7515 appendix A.3 */
{
    check_published("ES256",
                    ec_from_jwk("P-256", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                                "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
                    "eyJhbGciOiJFUzI1NiJ9." PUBLISHED_CLAIMS
                    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqP"
                    "P3-Kg6NU1Q");
}
END_TEST

START_TEST(verifies_the_published_eddsa_token) /* RFC 8037 appendix A.4 */
{
    check_published("EdDSA", ed25519_from_jwk("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
                    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
                    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpA"
                    "r_MuM0KAg");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jws");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 120);
    tcase_add_unchecked_fixture(all, make_keys, free_keys);
    tcase_add_loop_test(all, verifies_what_it_signed, 0, COUNT(algorithms));
    tcase_add_loop_test(all, refuses_every_other_key, 0, COUNT(algorithms));
    tcase_add_loop_test(all, refuses_a_token_that_was_tampered_with, 0, COUNT(algorithms));
    tcase_add_loop_test(all, refuses_a_signature_of_any_other_length, 0, COUNT(algorithms));
    tcase_add_loop_test(all, holds_rsa_to_the_padding_salt_and_digest_of_the_algorithm, 0,
                        COUNT(rsa_rules));
    tcase_add_loop_test(all, refuses_der_where_raw_numbers_belong, 0, 3);
    tcase_add_loop_test(all, refuses_r_and_s_out_of_range, 0, 3);
    tcase_add_test(all, takes_the_higher_s);
    tcase_add_test(all, refuses_an_rsa_signature_with_a_zero_in_front);
    tcase_add_test(all, refuses_hs256_with_the_public_key_as_secret);
    tcase_add_loop_test(all, signs_with_a_fitting_private_key_only, 0, COUNT(algorithms));
    tcase_add_test(all, does_not_sign_for_an_odd_key_id_or_without_a_private_part);
    tcase_add_test(all, appends_the_token_and_stays_within_the_buffer);
    tcase_add_test(all, verifies_the_published_rs256_token);
    tcase_add_test(all, verifies_the_published_es256_token);
    tcase_add_test(all, verifies_the_published_eddsa_token);
    suite_add_tcase(suite, all);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "jws.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "check_main.h"
#include "pem.h"
#include "test_keys.h"

#define CLAIMS "{\"iss\":\"web\"}"

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

/* The token of this header, claims and signature, whatever they are. */
static void assemble(struct buffer *out, const char *header, const void *signature, size_t length)
{
    base64url_encode(header, strlen(header), out);
    buffer_puts(out, ".");
    base64url_encode(CLAIMS, strlen(CLAIMS), out);
    buffer_puts(out, ".");
    base64url_encode(signature, length, out);
}

static void check_parse_refused(const char *header, enum asap_reason reason, const char *field)
{
    static const unsigned char signature[64] = { 0 };
    struct buffer token = BUFFER(2 * JWS_TOKEN_MAX);
    struct asap_error err = { 0 };
    struct jws jws = { 0 };

    assemble(&token, header, signature, sizeof signature);
    ck_assert_msg(jws_parse(token.bytes, token.length, &jws, &err) == ASAP_UNAUTHENTICATED,
                  "accepted %s", header);
    ck_assert_msg(err.reason == reason, "%s: %s", header, err.message);
    ck_assert_str_eq(err.field, field);
    ck_assert_ptr_null(jws.claims.bytes);
    ck_assert_ptr_null(jws.signature.bytes);
    buffer_clear(&token);
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

static const struct {
    const char *header;
    enum asap_reason reason;
    const char *field;
} refused_headers[] = {
    { "{\"alg\":\"none\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"None\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"NONE\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"nOnE\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"noNe\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"HS256\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"rs256\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"RS256 \",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":null,\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":[\"RS256\"],\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"Alg\":\"RS256\",\"kid\":\"web/1\"}", ASAP_REASON_ALGORITHM, "alg" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":\"JWS\"}", ASAP_REASON_TYPE, "typ" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":\"\"}", ASAP_REASON_TYPE, "typ" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":\"JWT \"}", ASAP_REASON_TYPE, "typ" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":\"at+jwt\"}", ASAP_REASON_TYPE, "typ" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":null}", ASAP_REASON_TYPE, "typ" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":1}", ASAP_REASON_TYPE, "typ" },
    { "{\"alg\":\"RS256\"}", ASAP_REASON_KID_GRAMMAR, "kid" },
    { "{\"alg\":\"RS256\",\"kid\":1}", ASAP_REASON_KID_GRAMMAR, "kid" },
    { "{\"alg\":\"RS256\",\"kid\":null}", ASAP_REASON_KID_GRAMMAR, "kid" },
    { "{\"alg\":\"RS256\",\"kid\":\"\"}", ASAP_REASON_KID_GRAMMAR, "kid" },
    { "{\"alg\":\"RS256\",\"kid\":\"web\"}", ASAP_REASON_KID_GRAMMAR, "kid" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/../1\"}", ASAP_REASON_KID_GRAMMAR, "kid" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\\n\"}", ASAP_REASON_KID_GRAMMAR, "kid" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"alg\":\"RS256\"}", ASAP_REASON_JSON, "" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/1\"}x", ASAP_REASON_JSON, "" },
    { "{\"alg\":\"RS256\",\"kid\":\"web/\\u0000\"}", ASAP_REASON_JSON, "" },
    { "[\"RS256\"]", ASAP_REASON_JSON, "" },
    { "not json", ASAP_REASON_JSON, "" },
};

START_TEST(refuses_headers_that_break_a_rule)
{
    check_parse_refused(refused_headers[_i].header, refused_headers[_i].reason,
                        refused_headers[_i].field);
}
END_TEST

static const char *const refused_members[] = { "crit", "b64",      "jwk", "jku", "x5u", "x5c",
                                               "x5t",  "x5t#S256", "zip", "enc", "cty" };

START_TEST(refuses_members_that_let_the_sender_choose_the_key)
{
    static const char *const values[] = { "null", "false", "\"\"", "[]", "{\"kty\":\"oct\"}" };

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char header[256] = "";

        (void)snprintf(header, sizeof header, "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"%s\":%s}",
                       refused_members[_i], values[i]);
        check_parse_refused(header, ASAP_REASON_HEADER, refused_members[_i]);
    }
}
END_TEST

/* Each header breaks two rules; the first of size, form, base64url, JSON, members, typ, alg, kid.
 */
static const struct {
    const char *header;
    enum asap_reason reason;
    const char *field;
} ordered[] = {
    { "{\"jku\":1,\"jku\":1}", ASAP_REASON_JSON, "" },
    { "{\"jku\":1,\"typ\":\"x\"}", ASAP_REASON_HEADER, "jku" },
    { "{\"typ\":\"x\",\"alg\":\"none\"}", ASAP_REASON_TYPE, "typ" },
    { "{\"alg\":\"none\",\"kid\":\"../x\"}", ASAP_REASON_ALGORITHM, "alg" },
};

START_TEST(names_the_first_broken_rule)
{
    check_parse_refused(ordered[_i].header, ordered[_i].reason, ordered[_i].field);
}
END_TEST

static const char *const accepted_headers[] = {
    "{\"alg\":\"RS256\",\"kid\":\"web/1\"}",
    "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":\"JWT\"}",
    "{\"alg\":\"RS256\",\"kid\":\"web/1\",\"typ\":\"jwt\"}",
    "{\"typ\":\"jWt\",\"kid\":\"a/b/c.pem\",\"alg\":\"EdDSA\"}",
    "{ \"alg\" : \"PS512\", \"kid\" : \"web/1\", \"unknown\" : [ 1 ] }",
};

START_TEST(accepts_headers_within_the_rules_and_ignores_unknown_members)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_error err = { 0 };

    assemble(&token, accepted_headers[_i], "s", 1);
    ck_assert_succeeds(jws_parse(token.bytes, token.length, &jws, &err));
}
END_TEST

#define RS256_HEADER "eyJhbGciOiJSUzI1NiIsImtpZCI6IndlYi8xIn0"

static const struct {
    const char *why;
    const char *token;
    enum asap_reason reason;
} refused_forms[] = {
    { "nothing", "", ASAP_REASON_TOKEN_SIZE },
    { "15 characters", "aaaa.aaaaa.aaaa", ASAP_REASON_TOKEN_SIZE },
    { "no dot", "aaaaaaaaaaaaaaaaaaaa", ASAP_REASON_TOKEN_FORM },
    { "one dot", RS256_HEADER ".e30", ASAP_REASON_TOKEN_FORM },
    { "three dots", RS256_HEADER ".e30.AAAA.AAAA", ASAP_REASON_TOKEN_FORM },
    { "a dot behind", RS256_HEADER ".e30.AAAA.", ASAP_REASON_TOKEN_FORM },
    { "no header", ".e30.AAAAAAAAAAAAAAAA", ASAP_REASON_TOKEN_FORM },
    { "no claims", RS256_HEADER "..AAAA", ASAP_REASON_TOKEN_FORM },
    { "no signature", RS256_HEADER ".e30.", ASAP_REASON_TOKEN_FORM },
    { "padding", RS256_HEADER ".e30=.AAAA", ASAP_REASON_BASE64URL },
    { "white space behind", RS256_HEADER ".e30.AAAA\n", ASAP_REASON_BASE64URL },
    { "white space in front", " " RS256_HEADER ".e30.AAAA", ASAP_REASON_BASE64URL },
    { "white space within", RS256_HEADER ".e3 0.AAAA", ASAP_REASON_BASE64URL },
    { "the other alphabet", RS256_HEADER ".e30.AA+/", ASAP_REASON_BASE64URL },
    { "stray bits in the header", "eyJhbGciOiJSUzI1NiIsImtpZCI6IndlYi8xIn1.e30.AAAA",
      ASAP_REASON_BASE64URL },
    { "stray bits in the claims", RS256_HEADER ".e31.AAAA", ASAP_REASON_BASE64URL },
    { "stray bits in the signature", RS256_HEADER ".e30.AB", ASAP_REASON_BASE64URL },
    { "a single last character", RS256_HEADER ".e30.A", ASAP_REASON_BASE64URL },
};

START_TEST(refuses_other_forms)
{
    struct asap_error err = { 0 };
    struct jws jws = { 0 };

    ck_assert_msg(jws_parse(refused_forms[_i].token, strlen(refused_forms[_i].token), &jws, &err)
                      == ASAP_UNAUTHENTICATED,
                  "accepted %s", refused_forms[_i].why);
    ck_assert_msg(err.reason == refused_forms[_i].reason, "%s: %s", refused_forms[_i].why,
                  err.message);
    ck_assert_ptr_null(jws.token);
}
END_TEST

START_TEST(refuses_a_nul_within_the_token)
{
    static const char token[] = RS256_HEADER ".e30.AA\0A";
    struct asap_error err = { 0 };
    struct jws jws = { 0 };

    ck_assert_int_eq(jws_parse(token, sizeof token - 1, &jws, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_BASE64URL);
}
END_TEST

/* Characters of each part, 4 to each; the last column is what comes of it. */
static const struct {
    const char *why;
    size_t header, claims, signature;
    enum asap_reason reason;
} lengths[] = {
    { "the longest header", 1024, 4, 4, ASAP_REASON_JSON },
    { "a longer header", 1028, 4, 4, ASAP_REASON_TOKEN_SIZE },
    { "the longest signature", 40, 4, 680, ASAP_REASON_JSON },
    { "a longer signature", 40, 4, 684, ASAP_REASON_TOKEN_SIZE },
    { "the longest token", 1024, 7164, 2, ASAP_REASON_JSON },
    { "a longer token", 1024, 7164, 3, ASAP_REASON_TOKEN_SIZE },
};

START_TEST(bounds_the_token_and_its_parts)
{
    SCOPED(buffer) struct buffer token = BUFFER(2 * JWS_TOKEN_MAX);
    const size_t parts[] = { lengths[_i].header, lengths[_i].claims, lengths[_i].signature };
    struct asap_error err = { 0 };
    struct jws jws = { 0 };

    for (int part = 0; part < 3; part++) {
        if (part > 0)
            buffer_puts(&token, ".");
        for (size_t i = 0; i < parts[part]; i++)
            buffer_puts(&token, "A");
    }
    ck_assert_int_eq(jws_parse(token.bytes, token.length, &jws, &err), ASAP_UNAUTHENTICATED);
    ck_assert_msg(err.reason == lengths[_i].reason, "%s: %s", lengths[_i].why, err.message);
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

static TCase *signature_tests(void)
{
    TCase *signature = tcase_create("signature");

    tcase_set_timeout(signature, 120);
    tcase_add_unchecked_fixture(signature, make_keys, free_keys);
    tcase_add_loop_test(signature, verifies_what_it_signed, 0, COUNT(algorithms));
    tcase_add_loop_test(signature, refuses_every_other_key, 0, COUNT(algorithms));
    tcase_add_loop_test(signature, refuses_a_token_that_was_tampered_with, 0, COUNT(algorithms));
    tcase_add_loop_test(signature, refuses_a_signature_of_any_other_length, 0, COUNT(algorithms));
    tcase_add_loop_test(signature, holds_rsa_to_the_padding_salt_and_digest_of_the_algorithm, 0,
                        COUNT(rsa_rules));
    tcase_add_loop_test(signature, refuses_der_where_raw_numbers_belong, 0, 3);
    tcase_add_loop_test(signature, refuses_r_and_s_out_of_range, 0, 3);
    tcase_add_test(signature, takes_the_higher_s);
    tcase_add_test(signature, refuses_an_rsa_signature_with_a_zero_in_front);
    tcase_add_test(signature, refuses_hs256_with_the_public_key_as_secret);
    tcase_add_loop_test(signature, signs_with_a_fitting_private_key_only, 0, COUNT(algorithms));
    tcase_add_test(signature, does_not_sign_for_an_odd_key_id_or_without_a_private_part);
    tcase_add_test(signature, appends_the_token_and_stays_within_the_buffer);
    tcase_add_test(signature, verifies_the_published_rs256_token);
    tcase_add_test(signature, verifies_the_published_es256_token);
    tcase_add_test(signature, verifies_the_published_eddsa_token);
    return signature;
}

static TCase *parse_tests(void)
{
    TCase *parse = tcase_create("parse");

    tcase_add_loop_test(parse, refuses_headers_that_break_a_rule, 0, COUNT(refused_headers));
    tcase_add_loop_test(parse, refuses_members_that_let_the_sender_choose_the_key, 0,
                        COUNT(refused_members));
    tcase_add_loop_test(parse, names_the_first_broken_rule, 0, COUNT(ordered));
    tcase_add_loop_test(parse, accepts_headers_within_the_rules_and_ignores_unknown_members, 0,
                        COUNT(accepted_headers));
    tcase_add_loop_test(parse, refuses_other_forms, 0, COUNT(refused_forms));
    tcase_add_test(parse, refuses_a_nul_within_the_token);
    tcase_add_loop_test(parse, bounds_the_token_and_its_parts, 0, COUNT(lengths));
    return parse;
}

int main(void)
{
    Suite *suite = suite_create("jws");

    suite_add_tcase(suite, parse_tests());
    suite_add_tcase(suite, signature_tests());
    return check_main(suite);
}

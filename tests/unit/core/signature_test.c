/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <openssl/err.h>

#include "check_main.h"
#include "jws.h"
#include "pem.h"
#include "test_keys.h"

/* Contexts that are used again and again; what makes a signature good is in jws_test.c. */

enum { TOKENS = 5 };

static const struct {
    const char *algorithm, *kind;
} pairs[] = {
    { "RS256", "RSA" },   { "RS384", "RSA" },     { "RS512", "RSA" },   { "PS256", "RSA" },
    { "PS384", "RSA" },   { "PS512", "RSA" },     { "ES256", "P-256" }, { "ES384", "P-384" },
    { "ES512", "P-521" }, { "EdDSA", "ED25519" },
};

static const struct signature_bytes text = { "header.claims", 13 };
static const struct signature_bytes other_text = { "header.claimz", 13 };

static struct signature_context *new_context(const char *algorithm,
                                             EVP_PKEY *key,
                                             enum signature_use use)
{
    struct signature_context *context = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(signature_context_new(algorithm_find(algorithm, strlen(algorithm)), key, use,
                                             &context, &err));
    return context;
}

static enum asap_reason reason_of(struct signature_context *context,
                                  struct signature_bytes checked,
                                  const unsigned char *signature,
                                  size_t length)
{
    const struct signature_bytes bytes = { signature, length };
    struct asap_error err = { 0 };

    if (signature_check(context, checked, bytes, &err) == ASAP_OK)
        return ASAP_REASON_NONE;
    ck_assert_int_eq(err.code, ASAP_UNAUTHENTICATED);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    return err.reason;
}

START_TEST(makes_signature_after_signature)
{
    SCOPED(pkey) EVP_PKEY *key = new_key(pairs[_i].kind);
    SCOPED(signature_context)
    struct signature_context *signing = new_context(pairs[_i].algorithm, key, SIGNATURE_MAKE);
    SCOPED(signature_context)
    struct signature_context *checking = new_context(pairs[_i].algorithm, key, SIGNATURE_CHECK);
    struct asap_error err = { 0 };

    for (int i = 0; i < TOKENS; i++) {
        const struct signature_bytes signed_text = i % 2 == 0 ? text : other_text;
        unsigned char made[SIGNATURE_MAX] = { 0 };
        size_t length = 0;

        ck_assert_succeeds(signature_make(signing, signed_text, made, &length, &err));
        ck_assert_int_eq(reason_of(checking, signed_text, made, length), ASAP_REASON_NONE);
        ck_assert_int_eq(reason_of(checking, i % 2 == 0 ? other_text : text, made, length),
                         ASAP_REASON_SIGNATURE);
    }
}
END_TEST

/* Every byte of the signature changed, and the good one in between. */
START_TEST(a_refusal_leaves_the_context_as_strict_and_as_good_as_it_was)
{
    SCOPED(pkey) EVP_PKEY *key = new_key(pairs[_i].kind);
    SCOPED(signature_context)
    struct signature_context *signing = new_context(pairs[_i].algorithm, key, SIGNATURE_MAKE);
    SCOPED(signature_context)
    struct signature_context *checking = new_context(pairs[_i].algorithm, key, SIGNATURE_CHECK);
    unsigned char made[SIGNATURE_MAX] = { 0 };
    struct asap_error err = { 0 };
    size_t length = 0;

    ck_assert_succeeds(signature_make(signing, text, made, &length, &err));
    for (size_t i = 0; i < length; i++) {
        made[i] ^= 0x10;
        ck_assert_int_eq(reason_of(checking, text, made, length), ASAP_REASON_SIGNATURE);
        made[i] ^= 0x10;
        ck_assert_int_eq(reason_of(checking, text, made, length), ASAP_REASON_NONE);
    }
    ck_assert_int_eq(reason_of(checking, text, made, length - 1), ASAP_REASON_SIGNATURE);
    ck_assert_int_eq(reason_of(checking, text, made, 0), ASAP_REASON_SIGNATURE);
}
END_TEST

START_TEST(is_for_the_algorithm_it_was_made_for)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("RSA");
    SCOPED(signature_context)
    struct signature_context *other = new_context("PS256", key, SIGNATURE_CHECK);
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(jws) struct jws jws = { 0 };
    const struct jws_signing signing = { algorithm_find("RS256", 5), key, "web/1" };
    struct asap_error err = { 0 };

    ck_assert_succeeds(jws_sign(&signing, "{}", 2, &token, &err));
    ck_assert_succeeds(jws_parse(token.bytes, token.length, &jws, &err));
    ck_assert_succeeds(jws_verify(&jws, key, &err));
    ck_assert_int_eq(jws_check(&jws, other, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_ALGORITHM);
}
END_TEST

START_TEST(is_not_made_of_a_key_that_does_not_fit)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");
    struct signature_context *context = NULL;
    struct asap_error err = { 0 };

    for (int i = 0; i < COUNT(pairs); i++) {
        const struct algorithm *algorithm =
            algorithm_find(pairs[i].algorithm, strlen(pairs[i].algorithm));

        if (strcmp(pairs[i].kind, "P-256") == 0)
            continue;
        ck_assert_int_eq(signature_context_new(algorithm, key, SIGNATURE_CHECK, &context, &err),
                         ASAP_UNAUTHENTICATED);
        ck_assert_int_eq(err.reason, ASAP_REASON_KEY_ALGORITHM);
        ck_assert_ptr_null(context);
    }
}
END_TEST

START_TEST(keeps_the_key_for_as_long_as_it_is_needed)
{
    EVP_PKEY *key = new_key("ED25519");
    struct signature_context *signing = new_context("EdDSA", key, SIGNATURE_MAKE);
    struct signature_context *checking = new_context("EdDSA", key, SIGNATURE_CHECK);
    unsigned char made[SIGNATURE_MAX] = { 0 };
    struct asap_error err = { 0 };
    size_t length = 0;

    EVP_PKEY_free(key);
    ck_assert_succeeds(signature_make(signing, text, made, &length, &err));
    ck_assert_int_eq(reason_of(checking, text, made, length), ASAP_REASON_NONE);
    signature_context_free(signing);
    signature_context_free(checking);
    signature_context_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signature");
    TCase *tcase = tcase_create("contexts");

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, makes_signature_after_signature, 0, COUNT(pairs));
    tcase_add_loop_test(tcase, a_refusal_leaves_the_context_as_strict_and_as_good_as_it_was, 0,
                        COUNT(pairs));
    tcase_add_test(tcase, is_for_the_algorithm_it_was_made_for);
    tcase_add_test(tcase, is_not_made_of_a_key_that_does_not_fit);
    tcase_add_test(tcase, keeps_the_key_for_as_long_as_it_is_needed);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base64url.h"
#include "known_headers.h"
#include "verifier_fixture.h"

/* What a verifier keeps from one token for the next one. */

static struct asap_verifier *verifier = NULL;
static struct known_headers *headers = NULL;

static void start(void)
{
    const struct asap_verifier_options options = good_options();
    struct asap_error err = { 0 };

    set_up();
    verifier = new_verifier(&options);
    ck_assert_succeeds(known_headers_new(&headers, &err));
}

static void stop(void)
{
    asap_verifier_free(verifier);
    known_headers_free(headers);
}

static enum asap_reason check_signed(const char *algorithm, EVP_PKEY *key, const char *claims)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    sign(&token, algorithm, key, claims);
    return check_token(verifier, &token, &err);
}

#define EXPIRED CLAIMS_OF("web/api", "\"jti\":\"1\",\"iat\":1795439600,\"exp\":1795439660")

START_TEST(each_token_of_a_key_is_judged_by_itself)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(check_signed("ES256", key_pairs[P256], GOOD), ASAP_REASON_NONE);
        ck_assert_int_eq(check_signed("ES256", stranger, GOOD), ASAP_REASON_SIGNATURE);
        ck_assert_int_eq(check_signed("ES256", key_pairs[P256], EXPIRED), ASAP_REASON_EXPIRED);
        ck_assert_int_eq(check_signed("ES256", key_pairs[P256], CLAIMS_OF("web", LIVE)),
                         ASAP_REASON_KID_OWNER);
    }
}
END_TEST

START_TEST(every_character_of_a_token_counts_after_a_good_one)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    struct asap_error err = { 0 };

    sign(&token, "ES256", key_pairs[P256], GOOD);
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_NONE);
    for (size_t i = 0; i < token.length; i++) {
        const char kept = token.bytes[i];

        token.bytes[i] = kept == 'A' ? 'B' : 'A';
        ck_assert_msg(check_token(verifier, &token, &err) != ASAP_REASON_NONE, "changed at %zu", i);
        token.bytes[i] = kept;
    }
    ck_assert_int_eq(check_token(verifier, &token, &err), ASAP_REASON_NONE);
}
END_TEST

/* The key that the repository has now decides, not the one that was used before. */
START_TEST(a_key_that_was_replaced_verifies_nothing)
{
    ck_assert_int_eq(check_signed("ES256", key_pairs[P256], GOOD), ASAP_REASON_NONE);
    repository.key = stranger;
    ck_assert_int_eq(check_signed("ES256", key_pairs[P256], GOOD), ASAP_REASON_SIGNATURE);
    ck_assert_int_eq(check_signed("ES256", stranger, GOOD), ASAP_REASON_NONE);
    repository.key = key_pairs[P384];
    ck_assert_int_eq(check_signed("ES256", stranger, GOOD), ASAP_REASON_KEY_ALGORITHM);
    repository.key_id = "web/api/other.pem";
    ck_assert_int_eq(check_signed("ES256", stranger, GOOD), ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

START_TEST(one_key_verifies_by_several_algorithms)
{
    repository.key = key_pairs[RSA_2048];
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(check_signed("RS256", repository.key, GOOD), ASAP_REASON_NONE);
        ck_assert_int_eq(check_signed("PS256", repository.key, GOOD), ASAP_REASON_NONE);
        ck_assert_int_eq(check_signed("RS512", repository.key, GOOD), ASAP_REASON_NONE);
    }
}
END_TEST

static bool is_known(const char *header, struct jws_header *out)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);

    base64url_encode(header, strlen(header), &token);
    buffer_puts(&token, ".e30.AAAA");
    return known_headers_find(headers, token.bytes, token.length, out);
}

static void add(const char *header)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_error err = { 0 };

    base64url_encode(header, strlen(header), &token);
    buffer_puts(&token, ".e30.AAAA");
    ck_assert_succeeds(jws_parse(token.bytes, token.length, &jws, &err));
    known_headers_add(headers, &jws);
}

#define HEADER_OF(algorithm, kid) "{\"alg\":\"" algorithm "\",\"kid\":\"" kid "\"}"

START_TEST(a_header_is_known_once_it_was_added)
{
    struct jws_header header;

    ck_assert(!is_known(HEADER_OF("ES256", "web/1"), &header));
    add(HEADER_OF("ES256", "web/1"));
    add(HEADER_OF("PS384", "web/api/2"));
    ck_assert(is_known(HEADER_OF("ES256", "web/1"), &header));
    ck_assert_str_eq(header.algorithm->name, "ES256");
    ck_assert_str_eq(header.key_id, "web/1");
    ck_assert(is_known(HEADER_OF("PS384", "web/api/2"), &header));
    ck_assert_str_eq(header.algorithm->name, "PS384");
    ck_assert_str_eq(header.key_id, "web/api/2");
    ck_assert(!is_known(HEADER_OF("ES256", "web/2"), &header));
    ck_assert(!is_known(HEADER_OF("ES384", "web/1"), &header));
    ck_assert(!is_known(HEADER_OF("ES256", "web/1") " ", &header));
    ck_assert(!is_known("", &header));
}
END_TEST

/* So many that some have the place of the known one. */
START_TEST(no_other_header_is_taken_for_a_known_one)
{
    enum { OTHERS = 1000 };
    struct jws_header header;
    int known = 0;

    add(HEADER_OF("ES256", "web/0007"));
    for (int i = 0; i < OTHERS; i++) {
        char text[64] = "";

        (void)snprintf(text, sizeof text, HEADER_OF("ES256", "web/%04d"), i);
        known += is_known(text, &header) ? 1 : 0;
    }
    ck_assert_int_eq(known, 1);
}
END_TEST

START_TEST(only_a_whole_first_part_is_a_header)
{
    SCOPED(buffer) struct buffer token = BUFFER(JWS_TOKEN_MAX);
    static const char text[] = HEADER_OF("ES256", "web/1");
    struct jws_header header;

    add(text);
    base64url_encode(text, sizeof text - 1, &token);
    ck_assert(!known_headers_find(headers, token.bytes, token.length, &header));
    ck_assert(!known_headers_find(headers, token.bytes, token.length - 1, &header));
    ck_assert(!known_headers_find(headers, "", 0, &header));
    buffer_puts(&token, ".");
    ck_assert(known_headers_find(headers, token.bytes, token.length, &header));
}
END_TEST

/* Longest: 256 bytes of key id and more do not fit, which costs time and nothing else. */
START_TEST(a_long_header_is_read_each_time)
{
    char kid[256] = "";
    char text[400] = "";
    struct jws_header header;

    memset(kid, 'k', 60);
    memcpy(kid + 60,
           "/kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
           "/kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
           "/kkkkkkkkkkkkkkkkkkkk",
           141);
    (void)snprintf(text, sizeof text, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    add(text);
    ck_assert(!is_known(text, &header));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verifier_again");
    TCase *tests = tcase_create("again");

    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, make_keys, free_keys);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, each_token_of_a_key_is_judged_by_itself);
    tcase_add_test(tests, every_character_of_a_token_counts_after_a_good_one);
    tcase_add_test(tests, a_key_that_was_replaced_verifies_nothing);
    tcase_add_test(tests, one_key_verifies_by_several_algorithms);
    tcase_add_test(tests, a_header_is_known_once_it_was_added);
    tcase_add_test(tests, no_other_header_is_taken_for_a_known_one);
    tcase_add_test(tests, only_a_whole_first_part_is_a_header);
    tcase_add_test(tests, a_long_header_is_read_each_time);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check_main.h"
#include "jws.h"
#include "test_tokens.h"

static void check_parse_refused(const char *header, enum asap_reason reason, const char *field)
{
    static const unsigned char signature[64] = { 0 };
    struct buffer token = BUFFER((size_t)2 * JWS_TOKEN_MAX);
    struct asap_error err = { 0 };
    struct jws jws = { 0 };

    assemble(&token, header, signature, sizeof signature);
    ck_assert_msg(jws_parse(token.bytes, token.length, &jws, &err) == ASAP_UNAUTHENTICATED,
                  "accepted %s", header);
    ck_assert_msg(err.reason == reason, "%s: %s", header, err.message);
    ck_assert_str_eq(err.field, field);
    ck_assert(jws.claims.bytes == NULL && jws.signature.bytes == NULL);
    buffer_clear(&token);
}

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
    SCOPED(buffer) struct buffer token = BUFFER((size_t)2 * JWS_TOKEN_MAX);
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

int main(void)
{
    Suite *suite = suite_create("jws_header");
    TCase *all = tcase_create("all");

    tcase_add_loop_test(all, refuses_headers_that_break_a_rule, 0, COUNT(refused_headers));
    tcase_add_loop_test(all, refuses_members_that_let_the_sender_choose_the_key, 0,
                        COUNT(refused_members));
    tcase_add_loop_test(all, names_the_first_broken_rule, 0, COUNT(ordered));
    tcase_add_loop_test(all, accepts_headers_within_the_rules_and_ignores_unknown_members, 0,
                        COUNT(accepted_headers));
    tcase_add_loop_test(all, refuses_other_forms, 0, COUNT(refused_forms));
    tcase_add_test(all, refuses_a_nul_within_the_token);
    tcase_add_loop_test(all, bounds_the_token_and_its_parts, 0, COUNT(lengths));
    suite_add_tcase(suite, all);
    return check_main(suite);
}

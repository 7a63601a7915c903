/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "signer_fixture.h"

enum { TEXT_MAX = 65536 };

static const char *const names[] = { "ASAP_ISSUER", "ASAP_KEY_ID", "ASAP_PRIVATE_KEY",
                                     "ASAP_AUDIENCE" };

static EVP_PKEY *key = NULL;
static struct buffer pem = BUFFER(TEXT_MAX);

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(value == NULL ? unsetenv(name) : setenv(name, value, 1), 0);
}

/* A complete environment. */
static void start(void)
{
    key = new_key("P-256");
    write_pem(key, PKCS8, &pem);
    set("ASAP_ISSUER", "web/api");
    set("ASAP_KEY_ID", "web/api/key");
    set("ASAP_PRIVATE_KEY", pem.bytes);
    set("ASAP_AUDIENCE", NULL);
}

static void stop(void)
{
    for (int i = 0; i < COUNT(names); i++)
        set(names[i], NULL);
    buffer_clear(&pem);
    EVP_PKEY_free(key);
}

static void check_made(const char *why)
{
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    ck_assert_msg(asap_signer_from_environment(NULL, &signer, &err) == ASAP_OK, "%s: %s", why,
                  err.message);
    check_signs_with(signer, key, "web/api/key");
}

/* `text` with `escape` for each line end. */
static void write_escaped(const char *text, const char *escape, struct buffer *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            buffer_puts(out, escape);
        else
            buffer_append(out, text, 1);
    }
}

static const struct {
    const char *why, *before, *line_end, *behind;
} wrappings[] = {
    { "plain", "", "\n", "" },
    { "backslashes for line ends", "", "\\n", "" },
    { "backslashes for both characters of a line end", "", "\\r\\n", "" },
    { "double quotes", "\"", "\\n", "\"" },
    { "single quotes", "'", "\n", "'" },
    { "white space around quotes and within", " \n\" ", "\\n", " \"\n" },
};

START_TEST(takes_pem_however_it_got_into_the_variable)
{
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);

    buffer_puts(&text, wrappings[_i].before);
    write_escaped(pem.bytes, wrappings[_i].line_end, &text);
    buffer_puts(&text, wrappings[_i].behind);
    set("ASAP_PRIVATE_KEY", text.bytes);
    check_made(wrappings[_i].why);
}
END_TEST

START_TEST(takes_the_older_forms_of_pem)
{
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);

    write_pem(key, TRADITIONAL, &text);
    set("ASAP_PRIVATE_KEY", text.bytes);
    check_made("SEC1");
}
END_TEST

START_TEST(takes_data_uris_plain_quoted_and_percent_encoded)
{
    SCOPED(buffer) struct buffer uri = BUFFER(TEXT_MAX);
    SCOPED(buffer) struct buffer other = BUFFER(TEXT_MAX);

    write_data_uri(key, "web/api/key", &uri);
    set("ASAP_PRIVATE_KEY", uri.bytes);
    check_made("a data URI");
    set("ASAP_KEY_ID", NULL);
    set("ASAP_ISSUER", NULL);
    check_made("the kid of the data URI");
    buffer_printf(&other, "\"%s\"", uri.bytes);
    set("ASAP_PRIVATE_KEY", other.bytes);
    check_made("quotes");
    buffer_clear(&other);
    other.limit = TEXT_MAX;
    write_encoded(uri.bytes, uri.length, &other);
    set("ASAP_PRIVATE_KEY", other.bytes);
    check_made("percent-encoded");
}
END_TEST

START_TEST(needs_no_issuer_beside_the_key_id)
{
    set("ASAP_ISSUER", _i == 0 ? NULL : "");
    check_made("no issuer");
}
END_TEST

#define SECRET "Zm9vYmFy"

static const struct {
    const char *why, *name, *value;
    const char *field, *message;
} wrong[] = {
    { "no key", "ASAP_PRIVATE_KEY", NULL, "ASAP_PRIVATE_KEY", "is not set" },
    { "an empty key", "ASAP_PRIVATE_KEY", "", "ASAP_PRIVATE_KEY", "is not set" },
    { "a key that is none", "ASAP_PRIVATE_KEY", SECRET, "ASAP_PRIVATE_KEY", "not a private key" },
    { "quotes around nothing", "ASAP_PRIVATE_KEY", "\"\"", "ASAP_PRIVATE_KEY",
      "not a private key" },
    { "one quote", "ASAP_PRIVATE_KEY", "\"", "ASAP_PRIVATE_KEY", "not a private key" },
    { "a damaged data URI", "ASAP_PRIVATE_KEY", "data:;base64," SECRET "x", "ASAP_PRIVATE_KEY",
      "not base64" },
    { "a data URI of another key id", "ASAP_PRIVATE_KEY", "data:;kid=web%2Fother;base64," SECRET,
      "ASAP_PRIVATE_KEY", "is not the key id" },
    { "a kid that is none", "ASAP_PRIVATE_KEY", "data:;kid=" SECRET ";base64," SECRET,
      "ASAP_PRIVATE_KEY", "not issuer/name" },
    { "no key id", "ASAP_KEY_ID", NULL, "ASAP_KEY_ID", "is not set" },
    { "a key id that is none", "ASAP_KEY_ID", SECRET, "ASAP_KEY_ID", "not issuer/name" },
    { "another issuer", "ASAP_ISSUER", SECRET, "ASAP_ISSUER", "is not the issuer" },
    { "a part of the issuer", "ASAP_ISSUER", "web", "ASAP_ISSUER", "is not the issuer" },
    { "an empty audience", "ASAP_AUDIENCE", SECRET ",,b", "ASAP_AUDIENCE", "empty audience" },
    { "a comma at the end", "ASAP_AUDIENCE", SECRET ", ", "ASAP_AUDIENCE", "empty audience" },
    { "17 audiences", "ASAP_AUDIENCE", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "ASAP_AUDIENCE",
      "more than 16" },
};

START_TEST(names_the_variable_that_is_wrong_and_never_its_value)
{
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    set(wrong[_i].name, wrong[_i].value);
    ck_assert_msg(asap_signer_from_environment(NULL, &signer, &err) == ASAP_INVALID_ARGUMENT,
                  "accepted %s", wrong[_i].why);
    ck_assert_ptr_null(signer);
    ck_assert_int_eq(err.code, ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, wrong[_i].field);
    ck_assert_msg(strncmp(err.message, wrong[_i].field, strlen(wrong[_i].field)) == 0, "%s",
                  err.message);
    ck_assert_msg(strstr(err.message, wrong[_i].message) != NULL, "%s", err.message);
    ck_assert_ptr_null(strstr(err.message, SECRET));
    ck_assert_int_eq(asap_signer_from_environment(NULL, &signer, NULL), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(refuses_a_key_over_the_bound)
{
    static char wide[TEXT_MAX + 2];
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    memset(wide, 'a', sizeof wide - 1);
    set("ASAP_PRIVATE_KEY", wide);
    ck_assert_int_eq(asap_signer_from_environment(NULL, &signer, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "ASAP_PRIVATE_KEY");
    ck_assert_ptr_nonnull(strstr(err.message, "over 65536 bytes"));
}
END_TEST

START_TEST(keeps_the_name_of_an_option_that_is_wrong)
{
    const struct asap_signer_options options = { .algorithm = "HS256" };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_signer_from_environment(&options, &signer, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "algorithm");
}
END_TEST

/* The audiences of a token for which the request names none. */
static struct asap_claims *claims_for_nobody(const struct asap_signer_options *options)
{
    const struct asap_token_request request = { .subject = NULL };
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    SCOPED(jws) struct jws jws = { 0 };
    struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_from_environment(options, &signer, &err));
    ck_assert_succeeds(asap_signer_sign(signer, &request, &token, &err));
    ck_assert_succeeds(jws_parse(token, strlen(token), &jws, &err));
    ck_assert_succeeds(claims_parse(jws.claims.bytes, jws.claims.length, &claims, &err));
    free(token);
    return claims;
}

START_TEST(signs_for_its_audiences_when_a_request_names_none)
{
    SCOPED(claims) struct asap_claims *claims = NULL;

    set("ASAP_AUDIENCE", " billing,\torders ");
    claims = claims_for_nobody(NULL);
    ck_assert_uint_eq(claims->audience_count, 2);
    ck_assert_str_eq(claims->audiences[0], "billing");
    ck_assert_str_eq(claims->audiences[1], "orders");
}
END_TEST

START_TEST(lets_the_options_audiences_come_first)
{
    const struct asap_signer_options options = { .audiences = orders };
    SCOPED(claims) struct asap_claims *claims = NULL;

    set("ASAP_AUDIENCE", ",");
    claims = claims_for_nobody(&options);
    ck_assert_uint_eq(claims->audience_count, 1);
    ck_assert_str_eq(claims->audiences[0], "orders");
}
END_TEST

START_TEST(lets_a_request_name_others)
{
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    SCOPED(claims) struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };

    set("ASAP_AUDIENCE", "billing");
    ck_assert_succeeds(asap_signer_from_environment(NULL, &signer, &err));
    claims = check_signs(signer, key, "web/api/key");
    ck_assert_uint_eq(claims->audience_count, 1);
    ck_assert_str_eq(claims->audiences[0], "orders");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signer_environment");
    TCase *tests = tcase_create("signer_environment");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, takes_pem_however_it_got_into_the_variable, 0, COUNT(wrappings));
    tcase_add_test(tests, takes_the_older_forms_of_pem);
    tcase_add_test(tests, takes_data_uris_plain_quoted_and_percent_encoded);
    tcase_add_loop_test(tests, needs_no_issuer_beside_the_key_id, 0, 2);
    tcase_add_loop_test(tests, names_the_variable_that_is_wrong_and_never_its_value, 0,
                        COUNT(wrong));
    tcase_add_test(tests, refuses_a_key_over_the_bound);
    tcase_add_test(tests, keeps_the_name_of_an_option_that_is_wrong);
    tcase_add_test(tests, signs_for_its_audiences_when_a_request_names_none);
    tcase_add_test(tests, lets_the_options_audiences_come_first);
    tcase_add_test(tests, lets_a_request_name_others);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "kid.h"

#define TEXT(literal) (literal), sizeof(literal) - 1
#define TEN "1234567890"
#define SIXTY_FOUR TEN TEN TEN TEN TEN TEN "1234"

static const struct {
    const char *text;
    size_t length;
    size_t issuer_length;
} accepted[] = {
    { TEXT("oa.oo/a"), 5 },
    { TEXT("oo.sasdf.asdf/yes"), 13 },
    { TEXT("oo/o"), 2 },
    { TEXT("a/b"), 1 },
    { TEXT("payments/api/20261123T131500Z-7f3a9c.pem"), 12 },
    { TEXT("a+b/c-d_e.f"), 3 },
    { TEXT("-a/_b"), 2 },
    { TEXT("a..b/c"), 4 },
    { TEXT("a/.well-known"), 1 },
    { TEXT("a/" SIXTY_FOUR), 1 },
    { TEXT(SIXTY_FOUR "/" SIXTY_FOUR "/" SIXTY_FOUR "/" TEN TEN TEN TEN TEN TEN), 194 },
};

START_TEST(accepts_issuer_and_name_and_splits_at_the_last_slash)
{
    struct asap_error err = { 0 };
    struct kid kid = { 0 };

    ck_assert_succeeds(kid_parse(accepted[_i].text, accepted[_i].length, &kid, &err));
    ck_assert_uint_eq(kid.length, accepted[_i].length);
    ck_assert_uint_eq(kid.issuer_length, accepted[_i].issuer_length);
    ck_assert_ptr_eq(kid.issuer, accepted[_i].text);
    ck_assert_ptr_eq(kid.name, accepted[_i].text + kid.issuer_length + 1);
    ck_assert_uint_eq(kid.issuer_length + 1 + kid.name_length, kid.length);
}
END_TEST

static const struct {
    const char *why;
    const char *text;
    size_t length;
} refused[] = {
    { "empty", TEXT("") },
    { "no issuer", TEXT("key.pem") },
    { "too short", TEXT("/a") },
    { "no name", TEXT("web/") },
    { "absolute", TEXT("/web/key") },
    { "two slashes", TEXT("web//key") },
    { "one dot", TEXT("web/./key") },
    { "a dot for a name", TEXT("web/.") },
    { "climbs out", TEXT("web/../key") },
    { "climbs out at once", TEXT("../aha") },
    { "climbs out by a name", TEXT("web/..") },
    { "three dots", TEXT("web/.../key") },
    { "a drive", TEXT("\\c:a/b") },
    { "a backslash", TEXT("a\\b/c") },
    { "a fragment", TEXT("lk2j34/#$") },
    { "a fragment later", TEXT("a/#a") },
    { "dots in between", TEXT("a../../a") },
    { "a semicolon", TEXT("a/;a") },
    { "a query", TEXT("a/a?x") },
    { "a semicolon at the end", TEXT("a/a;") },
    { "a space", TEXT(" ") },
    { "spaces", TEXT(" / ") },
    { "a space before", TEXT(" /a") },
    { "a NUL", TEXT("dir/some\0thing") },
    { "a NUL at the end", TEXT("dir/some\0") },
    { "a newline at the end", TEXT("web/key\n") },
    { "a percent escape", TEXT("web/%2e%2e/key") },
    { "an at sign", TEXT("user@web/key") },
    { "a colon", TEXT("web:1/key") },
    { "not ASCII", TEXT("w\xc3\xa9"
                        "b/key") },
    { "a full-width digit", TEXT("web/\xef\xbc\x91") },
    { "a segment of 65 bytes", TEXT("a/" SIXTY_FOUR "5") },
    { "256 bytes", TEXT(SIXTY_FOUR "/" SIXTY_FOUR "/" SIXTY_FOUR "/" TEN TEN TEN TEN TEN TEN "1") },
};

START_TEST(refuses_what_is_outside_the_grammar)
{
    struct asap_error err = { 0 };
    struct kid kid = { 0 };

    ck_assert_msg(kid_parse(refused[_i].text, refused[_i].length, &kid, &err)
                      == ASAP_UNAUTHENTICATED,
                  "accepted %s", refused[_i].why);
    ck_assert_int_eq(err.reason, ASAP_REASON_KID_GRAMMAR);
    ck_assert_str_eq(err.field, "kid");
    ck_assert_str_ne(err.message, "");
    ck_assert_ptr_null(kid.text);
}
END_TEST

START_TEST(reads_no_byte_behind_the_length)
{
    struct asap_error err = { 0 };
    struct kid kid = { 0 };

    ck_assert_succeeds(kid_parse("web/key/../..", 7, &kid, &err));
    ck_assert_uint_eq(kid.name_length, 3);
}
END_TEST

static const struct {
    const char *text;
    bool as_kid, as_issuer;
} registrable[] = {
    { "payments/api", true, true },
    { "payments", false, true },
    { "payments/api/key.pem", true, true },
    { "1/2", true, true },
    { "asap", false, true },
    { "asapd.example/a", true, true },
    { "web/asap.key", true, true },
    { "", false, false },
    { "asap.v1.Server/GetStatus", false, false },
    { "asap.x", false, false },
    { "web/.well-known", false, false },
    { "-web/key", false, false },
    { "web/_key", false, false },
    { "web/a..b", false, false },
    { "we b/key", false, false },
    { "web/key/", false, false },
    { "/web", false, false },
    { SIXTY_FOUR "/" SIXTY_FOUR "/" SIXTY_FOUR, true, false },
    { SIXTY_FOUR "/" SIXTY_FOUR "/" TEN TEN TEN TEN TEN TEN, true, true },
};

START_TEST(registers_less_than_it_reads)
{
    struct asap_error err = { 0 };
    const char *text = registrable[_i].text;

    ck_assert_msg((kid_check_registrable(text, "name", &err) == ASAP_OK) == registrable[_i].as_kid,
                  "key id %s: %s", text, err.message);
    ck_assert_msg((issuer_check_registrable(text, "issuer", &err) == ASAP_OK)
                      == registrable[_i].as_issuer,
                  "issuer %s: %s", text, err.message);
}
END_TEST

START_TEST(names_the_request_field_that_cannot_be_registered)
{
    struct asap_error err = { 0 };

    ck_assert_int_eq(issuer_check_registrable("web/..", "issuer.name", &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "issuer.name");
    ck_assert_ptr_nonnull(strstr(err.message, "dots only"));
}
END_TEST

static const struct {
    const char *issuer;
    bool owns;
} owners[] = {
    { "micros/foo", true },  { "micros", false },       { "micros/foo/", false },
    { "", false },           { "micros/foo/k", false }, { "micros/fo", false },
    { "Micros/foo", false }, { "micros/foox", false },
};

START_TEST(belongs_to_the_whole_issuer_part_only)
{
    struct asap_error err = { 0 };
    struct kid kid = { 0 };

    ck_assert_succeeds(kid_parse("micros/foo/k", 12, &kid, &err));
    ck_assert_msg(kid_owned_by(&kid, owners[_i].issuer) == owners[_i].owns, "%s",
                  owners[_i].issuer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kid");
    TCase *tests = tcase_create("kid");

    tcase_add_loop_test(tests, accepts_issuer_and_name_and_splits_at_the_last_slash, 0,
                        COUNT(accepted));
    tcase_add_loop_test(tests, refuses_what_is_outside_the_grammar, 0, COUNT(refused));
    tcase_add_test(tests, reads_no_byte_behind_the_length);
    tcase_add_loop_test(tests, registers_less_than_it_reads, 0, COUNT(registrable));
    tcase_add_test(tests, names_the_request_field_that_cannot_be_registered);
    tcase_add_loop_test(tests, belongs_to_the_whole_issuer_part_only, 0, COUNT(owners));
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

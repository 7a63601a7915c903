/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "check_main.h"
#include "json.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

static const struct {
    const char *text;
    size_t length;
} accepted[] = {
    { TEXT("{}") },
    { TEXT("{\"a\":1,\"b\":[true,null,-1.5e3,\"x\"],\"c\":{\"a\":2}}") },
    { TEXT("{ \"a\" :\t1 ,\r\n \"b\" : [ ] }") },
    { TEXT("{\"brackets\":\"[[[[[[[[[[{{{{\\\"[[[[\\\\\"}") },
    { TEXT("{\"caf\xc3\xa9\":\"\\u00e9\\ud83d\\ude00\"}") },
    { TEXT("{\"a\":[[],[],[],[],[],[],[],[],[],[]]}") },
};

START_TEST(reads_objects)
{
    struct asap_error err = { 0 };
    SCOPED(json) json_t *object = NULL;

    ck_assert_succeeds(json_read_object(accepted[_i].text, accepted[_i].length, &json_token_limits,
                                        "claims", &object, &err));
    ck_assert(json_is_object(object));
}
END_TEST

static const struct {
    const char *why;
    const char *text;
    size_t length;
    const char *message;
} refused[] = {
    { "nothing", TEXT(""), "claims is not a JSON object (line 1, column 1)" },
    { "an array", TEXT("[]"), "not a JSON object" },
    { "a string", TEXT("\"a\""), "not a JSON object" },
    { "white space before", TEXT(" {}"), "not a JSON object" },
    { "a byte order mark", TEXT("\xef\xbb\xbf{}"), "not a JSON object" },
    { "white space behind", TEXT("{}\n"), "ends in white space (line 1, column 3)" },
    { "a second value", TEXT("{}{}"), "goes on behind its end" },
    { "a NUL behind", TEXT("{}\0"), "goes on behind its end" },
    { "an open object", TEXT("{\"a\":1"), "(line 1, column 6)" },
    { "an open string", TEXT("{\"a\":\"b}"), "ends too early" },
    { "an open escape", TEXT("{\"a\":\"\\u00"), "not JSON" },
    { "an escape at the end", TEXT("{\"a\":\"\\"), "not JSON" },
    { "a closing too many", TEXT("{}}}}[[[["), "goes on behind its end" },
    { "wrong brackets", TEXT("{\"a\":[}"), "not JSON" },
    { "a member twice", TEXT("{\"a\":1,\"b\":2,\"a\":1}"), "has a member twice" },
    { "a member twice, escaped", TEXT("{\"iss\":1,\"\\u0069ss\":1}"), "has a member twice" },
    { "a member twice further in", TEXT("{\"a\":[{\"b\":1,\"b\":1}]}"), "has a member twice" },
    { "a NUL in a string", TEXT("{\"a\":\"\\u0000\"}"), "has a NUL" },
    { "a NUL in a name", TEXT("{\"a\\u0000\":1}"), "has a NUL" },
    { "a raw NUL in a string", TEXT("{\"a\":\"b\0\"}"), "claims " },
    { "not UTF-8", TEXT("{\"a\":\"\xff\"}"), "not UTF-8" },
    { "an overlong slash", TEXT("{\"a\":\"\xc0\xaf\"}"), "not UTF-8" },
    { "half a surrogate pair", TEXT("{\"a\":\"\\ud83d\"}"), "claims " },
    { "a number beyond 64 bits", TEXT("{\"a\":9223372036854775808}"), "number out of range" },
    { "a trailing comma", TEXT("{\"a\":1,}"), "not JSON" },
    { "a comment", TEXT("{/**/}"), "not JSON" },
    { "single quotes", TEXT("{'a':1}"), "not JSON" },
    { "no number", TEXT("{\"a\":NaN}"), "not JSON" },
    { "the second line", TEXT("{\n\"a\":\n x}"), "(line 3, column " },
};

START_TEST(refuses_what_is_not_one_strict_object_and_says_where)
{
    struct asap_error err = { 0 };
    json_t *object = NULL;

    ck_assert_msg(json_read_object(refused[_i].text, refused[_i].length, &json_token_limits,
                                   "claims", &object, &err)
                      == ASAP_UNAUTHENTICATED,
                  "accepted %s", refused[_i].why);
    ck_assert_ptr_null(object);
    ck_assert_int_eq(err.reason, ASAP_REASON_JSON);
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s: %s", refused[_i].why,
                  err.message);
}
END_TEST

START_TEST(never_quotes_what_it_refuses)
{
    static const char text[] = "{\"a\":sesame,\"sesame\":1}";
    struct asap_error err = { 0 };
    json_t *object = NULL;

    ck_assert_int_ne(
        json_read_object(text, sizeof text - 1, &json_token_limits, "claims", &object, &err),
        ASAP_OK);
    ck_assert_ptr_null(strstr(err.message, "sesame"));
}
END_TEST

/* prefix, `count` times `repeated` separated by commas if so said, suffix */
static const struct {
    const char *what;
    const char *prefix, *repeated, *suffix;
    bool list;
    size_t most;
} limits[] = {
    { "depth of arrays", "{\"a\":", "[", "1", false, 7 },
    { "depth of objects", "{\"a\":1,\"b\":", "{\"a\":", "1", false, 7 },
    { "values", "{\"a\":[", "1", "]}", true, 64 },
    { "values that are strings", "{\"a\":[", "\"x\"", "]}", true, 64 },
    { "values further in", "{\"a\":[[1],", "[1]", "]}", true, 63 },
    { "bytes", "{\"a\":\"", "x", "\"}", false, 1024 },
    { "bytes of a name", "{\"", "x", "\":1}", false, 1024 },
    { "escaped bytes", "{\"a\":\"", "\\n", "\"}", false, 1024 },
    { "escaped ASCII", "{\"a\":\"", "\\u0041", "\"}", false, 1024 },
    { "escaped accents", "{\"a\":\"", "\\u00E9", "\"}", false, 512 },
    { "escaped Chinese", "{\"a\":\"", "\\u4e2d", "\"}", false, 341 },
    { "escaped faces", "{\"a\":\"", "\\ud83d\\ude00", "\"}", false, 256 },
};

static void close_brackets(struct buffer *text)
{
    for (size_t i = text->length; i-- > 0;)
        if (text->bytes[i] == '{' || text->bytes[i] == '[')
            buffer_puts(text, text->bytes[i] == '{' ? "}" : "]");
}

static enum asap_code read_repeated(int row, size_t count, struct asap_error *err)
{
    SCOPED(json) json_t *object = NULL;
    SCOPED(buffer) struct buffer text = BUFFER(100000);

    buffer_puts(&text, limits[row].prefix);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(&text, limits[row].list && i > 0 ? "," : "");
        buffer_puts(&text, limits[row].repeated);
    }
    buffer_puts(&text, limits[row].suffix);
    if (strcmp(limits[row].suffix, "1") == 0)
        close_brackets(&text);
    return json_read_object(text.bytes, text.length, &json_token_limits, "claims", &object, err);
}

START_TEST(bounds_the_shape)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(read_repeated(_i, limits[_i].most, &err));
    ck_assert_msg(read_repeated(_i, limits[_i].most + 1, &err) == ASAP_UNAUTHENTICATED,
                  "accepted %zu %s", limits[_i].most + 1, limits[_i].what);
    ck_assert_int_eq(err.reason, ASAP_REASON_JSON);
    ck_assert_msg(read_repeated(_i, 20000, &err) == ASAP_UNAUTHENTICATED, "%s", limits[_i].what);
}
END_TEST

static enum asap_code read_members(size_t count, struct asap_error *err)
{
    SCOPED(json) json_t *object = NULL;
    SCOPED(buffer) struct buffer text = BUFFER(100000);

    buffer_puts(&text, "{\"a\":{},\"b\":{");
    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s\"%zu\" : 1", i > 0 ? "," : "", i);
    buffer_puts(&text, "},\"c\":{\"d\":1}}");
    return json_read_object(text.bytes, text.length, &json_token_limits, "claims", &object, err);
}

START_TEST(bounds_the_members_of_each_object)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(read_members(32, &err));
    ck_assert_int_eq(read_members(33, &err), ASAP_UNAUTHENTICATED);
    ck_assert_ptr_nonnull(strstr(err.message, "too many members"));
}
END_TEST

START_TEST(never_recurses_deeper_than_it_can_count)
{
    static const struct json_limits generous = { 100000, 100000, 100000, 100000, false };
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(100000);
    json_t *object = NULL;

    buffer_puts(&text, "{\"a\":");
    for (size_t i = 0; i < 1000; i++)
        buffer_puts(&text, "[");
    buffer_puts(&text, "1");
    close_brackets(&text);
    ck_assert_int_eq(json_read_object(text.bytes, text.length, &generous, "claims", &object, &err),
                     ASAP_UNAUTHENTICATED);
    ck_assert_ptr_nonnull(strstr(err.message, "nested too deeply"));
}
END_TEST

static const struct {
    const char *text;
    size_t length;
    bool is_read;
} documents[] = {
    { TEXT(" \r\n\t{\"a\":1}\n "), true },
    { TEXT("{}"), true },
    { TEXT("\n{}\0"), false },
    { TEXT(" \n"), false },
    { TEXT("\v{}"), false },
    { TEXT("{} {}"), false },
};

START_TEST(reads_documents_with_white_space_around_them)
{
    struct asap_error err = { 0 };
    SCOPED(json) json_t *object = NULL;
    const enum asap_code code = json_read_document(documents[_i].text, documents[_i].length,
                                                   &json_token_limits, "answer", &object, &err);

    ck_assert_msg((code == ASAP_OK) == documents[_i].is_read, "%s: %s", documents[_i].text,
                  err.message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");

    tcase_add_loop_test(tests, reads_objects, 0, COUNT(accepted));
    tcase_add_loop_test(tests, refuses_what_is_not_one_strict_object_and_says_where, 0,
                        COUNT(refused));
    tcase_add_loop_test(tests, reads_documents_with_white_space_around_them, 0, COUNT(documents));
    tcase_add_test(tests, never_quotes_what_it_refuses);
    tcase_add_loop_test(tests, bounds_the_shape, 0, COUNT(limits));
    tcase_add_test(tests, bounds_the_members_of_each_object);
    tcase_add_test(tests, never_recurses_deeper_than_it_can_count);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check_main.h"
#include "codec.h"
#include "codec_test.pb-c.h"

enum { TEXT_MAX = 4 * 1024 * 1024, BRACKETS = 40 * 1024, PATH_ROOM = 64 };

static const ProtobufCMessageDescriptor *const type = &asap__test__everything__descriptor;

/* What is refused, the field that is to blame and a part of the reason. */
static const struct {
    const char *in, *field, *why;
} refused[] = {
    { "{\"int32Value\":2147483648}", "int32Value", "from -2147483648 to 2147483647" },
    { "{\"int32Value\":-2147483649}", "int32Value", "from -2147483648 to 2147483647" },
    { "{\"int32Value\":1.5}", "int32Value", "expected a whole number" },
    { "{\"int32Value\":true}", "int32Value", "found true" },
    { "{\"int32Value\":\"\"}", "int32Value", "expected a whole number" },
    { "{\"int32Value\":\" 1\"}", "int32Value", "expected a whole number" },
    { "{\"int32Value\":\"1 \"}", "int32Value", "expected a whole number" },
    { "{\"int32Value\":\"+1\"}", "int32Value", "expected a whole number" },
    { "{\"int32Value\":\"01\"}", "int32Value", "expected a whole number" },
    { "{\"int32Value\":\"-\"}", "int32Value", "expected a whole number" },
    { "{\"int32Value\":\"0x10\"}", "int32Value", "expected a whole number" },
    { "{\"uint32Value\":-1}", "uint32Value", "from 0 to 4294967295" },
    { "{\"fixed32Value\":4294967296}", "fixed32Value", "from 0 to 4294967295" },
    { "{\"int64Value\":\"9223372036854775808\"}", "int64Value", "9223372036854775807" },
    { "{\"int64Value\":\"-9223372036854775809\"}", "int64Value", "-9223372036854775808" },
    { "{\"uint64Value\":\"18446744073709551616\"}", "uint64Value", "18446744073709551615" },
    { "{\"uint64Value\":\"-1\"}", "uint64Value", "from 0" },
    { "{\"uint64Value\":1e20}", "uint64Value", "from 0" },
    { "{\"uint64Value\":18446744073709551614}", "uint64Value", "from 0" },
    { "{\"doubleValue\":100000000000000000000,\"int64Value\":9007199254740993000}", "int64Value",
      "whole number" },
    { "{\"doubleValue\":1e400}", "", "out of range" },
    { "{\"doubleValue\":\"nan\"}", "doubleValue", "expected a number" },
    { "{\"doubleValue\":\"0x1p3\"}", "doubleValue", "expected a number" },
    { "{\"doubleValue\":\"1.\"}", "doubleValue", "expected a number" },
    { "{\"doubleValue\":\"[1]\"}", "doubleValue", "expected a number" },
    { "{\"doubleValue\":{}}", "doubleValue", "found an object" },
    { "{\"floatValue\":3.5e38}", "floatValue", "a float can hold" },
    { "{\"boolValue\":\"true\"}", "boolValue", "expected true or false, found a string" },
    { "{\"boolValue\":1}", "boolValue", "found a number" },
    { "{\"color\":\"COLOR_GREEN\"}", "color", "COLOR_INFRARED, COLOR_UNSPECIFIED, COLOR_RED" },
    { "{\"color\":\"color_red\"}", "color", "COLOR_RED" },
    { "{\"color\":2147483648}", "color", "whole number" },
    { "{\"color\":[]}", "color", "found an array" },
    { "{\"text\":7}", "text", "expected a string, found a number" },
    { "{\"data\":\"A\"}", "data", "base64" },
    { "{\"data\":\"AA=\"}", "data", "base64" },
    { "{\"data\":\"A===\"}", "data", "base64" },
    { "{\"data\":\"====\"}", "data", "base64" },
    { "{\"data\":\"AAAA=\"}", "data", "base64" },
    { "{\"data\":\"AB==\"}", "data", "base64" },
    { "{\"data\":\"AA==AA==\"}", "data", "base64" },
    { "{\"data\":\"A A=\"}", "data", "base64" },
    { "{\"data\":\"+_8=\"}", "data", "base64" },
    { "{\"data\":[]}", "data", "found an array" },
    { "{\"child\":[]}", "child", "expected an object, found an array" },
    { "{\"child\":\"x\"}", "child", "expected an object, found a string" },
    { "{\"int32List\":1}", "int32List", "expected an array, found a number" },
    { "{\"int32List\":{}}", "int32List", "expected an array, found an object" },
    { "{\"int32List\":[1,null]}", "int32List[1]", "found null" },
    { "{\"texts\":[\"a\",5]}", "texts[1]", "expected a string" },
    { "{\"texts\":[\"a\",null]}", "texts[1]", "found null" },
    { "{\"blobs\":[\"AA\",\"!\"]}", "blobs[1]", "base64" },
    { "{\"children\":[{},{\"publish_time\":1}]}", "children[1].publishTime", "found a number" },
    { "{\"children\":[{},{\"text\":\"a\",\"child\":{\"color\":\"X\"}}]}", "children[1].child.color",
      "expected one of" },
    { "{\"child\":{\"text\":\"a\"},\"times\":[\"x\"]}", "times[0]", "expected a time" },
    { "{\"chosenNumber\":1,\"chosenText\":\"a\"}", "chosenText", "\"chosenNumber\"" },
    { "{\"chosenText\":\"a\",\"chosenData\":\"AA\"}", "chosenData", "\"chosenText\"" },
    { "{\"chosenChild\":{\"text\":\"a\"},\"chosenBool\":false}", "chosenBool", "\"chosenChild\"" },
    { "{\"chosenText\":5}", "chosenText", "expected a string" },
    { "{\"chosenData\":\"*\"}", "chosenData", "base64" },
    { "{\"chosenChild\":5}", "chosenChild", "expected an object" },
    { "{\"int32_value\":1,\"int32Value\":1}", "int32Value", "set twice" },
    { "{\"max_lifetime\":\"1s\",\"maxLifetime\":\"1s\"}", "maxLifetime", "\"max_lifetime\"" },
    { "{\"publishTime\":{\"seconds\":1}}", "publishTime", "found an object" },
    { "{\"publishTime\":\"\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:00\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23 13:15:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23t13:15:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:00z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:00ZZ\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:00.Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:00.1234567890Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-13-23T13:15:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-00-23T13:15:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-02-29T13:15:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-04-31T13:15:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-00T13:15:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T24:00:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:60:00Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:60Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:00+0130\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"2026-11-23T13:15:00+24:00\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"0000-12-31T23:59:59Z\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"0001-01-01T00:00:00+00:01\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"9999-12-31T23:59:59-00:01\"}", "publishTime", "expected a time" },
    { "{\"publishTime\":\"10000-01-01T00:00:00Z\"}", "publishTime", "expected a time" },
    { "{\"maxLifetime\":3600}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"3600\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"-s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\".5s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"1.s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"+1s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"1S\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"1ss\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"1.0000000001s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"315576000001s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"-315576000001s\"}", "maxLifetime", "expected a duration" },
    { "{\"maxLifetime\":\"9999999999999s\"}", "maxLifetime", "expected a duration" },
    /* not JSON, or not one object */
    { "{\"int32Value\":1", "", "line 1" },
    { "{\n \"int32Value\":x}", "", "line 2" },
    { "[]", "", "" },
    { "\"x\"", "", "" },
    { "null", "", "" },
    { " ", "", "" },
    { "{} {}", "", "" },
    { "{\"text\":\"\\u0000\"}", "", "" },
    { "{\"text\":\"\xff\"}", "", "" },
    { "{\"text\":\"\\ud800\"}", "", "" },
    { "{\"strange\":1,\"strange\":2}", "", "twice" },
};

START_TEST(what_is_wrong_is_refused_by_its_path)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;

    ck_assert_msg(codec_read_json(type, refused[_i].in, strlen(refused[_i].in), &message, &err)
                      == ASAP_INVALID_ARGUMENT,
                  "accepted %s", refused[_i].in);
    ck_assert_ptr_null(message);
    ck_assert_int_eq(err.code, ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, refused[_i].field);
    ck_assert_msg(strstr(err.message, refused[_i].why) != NULL, "%s: %s", refused[_i].in,
                  err.message);
    ck_assert_ptr_null(strchr(err.message, '\n'));
}
END_TEST

/* `times` copies of `unit` between two ends. */
static void
repeat(struct buffer *out, const char *before, const char *unit, size_t times, const char *after)
{
    buffer_puts(out, before);
    for (size_t i = 0; i < times; i++)
        buffer_puts(out, unit);
    buffer_puts(out, after);
}

static enum asap_code read_buffer(struct buffer *text)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;
    enum asap_code code = ASAP_OK;

    ck_assert(!text->failed);
    code = codec_read_json(type, text->bytes, text->length, &message, &err);
    protobuf_c_message_free_unpacked(message, NULL);
    buffer_clear(text);
    return code;
}

START_TEST(nesting_is_limited)
{
    struct buffer text = BUFFER(TEXT_MAX);

    repeat(&text, "", "{\"child\":", 63, "{}");
    repeat(&text, "", "}", 63, "");
    ck_assert_int_eq(read_buffer(&text), ASAP_OK);
    repeat(&text, "", "{\"child\":", 64, "{}");
    repeat(&text, "", "}", 64, "");
    ck_assert_int_eq(read_buffer(&text), ASAP_INVALID_ARGUMENT);
    repeat(&text, "{\"strange\":", "[", BRACKETS, "");
    repeat(&text, "", "]", BRACKETS, "}");
    ck_assert_int_eq(read_buffer(&text), ASAP_INVALID_ARGUMENT);
    repeat(&text, "", "[", BRACKETS, "");
    ck_assert_int_eq(read_buffer(&text), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(the_number_of_values_is_limited)
{
    struct buffer text = BUFFER(TEXT_MAX);

    repeat(&text, "{\"int32List\":[", "1,", 90000, "1]}");
    ck_assert_int_eq(read_buffer(&text), ASAP_OK);
    repeat(&text, "{\"int32List\":[", "1,", 100000, "1]}");
    ck_assert_int_eq(read_buffer(&text), ASAP_INVALID_ARGUMENT);
}
END_TEST

static void write_members(struct buffer *out, int count)
{
    buffer_puts(out, "{");
    for (int i = 0; i < count; i++)
        buffer_printf(out, "%s\"m%d\":1", i == 0 ? "" : ",", i);
    buffer_puts(out, "}");
}

START_TEST(the_number_of_members_is_limited)
{
    struct buffer text = BUFFER(TEXT_MAX);

    write_members(&text, 4096);
    ck_assert_int_eq(read_buffer(&text), ASAP_OK);
    write_members(&text, 4097);
    ck_assert_int_eq(read_buffer(&text), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(the_length_of_a_string_is_limited)
{
    struct buffer text = BUFFER(TEXT_MAX);

    repeat(&text, "{\"text\":\"", "x", 1024 * 1024, "\"}");
    ck_assert_int_eq(read_buffer(&text), ASAP_OK);
    repeat(&text, "{\"text\":\"", "x", 1024 * 1024 + 1, "\"}");
    ck_assert_int_eq(read_buffer(&text), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(a_path_longer_than_its_room_is_cut_off)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;
    struct buffer text = BUFFER(TEXT_MAX);

    repeat(&text, "", "{\"children\":[{},", 20, "{\"text\":1}");
    repeat(&text, "", "]}", 20, "");
    ck_assert_int_eq(codec_read_json(type, text.bytes, text.length, &message, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_uint_eq(strlen(err.field), PATH_ROOM - 1);
    ck_assert_ptr_nonnull(strstr(err.field, "children[1].children[1].children[1]."));
    buffer_clear(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec_refusal");
    TCase *refusal = tcase_create("refusal");

    tcase_add_loop_test(refusal, what_is_wrong_is_refused_by_its_path, 0, COUNT(refused));
    tcase_add_test(refusal, nesting_is_limited);
    tcase_add_test(refusal, the_number_of_values_is_limited);
    tcase_add_test(refusal, the_number_of_members_is_limited);
    tcase_add_test(refusal, the_length_of_a_string_is_limited);
    tcase_add_test(refusal, a_path_longer_than_its_room_is_cut_off);
    suite_add_tcase(suite, refusal);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "check_main.h"
#include "codec.h"
#include "codec_test.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

enum { TEXT_MAX = 4 * 1024 * 1024, NESTED = 40 * 1024 };

static const ProtobufCMessageDescriptor *const type = &asap__test__known__descriptor;

static const ProtobufCMessageDescriptor *const types[] = {
    &asap__test__everything__descriptor,   &asap__test__known__descriptor,
    &google__protobuf__any__descriptor,    &google__protobuf__duration__descriptor,
    &google__protobuf__empty__descriptor,  &google__protobuf__int64_value__descriptor,
    &google__protobuf__struct__descriptor, &google__protobuf__timestamp__descriptor,
    &google__protobuf__value__descriptor,  NULL,
};

static const struct codec json = { CODEC_JSON, types };
static const struct codec binary = { CODEC_BINARY, NULL };

/* What JSON is read, and what is written of it; NULL for the same. */
static const struct {
    const char *in, *out;
} mapped[] = {
    /* Any */
    { "{\"any\":{}}", NULL },
    { "{\"any\":{\"@type\":\"type.googleapis.com/asap.test.Everything\"}}", NULL },
    { "{\"any\":{\"@type\":\"type.googleapis.com/asap.test.Everything\",\"int32Value\":5,"
      "\"child\":{\"text\":\"x\"}}}",
      NULL },
    { "{\"any\":{\"text\":\"x\",\"strange\":{},\"@type\":\"a/asap.test.Everything\"}}",
      "{\"any\":{\"@type\":\"a/asap.test.Everything\",\"text\":\"x\"}}" },
    { "{\"any\":{\"@type\":\"/google.protobuf.Timestamp\",\"value\":\"1970-01-01T00:00:01Z\"}}",
      NULL },
    { "{\"any\":{\"@type\":\"a/google.protobuf.Int64Value\",\"value\":7}}",
      "{\"any\":{\"@type\":\"a/google.protobuf.Int64Value\",\"value\":\"7\"}}" },
    { "{\"any\":{\"@type\":\"a/google.protobuf.Value\",\"value\":null}}", NULL },
    { "{\"any\":{\"@type\":\"a/google.protobuf.Struct\",\"value\":{\"value\":1,\"@type\":2}}}",
      NULL },
    { "{\"any\":{\"@type\":\"a/google.protobuf.Empty\",\"value\":{}}}", NULL },
    { "{\"any\":{\"@type\":\"a/google.protobuf.Any\",\"value\":{\"@type\":\"b/asap.test.Known\","
      "\"any\":{\"@type\":\"c/google.protobuf.Duration\",\"value\":\"3s\"}}}}",
      NULL },
    { "{\"anys\":[{},{\"@type\":\"a/google.protobuf.Value\",\"value\":[1]}]}", NULL },
    /* Struct, Value and ListValue */
    { "{\"settings\":{}}", NULL },
    { "{\"settings\":{\"a\":1,\"b\":{\"c\":[null,true,\"x\",{}]},\"\":null,\"\\u00e4\\n\":1.5}}",
      "{\"settings\":{\"a\":1,\"b\":{\"c\":[null,true,\"x\",{}]},\"\":null,\"\xc3\xa4\\n\":1.5}}" },
    { "{\"settings\":null}", "{}" },
    { "{\"value\":null}", NULL },
    { "{\"value\":false}", NULL },
    { "{\"value\":0}", NULL },
    { "{\"value\":1e3}", "{\"value\":1000}" },
    { "{\"value\":-1.5e-7}", "{\"value\":-1.5e-07}" },
    { "{\"value\":\"\"}", NULL },
    { "{\"value\":\"1\"}", NULL },
    { "{\"value\":[]}", NULL },
    { "{\"value\":[[[]],{}]}", NULL },
    { "{\"value\":{\"fields\":{\"x\":1}}}", NULL },
    { "{\"values\":[null,1,[],{\"a\":null}]}", NULL },
    { "{\"values\":null}", "{}" },
    { "{\"list\":[]}", NULL },
    { "{\"list\":[1,null,\"a\"]}", NULL },
    { "{\"list\":null}", "{}" },
    { "{\"chosenValue\":null}", NULL },
    { "{\"chosen_value\":null}", "{\"chosenValue\":null}" },
    { "{\"chosenNull\":null}", NULL },
    { "{\"chosenNull\":\"NULL_VALUE\"}", "{\"chosenNull\":null}" },
    { "{\"chosenNull\":0}", "{\"chosenNull\":null}" },
    { "{\"nothing\":null}", "{}" },
    { "{\"nothings\":[null,\"NULL_VALUE\"]}", "{\"nothings\":[null,null]}" },
    /* Empty */
    { "{\"empty\":{}}", NULL },
    { "{\"empty\":{\"strange\":1}}", "{\"empty\":{}}" },
    /* FieldMask */
    { "{\"updateMask\":\"\"}", NULL },
    { "{\"updateMask\":\"displayName\"}", NULL },
    { "{\"updateMask\":\"a,owner.displayName,b2\"}", NULL },
    /* wrappers */
    { "{\"boolWrapper\":false,\"bytesWrapper\":\"\",\"doubleWrapper\":0,\"floatWrapper\":0,"
      "\"int32Wrapper\":0,\"int64Wrapper\":\"0\",\"stringWrapper\":\"\",\"uint32Wrapper\":0,"
      "\"uint64Wrapper\":\"0\"}",
      NULL },
    { "{\"boolWrapper\":true,\"bytesWrapper\":\"AQI=\",\"doubleWrapper\":\"NaN\","
      "\"floatWrapper\":2.5,\"int32Wrapper\":-3,\"int64Wrapper\":\"-4\",\"stringWrapper\":\"s\","
      "\"uint32Wrapper\":6,\"uint64Wrapper\":\"18446744073709551615\"}",
      NULL },
    { "{\"boolWrapper\":null,\"int32Wrapper\":null}", "{}" },
    { "{\"int32Wrapper\":1.0,\"int64Wrapper\":\"1e3\",\"uint32Wrapper\":2e1}",
      "{\"int32Wrapper\":1,\"int64Wrapper\":\"1000\",\"uint32Wrapper\":20}" },
    { "{\"chosenWrapper\":\"x\"}", NULL },
    /* maps */
    { "{\"keyLabels\":{}}", "{}" },
    { "{\"keyLabels\":{\"b\":\"1\",\"a\":\"\",\"\":\"2\"}}", NULL },
    { "{\"key_labels\":{\"\\\"\":\"1\"}}", "{\"keyLabels\":{\"\\\"\":\"1\"}}" },
    { "{\"byNumber\":{\"-5\":{\"text\":\"x\"},\"0\":{}}}", NULL },
    { "{\"byTruth\":{\"true\":\"yes\",\"false\":\"no\"}}", NULL },
    { "{\"byId\":{\"-9223372036854775808\":\"1970-01-01T00:00:01Z\"}}", NULL },
    { "{\"byName\":{\"a\":null,\"b\":[1]}}", NULL },
    { "{\"child\":{\"everything\":{\"int32Value\":1}}}", NULL },
};

static ProtobufCMessage *must_read(const struct codec *codec, const void *bytes, size_t length)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;

    ck_assert_msg(codec_read(codec, type, bytes, length, &message, &err) == ASAP_OK, "%s: %s",
                  err.field, err.message);
    return message;
}

static void must_write(const struct codec *codec,
                       const ProtobufCMessage *message,
                       struct buffer *out)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(codec_write(codec, message, out, &err));
}

static void assert_written(const ProtobufCMessage *message, const char *expected)
{
    struct buffer text = BUFFER(TEXT_MAX);

    must_write(&json, message, &text);
    ck_assert_str_eq(text.bytes, expected);
    buffer_clear(&text);
}

START_TEST(json_maps_to_a_message_and_back_by_way_of_the_binary_form)
{
    const char *in = mapped[_i].in;
    const char *out = mapped[_i].out != NULL ? mapped[_i].out : in;
    SCOPED(message) ProtobufCMessage *message = must_read(&json, in, strlen(in));
    SCOPED(message) ProtobufCMessage *again = NULL;
    SCOPED(buffer) struct buffer bytes = BUFFER(TEXT_MAX);

    assert_written(message, out);
    must_write(&binary, message, &bytes);
    again = must_read(&binary, bytes.bytes, bytes.length);
    assert_written(again, out);
}
END_TEST

/* What is refused, the field that is to blame and a part of the reason. */
static const struct {
    const char *in, *field, *why;
} refused[] = {
    { "{\"any\":{\"text\":\"x\"}}", "any.@type", "the URL of a type" },
    { "{\"any\":{\"@type\":5}}", "any.@type", "found a number" },
    { "{\"any\":{\"@type\":\"a/asap.test.Unknown\"}}", "any.@type", "known here" },
    { "{\"any\":{\"@type\":\"asap.test.Known\"}}", "any.@type", "known here" },
    { "{\"any\":{\"@type\":\"a/asap.test.Known/\"}}", "any.@type", "known here" },
    { "{\"any\":{\"@type\":\"a/asap.test.Everything\",\"int32Value\":\"x\"}}", "any.int32Value",
      "whole number" },
    { "{\"any\":{\"@type\":\"a/google.protobuf.Timestamp\"}}", "any.value", "\"@type\"" },
    { "{\"any\":{\"@type\":\"a/google.protobuf.Timestamp\",\"value\":5}}", "any.value", "a time" },
    { "{\"any\":[]}", "any", "expected an object" },
    { "{\"settings\":[]}", "settings", "expected an object" },
    { "{\"list\":{}}", "list", "expected an array" },
    { "{\"empty\":[]}", "empty", "expected an object" },
    { "{\"updateMask\":5}", "updateMask", "displayName" },
    { "{\"updateMask\":\"display_name\"}", "updateMask", "displayName" },
    { "{\"updateMask\":\"a,\"}", "updateMask", "displayName" },
    { "{\"updateMask\":\"a b\"}", "updateMask", "displayName" },
    { "{\"int32Wrapper\":\"x\"}", "int32Wrapper", "whole number" },
    { "{\"int32Wrapper\":{\"value\":1}}", "int32Wrapper", "found an object" },
    { "{\"keyLabels\":[]}", "keyLabels", "expected an object" },
    { "{\"keyLabels\":{\"a\":5}}", "keyLabels.a", "expected a string" },
    { "{\"keyLabels\":{\"a\":null}}", "keyLabels.a", "found null" },
    { "{\"keyLabels\":{\"a\\n\xc3\xa4\":5}}", "keyLabels.a???", "expected a string" },
    { "{\"byNumber\":{\"x\":{}}}", "byNumber.x", "whole number" },
    { "{\"byNumber\":{\"1\":{\"text\":1}}}", "byNumber.1.text", "expected a string" },
    { "{\"byTruth\":{\"yes\":\"\"}}", "byTruth.yes", "true or false" },
    { "{\"chosenValue\":null,\"chosenNull\":null}", "chosenNull", "\"chosenValue\"" },
    { "{\"nothing\":\"x\"}", "nothing", "NULL_VALUE" },
    { "{\"value\":1e400}", "", "out of range" },
};

START_TEST(what_is_wrong_is_refused_by_its_path)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;

    ck_assert_msg(codec_read(&json, type, refused[_i].in, strlen(refused[_i].in), &message, &err)
                      == ASAP_INVALID_ARGUMENT,
                  "accepted %s", refused[_i].in);
    ck_assert_ptr_null(message);
    ck_assert_str_eq(err.field, refused[_i].field);
    ck_assert_msg(strstr(err.message, refused[_i].why) != NULL, "%s: %s", refused[_i].in,
                  err.message);
}
END_TEST

START_TEST(without_types_an_any_is_refused_in_both_directions)
{
    struct asap_error err = { 0 };
    const char text[] = "{\"any\":{\"@type\":\"a/asap.test.Known\"}}";
    SCOPED(message) ProtobufCMessage *message = must_read(&json, text, strlen(text));
    SCOPED(buffer) struct buffer out = BUFFER(TEXT_MAX);
    ProtobufCMessage *none = NULL;

    ck_assert_int_eq(codec_write_json(message, &out, &err), ASAP_INTERNAL);
    ck_assert_int_eq(codec_read_json(type, text, strlen(text), &none, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(a_message_packs_into_an_any)
{
    struct asap_error err = { 0 };
    const char text[] = "{\"stringWrapper\":\"x\"}";
    SCOPED(message) ProtobufCMessage *message = must_read(&json, text, strlen(text));
    Google__Protobuf__Any *any = NULL;

    ck_assert_succeeds(codec_new_any(message, &any, &err));
    ck_assert_str_eq(any->type_url, "type.googleapis.com/asap.test.Known");
    assert_written(&any->base, "{\"@type\":\"type.googleapis.com/asap.test.Known\","
                               "\"stringWrapper\":\"x\"}");
    protobuf_c_message_free_unpacked(&any->base, NULL);
}
END_TEST

/* Each in the binary form, which can hold what JSON cannot. */
static const struct {
    const char *why;
    const char *bytes;
    size_t length;
} unwritable[] = {
    { "an Any of an unknown type",
      "\x0a\x05\x0a\x03"
      "a/b",
      7 },
    { "an Any with a value and no type", "\x0a\x03\x12\x01\x0a", 5 },
    { "an Any that does not hold its type",
      "\x0a\x16\x0a\x11"
      "a/asap.test.Known\x12\x01\x0a",
      24 },
    { "a Value without a kind", "\x22\x00", 2 },
    { "a Value that is no number", "\x22\x09\x11\x00\x00\x00\x00\x00\x00\xf8\x7f", 11 },
    { "a Value that is infinite", "\x22\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x7f", 11 },
    { "an entry without a Value", "\xc2\x01\x03\x0a\x01\x61", 6 },
    { "a path in camel case",
      "\x42\x05\x0a\x03"
      "aBc",
      7 },
    { "a path with two underscores",
      "\x42\x06\x0a\x04"
      "a__b",
      8 },
    { "an empty path", "\x42\x02\x0a\x00", 4 },
    { "a path with a quote", "\x42\x03\x0a\x01\"", 5 },
};

START_TEST(what_json_cannot_hold_is_not_written)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer out = BUFFER(TEXT_MAX);
    SCOPED(message) ProtobufCMessage *message = NULL;

    message = must_read(&binary, unwritable[_i].bytes, unwritable[_i].length);
    ck_assert_msg(codec_write(&json, message, &out, &err) == ASAP_INTERNAL, "%s: %s",
                  unwritable[_i].why, out.bytes);
    ck_assert(err.message[0] != '\0');
}
END_TEST

START_TEST(of_a_key_that_comes_twice_the_last_counts)
{
    const char bytes[] = "\xa2\x01\x06\x0a\x01\x61\x12\x01\x31\xa2\x01\x06\x0a\x01\x62\x12\x01\x32"
                         "\xa2\x01\x06\x0a\x01\x61\x12\x01\x33";
    SCOPED(message) ProtobufCMessage *message = must_read(&binary, bytes, sizeof bytes - 1);

    assert_written(message, "{\"keyLabels\":{\"b\":\"2\",\"a\":\"3\"}}");
}
END_TEST

START_TEST(a_list_of_messages_named_entry_is_no_map)
{
    struct asap_error err = { 0 };
    const char text[] = "{\"entry\":[{\"key\":\"a\",\"value\":\"b\"}]}";
    SCOPED(message) ProtobufCMessage *message = NULL;

    ck_assert_succeeds(
        codec_read_json(&asap__test__pairs__descriptor, text, strlen(text), &message, &err));
    assert_written(message, text);
}
END_TEST

/* JSON that nests `unit` this often. */
static void
nest(struct buffer *out, const char *before, const char *unit, size_t times, const char *after)
{
    buffer_puts(out, before);
    for (size_t i = 0; i < times; i++)
        buffer_puts(out, unit);
    buffer_puts(out, after);
}

static enum asap_code read_nested(const char *opening, const char *closing, size_t times)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);
    SCOPED(message) ProtobufCMessage *message = NULL;

    nest(&text, "{\"value\":", opening, times, "1");
    nest(&text, "", closing, times, "}");
    return codec_read(&json, type, text.bytes, text.length, &message, &err);
}

/* A list is two messages, an object three: its value's, itself and the entry; and the outermost
 * message and the innermost value. */
START_TEST(nested_values_are_limited_to_what_the_binary_form_can_hold)
{
    ck_assert_int_eq(read_nested("[", "]", 31), ASAP_OK);
    ck_assert_int_eq(read_nested("[", "]", 32), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(read_nested("{\"a\":", "}", 20), ASAP_OK);
    ck_assert_int_eq(read_nested("{\"a\":", "}", 21), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(read_nested("[", "]", NESTED), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(read_nested("{\"a\":", "}", NESTED), ASAP_INVALID_ARGUMENT);
}
END_TEST

/* Each Any is bytes to the one around it, so that only writing sees how deep they go. */
START_TEST(nested_anys_are_limited_when_written)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer out = BUFFER(TEXT_MAX);
    SCOPED(message) ProtobufCMessage *any = NULL;

    ck_assert_succeeds(codec_new(&google__protobuf__any__descriptor, &any, &err));
    for (int depth = 1; depth <= 80; depth++) {
        Google__Protobuf__Any *outer = NULL;

        buffer_clear(&out);
        out.limit = TEXT_MAX;
        ck_assert_int_eq(codec_write(&json, any, &out, &err),
                         depth <= CODEC_DEPTH_MAX ? ASAP_OK : ASAP_INTERNAL);
        ck_assert_succeeds(codec_new_any(any, &outer, &err));
        protobuf_c_message_free_unpacked(any, NULL);
        any = &outer->base;
    }
}
END_TEST

START_TEST(the_number_of_messages_is_limited)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(TEXT_MAX);
    ProtobufCMessage *message = NULL;

    nest(&text, "{\"anys\":[", "{},", CODEC_MESSAGES_MAX - 2, "{}]}");
    ck_assert_succeeds(codec_read(&json, type, text.bytes, text.length, &message, &err));
    protobuf_c_message_free_unpacked(message, NULL);
    text.length = 0;
    nest(&text, "{\"anys\":[", "{},", CODEC_MESSAGES_MAX - 1, "{}]}");
    ck_assert_int_eq(codec_read(&json, type, text.bytes, text.length, &message, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec_known");
    TCase *known = tcase_create("known");

    tcase_add_loop_test(known, json_maps_to_a_message_and_back_by_way_of_the_binary_form, 0,
                        COUNT(mapped));
    tcase_add_loop_test(known, what_is_wrong_is_refused_by_its_path, 0, COUNT(refused));
    tcase_add_test(known, without_types_an_any_is_refused_in_both_directions);
    tcase_add_test(known, a_message_packs_into_an_any);
    tcase_add_loop_test(known, what_json_cannot_hold_is_not_written, 0, COUNT(unwritable));
    tcase_add_test(known, of_a_key_that_comes_twice_the_last_counts);
    tcase_add_test(known, a_list_of_messages_named_entry_is_no_map);
    tcase_add_test(known, nested_values_are_limited_to_what_the_binary_form_can_hold);
    tcase_add_test(known, nested_anys_are_limited_when_written);
    tcase_add_test(known, the_number_of_messages_is_limited);
    suite_add_tcase(suite, known);
    return check_main(suite);
}

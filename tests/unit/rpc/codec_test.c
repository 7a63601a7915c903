/* SPDX-License-Identifier: Apache-2.0 */
#include "codec.h"

#include <float.h>
#include <string.h>

#include "check_main.h"
#include "codec_test.pb-c.h"

enum { TEXT_MAX = 4096 };

static const ProtobufCMessageDescriptor *const type = &asap__test__everything__descriptor;

static Asap__Test__Everything *must_read(const char *text)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;

    ck_assert_msg(codec_read_json(type, text, strlen(text), &message, &err) == ASAP_OK, "%s: %s",
                  text, err.message);
    return (Asap__Test__Everything *)message;
}

static void release(Asap__Test__Everything *message)
{
    protobuf_c_message_free_unpacked(&message->base, NULL);
}

static void must_write(const Asap__Test__Everything *message, struct buffer *out)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(codec_write_json(&message->base, out, &err));
}

/* What is read comes out again as `second`, and that as itself. */
static const struct {
    const char *in, *out;
} mapped[] = {
    { "", "{}" },
    { "{}", "{}" },
    { " \n{\t} ", "{}" },
    /* integers: numbers, text, and whole numbers in other forms */
    { "{\"int32Value\":-2147483648}", "{\"int32Value\":-2147483648}" },
    { "{\"int32Value\":2147483647}", "{\"int32Value\":2147483647}" },
    { "{\"int32Value\":\"17\"}", "{\"int32Value\":17}" },
    { "{\"int32Value\":1e3}", "{\"int32Value\":1000}" },
    { "{\"int32Value\":\"1e3\"}", "{\"int32Value\":1000}" },
    { "{\"int32Value\":-5.0}", "{\"int32Value\":-5}" },
    { "{\"int32Value\":\"-0\"}", "{}" },
    { "{\"sint32Value\":-1}", "{\"sint32Value\":-1}" },
    { "{\"sfixed32Value\":-1}", "{\"sfixed32Value\":-1}" },
    { "{\"uint32Value\":4294967295}", "{\"uint32Value\":4294967295}" },
    { "{\"fixed32Value\":\"4294967295\"}", "{\"fixed32Value\":4294967295}" },
    { "{\"int64Value\":\"-9223372036854775808\"}", "{\"int64Value\":\"-9223372036854775808\"}" },
    { "{\"int64Value\":9223372036854775807}", "{\"int64Value\":\"9223372036854775807\"}" },
    { "{\"sint64Value\":9007199254740993}", "{\"sint64Value\":\"9007199254740993\"}" },
    { "{\"sfixed64Value\":-1}", "{\"sfixed64Value\":\"-1\"}" },
    { "{\"uint64Value\":\"18446744073709551615\"}", "{\"uint64Value\":\"18446744073709551615\"}" },
    { "{\"fixed64Value\":1}", "{\"fixed64Value\":\"1\"}" },
    /* floating point */
    { "{\"doubleValue\":0.1}", "{\"doubleValue\":0.1}" },
    { "{\"doubleValue\":\"-1.5e300\"}", "{\"doubleValue\":-1.5e+300}" },
    { "{\"doubleValue\":12345678901234567}", "{\"doubleValue\":12345678901234568}" },
    { "{\"doubleValue\":1.7976931348623157e308}", "{\"doubleValue\":1.7976931348623157e+308}" },
    { "{\"doubleValue\":5e-324}", "{\"doubleValue\":4.94065645841247e-324}" },
    { "{\"doubleValue\":\"NaN\"}", "{\"doubleValue\":\"NaN\"}" },
    { "{\"doubleValue\":\"Infinity\"}", "{\"doubleValue\":\"Infinity\"}" },
    { "{\"doubleValue\":\"-Infinity\"}", "{\"doubleValue\":\"-Infinity\"}" },
    { "{\"doubleValue\":0.0}", "{}" },
    { "{\"floatValue\":0.1}", "{\"floatValue\":0.1}" },
    { "{\"floatValue\":3.40282347e38}", "{\"floatValue\":3.4028235e+38}" },
    { "{\"floatValue\":16777217}", "{\"floatValue\":16777216}" },
    { "{\"floatValue\":\"NaN\"}", "{\"floatValue\":\"NaN\"}" },
    { "{\"floatValue\":\"-Infinity\"}", "{\"floatValue\":\"-Infinity\"}" },
    /* bool and enum */
    { "{\"boolValue\":true}", "{\"boolValue\":true}" },
    { "{\"boolValue\":false}", "{}" },
    { "{\"color\":\"COLOR_BLUE\"}", "{\"color\":\"COLOR_BLUE\"}" },
    { "{\"color\":5}", "{\"color\":\"COLOR_BLUE\"}" },
    { "{\"color\":-3}", "{\"color\":\"COLOR_INFRARED\"}" },
    { "{\"color\":77}", "{\"color\":77}" },
    { "{\"color\":-77}", "{\"color\":-77}" },
    { "{\"color\":\"COLOR_UNSPECIFIED\"}", "{}" },
    /* text */
    { "{\"text\":\"\"}", "{}" },
    { "{\"text\":\"a\\\"\\\\\\n\\t\\r\\u0001\\u001f\\/\"}",
      "{\"text\":\"a\\\"\\\\\\n\\t\\r\\u0001\\u001f/\"}" },
    { "{\"text\":\"\\u00fc\\ud83d\\ude00\"}", "{\"text\":\"\xc3\xbc\xf0\x9f\x98\x80\"}" },
    /* bytes: both alphabets, with and without padding */
    { "{\"data\":\"\"}", "{}" },
    { "{\"data\":\"AA==\"}", "{\"data\":\"AA==\"}" },
    { "{\"data\":\"AA\"}", "{\"data\":\"AA==\"}" },
    { "{\"data\":\"AAA=\"}", "{\"data\":\"AAA=\"}" },
    { "{\"data\":\"AAAA\"}", "{\"data\":\"AAAA\"}" },
    { "{\"data\":\"-_8\"}", "{\"data\":\"+/8=\"}" },
    { "{\"data\":\"+/8\"}", "{\"data\":\"+/8=\"}" },
    { "{\"data\":\"-_8=\"}", "{\"data\":\"+/8=\"}" },
    /* null is absent, a member nobody knows is passed over */
    { "{\"text\":null,\"child\":null,\"int32List\":null,\"chosenText\":null}", "{}" },
    { "{\"strange\":{\"deep\":[1,2,{\"x\":null}]},\"int32Value\":1}", "{\"int32Value\":1}" },
    /* both spellings */
    { "{\"int32_value\":3}", "{\"int32Value\":3}" },
    { "{\"int32_value\":3,\"int32Value\":null}", "{\"int32Value\":3}" },
    { "{\"publish_time\":\"1970-01-01T00:00:00Z\"}", "{\"publishTime\":\"1970-01-01T00:00:00Z\"}" },
    /* messages in messages */
    { "{\"child\":{}}", "{\"child\":{}}" },
    { "{\"child\":{\"child\":{\"text\":\"x\"}}}", "{\"child\":{\"child\":{\"text\":\"x\"}}}" },
    /* lists */
    { "{\"int32List\":[]}", "{}" },
    { "{\"int32List\":[0,-1,\"2\"]}", "{\"int32List\":[0,-1,2]}" },
    { "{\"uint64List\":[0,\"18446744073709551615\"]}",
      "{\"uint64List\":[\"0\",\"18446744073709551615\"]}" },
    { "{\"doubleList\":[0,-0.0,\"NaN\"]}", "{\"doubleList\":[0,-0.0,\"NaN\"]}" },
    { "{\"floatList\":[0.5,0.25]}", "{\"floatList\":[0.5,0.25]}" },
    { "{\"boolList\":[true,false]}", "{\"boolList\":[true,false]}" },
    { "{\"colors\":[\"COLOR_RED\",0,9]}", "{\"colors\":[\"COLOR_RED\",\"COLOR_UNSPECIFIED\",9]}" },
    { "{\"texts\":[\"a\",\"\",\"b\"]}", "{\"texts\":[\"a\",\"\",\"b\"]}" },
    { "{\"blobs\":[\"\",\"AQI\"]}", "{\"blobs\":[\"\",\"AQI=\"]}" },
    { "{\"children\":[{},{\"texts\":[\"y\"]}]}", "{\"children\":[{},{\"texts\":[\"y\"]}]}" },
    { "{\"times\":[\"1970-01-01T00:00:01Z\",\"1970-01-01T00:00:00Z\"]}",
      "{\"times\":[\"1970-01-01T00:00:01Z\",\"1970-01-01T00:00:00Z\"]}" },
    /* a oneof: what is set is written even if it is the default */
    { "{\"chosenNumber\":0}", "{\"chosenNumber\":0}" },
    { "{\"chosenText\":\"\"}", "{\"chosenText\":\"\"}" },
    { "{\"chosenData\":\"\"}", "{\"chosenData\":\"\"}" },
    { "{\"chosenData\":\"AQ\"}", "{\"chosenData\":\"AQ==\"}" },
    { "{\"chosenChild\":{}}", "{\"chosenChild\":{}}" },
    { "{\"chosenColor\":0}", "{\"chosenColor\":\"COLOR_UNSPECIFIED\"}" },
    { "{\"chosenBool\":false}", "{\"chosenBool\":false}" },
    { "{\"chosenText\":\"x\",\"chosenNumber\":null}", "{\"chosenText\":\"x\"}" },
    /* numbers */
    { "{\"doubleValue\":100000000000000000000}", "{\"doubleValue\":1e+20}" },
    { "{\"doubleValue\":-100000000000000000000,\"int64Value\":7}",
      "{\"int64Value\":\"7\",\"doubleValue\":-1e+20}" },
    { "{\"int64Value\":9223372036854775807}", "{\"int64Value\":\"9223372036854775807\"}" },
    { "{\"int64Value\":9007199254740992.0}", "{\"int64Value\":\"9007199254740992\"}" },
    { "{\"uint64Value\":\"1e19\"}", "{\"uint64Value\":\"10000000000000000000\"}" },
    { "{\"int32Value\":1e3,\"uint32Value\":2.0}", "{\"int32Value\":1000,\"uint32Value\":2}" },
    /* times */
    { "{\"publishTime\":\"2026-11-23T13:15:00Z\"}", "{\"publishTime\":\"2026-11-23T13:15:00Z\"}" },
    { "{\"publishTime\":\"2026-11-23T13:15:00.5Z\"}",
      "{\"publishTime\":\"2026-11-23T13:15:00.500Z\"}" },
    { "{\"publishTime\":\"2026-11-23T13:15:00.0005Z\"}",
      "{\"publishTime\":\"2026-11-23T13:15:00.000500Z\"}" },
    { "{\"publishTime\":\"2026-11-23T13:15:00.000000001Z\"}",
      "{\"publishTime\":\"2026-11-23T13:15:00.000000001Z\"}" },
    { "{\"publishTime\":\"2026-11-23T13:15:00.000Z\"}",
      "{\"publishTime\":\"2026-11-23T13:15:00Z\"}" },
    { "{\"publishTime\":\"2026-11-23T13:15:00+01:30\"}",
      "{\"publishTime\":\"2026-11-23T11:45:00Z\"}" },
    { "{\"publishTime\":\"2026-11-23T23:15:00-02:00\"}",
      "{\"publishTime\":\"2026-11-24T01:15:00Z\"}" },
    { "{\"publishTime\":\"1969-12-31T23:59:59.9Z\"}",
      "{\"publishTime\":\"1969-12-31T23:59:59.900Z\"}" },
    { "{\"publishTime\":\"2024-02-29T00:00:00Z\"}", "{\"publishTime\":\"2024-02-29T00:00:00Z\"}" },
    { "{\"publishTime\":\"0001-01-01T00:00:00Z\"}", "{\"publishTime\":\"0001-01-01T00:00:00Z\"}" },
    { "{\"publishTime\":\"9999-12-31T23:59:59.999999999Z\"}",
      "{\"publishTime\":\"9999-12-31T23:59:59.999999999Z\"}" },
    /* durations */
    { "{\"maxLifetime\":\"3600s\"}", "{\"maxLifetime\":\"3600s\"}" },
    { "{\"maxLifetime\":\"3.5s\"}", "{\"maxLifetime\":\"3.500s\"}" },
    { "{\"maxLifetime\":\"-0.5s\"}", "{\"maxLifetime\":\"-0.500s\"}" },
    { "{\"maxLifetime\":\"-3.000001s\"}", "{\"maxLifetime\":\"-3.000001s\"}" },
    { "{\"maxLifetime\":\"0s\"}", "{\"maxLifetime\":\"0s\"}" },
    { "{\"maxLifetime\":\"1.000000001s\"}", "{\"maxLifetime\":\"1.000000001s\"}" },
    { "{\"maxLifetime\":\"315576000000s\"}", "{\"maxLifetime\":\"315576000000s\"}" },
    { "{\"maxLifetime\":\"-315576000000s\"}", "{\"maxLifetime\":\"-315576000000s\"}" },
};

static void assert_maps(const char *in, const char *out)
{
    Asap__Test__Everything *message = must_read(in);
    struct buffer text = BUFFER(TEXT_MAX);

    must_write(message, &text);
    ck_assert_str_eq(text.bytes, out);
    buffer_clear(&text);
    release(message);
}

START_TEST(json_maps_to_a_message_and_back)
{
    assert_maps(mapped[_i].in, mapped[_i].out);
    assert_maps(mapped[_i].out, mapped[_i].out);
}
END_TEST

/* Apart from the table, since protobuf-c drops the sign in the binary form. */
START_TEST(minus_zero_is_not_the_default)
{
    assert_maps("{\"doubleValue\":-0.0}", "{\"doubleValue\":-0.0}");
    assert_maps("{\"floatValue\":-0.0}", "{\"floatValue\":-0.0}");
}
END_TEST

START_TEST(a_message_agrees_with_the_binary_form_of_the_same)
{
    Asap__Test__Everything *message = must_read(mapped[_i].in);
    const size_t size = protobuf_c_message_get_packed_size(&message->base);
    uint8_t *packed = malloc(size + 1);
    struct buffer direct = BUFFER(TEXT_MAX);
    struct buffer detour = BUFFER(TEXT_MAX);
    Asap__Test__Everything *unpacked = NULL;

    ck_assert_ptr_nonnull(packed);
    ck_assert_uint_eq(protobuf_c_message_pack(&message->base, packed), size);
    unpacked = asap__test__everything__unpack(NULL, size, packed);
    ck_assert_ptr_nonnull(unpacked);
    must_write(message, &direct);
    must_write(unpacked, &detour);
    ck_assert_str_eq(direct.bytes, detour.bytes);
    buffer_clear(&direct);
    buffer_clear(&detour);
    free(packed);
    release(unpacked);
    release(message);
}
END_TEST

START_TEST(each_field_gets_its_own_value)
{
    Asap__Test__Everything *message =
        must_read("{\"int32Value\":-1,\"uint64Value\":\"2\",\"floatValue\":2.5,\"doubleValue\":-8,"
                  "\"boolValue\":true,\"color\":\"COLOR_RED\",\"text\":\"t\",\"data\":\"AQID\","
                  "\"publishTime\":\"1970-01-01T00:01:00.25Z\",\"maxLifetime\":\"-1.5s\","
                  "\"chosenNumber\":9,\"texts\":[\"u\",\"v\"]}");

    ck_assert_int_eq(message->int32_value, -1);
    ck_assert_uint_eq(message->uint64_value, 2);
    ck_assert_float_eq(message->float_value, 2.5F);
    ck_assert_double_eq(message->double_value, -8.0);
    ck_assert_int_eq(message->bool_value, 1);
    ck_assert_int_eq(message->color, ASAP__TEST__COLOR__COLOR_RED);
    ck_assert_str_eq(message->text, "t");
    ck_assert_uint_eq(message->data.len, 3);
    ck_assert_mem_eq(message->data.data, "\x01\x02\x03", 3);
    ck_assert_int_eq(message->publish_time->seconds, 60);
    ck_assert_int_eq(message->publish_time->nanos, 250000000);
    ck_assert_int_eq(message->max_lifetime->seconds, -1);
    ck_assert_int_eq(message->max_lifetime->nanos, -500000000);
    ck_assert_int_eq(message->choice_case, ASAP__TEST__EVERYTHING__CHOICE_CHOSEN_NUMBER);
    ck_assert_int_eq(message->chosen_number, 9);
    ck_assert_uint_eq(message->n_texts, 2);
    ck_assert_str_eq(message->texts[1], "v");
    release(message);
}
END_TEST

static enum asap_code try_write(const Asap__Test__Everything *message)
{
    struct asap_error err = { 0 };
    struct buffer out = BUFFER(TEXT_MAX);
    const enum asap_code code = codec_write_json(&message->base, &out, &err);

    ck_assert(code == ASAP_OK || err.message[0] != '\0');
    buffer_clear(&out);
    return code;
}

static const struct {
    const char *why;
    const char *text;
    enum asap_code code;
} texts[] = {
    { "ASCII", "a", ASAP_OK },
    { "two bytes", "\xc2\x80\xdf\xbf", ASAP_OK },
    { "three bytes", "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", ASAP_OK },
    { "four bytes", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", ASAP_OK },
    { "overlong", "\xc0\xaf", ASAP_INTERNAL },
    { "overlong in three", "\xe0\x9f\xbf", ASAP_INTERNAL },
    { "overlong in four", "\xf0\x8f\xbf\xbf", ASAP_INTERNAL },
    { "a surrogate", "\xed\xa0\x80", ASAP_INTERNAL },
    { "beyond Unicode", "\xf4\x90\x80\x80", ASAP_INTERNAL },
    { "a stray continuation", "a\x80", ASAP_INTERNAL },
    { "cut off", "\xe2\x82", ASAP_INTERNAL },
    { "broken off", "\xe2\x82z", ASAP_INTERNAL },
    { "no first byte", "\xff", ASAP_INTERNAL },
};

START_TEST(only_utf8_is_written)
{
    struct asap_error err = { 0 };
    Asap__Test__Everything *message = must_read("{}");

    ck_assert_succeeds(codec_set_string(&message->text, texts[_i].text, &err));
    ck_assert_msg(try_write(message) == texts[_i].code, "%s", texts[_i].why);
    release(message);
}
END_TEST

static const struct {
    int64_t seconds;
    int32_t nanos;
    enum asap_code time, duration;
} ranges[] = {
    { 0, 0, ASAP_OK, ASAP_OK },
    { 0, 999999999, ASAP_OK, ASAP_OK },
    { 0, 1000000000, ASAP_INTERNAL, ASAP_INTERNAL },
    { 0, -1, ASAP_INTERNAL, ASAP_OK },
    { -1, -1, ASAP_INTERNAL, ASAP_OK },
    { -1, 1, ASAP_OK, ASAP_INTERNAL },
    { 1, -1, ASAP_INTERNAL, ASAP_INTERNAL },
    { 253402300799, 0, ASAP_OK, ASAP_OK },
    { 253402300800, 0, ASAP_INTERNAL, ASAP_OK },
    { -62135596800, 0, ASAP_OK, ASAP_OK },
    { -62135596801, 0, ASAP_INTERNAL, ASAP_OK },
    { 315576000001, 0, ASAP_INTERNAL, ASAP_INTERNAL },
    { INT64_MIN, INT32_MIN, ASAP_INTERNAL, ASAP_INTERNAL },
};

START_TEST(times_out_of_range_are_not_written)
{
    Asap__Test__Everything *time = must_read("{\"publishTime\":\"1970-01-01T00:00:00Z\"}");
    Asap__Test__Everything *duration = must_read("{\"maxLifetime\":\"0s\"}");

    time->publish_time->seconds = ranges[_i].seconds;
    time->publish_time->nanos = ranges[_i].nanos;
    duration->max_lifetime->seconds = ranges[_i].seconds;
    duration->max_lifetime->nanos = ranges[_i].nanos;
    ck_assert_int_eq(try_write(time), ranges[_i].time);
    ck_assert_int_eq(try_write(duration), ranges[_i].duration);
    release(time);
    release(duration);
}
END_TEST

static const float floats[] = { 0.1F,   1.0F / 3, FLT_MAX,      -FLT_MAX,    FLT_MIN,
                                1e-45F, 16777216, 123456789.0F, FLT_EPSILON, 1.17549421e-38F,
                                0.3F,   -2.5e-7F, 8388608.5F,   1.00000012F, 3.14159274F };

START_TEST(floats_survive_the_way_through_text)
{
    Asap__Test__Everything message;
    Asap__Test__Everything *again = NULL;
    struct buffer text = BUFFER(TEXT_MAX);

    asap__test__everything__init(&message);
    message.float_value = floats[_i];
    message.double_value = (double)floats[_i] / 3;
    must_write(&message, &text);
    again = must_read(text.bytes);
    ck_assert_float_eq(again->float_value, message.float_value);
    ck_assert_double_eq(again->double_value, message.double_value);
    buffer_clear(&text);
    release(again);
}
END_TEST

START_TEST(a_message_over_the_limit_of_its_buffer_is_an_error)
{
    struct asap_error err = { 0 };
    Asap__Test__Everything *message = must_read("{\"data\":\"AAAAAAAA\"}");
    struct buffer exact = BUFFER(19);
    struct buffer small = BUFFER(18);

    ck_assert_succeeds(codec_write_json(&message->base, &exact, &err));
    ck_assert_str_eq(exact.bytes, "{\"data\":\"AAAAAAAA\"}");
    ck_assert_int_eq(codec_write_json(&message->base, &small, &err), ASAP_RESOURCE_EXHAUSTED);
    buffer_clear(&exact);
    buffer_clear(&small);
    release(message);
}
END_TEST

START_TEST(a_string_is_set_in_place_of_the_old)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;
    Asap__Test__Everything *everything = NULL;
    char text[] = "first";

    ck_assert_succeeds(codec_new(type, &message, &err));
    everything = (Asap__Test__Everything *)message;
    ck_assert_ptr_eq(everything->text, protobuf_c_empty_string);
    ck_assert_succeeds(codec_set_string(&everything->text, text, &err));
    text[0] = 'x';
    ck_assert_str_eq(everything->text, "first");
    ck_assert_succeeds(codec_set_string(&everything->text, everything->text + 1, &err));
    ck_assert_str_eq(everything->text, "irst");
    ck_assert_succeeds(codec_set_string(&everything->text, "", &err));
    ck_assert_str_eq(everything->text, "");
    release(everything);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec");
    TCase *codec = tcase_create("codec");

    tcase_add_loop_test(codec, json_maps_to_a_message_and_back, 0, COUNT(mapped));
    tcase_add_test(codec, minus_zero_is_not_the_default);
    tcase_add_loop_test(codec, a_message_agrees_with_the_binary_form_of_the_same, 0, COUNT(mapped));
    tcase_add_test(codec, each_field_gets_its_own_value);
    tcase_add_loop_test(codec, only_utf8_is_written, 0, COUNT(texts));
    tcase_add_loop_test(codec, times_out_of_range_are_not_written, 0, COUNT(ranges));
    tcase_add_loop_test(codec, floats_survive_the_way_through_text, 0, COUNT(floats));
    tcase_add_test(codec, a_message_over_the_limit_of_its_buffer_is_an_error);
    tcase_add_test(codec, a_string_is_set_in_place_of_the_old);
    suite_add_tcase(suite, codec);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "check_main.h"
#include "codec.h"
#include "codec_test.pb-c.h"

enum { BYTES_MAX = 32 * 1024 * 1024, NESTED = 40 * 1024 };

static const ProtobufCMessageDescriptor *const everything = &asap__test__everything__descriptor;
static const ProtobufCMessageDescriptor *const known = &asap__test__known__descriptor;

static const ProtobufCMessageDescriptor *const types[] = { &asap__test__everything__descriptor,
                                                           NULL };
static const struct codec json = { CODEC_JSON, types };

/* As protoc --encode has them. */
static const char every_field[] = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x03\x1d\xfd\xff"
                                  "\xff\xff\x20\xfc\xff\xff\xff\xff\xff\xff\xff\xff\x01\x28\x09\x31"
                                  "\xfa\xff\xff\xff\xff\xff\xff\xff\x38\xff\xff\xff\xff\x0f\x45\x08"
                                  "\x00\x00\x00\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x51\x0a"
                                  "\x00\x00\x00\x00\x00\x00\x00\x5d\x00\x00\xc0\x3f\x61\x00\x00\x00"
                                  "\x00\x00\x00\x02\xc0\x68\x01\x70\xfd\xff\xff\xff\xff\xff\xff\xff"
                                  "\xff\x01\x7a\x02\xc3\xa4\x82\x01\x02\x00\xff\x8a\x01\x03\x08\xac"
                                  "\x02\x92\x01\x07\x08\x3c\x10\x80\xe5\x9a\x77\x9a\x01\x16\x08\xff"
                                  "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x80\xb6\xca\x91\xfe\xff"
                                  "\xff\xff\xff\x01\xa2\x01\x0d\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                  "\x01\x00\x96\x01\xaa\x01\x01\x01\xb2\x01\x08\x00\x00\x00\x00\x00"
                                  "\x00\xe0\x3f\xba\x01\x02\x01\x00\xc2\x01\x0b\xfd\xff\xff\xff\xff"
                                  "\xff\xff\xff\xff\x01\x05\xca\x01\x00\xca\x01\x01\x62\xd2\x01\x00"
                                  "\xd2\x01\x01\x01\xda\x01\x00\xda\x01\x03\x7a\x01\x7a\xe2\x01\x00"
                                  "\xea\x01\x04\x00\x00\x00\x40\xfa\x01\x00";

static const char every_field_as_json[] =
    "{\"int32Value\":-1,\"sint32Value\":-2,\"sfixed32Value\":-3,\"int64Value\":\"-4\","
    "\"sint64Value\":\"-5\",\"sfixed64Value\":\"-6\",\"uint32Value\":4294967295,"
    "\"fixed32Value\":8,\"uint64Value\":\"18446744073709551615\",\"fixed64Value\":\"10\","
    "\"floatValue\":1.5,\"doubleValue\":-2.25,\"boolValue\":true,\"color\":\"COLOR_INFRARED\","
    "\"text\":\"\xc3\xa4\",\"data\":\"AP8=\",\"child\":{\"int32Value\":300},"
    "\"publishTime\":\"1970-01-01T00:01:00.250Z\",\"maxLifetime\":\"-1.500s\","
    "\"int32List\":[-1,0,150],\"uint64List\":[\"1\"],\"doubleList\":[0.5],"
    "\"boolList\":[true,false],\"colors\":[\"COLOR_INFRARED\",\"COLOR_BLUE\"],"
    "\"texts\":[\"\",\"b\"],\"blobs\":[\"\",\"AQ==\"],\"children\":[{},{\"text\":\"z\"}],"
    "\"times\":[\"1970-01-01T00:00:00Z\"],\"floatList\":[2],\"chosenText\":\"\"}";

static const char known_types[] = "\x0a\x1c\x0a\x16\x61\x2f\x61\x73\x61\x70\x2e\x74\x65\x73\x74\x2e"
                                  "\x45\x76\x65\x72\x79\x74\x68\x69\x6e\x67\x12\x02\x08\x05\x1a\x10"
                                  "\x0a\x0e\x0a\x01\x61\x12\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x3f"
                                  "\x22\x02\x08\x00\x32\x09\x0a\x02\x20\x01\x0a\x03\x1a\x01\x78\x3a"
                                  "\x00\x42\x1a\x0a\x0c\x64\x69\x73\x70\x6c\x61\x79\x5f\x6e\x61\x6d"
                                  "\x65\x0a\x0a\x6f\x77\x6e\x65\x72\x2e\x6e\x61\x6d\x65\x6a\x00\x7a"
                                  "\x03\x0a\x01\x73\xa2\x01\x06\x0a\x01\x6b\x12\x01\x76\xb2\x01\x07"
                                  "\x08\x01\x12\x03\x79\x65\x73\xe0\x01\x00";

static const char known_types_as_json[] =
    "{\"any\":{\"@type\":\"a/asap.test.Everything\",\"int32Value\":5},\"settings\":{\"a\":1},"
    "\"value\":null,\"list\":[true,\"x\"],\"empty\":{},\"updateMask\":\"displayName,owner.name\","
    "\"int32Wrapper\":0,\"stringWrapper\":\"s\",\"keyLabels\":{\"k\":\"v\"},"
    "\"byTruth\":{\"true\":\"yes\"},\"chosenNull\":null}";

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *bytes;
    size_t length;
    const char *json;
} compared[] = {
    { &asap__test__everything__descriptor, every_field, sizeof every_field - 1,
      every_field_as_json },
    { &asap__test__known__descriptor, known_types, sizeof known_types - 1, known_types_as_json },
    { &asap__test__everything__descriptor, "", 0, "{}" },
};

static ProtobufCMessage *must_read(const ProtobufCMessageDescriptor *type,
                                   const char *bytes,
                                   size_t length)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;

    ck_assert_msg(codec_read_binary(type, (const uint8_t *)bytes, length, &message, &err)
                      == ASAP_OK,
                  "%s: %s", err.field, err.message);
    return message;
}

static void assert_json(const ProtobufCMessage *message, const char *expected)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer text = BUFFER(BYTES_MAX);

    ck_assert_succeeds(codec_write(&json, message, &text, &err));
    ck_assert_str_eq(text.bytes, expected);
}

static void assert_binary(const ProtobufCMessage *message, const char *bytes, size_t length)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer out = BUFFER(BYTES_MAX);

    ck_assert_succeeds(codec_write_binary(message, &out, &err));
    ck_assert_uint_eq(out.length, length);
    ck_assert_mem_eq(out.bytes, bytes, length);
}

START_TEST(the_binary_form_is_that_of_the_compiler)
{
    struct asap_error err = { 0 };
    const char *text = compared[_i].json;
    SCOPED(message)
    ProtobufCMessage *from_bytes =
        must_read(compared[_i].type, compared[_i].bytes, compared[_i].length);
    SCOPED(message) ProtobufCMessage *from_text = NULL;

    assert_json(from_bytes, text);
    assert_binary(from_bytes, compared[_i].bytes, compared[_i].length);
    ck_assert_succeeds(codec_read(&json, compared[_i].type, text, strlen(text), &from_text, &err));
    assert_binary(from_text, compared[_i].bytes, compared[_i].length);
}
END_TEST

/* Every shorter beginning is either a message or refused, and never read beyond. */
START_TEST(a_message_may_be_cut_off_anywhere)
{
    for (size_t length = 0; length < sizeof every_field - 1; length++) {
        struct asap_error err = { 0 };
        SCOPED(message) ProtobufCMessage *message = NULL;
        SCOPED(buffer) struct buffer exact = BUFFER(length);
        enum asap_code code = ASAP_OK;

        buffer_append(&exact, every_field, length);
        code = codec_read_binary(everything, (const uint8_t *)exact.bytes, length, &message, &err);
        ck_assert(code == ASAP_OK || code == ASAP_INVALID_ARGUMENT);
        ck_assert((code == ASAP_OK) == (message != NULL));
    }
}
END_TEST

#define BYTES(text) (text), sizeof(text) - 1

/* Other ways to say something than the compiler's. */
static const struct {
    const char *why, *bytes;
    size_t length;
    const char *json;
} accepted[] = {
    { "the last of two numbers counts", BYTES("\x08\x01\x08\x02"), "{\"int32Value\":2}" },
    { "the last of two strings counts", BYTES("\x7a\x01\x61\x7a\x01\x62"), "{\"text\":\"b\"}" },
    { "a varint with leading zeros", BYTES("\x08\x81\x80\x80\x00"), "{\"int32Value\":1}" },
    { "a tag with leading zeros", BYTES("\x88\x80\x00\x01"), "{\"int32Value\":1}" },
    { "a length with leading zeros", BYTES("\x7a\x81\x00\x61"), "{\"text\":\"a\"}" },
    { "a number of 64 bits in 32", BYTES("\x08\x85\x80\x80\x80\x10"), "{\"int32Value\":5}" },
    { "a truth of another number", BYTES("\x68\x02"), "{\"boolValue\":true}" },
    { "a list that is not packed", BYTES("\xa0\x01\x01\xa0\x01\x02"), "{\"int32List\":[1,2]}" },
    { "a list in two ways", BYTES("\xa2\x01\x02\x01\x02\xa0\x01\x03\xa2\x01\x01\x04"),
      "{\"int32List\":[1,2,3,4]}" },
    { "an empty list", BYTES("\xa2\x01\x00"), "{}" },
    { "fields in disorder", BYTES("\x7a\x01\x61\x08\x01"), "{\"int32Value\":1,\"text\":\"a\"}" },
    { "an enum without a name", BYTES("\x70\x63"), "{\"color\":99}" },
    { "a list of enums without names", BYTES("\xc2\x01\x02\x63\x01"),
      "{\"colors\":[99,\"COLOR_RED\"]}" },
    { "a default in a oneof", BYTES("\xf0\x01\x00"), "{\"chosenNumber\":0}" },
    { "the last of a oneof counts", BYTES("\xfa\x01\x01\x61\xf0\x01\x07"), "{\"chosenNumber\":7}" },
    { "a message before another of its oneof",
      BYTES("\x8a\x02\x03\x7a\x01\x61\x82\x02\x02\x01\x02\xfa\x01\x01\x62"),
      "{\"chosenText\":\"b\"}" },
    { "a message behind others of its oneof",
      BYTES("\x98\x02\x01\x82\x02\x02\x01\x02\x8a\x02\x03\x7a\x01\x61"),
      "{\"chosenChild\":{\"text\":\"a\"}}" },
};

START_TEST(other_ways_to_say_it_are_read)
{
    SCOPED(message)
    ProtobufCMessage *message = must_read(everything, accepted[_i].bytes, accepted[_i].length);

    assert_json(message, accepted[_i].json);
}
END_TEST

START_TEST(unknown_fields_are_no_concern_and_written_again)
{
    static const char bytes[] = "\x08\x01\xc0\x3e\x96\x01\xc1\x3e\x01\x02\x03\x04\x05\x06\x07\x08"
                                "\xc2\x3e\x02\xff\x00\xc5\x3e\x01\x02\x03\x04";
    SCOPED(message) ProtobufCMessage *message = must_read(everything, bytes, sizeof bytes - 1);

    assert_json(message, "{\"int32Value\":1}");
    assert_binary(message, bytes, sizeof bytes - 1);
}
END_TEST

/* What is refused, the field that is to blame and a part of the reason. */
static const struct {
    const char *bytes;
    size_t length;
    const char *field, *why;
} refused[] = {
    { BYTES("\x08"), "int32Value", "varint" },
    { BYTES("\x08\x80"), "int32Value", "varint" },
    { BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "int32Value", "varint" },
    { BYTES("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "int64Value", "varint" },
    { BYTES("\x80"), "", "number of a field" },
    { BYTES("\x00\x01"), "", "number of a field" },
    { BYTES("\x02\x00"), "", "number of a field" },
    { BYTES("\x88\x80\x80\x80\x80\x00\x01"), "", "number of a field" },
    { BYTES("\x88\x80\x80\x80\x10\x01"), "", "number of a field" },
    { BYTES("\x7a"), "text", "length" },
    { BYTES("\x7a\x02\x61"), "text", "length" },
    { BYTES("\x7a\xff\xff\xff\xff\x0f"), "text", "length" },
    { BYTES("\x7a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "text", "length" },
    { BYTES("\x1d\x01\x02\x03"), "sfixed32Value", "four bytes" },
    { BYTES("\x31\x01\x02\x03\x04\x05\x06\x07"), "sfixed64Value", "eight bytes" },
    { BYTES("\x0b\x0c"), "int32Value", "groups" },
    { BYTES("\x0c"), "int32Value", "groups" },
    { BYTES("\xc3\x3e\xc4\x3e"), "", "groups" },
    { BYTES("\x0e\x00"), "int32Value", "wire type" },
    { BYTES("\xc7\x3e\x00"), "", "wire type" },
    { BYTES("\x0d\x01\x02\x03\x04"), "int32Value", "wire type" },
    { BYTES("\x0a\x01\x01"), "int32Value", "wire type" },
    { BYTES("\x78\x01"), "text", "wire type" },
    { BYTES("\x88\x01\x00"), "child", "wire type" },
    { BYTES("\xa5\x01\x01\x02\x03\x04"), "int32List", "wire type" },
    { BYTES("\xc2\x3e\x05\x01"), "", "length" },
    { BYTES("\xc1\x3e\x05\x01"), "", "eight bytes" },
    { BYTES("\x7a\x01\xff"), "text", "UTF-8" },
    { BYTES("\x7a\x03\xed\xa0\x80"), "text", "UTF-8" },
    { BYTES("\x7a\x03\x61\x00\x62"), "text", "NUL" },
    { BYTES("\xca\x01\x01\x61\xca\x01\x01\x80"), "texts[1]", "UTF-8" },
    { BYTES("\xfa\x01\x01\x80"), "chosenText", "UTF-8" },
    { BYTES("\xa2\x01\x03\x01\x02\x80"), "int32List[2]", "varint" },
    { BYTES("\xb2\x01\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09"), "doubleList[1]", "eight bytes" },
    { BYTES("\xea\x01\x03\x01\x02\x03"), "floatList[0]", "four bytes" },
    { BYTES("\xba\x01\x02\x01\x02"), "boolList[1]", "true or false" },
    { BYTES("\x8a\x01\x02\x7a\x05"), "child.text", "length" },
    { BYTES("\xda\x01\x00\xda\x01\x05\x8a\x01\x02\x08\x80"), "children[1].child.int32Value",
      "varint" },
    { BYTES("\x8a\x01\x00\x8a\x01\x00"), "child", "set twice" },
    { BYTES("\x8a\x02\x00\xf0\x01\x01\x8a\x02\x00"), "chosenChild", "set twice" },
};

START_TEST(what_is_wrong_is_refused_by_its_path)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *message = NULL;

    ck_assert_int_eq(codec_read_binary(everything, (const uint8_t *)refused[_i].bytes,
                                       refused[_i].length, &message, &err),
                     ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(message);
    ck_assert_str_eq(err.field, refused[_i].field);
    ck_assert_msg(strstr(err.message, refused[_i].why) != NULL, "%s", err.message);
}
END_TEST

static size_t varint_size(size_t value)
{
    size_t size = 1;

    while ((value >>= 7) > 0)
        size++;
    return size;
}

static void append_varint(struct buffer *out, size_t value)
{
    const size_t size = varint_size(value);
    uint8_t *room = buffer_extend(out, size);

    ck_assert_ptr_nonnull(room);
    for (size_t i = 0; i < size; i++, value >>= 7)
        room[i] = (uint8_t)((value & 0x7f) | (i + 1 < size ? 0x80 : 0));
}

/* Messages within each other, each the given field of the one around it. */
static void nest(struct buffer *out, size_t number, size_t times)
{
    const size_t tag = number << 3 | 2;
    size_t lengths[NESTED] = { 0 };

    for (size_t i = 1; i < times; i++)
        lengths[i] = lengths[i - 1] + varint_size(lengths[i - 1]) + varint_size(tag);
    for (size_t i = times; i > 0; i--) {
        append_varint(out, tag);
        append_varint(out, lengths[i - 1]);
    }
}

static enum asap_code read_buffer(const ProtobufCMessageDescriptor *type, struct buffer *bytes)
{
    struct asap_error err = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    enum asap_code code = ASAP_OK;

    ck_assert(!bytes->failed);
    code = codec_read_binary(type, (const uint8_t *)bytes->bytes, bytes->length, &message, &err);
    buffer_clear(bytes);
    return code;
}

START_TEST(nesting_is_limited)
{
    struct buffer bytes = BUFFER(BYTES_MAX);

    nest(&bytes, 17, CODEC_DEPTH_MAX - 1);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_OK);
    nest(&bytes, 17, CODEC_DEPTH_MAX);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_INVALID_ARGUMENT);
    nest(&bytes, 17, NESTED);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_INVALID_ARGUMENT);
}
END_TEST

/* Lists within each other: the sixth field of a Value, the first of a ListValue. */
static void nest_values(struct buffer *out, size_t times)
{
    size_t lengths[NESTED] = { 0 };

    for (size_t i = 1; i < times; i++)
        lengths[i] = lengths[i - 1] + varint_size(lengths[i - 1]) + 1;
    append_varint(out, 4 << 3 | 2);
    append_varint(out, lengths[times - 1]);
    for (size_t i = times - 1; i > 0; i--) {
        append_varint(out, ((times - i) % 2 == 1 ? 6U : 1U) << 3 | 2);
        append_varint(out, lengths[i - 1]);
    }
}

START_TEST(nested_values_are_limited)
{
    struct buffer bytes = BUFFER(BYTES_MAX);

    nest_values(&bytes, CODEC_DEPTH_MAX - 1);
    ck_assert_int_eq(read_buffer(known, &bytes), ASAP_OK);
    nest_values(&bytes, CODEC_DEPTH_MAX);
    ck_assert_int_eq(read_buffer(known, &bytes), ASAP_INVALID_ARGUMENT);
    nest_values(&bytes, NESTED);
    ck_assert_int_eq(read_buffer(known, &bytes), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(nested_groups_and_unknown_messages_are_not_followed)
{
    struct buffer bytes = BUFFER(BYTES_MAX);

    memset(buffer_extend(&bytes, NESTED), 0x0b, NESTED);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_INVALID_ARGUMENT);
    nest(&bytes, 1000, NESTED);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_OK);
}
END_TEST

static void repeat(struct buffer *out, const char *unit, size_t length, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buffer_append(out, unit, length);
}

/* What takes the least bytes to ask for a lot of memory. */
static const struct {
    const char *unit;
    size_t length;
    size_t most;
} multiplied[] = {
    { BYTES("\x08\x01"), CODEC_VALUES_MAX },
    { BYTES("\xa0\x01\x01"), CODEC_VALUES_MAX },
    { BYTES("\xca\x01\x00"), CODEC_VALUES_MAX },
    { BYTES("\xc0\x3e\x01"), CODEC_VALUES_MAX },
    { BYTES("\xa2\x01\x01\x01"), CODEC_VALUES_MAX },
    { BYTES("\xda\x01\x00"), CODEC_MESSAGES_MAX - 1 },
};

START_TEST(the_number_of_values_and_messages_is_limited)
{
    struct buffer bytes = BUFFER(BYTES_MAX);

    repeat(&bytes, multiplied[_i].unit, multiplied[_i].length, multiplied[_i].most);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_OK);
    repeat(&bytes, multiplied[_i].unit, multiplied[_i].length, multiplied[_i].most + 1);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_INVALID_ARGUMENT);
}
END_TEST

START_TEST(a_packed_list_is_counted_by_its_elements)
{
    struct buffer bytes = BUFFER(BYTES_MAX);

    append_varint(&bytes, 23 << 3 | 2);
    append_varint(&bytes, CODEC_VALUES_MAX + 1);
    repeat(&bytes, "\x01", 1, CODEC_VALUES_MAX + 1);
    ck_assert_int_eq(read_buffer(everything, &bytes), ASAP_INVALID_ARGUMENT);
}
END_TEST

static const enum codec_format formats[] = { CODEC_JSON, CODEC_BINARY };

START_TEST(too_many_bytes_are_not_looked_at)
{
    static const char start[] = "{}";
    struct asap_error err = { 0 };
    const struct codec codec = { formats[_i], NULL };
    ProtobufCMessage *message = NULL;

    ck_assert_int_eq(codec_read(&codec, everything, start, CODEC_SIZE_MAX + 1, &message, &err),
                     ASAP_RESOURCE_EXHAUSTED);
    ck_assert_ptr_null(message);
}
END_TEST

START_TEST(no_bytes_are_an_empty_message)
{
    struct asap_error err = { 0 };
    const struct codec codec = { formats[_i], NULL };
    SCOPED(message) ProtobufCMessage *message = NULL;

    ck_assert_succeeds(codec_read(&codec, everything, NULL, 0, &message, &err));
    assert_binary(message, "", 0);
}
END_TEST

START_TEST(what_could_not_be_read_again_is_not_written)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer out = BUFFER(BYTES_MAX);
    Asap__Test__Everything message;
    Asap__Test__Everything *missing = NULL;
    char text[] = "\xff";
    char *texts[] = { text };

    asap__test__everything__init(&message);
    message.text = text;
    ck_assert_int_eq(codec_write_binary(&message.base, &out, &err), ASAP_INTERNAL);
    asap__test__everything__init(&message);
    message.texts = texts;
    message.n_texts = 1;
    ck_assert_int_eq(codec_write_binary(&message.base, &out, &err), ASAP_INTERNAL);
    text[0] = 'a';
    ck_assert_succeeds(codec_write_binary(&message.base, &out, &err));
    asap__test__everything__init(&message);
    message.children = &missing;
    message.n_children = 1;
    ck_assert_int_eq(codec_write_binary(&message.base, &out, &err), ASAP_INTERNAL);
}
END_TEST

/* In each format, a chain of messages and then a ring, which is as deep as it gets. */
START_TEST(a_message_that_is_too_deep_is_not_written)
{
    struct asap_error err = { 0 };
    const struct codec codec = { formats[_i], NULL };
    SCOPED(buffer) struct buffer out = BUFFER(BYTES_MAX);
    Asap__Test__Everything chain[CODEC_DEPTH_MAX + 1];

    for (int i = 0; i <= CODEC_DEPTH_MAX; i++) {
        asap__test__everything__init(&chain[i]);
        chain[i].child = i > 0 ? &chain[i - 1] : NULL;
    }
    ck_assert_succeeds(codec_write(&codec, &chain[CODEC_DEPTH_MAX - 1].base, &out, &err));
    ck_assert_int_eq(codec_write(&codec, &chain[CODEC_DEPTH_MAX].base, &out, &err), ASAP_INTERNAL);
    chain[0].child = &chain[0];
    ck_assert_int_eq(codec_write(&codec, &chain[0].base, &out, &err), ASAP_INTERNAL);
}
END_TEST

START_TEST(a_message_over_the_limit_of_its_buffer_is_an_error)
{
    struct asap_error err = { 0 };
    SCOPED(message) ProtobufCMessage *message = must_read(everything, BYTES("\x7a\x01\x61"));
    SCOPED(buffer) struct buffer exact = BUFFER(3);
    SCOPED(buffer) struct buffer small = BUFFER(2);

    ck_assert_succeeds(codec_write_binary(message, &exact, &err));
    ck_assert_int_eq(codec_write_binary(message, &small, &err), ASAP_RESOURCE_EXHAUSTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec_binary");
    TCase *codec = tcase_create("codec");
    TCase *limits = tcase_create("limits");

    tcase_add_loop_test(codec, the_binary_form_is_that_of_the_compiler, 0, COUNT(compared));
    tcase_add_test(codec, a_message_may_be_cut_off_anywhere);
    tcase_add_loop_test(codec, other_ways_to_say_it_are_read, 0, COUNT(accepted));
    tcase_add_test(codec, unknown_fields_are_no_concern_and_written_again);
    tcase_add_loop_test(codec, what_is_wrong_is_refused_by_its_path, 0, COUNT(refused));
    tcase_add_loop_test(codec, no_bytes_are_an_empty_message, 0, COUNT(formats));
    tcase_add_test(codec, what_could_not_be_read_again_is_not_written);
    suite_add_tcase(suite, codec);
    tcase_add_test(limits, nesting_is_limited);
    tcase_add_test(limits, nested_values_are_limited);
    tcase_add_test(limits, nested_groups_and_unknown_messages_are_not_followed);
    tcase_add_loop_test(limits, the_number_of_values_and_messages_is_limited, 0, COUNT(multiplied));
    tcase_add_test(limits, a_packed_list_is_counted_by_its_elements);
    tcase_add_loop_test(limits, too_many_bytes_are_not_looked_at, 0, COUNT(formats));
    tcase_add_loop_test(limits, a_message_that_is_too_deep_is_not_written, 0, COUNT(formats));
    tcase_add_test(limits, a_message_over_the_limit_of_its_buffer_is_an_error);
    suite_add_tcase(suite, limits);
    return check_main(suite);
}

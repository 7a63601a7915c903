/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "codec.h"
#include "codec_layout.h"
#include "codec_read.h"
#include "codec_text.h"
#include "codec_well_known.h"
#include "fail.h"
#include "json.h"

enum { NUMBER_LENGTH_MAX = 64 };

/* The halfway point behind the largest float: what is beyond rounds to infinity. */
#define FLOAT_LIMIT 0x1.ffffffp127
#define TWO_TO_53 0x1p53
#define TWO_TO_64 0x1p64

struct integer {
    uint64_t magnitude;
    bool negative;
};

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* A number that stands in quotes, in the grammar of JSON; NULL when it is none. */
static json_t *number_from_text(const char *text, size_t length)
{
    if (length == 0 || length > NUMBER_LENGTH_MAX || strspn(text, "0123456789+-.eE") != length)
        return NULL;
    return json_loadb(text, length, JSON_DECODE_ANY, NULL);
}

static bool integer_from_number(const json_t *value, struct integer *out)
{
    const double real = json_real_value(value);
    const json_int_t whole = json_integer_value(value);

    if (json_is_integer(value)) {
        out->negative = whole < 0;
        out->magnitude = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
        return true;
    }
    if (!json_is_real(value) || fabs(real) >= TWO_TO_64)
        return false;
    out->negative = real < 0;
    out->magnitude = (uint64_t)fabs(real);
    return (double)out->magnitude == fabs(real);
}

/* jansson has no integers over INT64_MAX, so that plain digits are read here. */
static bool integer_from_digits(const char *text, struct integer *out)
{
    const char *digit = text;

    out->negative = *digit == '-';
    if (out->negative)
        digit++;
    if (!is_digit(digit[0]) || (digit[0] == '0' && digit[1] != '\0'))
        return false;
    for (out->magnitude = 0; is_digit(*digit); digit++) {
        const uint64_t value = (uint64_t)(*digit - '0');

        if (out->magnitude > (UINT64_MAX - value) / 10)
            return false;
        out->magnitude = out->magnitude * 10 + value;
    }
    return *digit == '\0';
}

static bool integer_from_json(const json_t *value, struct integer *out)
{
    SCOPED(json) json_t *number = NULL;

    /* Of a larger one the last digits may have got lost. */
    if (json_is_real(value) && fabs(json_real_value(value)) > TWO_TO_53)
        return false;
    if (!json_is_string(value))
        return integer_from_number(value, out);
    if (integer_from_digits(json_string_value(value), out))
        return true;
    number = number_from_text(json_string_value(value), json_string_length(value));
    return number != NULL && integer_from_number(number, out);
}

/* The types of integers by what they hold; `most_below_zero` is the magnitude of the smallest. */
struct integer_type {
    uint64_t most;
    uint64_t most_below_zero;
    const char *expected;
};

static const struct integer_type signed_32 = { INT32_MAX, (uint64_t)INT32_MAX + 1,
                                               "a whole number from -2147483648 to 2147483647" };
static const struct integer_type unsigned_32 = { UINT32_MAX, 0,
                                                 "a whole number from 0 to 4294967295" };
static const struct integer_type signed_64 = {
    INT64_MAX, (uint64_t)INT64_MAX + 1,
    "a whole number from -9223372036854775808 to 9223372036854775807"
};
static const struct integer_type unsigned_64 = { UINT64_MAX, 0,
                                                 "a whole number from 0 to 18446744073709551615" };

/* The two's complement of what was read. */
static enum asap_code read_integer(const struct reader *reader,
                                   const struct integer_type *type,
                                   json_t *value,
                                   uint64_t *bits)
{
    struct integer integer = { 0 };

    if (!json_is_number(value) && !json_is_string(value))
        return reader_wrong_type(reader, value, type->expected);
    if (!integer_from_json(value, &integer)
        || integer.magnitude > (integer.negative ? type->most_below_zero : type->most))
        return reader_wrong_value(reader, type->expected);
    *bits = integer.negative ? 0 - integer.magnitude : integer.magnitude;
    return ASAP_OK;
}

static enum asap_code
read_32(const struct reader *reader, const struct integer_type *type, json_t *value, uint32_t *slot)
{
    uint64_t bits = 0;

    TRY(read_integer(reader, type, value, &bits));
    *slot = (uint32_t)(bits & UINT32_MAX);
    return ASAP_OK;
}

static enum asap_code
read_int32(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    (void)field;
    return read_32(reader, &signed_32, value, slot);
}

static enum asap_code
read_uint32(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    (void)field;
    return read_32(reader, &unsigned_32, value, slot);
}

static enum asap_code
read_int64(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    (void)field;
    return read_integer(reader, &signed_64, value, slot);
}

static enum asap_code
read_uint64(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    (void)field;
    return read_integer(reader, &unsigned_64, value, slot);
}

static bool double_from_text(const json_t *value, double *out)
{
    static const struct {
        const char *name;
        double value;
    } names[] = { { "NaN", NAN }, { "Infinity", INFINITY }, { "-Infinity", -INFINITY } };
    const char *text = json_string_value(value);
    SCOPED(json) json_t *number = NULL;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i].name) != 0)
            continue;
        *out = names[i].value;
        return true;
    }
    number = number_from_text(text, json_string_length(value));
    *out = json_number_value(number);
    return number != NULL;
}

static enum asap_code
read_double(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    static const char expected[] = "a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
    double *out = slot;

    (void)field;
    if (json_is_number(value)) {
        *out = json_number_value(value);
        return ASAP_OK;
    }
    if (!json_is_string(value))
        return reader_wrong_type(reader, value, expected);
    return double_from_text(value, out) ? ASAP_OK : reader_wrong_value(reader, expected);
}

static enum asap_code
read_float(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    float *out = slot;
    double wide = 0;

    TRY(read_double(reader, field, value, &wide));
    if (isfinite(wide) && fabs(wide) >= FLOAT_LIMIT)
        return reader_wrong_value(reader, "a number that a float can hold");
    *out = (float)wide;
    return ASAP_OK;
}

static enum asap_code
read_bool(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    protobuf_c_boolean *out = slot;

    (void)field;
    if (!json_is_boolean(value))
        return reader_wrong_type(reader, value, "true or false");
    *out = json_is_true(value) ? 1 : 0;
    return ASAP_OK;
}

/* Lists the names that there are, as many as fit. */
static enum asap_code refuse_name(const struct reader *reader, const ProtobufCEnumDescriptor *type)
{
    char names[sizeof(struct asap_error){ 0 }.message] = "";
    size_t length = 0;

    for (unsigned i = 0; i < type->n_values && length < sizeof names; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                   i == 0 ? "" : ", ", type->values[i].name);
    return fail_field(reader->err, reader->path.text, "expected one of %.239s", names);
}

static enum asap_code
read_enum(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    const ProtobufCEnumValue *named = NULL;
    int *out = slot;

    if (well_known_is_null(field) && json_is_null(value))
        return ASAP_OK;
    if (json_is_number(value))
        return read_32(reader, &signed_32, value, slot);
    if (!json_is_string(value))
        return reader_wrong_type(reader, value, "the name of a value");
    named =
        protobuf_c_enum_descriptor_get_value_by_name(field->descriptor, json_string_value(value));
    if (named == NULL)
        return refuse_name(reader, field->descriptor);
    *out = named->value;
    return ASAP_OK;
}

static enum asap_code
read_string(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    (void)field;
    if (!json_is_string(value))
        return reader_wrong_type(reader, value, "a string");
    return codec_set_string(slot, json_string_value(value), reader->err);
}

static enum asap_code
read_bytes(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot)
{
    static const char expected[] = "bytes in base64";
    enum asap_code code = ASAP_OK;

    (void)field;
    if (!json_is_string(value))
        return reader_wrong_type(reader, value, expected);
    code = text_read_bytes(json_string_value(value), json_string_length(value), slot, reader->err);
    return code == ASAP_INVALID_ARGUMENT ? reader_wrong_value(reader, expected) : code;
}

typedef enum asap_code
read_value(struct reader *reader, const ProtobufCFieldDescriptor *field, json_t *value, void *slot);

static read_value *const readers[] = {
    [PROTOBUF_C_TYPE_INT32] = read_int32,       [PROTOBUF_C_TYPE_SINT32] = read_int32,
    [PROTOBUF_C_TYPE_SFIXED32] = read_int32,    [PROTOBUF_C_TYPE_INT64] = read_int64,
    [PROTOBUF_C_TYPE_SINT64] = read_int64,      [PROTOBUF_C_TYPE_SFIXED64] = read_int64,
    [PROTOBUF_C_TYPE_UINT32] = read_uint32,     [PROTOBUF_C_TYPE_FIXED32] = read_uint32,
    [PROTOBUF_C_TYPE_UINT64] = read_uint64,     [PROTOBUF_C_TYPE_FIXED64] = read_uint64,
    [PROTOBUF_C_TYPE_FLOAT] = read_float,       [PROTOBUF_C_TYPE_DOUBLE] = read_double,
    [PROTOBUF_C_TYPE_BOOL] = read_bool,         [PROTOBUF_C_TYPE_ENUM] = read_enum,
    [PROTOBUF_C_TYPE_STRING] = read_string,     [PROTOBUF_C_TYPE_BYTES] = read_bytes,
    [PROTOBUF_C_TYPE_MESSAGE] = reader_message,
};

enum asap_code reader_value(struct reader *reader,
                            const ProtobufCFieldDescriptor *field,
                            json_t *value,
                            void *slot)
{
    return readers[field->type](reader, field, value, slot);
}

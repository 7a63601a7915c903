/* SPDX-License-Identifier: Apache-2.0 */
#include "call_error.h"

#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "check_main.h"
#include "codec_text.h"
#include "google/rpc/error_details.pb-c.h"

enum { UNTOUCHED = -7 };

/* ,{"type":...,"value":...} */
static void append_detail(struct buffer *out, const ProtobufCMessage *message)
{
    uint8_t bytes[256];
    ProtobufCBinaryData packed = { .data = bytes };

    ck_assert_uint_le(protobuf_c_message_get_packed_size(message), sizeof bytes);
    packed.len = protobuf_c_message_pack(message, bytes);
    buffer_printf(out, ",{\"type\":\"%s\",\"value\":", message->descriptor->name);
    text_write_bytes(&packed, out);
    buffer_puts(out, "}");
}

static void append_reason(struct buffer *out, const char *reason)
{
    char copy[64];
    Google__Rpc__ErrorInfo info;

    google__rpc__error_info__init(&info);
    (void)snprintf(copy, sizeof copy, "%s", reason);
    info.reason = copy;
    append_detail(out, &info.base);
}

static void append_fields(struct buffer *out, const char *first, const char *second)
{
    char texts[2][128];
    Google__Rpc__BadRequest__FieldViolation violations[2];
    Google__Rpc__BadRequest__FieldViolation *list[] = { &violations[0], &violations[1] };
    Google__Rpc__BadRequest request = GOOGLE__RPC__BAD_REQUEST__INIT;

    google__rpc__bad_request__field_violation__init(&violations[0]);
    google__rpc__bad_request__field_violation__init(&violations[1]);
    (void)snprintf(texts[0], sizeof texts[0], "%s", first);
    (void)snprintf(texts[1], sizeof texts[1], "%s", second);
    violations[0].field = texts[0];
    violations[1].field = texts[1];
    request.field_violations = list;
    request.n_field_violations = first[0] == '\0' ? 0 : 2;
    append_detail(out, &request.base);
}

static void append_delay(struct buffer *out, int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;

    delay.seconds = seconds;
    delay.nanos = nanos;
    info.retry_delay = &delay;
    append_detail(out, &info.base);
}

/* Reads {"code":"unavailable","message":"x","details":[{}...]}. */
static int64_t read_with(const struct buffer *details, struct asap_error *err)
{
    SCOPED(buffer) struct buffer body = BUFFER(4096);
    struct call_error answer = { .url = "unix:x", .status = 503, .is_json = true };
    int64_t retry_ms = UNTOUCHED;

    buffer_printf(&body, "{\"code\":\"unavailable\",\"message\":\"x\",\"details\":[{}%s]}",
                  details->length > 0 ? details->bytes : "");
    ck_assert(!body.failed);
    answer.body = body.bytes;
    answer.length = body.length;
    ck_assert_int_eq(call_error_read(&answer, &retry_ms, err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(call_error_read(&answer, &retry_ms, NULL), ASAP_UNAVAILABLE);
    ck_assert_str_eq(err->message, "x");
    return retry_ms;
}

START_TEST(details_name_the_rule_the_field_and_the_delay)
{
    SCOPED(buffer) struct buffer details = BUFFER(4096);
    struct asap_error err = { 0 };

    append_delay(&details, 2, 500000000);
    append_fields(&details, "audience[1]", "lifetime");
    append_reason(&details, "AUDIENCE");
    ck_assert_int_eq(read_with(&details, &err), 2500);
    ck_assert_int_eq(err.code, ASAP_UNAVAILABLE);
    ck_assert_int_eq(err.reason, ASAP_REASON_AUDIENCE);
    ck_assert_str_eq(err.field, "audience[1]");
}
END_TEST

static const struct {
    const char *name;
    enum asap_code code;
    const char *message;
} faults[] = {
    { "internal", ASAP_INTERNAL, "x (request r-1 )" },
    { "unknown", ASAP_UNKNOWN, "x (request r-1 )" },
    { "data_loss", ASAP_DATA_LOSS, "x (request r-1 )" },
    { "unavailable", ASAP_UNAVAILABLE, "x" },
    { "not_found", ASAP_NOT_FOUND, "x" },
};

START_TEST(an_error_that_only_the_servers_log_explains_names_its_request)
{
    SCOPED(buffer) struct buffer details = BUFFER(4096);
    SCOPED(buffer) struct buffer body = BUFFER(8192);
    Google__Rpc__RequestInfo info = GOOGLE__RPC__REQUEST_INFO__INIT;
    char id[] = "r-1\n";
    struct call_error answer = { .url = "unix:x", .status = 500, .is_json = true };
    struct asap_error err = { 0 };
    int64_t retry_ms = 0;

    info.request_id = id;
    append_detail(&details, &info.base);
    buffer_printf(&body, "{\"code\":\"%s\",\"message\":\"x\",\"details\":[{}%s]}", faults[_i].name,
                  details.bytes);
    answer.body = body.bytes;
    answer.length = body.length;
    ck_assert_int_eq(call_error_read(&answer, &retry_ms, &err), faults[_i].code);
    ck_assert_str_eq(err.message, faults[_i].message);
}
END_TEST

START_TEST(an_error_without_details_explains_nothing)
{
    SCOPED(buffer) struct buffer details = BUFFER(4096);
    struct asap_error err = { .reason = ASAP_REASON_KEY_REFUSED, .field = "x" };

    ck_assert_int_eq(read_with(&details, &err), UNTOUCHED);
    ck_assert_int_eq(err.reason, ASAP_REASON_NONE);
    ck_assert_str_eq(err.field, "");
}
END_TEST

START_TEST(every_reason_is_known_by_its_name)
{
    for (enum asap_reason reason = ASAP_REASON_NONE + 1; reason < ASAP_REASON_COUNT; reason++) {
        SCOPED(buffer) struct buffer details = BUFFER(4096);
        struct asap_error err = { 0 };

        append_reason(&details, asap_reason_name(reason));
        (void)read_with(&details, &err);
        ck_assert_int_eq(err.reason, reason);
    }
}
END_TEST

START_TEST(what_no_rule_is_called_is_no_reason)
{
    static const char *const names[] = { "", "SIDEWAYS", "audience", "AUDIENCE " };

    for (size_t i = 0; i < COUNT(names); i++) {
        SCOPED(buffer) struct buffer details = BUFFER(4096);
        struct asap_error err = { 0 };

        append_reason(&details, names[i]);
        (void)read_with(&details, &err);
        ck_assert_int_eq(err.reason, ASAP_REASON_NONE);
    }
}
END_TEST

START_TEST(a_field_fits_and_is_one_line)
{
    SCOPED(buffer) struct buffer details = BUFFER(4096);
    SCOPED(buffer) struct buffer none = BUFFER(4096);
    struct asap_error err = { 0 };

    append_fields(&none, "", "");
    (void)read_with(&none, &err);
    ck_assert_str_eq(err.field, "");
    append_fields(&details,
                  "a\nb01234567890123456789012345678901234567890123456789012345678901234567890",
                  "c");
    (void)read_with(&details, &err);
    ck_assert_uint_eq(strlen(err.field), sizeof err.field - 1);
    ck_assert_int_eq(strncmp(err.field, "a b0", 4), 0);
}
END_TEST

static const struct {
    int64_t seconds;
    int32_t nanos;
    int64_t ms;
} delays[] = {
    { 0, 0, 0 },
    { 0, 1999999, 1 },
    { 3, 0, 3000 },
    { -1, 0, UNTOUCHED },
    { 0, -5000, UNTOUCHED },
    { 86399, 0, 86399000 },
    { 86401, 0, 86400000 },
    { INT64_MAX, 0, 86400000 },
};

START_TEST(a_delay_is_bounded)
{
    SCOPED(buffer) struct buffer details = BUFFER(4096);
    struct asap_error err = { 0 };

    append_delay(&details, delays[_i].seconds, delays[_i].nanos);
    ck_assert_int_eq(read_with(&details, &err), delays[_i].ms);
}
END_TEST

static const char *const bad_details[] = {
    ",3",
    ",{\"type\":\"google.rpc.ErrorInfo\"}",
    ",{\"type\":3,\"value\":\"\"}",
    ",{\"type\":\"google.rpc.ErrorInfo\",\"value\":3}",
    ",{\"type\":\"google.rpc.ErrorInfo\",\"value\":\"!\"}",
    ",{\"type\":\"google.rpc.ErrorInfo\",\"value\":\"CgP/\"}",
    ",{\"type\":\"google.rpc.RetryInfo\",\"value\":\"\"}",
    ",{\"type\":\"google.rpc.BadRequest\",\"value\":\"\"}",
    ",{\"type\":\"google.rpc.Help\",\"value\":\"CghBVURJRU5DRQ\"}",
};

START_TEST(a_bad_detail_does_no_harm)
{
    SCOPED(buffer) struct buffer details = BUFFER(4096);
    struct asap_error err = { 0 };

    buffer_puts(&details, bad_details[_i]);
    append_reason(&details, "SUBJECT");
    ck_assert_int_eq(read_with(&details, &err), UNTOUCHED);
    ck_assert_int_eq(err.reason, ASAP_REASON_SUBJECT);
    ck_assert_str_eq(err.field, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("call_error");
    TCase *errors = tcase_create("call_error");

    tcase_add_test(errors, details_name_the_rule_the_field_and_the_delay);
    tcase_add_loop_test(errors, an_error_that_only_the_servers_log_explains_names_its_request, 0,
                        COUNT(faults));
    tcase_add_test(errors, an_error_without_details_explains_nothing);
    tcase_add_test(errors, every_reason_is_known_by_its_name);
    tcase_add_test(errors, what_no_rule_is_called_is_no_reason);
    tcase_add_test(errors, a_field_fits_and_is_one_line);
    tcase_add_loop_test(errors, a_delay_is_bounded, 0, COUNT(delays));
    tcase_add_loop_test(errors, a_bad_detail_does_no_harm, 0, COUNT(bad_details));
    suite_add_tcase(suite, errors);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "log_line.h"

#include <jansson.h>
#include <string.h>

#include "check_main.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define TIME "2026-11-23T13:15:00Z"

enum { TIME_SECONDS = 1795439700, LONG = 8192 };

static char line[LOG_LINE_MAX + 1];
static struct trace trace;

static const char *write_line(enum log_format format,
                              const char *message,
                              const struct log_field *fields)
{
    const struct log_record record = { .time = TIME_SECONDS,
                                       .level = "info",
                                       .trace = trace.request_id[0] == '\0' ? NULL : &trace,
                                       .fields = fields,
                                       .message = message };
    const size_t length = log_line_write(format, &record, line);

    ck_assert_uint_le(length, LOG_LINE_MAX);
    line[length] = '\0';
    ck_assert_ptr_eq(strchr(line, '\n'), line + length - 1);
    for (size_t i = 0; i + 1 < length; i++)
        ck_assert_msg(line[i] >= ' ' && line[i] < 0x7f, "a byte %d", line[i]);
    return line;
}

static void enter(void)
{
    trace = (struct trace){ .request_id = "" };
}

static void come_with_ids(void)
{
    trace = (struct trace){ .request_id = "r-1", .trace_id = TRACE, .parent_id = PARENT };
}

static const struct log_field two[] = {
    { .name = "status", .value = "200", .is_number = true },
    { .name = "agent", .value = "a \"b\"" },
    { .name = NULL },
};

START_TEST(each_format_has_all_of_a_line)
{
    static const char *const expected[] = {
        [LOG_TEXT] = TIME " info: [r-1 " TRACE "-" PARENT
                          "] a \\x5c \"b\" status=200 agent=\"a \\\"b\\\"\"\n",
        [LOG_LOGFMT] =
            "time=" TIME " level=info request_id=r-1 trace_id=" TRACE " parent_id=" PARENT
            " status=200 agent=\"a \\\"b\\\"\" msg=\"a \\\\ \\\"b\\\"\"\n",
        [LOG_JSON] =
            "{\"time\":\"" TIME "\",\"level\":\"info\",\"request_id\":\"r-1\",\"trace_id\":"
            "\"" TRACE "\",\"parent_id\":\"" PARENT
            "\",\"status\":200,\"agent\":\"a \\\"b\\\"\",\"msg\":\"a \\\\ \\\"b\\\"\"}\n",
    };

    come_with_ids();
    ck_assert_str_eq(write_line((enum log_format)_i, "a \\ \"b\"", two), expected[_i]);
}
END_TEST

START_TEST(what_a_line_has_not_is_left_out)
{
    ck_assert_str_eq(write_line(LOG_TEXT, "up", NULL), TIME " info: up\n");
    ck_assert_str_eq(write_line(LOG_LOGFMT, "up", NULL), "time=" TIME " level=info msg=\"up\"\n");
    ck_assert_str_eq(write_line(LOG_JSON, "up", NULL),
                     "{\"time\":\"" TIME "\",\"level\":\"info\",\"msg\":\"up\"}\n");
    (void)memcpy(trace.request_id, "r-1", sizeof "r-1");
    ck_assert_str_eq(write_line(LOG_TEXT, "up", NULL), TIME " info: [r-1] up\n");
}
END_TEST

START_TEST(the_journal_gets_the_priority_first)
{
    struct log_record record = {
        .priority = "<6>", .time = TIME_SECONDS, .level = "info", .message = "up"
    };

    line[log_line_write(LOG_TEXT, &record, line)] = '\0';
    ck_assert_str_eq(line, "<6>up\n");
    line[log_line_write(LOG_LOGFMT, &record, line)] = '\0';
    ck_assert_str_eq(line, "<6>time=" TIME " level=info msg=\"up\"\n");
    line[log_line_write(LOG_JSON, &record, line)] = '\0';
    ck_assert_str_eq(line, "<6>{\"time\":\"" TIME "\",\"level\":\"info\",\"msg\":\"up\"}\n");
}
END_TEST

/* What a client may write into a header, and what a reader of JSON gets to see of it. */
static const struct {
    const char *sent, *read;
} hostile[] = {
    { "a\nlevel=error msg=\"forged\"", "a\nlevel=error msg=\"forged\"" },
    { "\",\"level\":\"error", "\",\"level\":\"error" },
    { "\\", "\\" },
    { "\x1b[2J\x7f\t", "\x1b[2J\x7f\t" },
    { "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91" },
    { "\xc2\x9b"
      "31m",
      "\xc2\x9b"
      "31m" },
    { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xc3", "\xef\xbf\xbd" },
    { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "", "" },
};

START_TEST(json_stays_json_whatever_is_in_it)
{
    const struct log_field fields[] = { { .name = "agent", .value = hostile[_i].sent },
                                        { .name = NULL } };
    json_t *object =
        json_loads(write_line(LOG_JSON, hostile[_i].sent, fields), JSON_REJECT_DUPLICATES, NULL);

    ck_assert_msg(object != NULL, "no JSON: %s", line);
    ck_assert_uint_eq(json_object_size(object), 4);
    ck_assert_str_eq(json_string_value(json_object_get(object, "agent")), hostile[_i].read);
    ck_assert_str_eq(json_string_value(json_object_get(object, "msg")), hostile[_i].read);
    json_decref(object);
}
END_TEST

/* The names of a line of logfmt, outside of quotes. */
static size_t count_pairs(const char *text)
{
    bool is_quoted = false;
    size_t count = 0;

    for (; *text != '\0'; text++) {
        if (*text == '\\')
            text++;
        else if (*text == '"')
            is_quoted = !is_quoted;
        else if (*text == '=' && !is_quoted)
            count++;
    }
    ck_assert(!is_quoted);
    return count;
}

START_TEST(logfmt_has_the_fields_it_should_have_and_no_more)
{
    const struct log_field fields[] = { { .name = "agent", .value = hostile[_i].sent },
                                        { .name = NULL } };

    ck_assert_uint_eq(count_pairs(write_line(LOG_LOGFMT, hostile[_i].sent, fields)), 4);
    ck_assert_uint_eq(count_pairs(strstr(write_line(LOG_TEXT, "up", fields), "info: ")), 1);
}
END_TEST

START_TEST(what_is_too_long_ends_early_and_leaves_the_line_whole)
{
    static char text[LONG];
    struct log_field fields[21];
    json_t *object = NULL;

    memset(text, '\xff', sizeof text - 1);
    for (int i = 0; i < 20; i++)
        fields[i] = (struct log_field){ .name = "agent", .value = text };
    fields[20] = (struct log_field){ .name = NULL };
    come_with_ids();
    object = json_loads(write_line(LOG_JSON, text, fields), 0, NULL);
    ck_assert_msg(object != NULL, "no JSON: %s", line);
    ck_assert_uint_gt(strlen(json_string_value(json_object_get(object, "msg"))), 100);
    json_decref(object);
    object = json_loads(write_line(LOG_JSON, text, NULL), 0, NULL);
    ck_assert_msg(object != NULL, "no JSON: %s", line);
    ck_assert_uint_gt(strlen(line), LOG_LINE_MAX - 16);
    json_decref(object);
    (void)count_pairs(write_line(LOG_LOGFMT, text, fields));
    (void)write_line(LOG_TEXT, text, fields);
    ck_assert_ptr_nonnull(strstr(line, "\\xff agent=\""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log_line");
    TCase *tests = tcase_create("log_line");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, NULL);
    tcase_add_loop_test(tests, each_format_has_all_of_a_line, LOG_TEXT, LOG_JSON + 1);
    tcase_add_test(tests, what_a_line_has_not_is_left_out);
    tcase_add_test(tests, the_journal_gets_the_priority_first);
    tcase_add_loop_test(tests, json_stays_json_whatever_is_in_it, 0, COUNT(hostile));
    tcase_add_loop_test(tests, logfmt_has_the_fields_it_should_have_and_no_more, 0, COUNT(hostile));
    tcase_add_test(tests, what_is_too_long_ends_early_and_leaves_the_line_whole);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_FAKE_HOST_H
#define ASAP_TESTS_FAKE_HOST_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asapctl.h"
#include "buffer.h"
#include "codec.h"

/* asapctl with everything around it made up: a server that says what a test
 * scripted, a clock that jumps, streams in memory. */

#define NOW INT64_C(1795439700) /* 2026-11-23 13:15:00 UTC */

enum { FAKE_ANSWERS_MAX = 16, FAKE_TEXT_MAX = 1 << 16 };

struct fake_host {
    int64_t now;
    int64_t interrupt_at;  /* the user ends a wait then; 0: never */
    bool (*on_call)(void); /* called at each request, may be NULL; false: the server is down */
    const char *answers[FAKE_ANSWERS_MAX]; /* JSON, in turn; "!..." is a refusal, "?..." one
                                            * of permission, "broken" none */
    size_t calls;
    char url[128]; /* of the last call */
    char ca_file[128];
    char bearer[128];
    char certificate_file[128];
    char key_file[128];
    char path[128];
    char request[FAKE_TEXT_MAX];    /* of the last call, in JSON less its request id */
    char ids[FAKE_ANSWERS_MAX][64]; /* the request id of each call */
    char log[FAKE_TEXT_MAX];        /* of all calls, a line each: the method and the request */
    char out[FAKE_TEXT_MAX];
    char err[FAKE_TEXT_MAX];
    const char *in;
    char *environment[4];
    int64_t set_back_at; /* the clock, by a day, once; 0: it is not */
    bool progress;
    bool screen;
};

/* The function that stands in for rpc_call() has no context of its own. */
static struct fake_host fake;

static inline int64_t fake_now(void *context)
{
    (void)context;
    return fake.now;
}

static inline bool fake_sleep_until(const struct ctl_clock *clock, int64_t time)
{
    (void)clock;
    if (fake.interrupt_at != 0 && time >= fake.interrupt_at)
        return false;
    if (time > fake.now)
        fake.now = time;
    if (fake.set_back_at != 0 && time >= fake.set_back_at) {
        fake.now -= 86400;
        fake.set_back_at = 0;
    }
    return true;
}

/* Moves the request id, when an object has one as a member after others, to `id`. */
static inline void fake_move_id(char *request, char id[static 64])
{
    static const char member[] = ",\"requestId\":\"";
    char *at = strstr(request, member);
    size_t length = 0;

    id[0] = '\0';
    if (at == NULL)
        return;
    length = strcspn(at + sizeof member - 1, "\"");
    (void)snprintf(id, 64, "%.*s", (int)length, at + sizeof member - 1);
    length += sizeof member;
    (void)memmove(at, at + length, strlen(at + length) + 1);
}

static inline void fake_keep_text(const char *text, char out[static 128])
{
    (void)snprintf(out, 128, "%s", text == NULL ? "" : text);
}

static inline void fake_log(const char *path)
{
    const size_t length = strlen(fake.log);

    (void)snprintf(fake.log + length, sizeof fake.log - length, "%s %s\n", strrchr(path, '/') + 1,
                   fake.request);
}

static inline void fake_keep_request(const struct rpc_endpoint *endpoint,
                                     const char *path,
                                     const ProtobufCMessage *request)
{
    SCOPED(buffer) struct buffer json = BUFFER(FAKE_TEXT_MAX - 1);
    struct asap_error err = { 0 };

    ck_assert_msg(codec_write_json(request, &json, &err) == ASAP_OK, "%s", err.message);
    (void)snprintf(fake.request, sizeof fake.request, "%s", json.bytes);
    fake_move_id(fake.request, fake.ids[(fake.calls - 1) % FAKE_ANSWERS_MAX]);
    (void)snprintf(fake.path, sizeof fake.path, "%s", path);
    fake_log(path);
    (void)snprintf(fake.url, sizeof fake.url, "%s", endpoint->url);
    fake_keep_text(endpoint->ca_file, fake.ca_file);
    fake_keep_text(endpoint->bearer, fake.bearer);
    fake_keep_text(endpoint->certificate_file, fake.certificate_file);
    fake_keep_text(endpoint->key_file, fake.key_file);
}

/* fail() is hidden by a macro of Check's. */
static inline enum asap_code fake_refuse(struct asap_error *err,
                                         enum asap_code code,
                                         const char *message)
{
    err->code = code;
    (void)snprintf(err->message, sizeof err->message, "%s", message);
    return code;
}

static inline enum asap_code fake_call(const struct rpc_endpoint *endpoint,
                                       const char *path,
                                       const ProtobufCMessage *request,
                                       const ProtobufCMessageDescriptor *response,
                                       ProtobufCMessage **out,
                                       struct asap_error *err)
{
    const char *answer = fake.calls < FAKE_ANSWERS_MAX ? fake.answers[fake.calls] : NULL;

    *out = NULL;
    fake.calls++;
    fake_keep_request(endpoint, path, request);
    if (fake.on_call != NULL && !fake.on_call())
        return fake_refuse(err, ASAP_UNAVAILABLE, "the server is down");
    ck_assert_msg(answer != NULL, "an unexpected call of %s", path);
    if (strcmp(answer, "broken") == 0)
        return fake_refuse(err, ASAP_UNKNOWN, "the connection broke");
    if (answer[0] == '?')
        return fake_refuse(err, ASAP_PERMISSION_DENIED, answer + 1);
    if (answer[0] == '!')
        return fake_refuse(err, ASAP_FAILED_PRECONDITION, answer + 1);
    if (answer[0] == '%') /* what was asked for is not there */
        return fake_refuse(err, ASAP_NOT_FOUND, answer + 1);
    return codec_read_json(response, answer, strlen(answer), out, err);
}

static const struct ctl_clock fake_clock = { fake_now, fake_sleep_until, NULL };

/* What was written to a stream is moved to `text`. */
static inline void fake_take(FILE *stream, char text[FAKE_TEXT_MAX])
{
    size_t length = 0;

    rewind(stream);
    length = fread(text, 1, FAKE_TEXT_MAX - 1, stream);
    text[length] = '\0';
    (void)fclose(stream);
}

/* Before each test: a server that expects no call, no environment, the time NOW. */
static inline void fake_reset(void)
{
    (void)memset(&fake, 0, sizeof fake);
    fake.now = NOW;
}

/* Runs the command line, whose words end with NULL; the exit status. */
static inline int fake_run(char **words)
{
    FILE *const in = tmpfile();
    FILE *const out = tmpfile();
    FILE *const err = tmpfile();
    const struct ctl_host host = { .clock = &fake_clock,
                                   .call = fake_call,
                                   .environment = fake.environment,
                                   .in = in,
                                   .out = out,
                                   .err = err,
                                   .progress = fake.progress,
                                   .screen = fake.screen };
    int status = 0;

    ck_assert(in != NULL && out != NULL && err != NULL);
    if (fake.in != NULL)
        (void)fputs(fake.in, in);
    rewind(in);
    status = asapctl_main(words, &host);
    (void)fclose(in);
    fake_take(out, fake.out);
    fake_take(err, fake.err);
    return status;
}

/* Whether one line of the output has all of these, and begins with the first. */
static inline bool fake_has_line(const char *start, const char *middle, const char *end)
{
    for (const char *line = fake.out; *line != '\0'; line += strcspn(line, "\n") + 1) {
        const char *middle_at =
            strncmp(line, start, strlen(start)) == 0 ? strstr(line, middle) : NULL;
        const char *end_at = middle_at == NULL ? NULL : strstr(middle_at, end);

        if (end_at != NULL && (size_t)(end_at - line) <= strcspn(line, "\n"))
            return true;
    }
    return false;
}

enum { FAKE_WORDS_MAX = 32, FAKE_LINE_MAX = 2048 };

/* The same with the words in one line, apart by blanks; "asapctl" goes before them. */
static inline int fake_line(const char *line)
{
    char copy[FAKE_LINE_MAX] = "";
    char program[] = "asapctl";
    char *words[FAKE_WORDS_MAX] = { program };
    size_t count = 1;

    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = copy; *word != '\0' && count < FAKE_WORDS_MAX - 1;) {
        const size_t length = strcspn(word, " ");
        const bool last = word[length] == '\0';

        word[length] = '\0';
        if (length > 0)
            words[count++] = word;
        word += length + (last ? 0 : 1);
    }
    return fake_run(words);
}

static inline void fake_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    (void)fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

#define assert_contains(text, part)                                                                \
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is missing in:\n%s", part, text)
#define assert_lacks(text, part)                                                                   \
    ck_assert_msg(strstr(text, part) == NULL, "\"%s\" is in:\n%s", part, text)

#endif

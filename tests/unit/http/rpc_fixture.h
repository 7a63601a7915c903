/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_RPC_FIXTURE_H
#define ASAP_TESTS_RPC_FIXTURE_H

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "check_main.h"
#include "codec.h"
#include "codec_test.pb-c.h"
#include "fake_clock.h"
#include "rpc.h"

/* A server of a few methods, called without a transport. */

enum { ADMIN_UID = 990, LOG_SIZE = 4096, NOW = 1790000000, RECEIVED_MS = 5000, BODY_MAX = 4096 };

#define ECHO "/asap.test.Echo/Echo"
#define ADMIN_ECHO "/asap.test.Echo/AdminEcho"
#define READ "/asap.test.Echo/Read"
#define FAIL "/asap.test.Echo/Fail"
#define MANGLE "/asap.test.Echo/Mangle"

/* What the handlers saw, and what they are to answer. */
static struct {
    int calls, admitted;
    struct rpc_caller caller;
    void *service;
    int64_t now;
    int64_t deadline_ms, timeout_ms;
    const char *query;
    bool may_block;
    unsigned headers;
    enum asap_code code;
    enum asap_reason reason;
    const char *field, *message;
    int64_t takes_ms;
    enum asap_code (*adorn)(struct rpc_reply *reply, struct asap_error *err); /* NULL: nothing */
} seen;

static int64_t monotonic_ms;

static inline int64_t monotonic_now(void)
{
    return monotonic_ms;
}

static inline void count_header(void *context, const char *name, const char *value)
{
    unsigned *count = context;

    ck_assert(name[0] != '\0' && value != NULL);
    ++*count;
}

static inline enum asap_code adorn(struct rpc_reply *reply, struct asap_error *err)
{
    return seen.adorn == NULL ? ASAP_OK : seen.adorn(reply, err);
}

static inline enum asap_code echo(const struct rpc_call *call,
                                  const ProtobufCMessage *in,
                                  ProtobufCMessage *out,
                                  struct asap_error *err)
{
    const Asap__Test__Everything *question = (const Asap__Test__Everything *)in;
    Asap__Test__Everything *answer = (Asap__Test__Everything *)out;

    seen.calls++;
    seen.caller = *call->caller;
    seen.service = call->service;
    seen.now = call->now;
    seen.deadline_ms = call->deadline_ms;
    seen.timeout_ms = call->timeout_ms;
    seen.query = call->query;
    seen.may_block = call->may_block;
    seen.headers = 0;
    rpc_call_each_header(call, count_header, &seen.headers);
    monotonic_ms += seen.takes_ms;
    ck_assert_int_eq(adorn(call->reply, err), ASAP_OK);
    answer->int32_value = question->int32_value + 1;
    return codec_set_string(&answer->text, question->text, err);
}

/* A failure that leaves a half-filled response behind. */
static inline enum asap_code fail_as_told(const struct rpc_call *call,
                                          const ProtobufCMessage *in,
                                          ProtobufCMessage *out,
                                          struct asap_error *err)
{
    Asap__Test__Everything *answer = (Asap__Test__Everything *)out;

    (void)in;
    ck_assert_int_eq(codec_set_string(&answer->text, "left behind", err), ASAP_OK);
    ck_assert_int_eq(adorn(call->reply, err), ASAP_OK);
    err->reason = seen.reason;
    (void)snprintf(err->field, sizeof err->field, "%s", seen.field != NULL ? seen.field : "");
    (void)snprintf(err->message, sizeof err->message, "%s",
                   seen.message != NULL ? seen.message : "");
    return seen.code;
}

static inline enum asap_code mangle(const struct rpc_call *call,
                                    const ProtobufCMessage *in,
                                    ProtobufCMessage *out,
                                    struct asap_error *err)
{
    Asap__Test__Everything *answer = (Asap__Test__Everything *)out;

    (void)call;
    (void)in;
    answer->int32_value = 1;
    return codec_set_string(&answer->text, "\xff", err);
}

#define ROW(where, what, admin, get)                                                               \
    {                                                                                              \
        .path = (where), .request = &asap__test__everything__descriptor,                           \
        .response = &asap__test__everything__descriptor, .handler = (what),                        \
        .role = (admin) ? RPC_ADMIN : RPC_ANYBODY, .no_side_effects = (get)                        \
    }

static const struct rpc_method methods[] = {
    ROW(ECHO, echo, false, false),     ROW(ADMIN_ECHO, echo, true, false),
    ROW(READ, echo, false, true),      ROW(FAIL, fail_as_told, false, false),
    ROW(MANGLE, mangle, false, false), { 0 },
};

/* Root and one other administer over a local socket; the rest are nobody. */
static inline enum asap_code admit(void *context,
                                   const struct http_request *request,
                                   const struct rpc_method *method,
                                   struct rpc_reply *reply,
                                   struct rpc_caller *out,
                                   struct asap_error *err)
{
    const struct http_peer *peer = &request->peer;

    (void)reply;
    ck_assert_ptr_eq(context, &seen);
    seen.admitted++;
    out->is_admin = peer->is_local && (peer->uid == 0 || peer->uid == ADMIN_UID);
    out->proof_kind = peer->is_local ? RPC_PROOF_UID : RPC_PROOF_NONE;
    if (out->is_admin || method->role == RPC_ANYBODY)
        return ASAP_OK;
    (void)snprintf(err->message, sizeof err->message, "not for you");
    return ASAP_PERMISSION_DENIED;
}

static const struct rpc_gate gate = { .admit = admit, .context = &seen };

static char logged[LOG_SIZE];
static struct log log_to_memory;
static struct fake_clock now = { NOW };
static struct rpc_server server;
static struct http_request request;
static struct http_response response;
static const char *headers[8]; /* names and values in turn */

static inline const char *find_header(void *transport, const char *name)
{
    const char *const *pairs = transport;

    for (; pairs[0] != NULL; pairs += 2)
        if (strcasecmp(pairs[0], name) == 0)
            return pairs[1];
    return NULL;
}

static inline void each_header(void *transport, http_header_visitor *visit, void *context)
{
    const char *const *pairs = transport;

    for (; pairs[0] != NULL; pairs += 2)
        visit(context, pairs[0], pairs[1]);
}

static inline void start(void)
{
    memset(&seen, 0, sizeof seen);
    memset(logged, 0, sizeof logged);
    memset(headers, 0, sizeof headers);
    log_to_memory =
        (struct log){ .stream = fmemopen(logged, sizeof logged, "w"), .level = LOG_INFO };
    ck_assert_ptr_nonnull(log_to_memory.stream);
    server = (struct rpc_server){ .methods = methods,
                                  .service = &seen,
                                  .clock = fake_clock_of(&now),
                                  .log = &log_to_memory,
                                  .monotonic_ms = monotonic_now,
                                  .gate = &gate };
    monotonic_ms = RECEIVED_MS;
    headers[0] = "Content-Type";
    headers[1] = "application/json";
    request = (struct http_request){ .method = HTTP_POST,
                                     .path = ECHO,
                                     .peer = { .address = "192.0.2.7" },
                                     .body_limit = BODY_MAX,
                                     .may_block = true,
                                     .received_ms = RECEIVED_MS,
                                     .find_header = find_header,
                                     .each_header = each_header,
                                     .transport = (void *)headers };
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
}

static inline void stop(void)
{
    http_clear_response(&response);
    (void)fclose(log_to_memory.stream);
}

static inline void post(const char *path, const char *body)
{
    request.path = path;
    request.body = body;
    request.body_length = strlen(body);
    rpc_handle(&server, &request, &response);
    (void)fflush(log_to_memory.stream);
}

static inline void come_as(uint32_t uid)
{
    request.peer = (struct http_peer){ .is_local = true, .uid = uid };
    (void)snprintf(request.peer.address, sizeof request.peer.address, "uid:%u", uid);
}

static inline const char *header(const char *name)
{
    for (size_t i = 0; i < response.header_count; i++)
        if (strcasecmp(response.headers[i].name, name) == 0)
            return response.headers[i].value;
    return "";
}

/* Every failure is a JSON object with a code and a message, and is not to be cached. */
static inline void assert_failed(unsigned status, const char *code, const char *message)
{
    json_t *body = json_loadb(response.body.bytes, response.body.length, 0, NULL);

    ck_assert_uint_eq(response.status, status);
    ck_assert_str_eq(header("Content-Type"), "application/json");
    ck_assert_str_eq(header("Cache-Control"), "no-store");
    ck_assert_ptr_nonnull(body);
    ck_assert_str_eq(json_string_value(json_object_get(body, "code")), code);
    if (message != NULL)
        ck_assert_str_eq(json_string_value(json_object_get(body, "message")), message);
    json_decref(body);
}

static inline void set_header(const char *name, const char *value)
{
    size_t i = 0;

    while (headers[i] != NULL)
        i += 2;
    headers[i] = name;
    headers[i + 1] = value;
}

#endif

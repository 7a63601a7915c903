/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_SERVICE_FIXTURE_H
#define ASAP_TESTS_SERVICE_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "admin_fixture.h"
#include "codec.h"
#include "keyring_retriever.h"
#include "service.h"

/* Methods, called as the transport calls them: by their row of the table, in JSON. */

enum { OPEN_KEYS = 8, GRANT_BUCKETS = 64 };

static struct secret page_token_key;
static struct service service;
static struct mint service_mint;
static _Atomic int64_t now; /* threads of a test may read it while it moves */
static int64_t now_ms;      /* of the monotonic clock */

/* Who calls and how; what the last call's reply is. */
static struct transport {
    struct rpc_caller caller;
    bool is_quick; /* where it may not block */
    struct rpc_reply reply;
} transport;

static inline int64_t read_now(void *context)
{
    const _Atomic int64_t *time = context;

    return atomic_load(time);
}

static inline int64_t read_now_ms(void)
{
    return now_ms;
}

static inline void come_as_admin(void)
{
    transport.caller = (struct rpc_caller){
        .is_admin = true, .proof_kind = RPC_PROOF_UID, .name = "uid:0", .proof = "uid:0"
    };
}

static inline void come_as(const char *name)
{
    transport.caller =
        (struct rpc_caller){ .proof_kind = RPC_PROOF_API_KEY, .proof = "credential" };
    (void)snprintf(transport.caller.name, sizeof transport.caller.name, "%s", name);
}

static inline void set_up_mint(void)
{
    struct asap_error err = { 0 };

    service_mint = (struct mint){ .keyring = fixture.admin.keyring,
                                  .callers = fixture.admin.callers,
                                  .policy = &policy,
                                  .own_audience = service.audience,
                                  .monotonic_ms = read_now_ms };
    ck_assert_succeeds(
        signing_keys_new(fixture.admin.store, fixture.vault, OPEN_KEYS, &service_mint.keys, &err));
    ck_assert_succeeds(limiter_new(GRANT_BUCKETS, &service_mint.grants, &err));
    ck_assert_succeeds(keyring_retriever_new(fixture.admin.keyring, &service.admin.clock,
                                             &service.retriever, &err));
    service.mint = &service_mint;
}

static inline void set_up_service(void)
{
    struct asap_error err = { 0 };

    set_up();
    now = CREATED;
    now_ms = 1000;
    transport = (struct transport){ .is_quick = false };
    come_as_admin();
    ck_assert_succeeds(secret_init(&page_token_key, 32, &err));
    page_token_key.length = 32;
    (void)memset(page_token_key.bytes, 7, 32);
    fixture.admin.clock = (struct asap_clock){ .now = read_now, .context = &now };
    service = (struct service){ .admin = fixture.admin,
                                .page_token_key = &page_token_key,
                                .audience = "asapd",
                                .version = "1.2.3" };
    set_up_mint();
}

static inline void tear_down_service(void)
{
    rpc_reply_clear(&transport.reply);
    asap_retriever_free(service.retriever);
    signing_keys_free(service_mint.keys);
    limiter_free(service_mint.grants);
    secret_clear(&page_token_key);
    tear_down();
}

static inline const struct rpc_method *find_method(const char *path)
{
    const struct rpc_method *method = service_methods;

    while (method->path != NULL && strcmp(method->path, path) != 0)
        method++;
    ck_assert_msg(method->path != NULL, "no method %s", path);
    return method;
}

/* The response is in *out, which the caller frees whatever happens. */
static inline enum asap_code
call(const char *path, const char *json, ProtobufCMessage **out, struct asap_error *err)
{
    const struct rpc_method *method = find_method(path);
    const struct rpc_call context = { .service = &service,
                                      .method = method,
                                      .caller = &transport.caller,
                                      .now = now,
                                      .may_block = !transport.is_quick,
                                      .reply = &transport.reply };
    SCOPED(message) ProtobufCMessage *in = NULL;

    rpc_reply_clear(&transport.reply);
    *err = (struct asap_error){ 0 };
    ck_assert_msg(codec_read_json(method->request, json, strlen(json), &in, err) == ASAP_OK,
                  "%s: %s", json, err->message);
    ck_assert_int_eq(codec_new(method->response, out, err), ASAP_OK);
    return method->handler(&context, in, *out, err);
}

static inline void *ask(const char *path, const char *json)
{
    struct asap_error err = { 0 };
    ProtobufCMessage *response = NULL;

    ck_assert_msg(call(path, json, &response, &err) == ASAP_OK, "%s: %s", json, err.message);
    return response;
}

static inline void drop(void *message)
{
    protobuf_c_message_free_unpacked(message, NULL);
}

static inline void
assert_refused(const char *path, const char *json, enum asap_code code, const char *field)
{
    struct asap_error err = { 0 };
    SCOPED(message) ProtobufCMessage *response = NULL;
    const enum asap_code got = call(path, json, &response, &err);

    ck_assert_msg(got == code, "%s: %d: %s", json, (int)got, err.message);
    ck_assert_msg(strcmp(err.field, field) == 0, "%s: field \"%s\"", json, err.field);
    ck_assert_msg(err.message[0] != '\0' && strchr(err.message, '\n') == NULL, "%s", err.message);
}

struct waiting {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_done;
};

static inline void stop_waiting(void *context)
{
    struct waiting *waiting = context;

    (void)pthread_mutex_lock(&waiting->mutex);
    waiting->is_done = true;
    (void)pthread_cond_signal(&waiting->changed);
    (void)pthread_mutex_unlock(&waiting->mutex);
}

/* Waits for what the last reply waits for, which must be something; its result. */
static inline enum asap_code await_hold(struct rpc_reply *reply, struct asap_error *err)
{
    struct waiting waiting = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };

    ck_assert_ptr_nonnull(reply->hold);
    reply->hold->begin(reply->hold, stop_waiting, &waiting);
    (void)pthread_mutex_lock(&waiting.mutex);
    while (!waiting.is_done)
        (void)pthread_cond_wait(&waiting.changed, &waiting.mutex);
    (void)pthread_mutex_unlock(&waiting.mutex);
    return reply->hold->result(reply->hold, err);
}

#endif

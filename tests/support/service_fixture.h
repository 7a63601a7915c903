/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_SERVICE_FIXTURE_H
#define ASAP_TESTS_SERVICE_FIXTURE_H

#include <string.h>

#include "admin_fixture.h"
#include "codec.h"
#include "service.h"

/* Methods, called as the transport calls them: by their row of the table, in JSON. */

static struct secret page_token_key;
static struct service service;
static int64_t now;

static inline void set_up_service(void)
{
    struct asap_error err = { 0 };

    set_up();
    ck_assert_succeeds(secret_init(&page_token_key, 32, &err));
    page_token_key.length = 32;
    (void)memset(page_token_key.bytes, 7, 32);
    service = (struct service){ .admin = fixture.admin,
                                .page_token_key = &page_token_key,
                                .audience = "asapd",
                                .version = "1.2.3" };
    now = CREATED;
}

static inline void tear_down_service(void)
{
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
    const struct rpc_caller caller = { .is_admin = true, .name = "uid:0" };
    const struct rpc_call context = {
        .service = &service, .method = method, .caller = &caller, .now = now
    };
    SCOPED(message) ProtobufCMessage *in = NULL;

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

#endif

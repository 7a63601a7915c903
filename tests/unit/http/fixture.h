/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_HTTP_FIXTURE_H
#define ASAP_TESTS_HTTP_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "http.h"
#include "raw_client.h"

/* A real listener on a free port, with handlers that tell what they were asked. */

enum { BODY_LIMIT = 16, BIG_BODY = 12 * 1024 * 1024, ANSWER_SIZE = 32 * 1024 };

/* Long enough never to end a test that works, however slow the machine. */
static const struct http_limits patient = {
    .connections = 200,
    .connections_per_address = 150,
    .header_ms = 60000,
    .request_ms = 60000,
    .idle_ms = 60000,
};

/* Opened once by the test; until then handlers wait at it. */
struct latch {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned arrived;
    bool is_open;
};

struct fixture {
    struct log log;
    struct latch latch;
    atomic_uint served;
    atomic_uint smuggled; /* requests for /smug, which no test sends as one */
    struct http_route routes[9];
    struct http_listener *listener;
    const char *address;
};

static struct fixture fixture;

static inline void latch_pass(struct latch *latch)
{
    (void)pthread_mutex_lock(&latch->mutex);
    latch->arrived++;
    (void)pthread_cond_broadcast(&latch->changed);
    while (!latch->is_open)
        (void)pthread_cond_wait(&latch->changed, &latch->mutex);
    (void)pthread_mutex_unlock(&latch->mutex);
}

static inline void latch_await(struct latch *latch, unsigned arrived)
{
    (void)pthread_mutex_lock(&latch->mutex);
    while (latch->arrived < arrived)
        (void)pthread_cond_wait(&latch->changed, &latch->mutex);
    (void)pthread_mutex_unlock(&latch->mutex);
}

static inline void latch_open(struct latch *latch)
{
    (void)pthread_mutex_lock(&latch->mutex);
    latch->is_open = true;
    (void)pthread_cond_broadcast(&latch->changed);
    (void)pthread_mutex_unlock(&latch->mutex);
}

/* Answers with the request as the handler sees it. */
static inline void echo(void *context,
                        const struct http_request *request,
                        struct http_response *response)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "OTHER" };

    (void)context;
    (void)atomic_fetch_add(&fixture.served, 1);
    if (strstr(request->path, "smug") != NULL)
        (void)atomic_fetch_add(&fixture.smuggled, 1);
    response->status = 200;
    http_set_header(response, "Content-Type", "text/plain");
    buffer_printf(&response->body, "[%s %s %s %zu:", methods[request->method], request->path,
                  request->query == NULL ? "-" : request->query, request->body_length);
    buffer_append(&response->body, request->body_length > 0 ? request->body : "",
                  request->body_length);
    buffer_puts(&response->body, "]");
}

static inline void answer_slowly(void *context,
                                 const struct http_request *request,
                                 struct http_response *response)
{
    latch_pass(&fixture.latch);
    echo(context, request, response);
}

static inline void answer_unchanged(void *context,
                                    const struct http_request *request,
                                    struct http_response *response)
{
    (void)context;
    (void)request;
    response->status = 304;
    http_set_header(response, "ETag", "\"1\"");
}

static inline void answer_nothing(void *context,
                                  const struct http_request *request,
                                  struct http_response *response)
{
    (void)context;
    (void)request;
    (void)response;
}

static inline void answer_peer(void *context,
                               const struct http_request *request,
                               struct http_response *response)
{
    (void)context;
    response->status = 200;
    buffer_printf(&response->body, "[%d %u %s %s]", request->peer.is_local, request->peer.uid,
                  request->peer.address, http_request_header(request, "hOST"));
}

static inline void answer_at_length(void *context,
                                    const struct http_request *request,
                                    struct http_response *response)
{
    void *room = buffer_extend(&response->body, BIG_BODY);

    (void)context;
    (void)request;
    ck_assert_ptr_nonnull(room);
    memset(room, 'x', BIG_BODY);
    response->status = 200;
}

#define MATCHER(name, prefix)                                                                      \
    static inline bool name(const char *path)                                                      \
    {                                                                                              \
        return strncmp(path, prefix, strlen(prefix)) == 0;                                         \
    }

MATCHER(is_slow, "/slow")
MATCHER(is_unchanged, "/unchanged")
MATCHER(is_nothing, "/nothing")
MATCHER(is_peer, "/peer")
MATCHER(is_long, "/long")
MATCHER(is_body, "/body")
MATCHER(is_chunks, "/chunks")
MATCHER(is_other, "/")

static inline bool is_served(const char *path)
{
    return is_other(path) && strncmp(path, "/unknown", strlen("/unknown")) != 0;
}

static inline void fixture_prepare(void)
{
    static const struct http_route routes[9] = {
        { .matches = is_slow,
          .handler = answer_slowly,
          .on_worker = true,
          .body_limit = BODY_LIMIT },
        { .matches = is_unchanged, .handler = answer_unchanged },
        { .matches = is_nothing, .handler = answer_nothing },
        { .matches = is_peer, .handler = answer_peer },
        { .matches = is_long, .handler = answer_at_length },
        { .matches = is_body, .handler = echo, .body_limit = BODY_LIMIT },
        { .matches = is_chunks, .handler = echo, .body_limit = BODY_LIMIT, .takes_chunks = true },
        { .matches = is_served, .handler = echo },
    };

    memcpy(fixture.routes, routes, sizeof routes);
    fixture.log = (struct log){ .stream = fopen("/dev/null", "w"), .level = LOG_DEBUG };
    atomic_store(&fixture.served, 0);
    atomic_store(&fixture.smuggled, 0);
    fixture.latch.arrived = 0;
    fixture.latch.is_open = false;
    (void)pthread_mutex_init(&fixture.latch.mutex, NULL);
    (void)pthread_cond_init(&fixture.latch.changed, NULL);
}

static inline struct http_listener_options fixture_options(const char *address)
{
    return (struct http_listener_options){
        .name = "test",
        .address = address,
        .routes = fixture.routes,
        .limits = patient,
        .threads = 2,
        .workers = 1,
        .log = &fixture.log,
    };
}

static inline void fixture_start(const struct http_listener_options *options)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(http_listener_start(options, &fixture.listener, &err));
    fixture.address = http_listener_address(fixture.listener);
}

/* Starts it as most tests want it. */
static inline void fixture_enter(void)
{
    struct http_listener_options options;

    fixture_prepare();
    options = fixture_options("http://127.0.0.1:0");
    fixture_start(&options);
}

static inline void fixture_leave(void)
{
    latch_open(&fixture.latch);
    http_listener_free(fixture.listener);
    fixture.listener = NULL;
    (void)pthread_cond_destroy(&fixture.latch.changed);
    (void)pthread_mutex_destroy(&fixture.latch.mutex);
    (void)fclose(fixture.log.stream);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_MINT_FIXTURE_H
#define ASAP_TESTS_MINT_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "check_main.h"
#include "codec.h"
#include "fake_clock.h"
#include "http_server.h"
#include "minter.h"
#include "pem.h"
#include "scratch.h"
#include "secret.h"
#include "signer_source.h"
#include "test_keys.h"

/* A minter before an asapd that says what a test wants. Their clocks differ by decades, and nothing
 * waits: elapsed time is the sum of the waits. */

#define JSON_TYPE "Content-Type: application/json\r\n"

enum { HERE = 1000000000, THERE = 1795439700, WAITS_MAX = 64, TIMEOUT_MS = 5000 };

static const char *const orders[] = { "orders", NULL };

struct mint_fixture {
    struct scratch folder;
    char socket_path[160];
    struct http_server *asapd;
    struct fake_clock here, there;
    struct asap_signer *key; /* that asapd signs with */
    struct asap_signer *minter;
    int64_t elapsed_ms;
    int64_t waits[WAITS_MAX];
    size_t wait_count;
    uint32_t random;
};

static struct mint_fixture fixture;

static inline int64_t fake_elapsed_ms(void *context)
{
    (void)context;
    return fixture.elapsed_ms;
}

static inline void fake_wait_ms(void *context, int64_t ms)
{
    (void)context;
    ck_assert_uint_lt(fixture.wait_count, WAITS_MAX);
    fixture.waits[fixture.wait_count++] = ms;
    fixture.elapsed_ms += ms;
}

static inline uint32_t fake_random(void *context)
{
    (void)context;
    return fixture.random;
}

static const struct mint_waiting fake_waiting = { fake_elapsed_ms, fake_wait_ms, fake_random,
                                                  NULL };

/* A signer with a new key. */
static inline struct asap_signer *new_key_signer(const char *key_id, struct fake_clock *clock)
{
    const struct asap_signer_options options = { .clock = fake_clock_of(clock) };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(secret) struct secret pem = { 0 };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_pem_from_key(key, &pem, &err));
    ck_assert_succeeds(
        asap_signer_from_pem(key_id, (const char *)pem.bytes, pem.length, &options, &signer, &err));
    return signer;
}

static inline void open_minter(const struct asap_minter_options *options)
{
    struct asap_error err = { 0 };

    asap_signer_free(fixture.minter);
    ck_assert_succeeds(minter_new(options, &fake_waiting, &fixture.minter, &err));
}

/* What leads to asapd's socket, where no more is needed. */
static inline struct asap_minter_options options_of_socket(void)
{
    return (struct asap_minter_options){ .server = http_server_url(fixture.asapd),
                                         .issuer = "web",
                                         .timeout_ms = TIMEOUT_MS,
                                         .clock = fake_clock_of(&fixture.here) };
}

static inline void start(void)
{
    struct asap_minter_options options;

    memset(&fixture, 0, sizeof fixture);
    atomic_store(&fixture.here.seconds, HERE);
    atomic_store(&fixture.there.seconds, THERE);
    scratch_make(&fixture.folder);
    (void)scratch_file(&fixture.folder, "asapd.sock", fixture.socket_path,
                       sizeof fixture.socket_path);
    fixture.asapd = http_server_start(fixture.socket_path);
    fixture.key = new_key_signer("web/key", &fixture.there);
    options = options_of_socket();
    open_minter(&options);
}

static inline void stop(void)
{
    asap_signer_free(fixture.minter);
    asap_signer_free(fixture.key);
    http_server_stop(fixture.asapd);
    scratch_remove(&fixture.folder);
}

static inline void pass(int64_t seconds)
{
    fake_clock_advance(&fixture.here, seconds);
    fake_clock_advance(&fixture.there, seconds);
}

/* asapd's next answer: this token, to be refreshed so many seconds after it was issued. */
static inline void
say_token_text(struct http_server *asapd, const char *token, int64_t lifetime, int64_t refresh)
{
    char copy[9000];
    Google__Protobuf__Timestamp refresh_time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Timestamp expire_time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Asap__V1__MintTokenResponse response;
    SCOPED(buffer) struct buffer body = BUFFER(16384);
    struct asap_error err = { 0 };

    asap__v1__mint_token_response__init(&response);
    (void)snprintf(copy, sizeof copy, "%s", token);
    refresh_time.seconds = fake_clock_now(&fixture.there) + refresh;
    refresh_time.nanos = 500000000;
    expire_time.seconds = fake_clock_now(&fixture.there) + lifetime;
    response.token = copy;
    response.refresh_time = refresh > 0 ? &refresh_time : NULL;
    response.expire_time = &expire_time;
    ck_assert_succeeds(codec_write_json(&response.base, &body, &err));
    http_server_reply(asapd, "200 OK", JSON_TYPE, body.bytes);
}

/* A token that `signer` signs now; freed by the caller. */
static inline char *sign_token(struct asap_signer *signer, int64_t lifetime)
{
    const struct asap_token_request request = { .audiences = orders, .lifetime_seconds = lifetime };
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_sign(signer, &request, &token, &err));
    return token;
}

static inline void say_token_to(struct http_server *asapd, int64_t lifetime)
{
    char *token = sign_token(fixture.key, lifetime);

    say_token_text(asapd, token, lifetime, lifetime * 4 / 5);
    free(token);
}

/* asapd's next answer: a token that it signs now, as the real one would. */
static inline void say_token(int64_t lifetime)
{
    say_token_to(fixture.asapd, lifetime);
}

/* Instead of whatever it has been told: an error of this name. */
static inline void say_error(const char *status, const char *headers, const char *code)
{
    char body[256];
    char lines[256];

    (void)snprintf(body, sizeof body, "{\"code\":\"%s\",\"message\":\"asapd says %s\"}", code,
                   code);
    (void)snprintf(lines, sizeof lines, JSON_TYPE "%s", headers);
    http_server_forget(fixture.asapd);
    http_server_reply(fixture.asapd, status, lines, body);
}

static inline void say_unavailable(void)
{
    say_error("503 Busy", "", "unavailable");
}

/* Mints for `orders` into `token`, emptied on failure. */
static inline enum asap_code mint_request(const struct asap_token_request *request,
                                          char *token,
                                          struct asap_error *err)
{
    char *made = NULL;
    const enum asap_code code = asap_signer_sign(fixture.minter, request, &made, err);

    ck_assert_int_eq(code == ASAP_OK, made != NULL);
    (void)snprintf(token, 9000, "%s", made != NULL ? made : "");
    free(made);
    return code;
}

static inline enum asap_code mint_for_orders(char *token, struct asap_error *err)
{
    const struct asap_token_request request = { .audiences = orders };

    return mint_request(&request, token, err);
}

/* How many requests asapd has had. */
static inline size_t asked(void)
{
    return http_server_requests(fixture.asapd);
}

#endif

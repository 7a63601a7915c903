/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_RETRIEVER_FIXTURE_H
#define ASAP_TESTS_RETRIEVER_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "check_main.h"
#include "fake_clock.h"
#include "http_server.h"
#include "pem.h"
#include "retriever.h"

/* A retriever before a scripted repository, and the clocks it reads. */

#define PEM_TYPE "Content-Type: application/x-pem-file\r\n"
#define NOW INT64_C(1795000000)

static struct http_server *server = NULL;
static struct asap_retriever *retriever = NULL;
static struct fake_clock wall_clock;
static struct fake_clock age_clock;
static char pem_a[1024];
static char pem_b[1024];

static inline void make_pem(char *out, size_t size)
{
    SCOPED(buffer) struct buffer text = BUFFER(1000);
    SCOPED(pkey) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    struct asap_error err = { 0 };

    ck_assert_ptr_nonnull(key);
    ck_assert_succeeds(pem_write_public(key, &text, &err));
    (void)snprintf(out, size, "%s", text.bytes);
}

static inline void open_retriever(size_t entries)
{
    struct asap_https_options options = { .allow_http_loopback = true, .cache_entries = entries };
    struct asap_error err = { 0 };

    options.clock = fake_clock_of(&wall_clock);
    options.age_clock = fake_clock_of(&age_clock);
    asap_retriever_free(retriever);
    ck_assert_succeeds(asap_retriever_https(http_server_url(server), &options, &retriever, &err));
}

static inline void start(void)
{
    atomic_store(&wall_clock.seconds, NOW);
    atomic_store(&age_clock.seconds, 1000);
    server = http_server_start(NULL);
    make_pem(pem_a, sizeof pem_a);
    make_pem(pem_b, sizeof pem_b);
    open_retriever(0);
}

static inline void stop(void)
{
    asap_retriever_free(retriever);
    retriever = NULL;
    http_server_stop(server);
}

static inline enum asap_code find_into(const char *text, EVP_PKEY **out, struct asap_error *err)
{
    struct kid kid = { 0 };

    *err = (struct asap_error){ .code = ASAP_OK };
    *out = NULL;
    if (kid_parse(text, strlen(text), &kid, err) != ASAP_OK)
        return err->code;
    return retriever->find(retriever, &kid, out, err);
}

static inline bool is_pem(EVP_PKEY *key, const char *pem)
{
    SCOPED(buffer) struct buffer text = BUFFER(1000);

    return pem != NULL && pem_write_public(key, &text, NULL) == ASAP_OK
           && strcmp(text.bytes, pem) == 0;
}

/* A failure without a message, or under a code that does not fit its reason, is none of ours. */
static inline enum asap_reason reason_of(const struct asap_error *err)
{
    const enum asap_code code =
        err->reason == ASAP_REASON_KEY_UNAVAILABLE || err->reason == ASAP_REASON_OVERLOADED
            ? ASAP_UNAVAILABLE
            : ASAP_UNAUTHENTICATED;

    return err->code == code && err->message[0] != '\0' ? err->reason : ASAP_REASON_COUNT;
}

/* The failure to find a key, or ASAP_REASON_NONE with the key `pem`. */
static inline enum asap_reason find(const char *text, const char *pem)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct asap_error err;

    if (find_into(text, &key, &err) != ASAP_OK)
        return key == NULL ? reason_of(&err) : ASAP_REASON_COUNT;
    return is_pem(key, pem) ? ASAP_REASON_NONE : ASAP_REASON_COUNT;
}

static inline void pass(int64_t seconds)
{
    fake_clock_advance(&wall_clock, seconds);
    fake_clock_advance(&age_clock, seconds);
}

static inline void serve(const char *status, const char *headers, const char *body)
{
    http_server_forget(server);
    http_server_reply(server, status, headers, body);
}

static inline enum asap_code find_held_into(const char *text,
                                            EVP_PKEY **out,
                                            struct asap_error *err)
{
    struct kid kid = { 0 };

    *err = (struct asap_error){ .code = ASAP_OK };
    *out = NULL;
    ck_assert_int_eq(kid_parse(text, strlen(text), &kid, err), ASAP_OK);
    return retriever->find_cached(retriever, &kid, out, err);
}

/* ASAP_REASON_NONE with the key `pem`, or without any for NULL: it has to be fetched. */
static inline enum asap_reason find_held(const char *text, const char *pem)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct asap_error err;

    if (find_held_into(text, &key, &err) != ASAP_OK)
        return key == NULL ? reason_of(&err) : ASAP_REASON_COUNT;
    return (pem == NULL && key == NULL) || is_pem(key, pem) ? ASAP_REASON_NONE : ASAP_REASON_COUNT;
}

static inline void *find_in_thread(void *context)
{
    struct asap_error err;
    EVP_PKEY *key = NULL;

    (void)find_into(context, &key, &err);
    return key;
}

static inline void begin(pthread_t *threads, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, find_in_thread, text), 0);
}

static inline void *finish(pthread_t thread)
{
    void *key = NULL;

    ck_assert_int_eq(pthread_join(thread, &key), 0);
    return key;
}

/* Forged tokens */

enum { CROWD = 40, AT_ONCE = 16 };

static atomic_size_t crowd_refused;

static inline void *find_forged(void *context)
{
    struct asap_error err;
    EVP_PKEY *key = NULL;

    if (find_into(context, &key, &err) != ASAP_OK && err.reason == ASAP_REASON_OVERLOADED)
        atomic_fetch_add(&crowd_refused, 1);
    EVP_PKEY_free(key);
    return NULL;
}

/* Many threads want keys unknown while the repository hangs. Asserts that no more than `waiting` of
 * them wait, and that `known`, which is pem_a, is found meanwhile. */
static inline void crowd_for_unknown_keys(size_t waiting, const char *known)
{
    pthread_t threads[CROWD];
    char texts[CROWD][16];

    atomic_store(&crowd_refused, 0);
    http_server_hold(server);
    for (size_t i = 0; i < CROWD; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "web/forged-%zu", i);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, find_forged, texts[i]), 0);
    }
    while (atomic_load(&crowd_refused) < CROWD - waiting)
        (void)sched_yield();
    ck_assert_int_eq(find(known, pem_a), ASAP_REASON_NONE);
    http_server_release(server);
    for (size_t i = 0; i < CROWD; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&crowd_refused), CROWD - waiting);
}

#endif

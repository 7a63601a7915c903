/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "clock.h"
#include "fail.h"
#include "peer.h"

enum {
    BUCKET_BITS = 10,
    BUCKETS = 1 << BUCKET_BITS,
    TICK_MOST_MS = 250,
    TICK_LEAST_MS = 5,
    TICKS_IN_LIMIT = 4, /* how often the shortest limit is looked at while it runs */
    AWAIT_TICK_MS = 5,
    LINGER_MS = 2000,
    LINGERING_MOST = 256, /* open at once; others are reset */
    DISCARD_ROUNDS = 64,  /* of DISCARD_SIZE bytes, so that none takes the thread for itself */
    DISCARD_SIZE = 16 * 1024
};

struct registry {
    struct http_limits limits;
    const struct networks *proxies;
    pthread_mutex_t mutex; /* over the buckets, and over each fd that is shut down */
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread;
    bool is_stopping;
    atomic_bool is_draining;
    uint64_t seed; /* so that nobody can choose addresses that share a bucket */
    struct connection *buckets[BUCKETS];
    unsigned lingering;
};

/* The upper bits: a product's lower ones know nothing of the last bytes of an IPv4 address. */
static size_t bucket_of(const struct registry *registry, const struct connection_key *key)
{
    uint64_t hash = registry->seed;
    uint64_t word = 0;

    for (size_t i = 0; i < sizeof key->bytes; i += sizeof word) {
        memcpy(&word, key->bytes + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return (size_t)(hash >> (64 - BUCKET_BITS));
}

/* How many connections of this address are open. The caller holds the mutex. */
static unsigned count_of(const struct registry *registry, const struct connection_key *key)
{
    unsigned count = 0;

    for (const struct connection *at = registry->buckets[bucket_of(registry, key)]; at != NULL;
         at = at->next)
        if (memcmp(&at->key, key, sizeof *key) == 0)
            count++;
    return count;
}

static void insert(struct registry *registry, struct connection *connection)
{
    struct connection **link = &registry->buckets[bucket_of(registry, &connection->key)];

    connection->next = *link;
    connection->link = link;
    if (connection->next != NULL)
        connection->next->link = &connection->next;
    *link = connection;
}

static void take_out(struct connection *connection)
{
    if (connection->link == NULL)
        return;
    *connection->link = connection->next;
    if (connection->next != NULL)
        connection->next->link = connection->link;
    connection->link = NULL;
}

static void shut_overdue(struct registry *registry, int64_t now)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct connection *at = registry->buckets[i]; at != NULL; at = at->next) {
            if (atomic_load(&at->deadline_ms) > now)
                continue;
            atomic_store(&at->deadline_ms, CONNECTION_NO_DEADLINE);
            (void)shutdown(at->fd, SHUT_RDWR);
        }
}

/* False when the client has sent all that it will, or is gone. */
static bool discard(int fd)
{
    char bytes[DISCARD_SIZE];

    for (unsigned i = 0; i < DISCARD_ROUNDS; i++) {
        const ssize_t length = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

        if (length == 0)
            return false;
        if (length < 0)
            return errno == EAGAIN || errno == EINTR;
    }
    return true;
}

static void end_lingering(struct registry *registry, struct connection *connection)
{
    take_out(connection);
    registry->lingering--;
    (void)close(connection->fd);
    free(connection);
}

/* The caller holds the mutex. */
static void tend_lingering(struct registry *registry)
{
    struct connection *next = NULL;

    for (size_t i = 0; i < BUCKETS; i++)
        for (struct connection *at = registry->buckets[i]; at != NULL; at = next) {
            next = at->next;
            if (at->is_lingering && !discard(at->fd))
                end_lingering(registry, at);
        }
}

/* Waits under the mutex until something changes, or for this long. */
static void wait_ms(struct registry *registry, int64_t ms)
{
    struct timespec until = { 0 };
    int64_t nanoseconds = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    nanoseconds = until.tv_nsec + ms * 1000000;
    until.tv_sec += (time_t)(nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    (void)pthread_cond_timedwait(&registry->changed, &registry->mutex, &until);
}

static int64_t tick_of(const struct http_limits *limits)
{
    int64_t shortest = limits->header_ms;

    if (limits->request_ms < shortest)
        shortest = limits->request_ms;
    shortest /= TICKS_IN_LIMIT;
    if (shortest > TICK_MOST_MS)
        return TICK_MOST_MS;
    return shortest < TICK_LEAST_MS ? TICK_LEAST_MS : shortest;
}

static void *keep_deadlines(void *context)
{
    struct registry *registry = context;
    const int64_t tick = tick_of(&registry->limits);

    (void)pthread_mutex_lock(&registry->mutex);
    while (!registry->is_stopping) {
        shut_overdue(registry, clock_monotonic_ms());
        if (registry->lingering > 0)
            tend_lingering(registry);
        wait_ms(registry, tick);
    }
    (void)pthread_mutex_unlock(&registry->mutex);
    return NULL;
}

static void init_locks(struct registry *registry)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&registry->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&registry->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

enum asap_code registry_new(const struct http_limits *limits,
                            const struct networks *proxies,
                            struct registry **out,
                            struct asap_error *err)
{
    SCOPED(registry) struct registry *registry = calloc(1, sizeof *registry);

    *out = NULL;
    if (registry == NULL)
        return fail_memory(err);
    registry->limits = *limits;
    registry->proxies = proxies;
    atomic_init(&registry->is_draining, false);
    init_locks(registry);
    if (RAND_bytes((unsigned char *)&registry->seed, sizeof registry->seed) != 1)
        return fail(err, ASAP_INTERNAL, "no random numbers to be had");
    registry->has_thread = pthread_create(&registry->thread, NULL, keep_deadlines, registry) == 0;
    if (!registry->has_thread)
        return fail(err, ASAP_UNAVAILABLE, "cannot start a thread: raise the limit on tasks");
    *out = MOVE(registry);
    return ASAP_OK;
}

void registry_free(struct registry *registry)
{
    if (registry == NULL)
        return;
    (void)pthread_mutex_lock(&registry->mutex);
    registry->is_stopping = true;
    (void)pthread_cond_broadcast(&registry->changed);
    (void)pthread_mutex_unlock(&registry->mutex);
    if (registry->has_thread)
        (void)pthread_join(registry->thread, NULL);
    for (size_t i = 0; i < BUCKETS; i++)
        while (registry->buckets[i] != NULL)
            end_lingering(registry, registry->buckets[i]);
    (void)pthread_cond_destroy(&registry->changed);
    (void)pthread_mutex_destroy(&registry->mutex);
    free(registry);
}

static void set_deadline(struct connection *connection, int64_t ms)
{
    atomic_store(&connection->deadline_ms, clock_monotonic_ms() + ms);
}

/* One proxy brings the requests of all its clients. */
static bool admit(struct registry *registry, struct connection *connection)
{
    bool is_admitted = false;

    (void)pthread_mutex_lock(&registry->mutex);
    is_admitted =
        connection->peer.is_local || connection->peer.is_proxy
        || count_of(registry, &connection->key) < registry->limits.connections_per_address;
    if (is_admitted)
        insert(registry, connection);
    (void)pthread_mutex_unlock(&registry->mutex);
    return is_admitted;
}

struct connection *connection_open(struct registry *registry, int fd, const struct sockaddr *name)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL) {
        (void)shutdown(fd, SHUT_RDWR);
        return NULL;
    }
    connection->registry = registry;
    connection->fd = fd;
    atomic_init(&connection->is_busy, false);
    atomic_init(&connection->exchange.waits, 0);
    set_deadline(connection, registry->limits.header_ms);
    peer_describe(fd, name, registry->proxies, &connection->peer, &connection->key);
    connection->is_admitted = admit(registry, connection);
    if (!connection->is_admitted)
        (void)shutdown(fd, SHUT_RDWR);
    return connection;
}

/* Keeps the socket for the registry to read from. To close it with bytes unread would reset it,
 * and the client might lose the response with them (RFC 9112 section 9.6). */
static bool linger(struct registry *registry, struct connection *connection)
{
    const int fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return false;
    (void)shutdown(fd, SHUT_WR);
    connection->fd = fd;
    connection->is_lingering = true;
    atomic_store(&connection->is_busy, false);
    set_deadline(connection, LINGER_MS);
    registry->lingering++;
    return true;
}

void connection_show_nothing(struct connection *connection)
{
    connection->peer.certificate = NULL;
    free(connection->certificate);
    connection->certificate = NULL;
}

struct http_certificate *connection_show(struct connection *connection)
{
    connection_show_nothing(connection);
    connection->certificate = calloc(1, sizeof *connection->certificate);
    connection->peer.certificate = connection->certificate;
    return connection->certificate;
}

void connection_close(struct connection *connection)
{
    struct registry *registry = connection == NULL ? NULL : connection->registry;

    if (connection == NULL)
        return;
    tls_release(connection->pair);
    connection->pair = NULL;
    connection_show_nothing(connection);
    exchange_clear(&connection->exchange);
    (void)pthread_mutex_lock(&registry->mutex);
    if (!connection->lingers || registry->lingering >= LINGERING_MOST
        || !linger(registry, connection)) {
        take_out(connection);
        free(connection);
    }
    (void)pthread_mutex_unlock(&registry->mutex);
}

void connection_set_busy(struct connection *connection)
{
    atomic_store(&connection->is_busy, true);
}

void connection_begin_request(struct connection *connection)
{
    set_deadline(connection, connection->registry->limits.request_ms);
}

void connection_suspend_deadline(struct connection *connection)
{
    atomic_store(&connection->deadline_ms, CONNECTION_NO_DEADLINE);
}

void connection_end_request(struct connection *connection)
{
    const struct http_limits *limits = &connection->registry->limits;

    set_deadline(connection, (int64_t)limits->idle_ms + limits->header_ms);
    atomic_store(&connection->is_busy, false);
    /* Either this sees that a drain has begun, or the drain sees that this one is idle. */
    if (registry_is_draining(connection->registry))
        (void)shutdown(connection->fd, SHUT_RDWR);
}

void registry_drain(struct registry *registry)
{
    atomic_store(&registry->is_draining, true);
    (void)pthread_mutex_lock(&registry->mutex);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct connection *at = registry->buckets[i]; at != NULL; at = at->next)
            if (!atomic_load(&at->is_busy))
                (void)shutdown(at->fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&registry->mutex);
}

bool registry_is_draining(const struct registry *registry)
{
    return atomic_load(&registry->is_draining);
}

static bool is_idle(const struct registry *registry)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct connection *at = registry->buckets[i]; at != NULL; at = at->next)
            if (atomic_load(&at->is_busy))
                return false;
    return true;
}

void registry_await_idle(struct registry *registry)
{
    const int64_t end = clock_monotonic_ms() + registry->limits.request_ms;

    (void)pthread_mutex_lock(&registry->mutex);
    while (!is_idle(registry) && clock_monotonic_ms() < end)
        wait_ms(registry, AWAIT_TICK_MS);
    (void)pthread_mutex_unlock(&registry->mutex);
}

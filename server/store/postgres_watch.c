/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fail.h"
#include "postgres.h"

/* Listens for what a trigger of the table `server` tells, over a connection of its own. */

struct watch {
    struct sql_watch base;
    struct postgres *postgres;
    void (*changed)(void *context);
    void *context;
    int stop; /* can be read once the thread is to end */
    pthread_t thread;
};

static void release(struct watch *watch)
{
    if (watch->stop >= 0)
        (void)close(watch->stop);
    if (watch->postgres != NULL)
        postgres_free(watch->postgres);
    free(watch);
}

DEFINE_SCOPED(watch, struct watch *, release)

/* Whether the thread is to end, waited for. */
static bool is_stopped(const struct watch *watch, int64_t wait_ms)
{
    struct pollfd stop = { .fd = watch->stop, .events = POLLIN };

    return poll(&stop, 1, wait_ms > 0 ? (int)wait_ms : 0) > 0;
}

static bool connect_and_listen(const struct watch *watch)
{
    struct postgres *postgres = watch->postgres;

    return postgres_connect(postgres, POSTGRES_CONNECT_WAIT_MS, NULL) == ASAP_OK
           && postgres_execute(postgres, "LISTEN asapd", "use", NULL) == ASAP_OK;
}

static bool take_notifications(const struct watch *watch)
{
    bool any = false;

    for (PGnotify *next = PQnotifies(watch->postgres->link); next != NULL;
         next = PQnotifies(watch->postgres->link)) {
        any = true;
        PQfreemem(next);
    }
    return any;
}

/* Until there is something to read. False: the connection is lost. */
static bool wait_and_read(const struct watch *watch)
{
    struct postgres *postgres = watch->postgres;
    struct pollfd sources[] = { { .fd = PQsocket(postgres->link), .events = POLLIN },
                                { .fd = watch->stop, .events = POLLIN } };

    (void)poll(sources, 2, -1);
    if (PQconsumeInput(postgres->link) == 1)
        return true;
    (void)postgres_lose(postgres, NULL);
    return false;
}

/* What was told while nobody listened is made up for at the beginning. */
static void listen_until_lost(const struct watch *watch)
{
    watch->changed(watch->context);
    while (!is_stopped(watch, 0) && wait_and_read(watch))
        if (take_notifications(watch))
            watch->changed(watch->context);
}

static int64_t pause_before_next(const struct postgres *postgres)
{
    const int64_t left = postgres->next_attempt - postgres->monotonic_ms();

    return left > POSTGRES_FIRST_DELAY_MS ? left : POSTGRES_FIRST_DELAY_MS;
}

static void *run(void *context)
{
    const struct watch *watch = context;
    const struct postgres *postgres = watch->postgres;

    do {
        if (connect_and_listen(watch))
            listen_until_lost(watch);
    } while (!is_stopped(watch, postgres->is_connecting ? 0 : pause_before_next(postgres)));
    return NULL;
}

enum asap_code postgres_watch(const char *url,
                              void (*changed)(void *context),
                              void *context,
                              struct sql_watch **out,
                              struct asap_error *err)
{
    SCOPED(watch) struct watch *watch = calloc(1, sizeof *watch);

    *out = NULL;
    if (watch == NULL)
        return fail_memory(err);
    watch->base.driver = &postgres_driver;
    watch->changed = changed;
    watch->context = context;
    watch->stop = eventfd(0, EFD_CLOEXEC);
    TRY(postgres_new(url, POSTGRES_SHARED, false, NULL, &watch->postgres, err));
    if (watch->stop < 0 || pthread_create(&watch->thread, NULL, run, watch) != 0)
        return fail(err, ASAP_UNAVAILABLE,
                    "cannot listen for changes: raise the limits on tasks and open files");
    *out = &MOVE(watch)->base;
    return ASAP_OK;
}

void postgres_unwatch(struct sql_watch *watch)
{
    struct watch *self = (struct watch *)watch;

    (void)eventfd_write(self->stop, 1);
    (void)pthread_join(self->thread, NULL);
    release(self);
}

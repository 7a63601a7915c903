/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include "fail.h"

/* A second transaction in the same thread would wait for itself: it is told instead. */
bool lane_init(struct store_lane *lane, struct store_health *health)
{
    pthread_mutexattr_t attributes;
    bool made = false;

    *lane = (struct store_lane){ .health = health };
    if (pthread_mutexattr_init(&attributes) != 0)
        return false;
    made = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0
           && pthread_mutex_init(&lane->mutex, &attributes) == 0;
    (void)pthread_mutexattr_destroy(&attributes);
    return made;
}

void lane_clear(struct store_lane *lane)
{
    if (lane->connection != NULL)
        lane->connection->driver->close(lane->connection);
    (void)pthread_mutex_destroy(&lane->mutex);
}

static enum asap_code try(struct store_lane *lane, enum sql_access access)
{
    struct lane_begins *begins = &lane->begins[access];
    struct asap_error cause = { 0 };
    const enum asap_code code = lane->connection->driver->begin(lane->connection, access, &cause);

    begins->is_failing = code != ASAP_OK;
    if (begins->is_failing) {
        begins->failure = cause;
        (void)atomic_fetch_add(&begins->failures, 1);
    }
    return code;
}

enum asap_code
lane_begin(struct store_lane *lane, enum sql_access access, unsigned ticket, struct asap_error *err)
{
    const struct lane_begins *begins = &lane->begins[access];
    enum asap_code code = ASAP_OK;

    if (pthread_mutex_lock(&lane->mutex) != 0)
        return fail(err, ASAP_INTERNAL, "this thread has a transaction open");
    if (begins->is_failing && lane_ticket(lane, access) != ticket)
        code = begins->failure.code;
    else
        code = try(lane, access);
    if (code == ASAP_OK)
        return ASAP_OK;
    if (err != NULL)
        *err = begins->failure;
    lane_end(lane);
    return code;
}

void lane_end(struct store_lane *lane)
{
    (void)pthread_mutex_unlock(&lane->mutex);
}

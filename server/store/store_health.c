/* SPDX-License-Identifier: Apache-2.0 */
#include "store_health.h"

#include <stdio.h>

void store_health_init(struct store_health *health)
{
    *health = (struct store_health){ .problem = "" };
    (void)pthread_mutex_init(&health->mutex, NULL);
}

void store_health_destroy(struct store_health *health)
{
    (void)pthread_mutex_destroy(&health->mutex);
}

static void set_problem(struct store_health *health, const char *text)
{
    (void)pthread_mutex_lock(&health->mutex);
    (void)snprintf(health->problem, sizeof health->problem, "%s", text);
    (void)pthread_mutex_unlock(&health->mutex);
}

static bool is_failure(enum asap_code code)
{
    return code == ASAP_UNAVAILABLE || code == ASAP_DATA_LOSS;
}

enum asap_code store_health_note(struct store_health *health,
                                 enum store_operation operation,
                                 enum asap_code code,
                                 const struct asap_error *err,
                                 bool *has_failed)
{
    if (!is_failure(code))
        return code;
    *has_failed = true;
    (void)atomic_fetch_add(&health->errors[operation], 1);
    set_problem(health, err == NULL ? asap_code_name(code) : err->message);
    return code;
}

void store_health_recover(struct store_health *health)
{
    set_problem(health, "");
}

const char *store_operation_name(enum store_operation operation)
{
    static const char *const names[] = { "begin", "query", "commit" };

    return names[operation];
}

uint64_t store_health_errors(const struct store_health *health, enum store_operation operation)
{
    return atomic_load(&health->errors[operation]);
}

bool store_health_problem(struct store_health *health, char *out, size_t size)
{
    (void)pthread_mutex_lock(&health->mutex);
    (void)snprintf(out, size, "%s", health->problem);
    (void)pthread_mutex_unlock(&health->mutex);
    return out[0] != '\0';
}

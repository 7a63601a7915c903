/* SPDX-License-Identifier: Apache-2.0 */
#include "due.h"

#include <stdio.h>

bool due_is_periodic(const Asap__V1__Issuer *issuer)
{
    return issuer->rotation_period != NULL && issuer->rotation_period->seconds > 0;
}

struct due due_find(const Asap__V1__Issuer *issuer, const struct key_overview *keys, int64_t now)
{
    const Asap__V1__Key *key = keys->active;
    int64_t time = 0;

    if (!due_is_periodic(issuer) || key == NULL || !key_list_is_managed(key)
        || key->sign_time == NULL)
        return (struct due){ .state = DUE_NEVER };
    if (key->sign_until != NULL)
        return (struct due){ DUE_PLANNED, key->sign_until->seconds };
    time = key->sign_time->seconds + issuer->rotation_period->seconds;
    return (struct due){ time <= now ? DUE_PASSED : DUE_AHEAD, time };
}

void due_write(const struct due *due, int64_t now, char out[static TIME_TEXT_SIZE])
{
    static const char *const before[] = { "-", "planned, ", "", "overdue, " };
    char phrase[TIME_TEXT_SIZE] = "";

    if (due->state != DUE_NEVER)
        time_phrase(due->time, now, phrase);
    (void)snprintf(out, TIME_TEXT_SIZE, "%s%.48s", before[due->state], phrase);
}

void due_write_period(const Asap__V1__Issuer *issuer, char out[static TIME_TEXT_SIZE])
{
    if (due_is_periodic(issuer))
        time_duration(issuer->rotation_period->seconds, out);
    else
        (void)snprintf(out, TIME_TEXT_SIZE, "-");
}

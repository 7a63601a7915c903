/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_DUE_H
#define ASAPCTL_DUE_H

#include "asap/v1/issuer_admin.pb-c.h"
#include "key_list.h"

/* When the keys of an issuer are to be rotated, by its rotation period. */

enum due_state {
    DUE_NEVER,   /* nothing is asked for */
    DUE_PLANNED, /* the next key signs from `time` on */
    DUE_AHEAD,   /* at `time` */
    DUE_PASSED   /* since `time` */
};

struct due {
    enum due_state state;
    int64_t time;
};

/* Whether it is worth asking for the keys. */
bool due_is_periodic(const Asap__V1__Issuer *issuer);

/* A key that signs is due one period after it began to; a planned rotation settles it. */
struct due due_find(const Asap__V1__Issuer *issuer, const struct key_overview *keys, int64_t now);

/* "in 3d", "overdue, 2h ago", "planned, in 14m", "-". */
void due_write(const struct due *due, int64_t now, char out[static TIME_TEXT_SIZE]);

/* "30d", "-" for never. */
void due_write_period(const Asap__V1__Issuer *issuer, char out[static TIME_TEXT_SIZE]);

#endif

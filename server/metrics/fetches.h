/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_FETCHES_H
#define ASAPD_FETCHES_H

#include <stdint.h>

#include <asap/error.h>

#include "buffer.h"
#include "log.h"

/* Who still needs a key that is about to go: how often each retiring key was fetched, when last,
 * and, in the log, by whom. Bounded in memory and in lines, as anybody may fetch. */
struct fetches;

enum { FETCHED_KEYS_MAX = 1000 };

/* One download of a retiring key. All is borrowed. */
struct fetch {
    const char *kid;
    int64_t unpublish_time; /* when the key goes */
    int64_t now;            /* the wall clock */
    const char *address;    /* whose */
    const char *agent;      /* the User-Agent, as it was sent; NULL: none */
    const struct trace *trace;
};

ASAP_MUST_CHECK enum asap_code fetches_new(const struct log *log,
                                           struct fetches **out,
                                           struct asap_error *err);
void fetches_free(struct fetches *fetches); /* NULL is fine */

/* Counts it, and logs it at info unless the same address was logged for this key within the last
 * hour, 32 others were, or 60 lines were written in the last minute. Keys beyond FETCHED_KEYS_MAX
 * are only counted all together. Any thread; NULL counts nothing. */
void fetches_note(struct fetches *fetches, const struct fetch *fetch);

/* asap_retiring_key_... of the keys that have not gone at `now`. */
void fetches_write(struct fetches *fetches, int64_t now, struct buffer *out);

#endif

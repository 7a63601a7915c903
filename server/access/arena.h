/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ARENA_H
#define ASAPD_ARENA_H

#include <stddef.h>

/* Many small pieces of memory that are freed together and never move. A zeroed
 * one is empty. */
struct arena_block;

struct arena {
    struct arena_block *newest;
};

/* A copy of `text`; NULL without memory. */
char *arena_copy(struct arena *arena, const char *text);

/* A list with room for `count` texts and the NULL that ends it, all NULL; NULL without memory. */
const char **arena_list(struct arena *arena, size_t count);

void arena_clear(struct arena *arena);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_BUFFER_H
#define ASAP_CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include <asap/error.h>

#include "scoped.h"

/* Bounded, growing bytes: the only string builder. A failed append marks the
 * buffer and later ones do nothing, so that building reads as a straight
 * column and is checked once, by buffer_check() or buffer_take(). */
struct buffer {
    char *bytes; /* NUL-terminated once anything was appended */
    size_t length;
    size_t capacity;
    size_t limit; /* the most bytes it may hold, the NUL not counted */
    bool failed;
};

#define BUFFER(most)                                                                               \
    {                                                                                              \
        .limit = (most)                                                                            \
    }

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
__attribute__((format(printf, 2, 3))) void buffer_printf(struct buffer *buffer,
                                                         const char *format,
                                                         ...);

/* Room for `length` bytes at the end, counted as appended; NULL when there is none. */
void *buffer_extend(struct buffer *buffer, size_t length);

/* ASAP_RESOURCE_EXHAUSTED when an append went over the limit or memory ran out; `what` names the
 * content in the message. */
ASAP_MUST_CHECK enum asap_code buffer_check(const struct buffer *buffer,
                                            const char *what,
                                            struct asap_error *err);

/* The same, and hands the bytes over: *out is NUL-terminated, freed with free(). */
ASAP_MUST_CHECK enum asap_code
buffer_take(struct buffer *buffer, const char *what, char **out, struct asap_error *err);

void buffer_clear(struct buffer *buffer);

static inline void buffer_scope_exit(struct buffer *buffer)
{
    buffer_clear(buffer);
}

#endif

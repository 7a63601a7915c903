/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 65536 };

/* Lists grow from the front, where they are aligned, texts from the back. */
struct arena_block {
    struct arena_block *older;
    size_t front, back; /* what is free begins and ends there */
    const char *bytes[];
};

static struct arena_block *block_with_room(struct arena *arena, size_t size)
{
    const size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct arena_block *block = arena->newest;

    if (block != NULL && block->back - block->front >= size)
        return block;
    block = malloc(sizeof *block + room);
    if (block == NULL)
        return NULL;
    block->older = arena->newest;
    block->front = 0;
    block->back = room;
    arena->newest = block;
    return block;
}

char *arena_copy(struct arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    struct arena_block *block = block_with_room(arena, size);

    if (block == NULL)
        return NULL;
    block->back -= size;
    return memcpy((char *)block->bytes + block->back, text, size);
}

const char **arena_list(struct arena *arena, size_t count)
{
    const size_t size = (count + 1) * sizeof(const char *);
    struct arena_block *block = block_with_room(arena, size);
    const char **list = NULL;

    if (block == NULL)
        return NULL;
    list = block->bytes + block->front / sizeof *list;
    block->front += size;
    for (size_t i = 0; i <= count; i++)
        list[i] = NULL;
    return list;
}

void arena_clear(struct arena *arena)
{
    while (arena->newest != NULL) {
        struct arena_block *older = arena->newest->older;

        free(arena->newest);
        arena->newest = older;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_SCRATCH_H
#define ASAP_TESTS_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory for the files of one test. */
struct scratch {
    char path[64]; /* short: the path of a unix socket has little room */
};

static inline void scratch_make(struct scratch *scratch)
{
    const char *parent = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */

    if (parent == NULL || strlen(parent) > sizeof scratch->path / 2)
        parent = "/tmp";
    (void)snprintf(scratch->path, sizeof scratch->path, "%.40s/asap-XXXXXX", parent);
    ck_assert_ptr_nonnull(mkdtemp(scratch->path));
}

/* The name of a file in it, into `out` of `size` bytes, which it returns. */
static inline char *
scratch_file(const struct scratch *scratch, const char *name, char *out, size_t size)
{
    ck_assert_int_lt(snprintf(out, size, "%s/%s", scratch->path, name), (int)size);
    return out;
}

/* Removes it and the files in it. */
static inline void scratch_remove(const struct scratch *scratch)
{
    DIR *directory = opendir(scratch->path);
    char path[512];

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
    for (const struct dirent *at = readdir(directory); at != NULL; at = readdir(directory))
        (void)unlink(scratch_file(scratch, at->d_name, path, sizeof path));
    (void)closedir(directory);
    ck_assert_int_eq(rmdir(scratch->path), 0);
}

#endif

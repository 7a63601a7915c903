/* SPDX-License-Identifier: Apache-2.0 */
#include "import_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "pem.h"

enum { FIRST_CAPACITY = 64 };

static void close_scope_exit(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static void close_walk(FTS *walk)
{
    (void)fts_close(walk);
}

DEFINE_SCOPED(walk, FTS *, close_walk)

static bool make_room(struct import_tree *tree)
{
    const size_t capacity = tree->capacity == 0 ? FIRST_CAPACITY : 2 * tree->capacity;
    struct import_file *grown = NULL;

    if (tree->count < tree->capacity)
        return true;
    grown = realloc(tree->files, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    tree->files = grown;
    tree->capacity = capacity;
    return true;
}

/* A NULL `why` lets the name decide what it is. */
static enum asap_code
add_file(struct import_tree *tree, const char *path, const char *why, struct asap_error *err)
{
    struct import_file *file = NULL;

    if (!make_room(tree))
        return fail_memory(err);
    file = &tree->files[tree->count];
    *file = (struct import_file){ .kind = IMPORT_KEY, .path = strdup(path), .why = why };
    if (file->path == NULL)
        return fail_memory(err);
    tree->count++;
    if (why == NULL && strchr(path, '/') == NULL) {
        file->kind = alias_is(path) ? IMPORT_ALIAS : IMPORT_REFUSED;
        file->why = "it is in no issuer's folder (a key is at ISSUER/NAME)";
    }
    if (why != NULL)
        file->kind = IMPORT_REFUSED;
    return file->kind == IMPORT_KEY ? alias_name(path, file->alias, err) : ASAP_OK;
}

/* "" for the folder itself. */
static const char *path_below(const struct import_tree *tree, const FTSENT *entry)
{
    const char *path = entry->fts_path + strlen(tree->root);

    return *path == '/' ? path + 1 : path;
}

/* Key sets are in folders of this name, which none of a key begins with. */
static bool is_hidden(const FTSENT *entry)
{
    return entry->fts_level > 0 && entry->fts_name[0] == '.';
}

static const char *why_not(const FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_F:
        return is_hidden(entry) ? "a key's name does not begin with a dot" : NULL;
    case FTS_SL:
    case FTS_SLNONE:
        return "it is a symbolic link (copy the file in its place)";
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return "it cannot be read (may you?)";
    default:
        return "it is no file";
    }
}

static enum asap_code
visit(struct import_tree *tree, FTS *walk, FTSENT *entry, struct asap_error *err)
{
    const char *path = path_below(tree, entry);

    if (entry->fts_info == FTS_DP || strcmp(path, MANIFEST_NAME) == 0)
        return ASAP_OK;
    if (entry->fts_info != FTS_D)
        return add_file(tree, path, why_not(entry), err);
    if (!is_hidden(entry))
        return ASAP_OK;
    (void)fts_set(walk, entry, FTS_SKIP);
    if (strcmp(entry->fts_name, ".well-known") == 0)
        return ASAP_OK;
    return add_file(tree, path, "no issuer's folder begins with a dot (nothing in it is read)",
                    err);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum asap_code walk_tree(struct import_tree *tree, struct asap_error *err)
{
    char *const paths[] = { tree->root, NULL };
    SCOPED(walk) FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);

    if (walk == NULL)
        return fail_memory(err);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this walk. */
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk))
        TRY(visit(tree, walk, entry, err));
    return ASAP_OK;
}

enum asap_code import_tree_open(struct import_tree *tree, const char *path, struct asap_error *err)
{
    struct stat status = { 0 };
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length >= sizeof tree->root)
        return fail(err, ASAP_INVALID_ARGUMENT, "the path is too long (shorten --dir)");
    (void)snprintf(tree->root, sizeof tree->root, "%.*s", (int)length, path);
    if (stat(tree->root, &status) != 0 || !S_ISDIR(status.st_mode))
        return fail(err, ASAP_NOT_FOUND,
                    "%.128s is no folder (does it exist, and may you read it?)", tree->root);
    TRY(manifest_read(tree->root, &tree->manifest, err));
    return walk_tree(tree, err);
}

static bool read_all(int fd, struct secret *out)
{
    size_t done = 0;

    while (done < out->length) {
        const ssize_t got = read(fd, out->bytes + done, out->length - done);

        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        done += got < 0 ? 0 : (size_t)got;
    }
    return true;
}

/* What was a file when it was listed may be a link or a pipe by now. */
static enum asap_code open_file(const char *path, int *out, size_t *size, struct asap_error *err)
{
    struct stat status = { 0 };

    *out = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*out < 0 || fstat(*out, &status) != 0 || !S_ISREG(status.st_mode))
        return fail(err, ASAP_INVALID_ARGUMENT, "it cannot be read (may you?)");
    if (status.st_size > PEM_PRIVATE_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT, "it has over %d bytes (is it a public key?)",
                    PEM_PRIVATE_MAX);
    *size = (size_t)status.st_size;
    return ASAP_OK;
}

enum asap_code import_tree_read(const struct import_tree *tree,
                                struct import_file *file,
                                struct secret *out,
                                struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    SCOPED(close) int fd = -1;
    char path[2 * sizeof tree->root] = "";
    size_t size = 0;

    (void)snprintf(path, sizeof path, "%s/%s", tree->root, file->path);
    TRY(open_file(path, &fd, &size, err));
    TRY(secret_init(&text, size, err));
    if (!read_all(fd, &text))
        return fail(err, ASAP_INVALID_ARGUMENT, "it cannot be read (did it change?)");
    TRY(sha256_hex(text.bytes, text.length, file->digest, err));
    *out = text;
    text = (struct secret){ 0 };
    return ASAP_OK;
}

void import_tree_scope_exit(struct import_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        free(tree->files[i].path);
    free(tree->files);
    json_decref(tree->manifest);
}

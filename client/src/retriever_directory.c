/* SPDX-License-Identifier: Apache-2.0 */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _XOPEN_SOURCE 700 /* realpath() */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "fail.h"
#include "pem.h"
#include "retriever.h"
#include "retriever_memory.h"

enum { MEMORY_ENTRIES = 1000, PATH_LIMIT = 4096 };

struct directory_retriever {
    struct asap_retriever base;
    char *root;
    struct key_memory *memory;
};

DEFINE_SCOPED(text, char *, free)

/* NOLINTNEXTLINE(readability-non-const-parameter): what SCOPED() calls */
static void file_scope_exit(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

static enum asap_code fail_errno(struct asap_error *err, const char *path)
{
    const int number = errno;
    char why[64] = "";

    if (number == ENOENT || number == ENOTDIR)
        return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "", "there is no key at %.200s", path);
    (void)strerror_r(number, why, sizeof why);
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE,
                       "cannot read the key at %.140s: %s (may this user read it?)", path, why);
}

/* Tells a file from one that took its place or was written anew. */
static void write_tag(const struct stat *status, char out[KEY_TAG_SIZE])
{
    (void)snprintf(out, KEY_TAG_SIZE, "%jx.%jx.%jx.%jx.%lx.%jx.%lx", (uintmax_t)status->st_dev,
                   (uintmax_t)status->st_ino, (uintmax_t)status->st_size,
                   (uintmax_t)status->st_mtim.tv_sec, (unsigned long)status->st_mtim.tv_nsec,
                   (uintmax_t)status->st_ctim.tv_sec, (unsigned long)status->st_ctim.tv_nsec);
}

static bool is_within(const char *path, const char *root)
{
    const size_t length = strlen(root);

    return strncmp(path, root, length) == 0 && (path[length] == '/' || root[length - 1] == '/');
}

/* The grammar of key ids climbs nowhere; a link could. *out is free of links. */
static enum asap_code resolve(const struct directory_retriever *self,
                              const char *path,
                              char **out,
                              struct asap_error *err)
{
    SCOPED(text) char *root = realpath(self->root, NULL);
    SCOPED(text) char *file = realpath(path, NULL);

    if (root == NULL || file == NULL)
        return fail_errno(err, path);
    if (!is_within(file, root))
        return refuse(err, ASAP_REASON_KEY_REFUSED, "",
                      "%.100s is a link that leads out of %.100s (copy the key there instead)",
                      path, self->root);
    *out = MOVE(file);
    return ASAP_OK;
}

/* One byte more than a key may have tells a file that is too long, whatever its size was before. */
static enum asap_code read_all(int file,
                               const char *path,
                               char text[PEM_PUBLIC_MAX + 1],
                               size_t *length,
                               struct asap_error *err)
{
    ssize_t got = 1;

    *length = 0;
    while (got != 0 && *length <= PEM_PUBLIC_MAX) {
        got = read(file, text + *length, PEM_PUBLIC_MAX + 1 - *length);
        if (got < 0 && errno != EINTR)
            return fail_errno(err, path);
        *length += got > 0 ? (size_t)got : 0;
    }
    if (*length <= PEM_PUBLIC_MAX)
        return ASAP_OK;
    return refuse(err, ASAP_REASON_KEY_REFUSED, "",
                  "%.140s is over %d bytes, which no public key is", path, PEM_PUBLIC_MAX);
}

static enum asap_code
parse(const char *path, const char *text, size_t length, EVP_PKEY **out, struct asap_error *err)
{
    struct asap_error cause = { 0 };

    if (pem_read_public(text, length, out, &cause) == ASAP_OK)
        return ASAP_OK;
    if (cause.reason != ASAP_REASON_KEY_REFUSED)
        return fail_memory(err);
    return refuse(err, ASAP_REASON_KEY_REFUSED, "", "the key at %.100s is refused: %.120s", path,
                  cause.message);
}

static enum asap_code
read_key(const char *path, char tag[KEY_TAG_SIZE], EVP_PKEY **out, struct asap_error *err)
{
    SCOPED(file) int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    struct stat status = { 0 };
    char text[PEM_PUBLIC_MAX + 1];
    size_t length = 0;

    if (file < 0 || fstat(file, &status) != 0)
        return fail_errno(err, path);
    if (!S_ISREG(status.st_mode))
        return refuse(err, ASAP_REASON_KEY_REFUSED, "", "%.200s is no file", path);
    write_tag(&status, tag);
    TRY(read_all(file, path, text, &length, err));
    return parse(path, text, length, out, err);
}

static enum asap_code load(struct directory_retriever *self,
                           const struct kid *kid,
                           const char *path,
                           EVP_PKEY **out,
                           struct asap_error *err)
{
    SCOPED(text) char *file = NULL;
    char tag[KEY_TAG_SIZE] = "";

    TRY(resolve(self, path, &file, err));
    TRY(read_key(file, tag, out, err));
    key_memory_put(self->memory, kid, tag, *out);
    return ASAP_OK;
}

/* The file system says each time whether the key is still there. */
static enum asap_code find_in_directory(struct asap_retriever *retriever,
                                        const struct kid *kid,
                                        EVP_PKEY **out,
                                        struct asap_error *err)
{
    struct directory_retriever *self = (struct directory_retriever *)(void *)retriever;
    SCOPED(buffer) struct buffer path = BUFFER(PATH_LIMIT);
    struct stat status = { 0 };
    char tag[KEY_TAG_SIZE] = "";

    *out = NULL;
    buffer_printf(&path, "%s/%.*s", self->root, (int)kid->length, kid->text);
    TRY(buffer_check(&path, "path", err));
    if (stat(path.bytes, &status) != 0) {
        key_memory_put(self->memory, kid, tag, NULL);
        return fail_errno(err, path.bytes);
    }
    write_tag(&status, tag);
    *out = key_memory_find(self->memory, kid, tag);
    return *out != NULL ? ASAP_OK : load(self, kid, path.bytes, out, err);
}

static void free_directory(struct asap_retriever *retriever)
{
    struct directory_retriever *self = (struct directory_retriever *)(void *)retriever;

    key_memory_free(self->memory);
    free(self->root);
    free(self);
}

static enum asap_code check_root(const char *root, struct asap_error *err)
{
    struct stat status = { 0 };

    if (root == NULL)
        return fail_field(err, "root", "root is missing: which directory are the keys in?");
    if (strlen(root) < PATH_LIMIT - KID_MAX - 1 && stat(root, &status) == 0
        && S_ISDIR(status.st_mode))
        return ASAP_OK;
    return fail_field(err, "root",
                      "%.100s is no directory that can be read (make it, and put each key into the "
                      "file %.30s/ISSUER/NAME)",
                      root, root);
}

enum asap_code asap_retriever_directory(const char *root,
                                        struct asap_retriever **out,
                                        struct asap_error *err)
{
    SCOPED(asap_retriever) struct asap_retriever *made = NULL;
    struct directory_retriever *self = calloc(1, sizeof *self);

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    self->base = (struct asap_retriever){
        .find = find_in_directory,
        .find_cached = find_in_directory,
        .peek = retriever_peek_nothing,
        .free = free_directory,
    };
    made = &self->base;
    TRY(check_root(root, err));
    self->root = strdup(root);
    if (self->root == NULL)
        return fail_memory(err);
    TRY(key_memory_new(MEMORY_ENTRIES, &self->memory, err));
    *out = MOVE(made);
    return ASAP_OK;
}

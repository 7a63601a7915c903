/* SPDX-License-Identifier: Apache-2.0 */
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "scoped.h"

enum { BLOCK = 65536 };

static const char *const companions[] = { "-wal", "-shm", "-journal" };
enum { COMPANIONS = sizeof companions / sizeof *companions };

static void descriptor_scope_exit(const int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static enum asap_code
fail_system(const char *doing, const char *path, int error, struct asap_error *err)
{
    char why[64] = "";

    (void)strerror_r(error, why, sizeof why);
    return fail(err, error == EEXIST ? ASAP_ALREADY_EXISTS : ASAP_UNAVAILABLE,
                "cannot %s %.120s: %s", doing, path, why);
}

static enum asap_code refuse_existing(const char *path, struct asap_error *err)
{
    struct stat status;

    if (lstat(path, &status) == 0)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "%.150s exists, and nothing is overwritten (move it away first)", path);
    return errno == ENOENT ? ASAP_OK : fail_system("look for", path, errno, err);
}

enum asap_code new_file_check_companions(const char *path, struct asap_error *err)
{
    for (size_t i = 0; i < COMPANIONS; i++) {
        char companion[PATH_MAX];

        if (snprintf(companion, sizeof companion, "%s%s", path, companions[i]) >= PATH_MAX)
            return fail(err, ASAP_INVALID_ARGUMENT, "the path %.100s... is too long", path);
        TRY(refuse_existing(companion, err));
    }
    return ASAP_OK;
}

enum asap_code new_file_begin(struct new_file *file, const char *path, struct asap_error *err)
{
    file->path = path;
    file->part[0] = '\0';
    TRY(refuse_existing(path, err));
    TRY(new_file_check_companions(path, err));
    if (snprintf(file->part, sizeof file->part, "%s.part-%ld", path, (long)getpid())
        >= PATH_MAX - (int)sizeof "-journal")
        return fail(err, ASAP_INVALID_ARGUMENT, "the path %.100s... is too long", path);
    return ASAP_OK;
}

static enum asap_code
write_all(int to, const char *bytes, size_t length, const char *path, struct asap_error *err)
{
    size_t done = 0;

    while (done < length) {
        const ssize_t wrote = write(to, bytes + done, length - done);

        if (wrote < 0 && errno != EINTR)
            return fail_system("write", path, errno, err);
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return ASAP_OK;
}

static enum asap_code
copy_bytes(int from, int to, const struct new_file *file, struct asap_error *err)
{
    char block[BLOCK];
    ssize_t got = 1;

    while (got > 0) {
        got = read(from, block, sizeof block);
        if (got < 0 && errno != EINTR)
            return fail_system("read for", file->path, errno, err);
        if (got > 0)
            TRY(write_all(to, block, (size_t)got, file->part, err));
        got = got < 0 ? 1 : got;
    }
    return ASAP_OK;
}

enum asap_code new_file_fill(struct new_file *file, const char *from, struct asap_error *err)
{
    SCOPED(descriptor) int source = open(from, O_RDONLY | O_CLOEXEC);
    SCOPED(descriptor) int target = -1;
    struct stat status;

    if (source < 0 || fstat(source, &status) != 0)
        return fail_system("read", from, errno, err);
    if (!S_ISREG(status.st_mode))
        return fail(err, ASAP_FAILED_PRECONDITION, "%.150s is not a regular file", from);
    if (status.st_size == 0)
        return fail(err, ASAP_DATA_LOSS, "%.150s is empty", from);
    target = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return fail_system("make", file->part, errno, err);
    if (fchmod(target, 0600) != 0)
        return fail_system("protect", file->part, errno, err);
    return copy_bytes(source, target, file, err);
}

static enum asap_code sync_path(const char *path, int flags, struct asap_error *err)
{
    SCOPED(descriptor) int descriptor = open(path, O_RDONLY | O_CLOEXEC | flags);

    if (descriptor < 0 || fsync(descriptor) != 0)
        return fail_system("write", path, errno, err);
    return ASAP_OK;
}

static enum asap_code sync_folder_of(const char *path, struct asap_error *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";

    if (slash != NULL)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash == path ? 1 : slash - path),
                       path);
    return sync_path(folder, O_DIRECTORY, err);
}

/* A link, since rename() would replace what has come there meanwhile. */
enum asap_code new_file_publish(struct new_file *file, struct asap_error *err)
{
    TRY(sync_path(file->part, 0, err));
    if (link(file->part, file->path) != 0)
        return fail_system("make", file->path, errno, err);
    (void)unlink(file->part);
    file->part[0] = '\0';
    return sync_folder_of(file->path, err);
}

void new_file_scope_exit(struct new_file *file)
{
    if (file->part[0] == '\0')
        return;
    (void)unlink(file->part);
    for (size_t i = 0; i < COMPANIONS; i++) {
        char companion[PATH_MAX + sizeof "-journal"];

        (void)snprintf(companion, sizeof companion, "%s%s", file->part, companions[i]);
        (void)unlink(companion);
    }
}

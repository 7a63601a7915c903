/* SPDX-License-Identifier: Apache-2.0 */
#include "export_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "hex.h"
#include "scoped.h"

enum { RANDOM_DIGITS = 6, NAME_LENGTH_MAX = 200, FILE_MODE = 0644, FOLDER_MODE = 0755 };

static void close_scope_exit(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static void close_folder(DIR *folder)
{
    (void)closedir(folder);
}

DEFINE_SCOPED(folder, DIR *, close_folder)

static void close_walk(FTS *walk)
{
    (void)fts_close(walk);
}

DEFINE_SCOPED(walk, FTS *, close_walk)

/* One message for every failure of the file system, by errno. */
static enum asap_code refuse_path(const char *doing, const char *path, struct asap_error *err)
{
    char why[64] = "";

    if (strerror_r(errno, why, sizeof why) != 0)
        (void)snprintf(why, sizeof why, "error %d", errno);
    return fail(err, ASAP_PERMISSION_DENIED, "cannot %s %.120s: %s (check --dir)", doing, path,
                why);
}

/* The path less the slashes at its end, as the folder that has it and its name there. */
static enum asap_code split_path(struct export_tree *tree, const char *path, struct asap_error *err)
{
    size_t length = strlen(path);
    size_t start = 0;

    while (length > 1 && path[length - 1] == '/')
        length--;
    for (start = length; start > 0 && path[start - 1] != '/';)
        start--;
    if (length - start > NAME_LENGTH_MAX || length - start == 0 || start >= sizeof tree->folder)
        return fail(err, ASAP_INVALID_ARGUMENT, "--dir is no path of a folder to make");
    (void)snprintf(tree->name, sizeof tree->name, "%.*s", (int)(length - start), path + start);
    (void)snprintf(tree->folder, sizeof tree->folder, "%.*s", (int)start, path);
    if (start == 0)
        (void)snprintf(tree->folder, sizeof tree->folder, "./");
    if (strcmp(tree->name, ".") == 0 || strcmp(tree->name, "..") == 0)
        return fail(err, ASAP_INVALID_ARGUMENT, "--dir is no path of a folder to make");
    return ASAP_OK;
}

static bool is_random(const char *text)
{
    return strspn(text, "0123456789abcdef") == RANDOM_DIGITS && strlen(text) == RANDOM_DIGITS;
}

/* What follows "NAME." in `entry`, or NULL. */
static const char *suffix_of(const struct export_tree *tree, const char *entry)
{
    const size_t length = strlen(tree->name);

    return strncmp(entry, tree->name, length) == 0 && entry[length] == '.' ? entry + length + 1
                                                                           : NULL;
}

/* NAME.12-7f3a9c: a folder that was published once. */
static bool is_version(const struct export_tree *tree, const char *entry)
{
    const char *suffix = suffix_of(tree, entry);
    const size_t digits = suffix == NULL ? 0 : strspn(suffix, "0123456789");

    return digits > 0 && suffix[digits] == '-' && is_random(suffix + digits + 1);
}

/* NAME.new-7f3a9c, NAME.link-7f3a9c: of a replacement that was cut off. */
static bool is_remnant(const struct export_tree *tree, const char *entry)
{
    const char *suffix = suffix_of(tree, entry);

    if (suffix == NULL)
        return false;
    return (strncmp(suffix, "new-", 4) == 0 && is_random(suffix + 4))
           || (strncmp(suffix, "link-", 5) == 0 && is_random(suffix + 5));
}

static bool is_empty_folder(int parent, const char *name)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    SCOPED(folder) DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    size_t entries = 0;

    if (folder == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    while (readdir(folder) != NULL) /* NOLINT(concurrency-mt-unsafe): no other thread has it. */
        entries++;
    return entries == 2;
}

static enum asap_code check_link(struct export_tree *tree, struct asap_error *err)
{
    const ssize_t length =
        readlinkat(tree->parent, tree->name, tree->before, sizeof tree->before - 1);

    tree->before[length < 0 ? 0 : length] = '\0';
    if (length >= 0 && is_version(tree, tree->before))
        return ASAP_OK;
    if (length < 0 && (errno == ENOENT || is_empty_folder(tree->parent, tree->name)))
        return ASAP_OK;
    tree->before[0] = '\0';
    return fail(err, ASAP_FAILED_PRECONDITION,
                "%.120s is there already, and is no link that an export made (give another --dir,"
                " or move it away)",
                tree->name);
}

enum asap_code export_tree_open(struct export_tree *tree, const char *path, struct asap_error *err)
{
    TRY(split_path(tree, path, err));
    tree->parent = open(tree->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree->parent < 0)
        return refuse_path("open the folder", tree->folder, err);
    if (flock(tree->parent, LOCK_EX | LOCK_NB) != 0)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "another export to %.120s is under way (try again when it has ended)",
                    tree->folder);
    return check_link(tree, err);
}

enum asap_code export_tree_begin(struct export_tree *tree, struct asap_error *err)
{
    unsigned char random[RANDOM_DIGITS / 2] = { 0 };
    char digits[RANDOM_DIGITS + 1] = "";
    char name[EXPORT_NAME_SIZE] = "";

    if (RAND_bytes(random, sizeof random) != 1)
        return fail(err, ASAP_INTERNAL, "no random bytes to be had");
    hex_write(random, sizeof random, digits);
    (void)snprintf(name, sizeof name, "%.200s.new-%s", tree->name, digits);
    if (mkdirat(tree->parent, name, FOLDER_MODE) != 0)
        return refuse_path("make a folder in", tree->folder, err);
    (void)snprintf(tree->version, sizeof tree->version, "%s", name);
    tree->root = openat(tree->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree->root < 0 || fchmod(tree->root, FOLDER_MODE) != 0)
        return refuse_path("open the folder", name, err);
    return ASAP_OK;
}

/* Modes are set apart from the making, which the umask has a say in. */
static enum asap_code make_folders(const struct export_tree *tree,
                                   const char *path,
                                   struct asap_error *err)
{
    char folder[EXPORT_NAME_SIZE * 2] = "";

    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdirat(tree->root, folder, FOLDER_MODE) != 0) {
            if (errno != EEXIST)
                return refuse_path("make the folder", folder, err);
        } else if (fchmodat(tree->root, folder, FOLDER_MODE, 0) != 0) {
            return refuse_path("make the folder", folder, err);
        }
    }
    return ASAP_OK;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(fd, bytes, length);

        if (written < 0 && errno != EINTR)
            return false;
        bytes += written < 0 ? 0 : written;
        length -= written < 0 ? 0 : (size_t)written;
    }
    return true;
}

enum asap_code export_tree_write(const struct export_tree *tree,
                                 const char *path,
                                 const char *bytes,
                                 size_t length,
                                 int64_t modified,
                                 struct asap_error *err)
{
    const struct timespec times[] = { { .tv_sec = modified }, { .tv_sec = modified } };
    SCOPED(close) int fd = -1;

    TRY(make_folders(tree, path, err));
    fd = openat(tree->root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return refuse_path("make", path, err);
    if (!write_all(fd, bytes, length) || fchmod(fd, FILE_MODE) != 0 || futimens(fd, times) != 0)
        return refuse_path("write", path, err);
    return ASAP_OK;
}

static FTS *open_walk(const struct export_tree *tree, const char *name)
{
    char path[EXPORT_PATH_SIZE + EXPORT_NAME_SIZE] = "";
    char *const paths[] = { path, NULL };

    (void)snprintf(path, sizeof path, "%s%s", tree->folder, name);
    return fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
}

static enum asap_code sync_path(const char *path, struct asap_error *err)
{
    SCOPED(close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return refuse_path("write to the disk", path, err);
    return ASAP_OK;
}

/* Once all is written, so that the disk takes it in one go. */
static enum asap_code sync_all(const struct export_tree *tree, struct asap_error *err)
{
    SCOPED(walk) FTS *walk = open_walk(tree, tree->version);

    if (walk == NULL)
        return refuse_path("read the folder", tree->version, err);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this walk. */
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR)
            return refuse_path("read", entry->fts_path, err);
        if (entry->fts_info != FTS_D)
            TRY(sync_path(entry->fts_path, err));
    }
    return ASAP_OK;
}

/* NAME.new-7f3a9c becomes NAME.12-7f3a9c. */
static enum asap_code name_version(struct export_tree *tree,
                                   int64_t generation,
                                   struct asap_error *err)
{
    const char *random = strrchr(tree->version, '-') + 1;
    char name[EXPORT_NAME_SIZE] = "";

    (void)snprintf(name, sizeof name, "%.200s.%" PRId64 "-%.*s", tree->name, generation,
                   (int)RANDOM_DIGITS, random);
    if (renameat(tree->parent, tree->version, tree->parent, name) != 0)
        return refuse_path("rename", tree->version, err);
    (void)snprintf(tree->version, sizeof tree->version, "%s", name);
    return ASAP_OK;
}

/* rename(2) replaces a link in one step; an empty folder has to make room first. */
static enum asap_code move_link(const struct export_tree *tree, struct asap_error *err)
{
    char link[EXPORT_NAME_SIZE] = "";

    (void)snprintf(link, sizeof link, "%.200s.link-%s", tree->name,
                   strrchr(tree->version, '-') + 1);
    if (symlinkat(tree->version, tree->parent, link) != 0)
        return refuse_path("make the link", link, err);
    if (tree->before[0] == '\0')
        (void)unlinkat(tree->parent, tree->name, AT_REMOVEDIR);
    if (renameat(tree->parent, link, tree->parent, tree->name) != 0) {
        const enum asap_code code = refuse_path("replace", tree->name, err);

        (void)unlinkat(tree->parent, link, 0);
        return code;
    }
    return ASAP_OK;
}

enum asap_code export_tree_publish(struct export_tree *tree,
                                   int64_t generation,
                                   struct asap_error *err)
{
    TRY(sync_all(tree, err));
    TRY(name_version(tree, generation, err));
    TRY(move_link(tree, err));
    (void)close(tree->root);
    tree->root = -1;
    if (fsync(tree->parent) != 0)
        return refuse_path("write to the disk", tree->folder, err);
    return ASAP_OK;
}

static void remove_all(const struct export_tree *tree, const char *name)
{
    SCOPED(walk) FTS *walk = open_walk(tree, name);

    if (walk == NULL)
        return;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this walk. */
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk))
        if (entry->fts_info == FTS_DP)
            (void)rmdir(entry->fts_accpath);
        else if (entry->fts_info != FTS_D)
            (void)unlink(entry->fts_accpath);
}

void export_tree_tidy(const struct export_tree *tree)
{
    struct dirent **entries = NULL;
    const int count = scandir(tree->folder, &entries, NULL, NULL);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if ((is_version(tree, name) || is_remnant(tree, name)) && strcmp(name, tree->version) != 0
            && strcmp(name, tree->before) != 0)
            remove_all(tree, name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void export_tree_scope_exit(struct export_tree *tree)
{
    if (tree->root >= 0) {
        (void)close(tree->root);
        remove_all(tree, tree->version);
    }
    if (tree->parent >= 0)
        (void)close(tree->parent);
}

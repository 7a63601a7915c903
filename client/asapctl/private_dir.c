/* SPDX-License-Identifier: Apache-2.0 */
#include "private_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"

static void close_scope_exit(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

/* One message for every failure of the file system, by errno. */
static enum asap_code refuse_path(const char *doing, const char *path, struct asap_error *err)
{
    char why[64] = "";

    if (strerror_r(errno, why, sizeof why) != 0)
        (void)snprintf(why, sizeof why, "error %d", errno);
    return fail(err, ASAP_PERMISSION_DENIED, "%s %.120s: %s (check --private-dir)", doing, path,
                why);
}

/* "root/issuer" and what follows. */
static enum asap_code join(char out[static PRIVATE_PATH_SIZE],
                           const char *root,
                           const char *issuer,
                           const char *rest,
                           struct asap_error *err)
{
    const int length = snprintf(out, PRIVATE_PATH_SIZE, "%s/%s%s", root, issuer, rest);

    if (length < 0 || length >= PRIVATE_PATH_SIZE)
        return fail(err, ASAP_INVALID_ARGUMENT, "the path is too long (shorten --private-dir)");
    return ASAP_OK;
}

static bool ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text);

    return length > strlen(ending) && strcmp(text + length - strlen(ending), ending) == 0;
}

static int is_key(const struct dirent *entry)
{
    return ends_with(entry->d_name, ".pem") || ends_with(entry->d_name, ".pem.new");
}

/* Frees the entries; the greatest name of them goes to `out`. */
static void take_last(struct dirent **entries, int count, char out[static KID_MAX + 1])
{
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name;

        if (ends_with(name, ".new"))
            name[strlen(name) - strlen(".new")] = '\0';
        if (strcmp(name, out) > 0)
            (void)snprintf(out, KID_MAX + 1, "%s", name);
        free(entries[i]);
    }
    free(entries);
}

enum asap_code private_dir_last(const char *root,
                                const char *issuer,
                                char out[static KID_MAX + 1],
                                struct asap_error *err)
{
    char folder[PRIVATE_PATH_SIZE] = "";
    struct dirent **entries = NULL;
    int count = 0;

    out[0] = '\0';
    TRY(join(folder, root, issuer, "", err));
    count = scandir(folder, &entries, is_key, NULL);
    if (count < 0 && errno != ENOENT)
        return refuse_path("cannot read the folder", folder, err);
    take_last(entries, count, out);
    return ASAP_OK;
}

/* The entries of a folder survive a crash from here on. */
static enum asap_code sync_folder_of(const char *path, struct asap_error *err)
{
    char folder[PRIVATE_PATH_SIZE] = "";
    const char *slash = strrchr(path, '/');
    SCOPED(close) int fd = -1;

    if (slash == NULL)
        (void)snprintf(folder, sizeof folder, ".");
    else
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + (slash == path), path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return refuse_path("cannot write to the disk the folder", folder, err);
    return ASAP_OK;
}

static enum asap_code make_folder(const char *path, bool *made, struct asap_error *err)
{
    *made = mkdir(path, S_IRWXU) == 0;
    if (*made)
        return sync_folder_of(path, err);
    return errno == EEXIST ? ASAP_OK : refuse_path("cannot make the folder", path, err);
}

/* Every folder on the way to the file. */
static enum asap_code make_folders(struct private_file *file, struct asap_error *err)
{
    const char *path = file->waiting;
    char folder[PRIVATE_PATH_SIZE] = "";
    bool made = false;

    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        TRY(make_folder(folder, &made, err));
        if (!made)
            file->kept = (size_t)(slash - path);
    }
    return ASAP_OK;
}

/* The folders that were made for the file, innermost first, up to one that is in use. */
static void remove_folders(const struct private_file *file)
{
    char folder[PRIVATE_PATH_SIZE] = "";
    char *slash = NULL;

    (void)snprintf(folder, sizeof folder, "%s", file->waiting);
    for (slash = strrchr(folder, '/'); slash != NULL && (size_t)(slash - folder) > file->kept;
         slash = strrchr(folder, '/')) {
        *slash = '\0';
        if (rmdir(folder) != 0)
            return;
    }
}

static bool write_all(int fd, const struct secret *text)
{
    size_t done = 0;

    while (done < text->length) {
        const ssize_t written = write(fd, text->bytes + done, text->length - done);

        if (written < 0 && errno != EINTR)
            return false;
        done += written < 0 ? 0 : (size_t)written;
    }
    return true;
}

static enum asap_code write_file(struct private_file *file,
                                 const struct secret *pem,
                                 struct asap_error *err)
{
    SCOPED(close)
    int fd = open(file->waiting, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);

    if (fd < 0)
        return refuse_path("cannot make", file->waiting, err);
    file->provisional = true;
    if (!write_all(fd, pem) || fsync(fd) != 0)
        return refuse_path("cannot write", file->waiting, err);
    return sync_folder_of(file->waiting, err);
}

enum asap_code private_file_write(struct private_file *file,
                                  const char *root,
                                  const char *issuer,
                                  const char *name,
                                  const struct secret *pem,
                                  struct asap_error *err)
{
    char ending[KID_MAX + 8] = "";

    *file = (struct private_file){ 0 };
    (void)snprintf(ending, sizeof ending, "/%s", name);
    TRY(join(file->path, root, issuer, ending, err));
    (void)snprintf(ending, sizeof ending, "/%s.new", name);
    TRY(join(file->waiting, root, issuer, ending, err));
    TRY(make_folders(file, err));
    return write_file(file, pem, err);
}

enum asap_code private_file_activate(const struct private_file *file, struct asap_error *err)
{
    if (rename(file->waiting, file->path) != 0)
        return refuse_path("cannot rename", file->waiting, err);
    return sync_folder_of(file->path, err);
}

void private_file_scope_exit(struct private_file *file)
{
    if (file->provisional)
        (void)unlink(file->waiting);
    remove_folders(file);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "development_ca.h"
#include "fail.h"
#include "init.h"
#include "kek_check.h"
#include "log.h"
#include "scoped.h"
#include "store.h"
#include "vault.h"

enum file {
    FILE_CONFIG,
    FILE_KEK,
    FILE_AUTHORITY,
    FILE_CERTIFICATE,
    FILE_KEY,
    FILE_DATABASE,
    FILE_DATABASE_WAL,
    FILE_DATABASE_SHM,
    FILE_COUNT
};

static const char *const file_names[FILE_COUNT] = {
    [FILE_CONFIG] = "asapd.conf",
    [FILE_KEK] = "kek",
    [FILE_AUTHORITY] = "ca.pem",
    [FILE_CERTIFICATE] = "server.pem",
    [FILE_KEY] = "server.key",
    [FILE_DATABASE] = "asapd.db",
    [FILE_DATABASE_WAL] = "asapd.db-wal",
    [FILE_DATABASE_SHM] = "asapd.db-shm",
};

/* Directories in the making: what this run has made is removed unless it is kept. */
struct making {
    const char *path;
    const char *state; /* where the database is; may be the same */
    bool made_directory;
    bool made_state;
    bool made[FILE_COUNT];
    bool keep;
};

static void file_path(const struct making *making, enum file file, char out[PATH_MAX])
{
    const char *directory = file >= FILE_DATABASE ? making->state : making->path;

    (void)snprintf(out, PATH_MAX, "%s/%s", directory, file_names[file]);
}

static void making_scope_exit(struct making *making)
{
    char path[PATH_MAX];

    for (unsigned file = 0; file < FILE_COUNT && !making->keep; file++) {
        file_path(making, (enum file)file, path);
        if (making->made[file])
            (void)unlink(path);
    }
    if (making->made_state && !making->keep)
        (void)rmdir(making->state);
    if (making->made_directory && !making->keep)
        (void)rmdir(making->path);
}

static void close_file(FILE *file)
{
    (void)fclose(file);
}
DEFINE_SCOPED(file, FILE *, close_file)
DEFINE_SCOPED(store, struct store *, store_close)

/* The failure of a system call on `path`. */
static enum asap_code
fail_system(struct asap_error *err, const char *what, const char *path, int error)
{
    char why[80] = "";

    (void)strerror_r(error, why, sizeof why);
    return fail(err, ASAP_FAILED_PRECONDITION, "cannot %s %.100s: %s", what, path, why);
}

static enum asap_code check_directory(const char *path, struct asap_error *err)
{
    struct stat status = { 0 };

    if (stat(path, &status) != 0)
        return fail_system(err, "read", path, errno);
    if (!S_ISDIR(status.st_mode))
        return fail(err, ASAP_FAILED_PRECONDITION, "%.100s is not a directory", path);
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "%.100s can be written by others, who could then take over the server; choose "
                    "another --dir, or make it yours alone (chown, chmod 700)",
                    path);
    return ASAP_OK;
}

static enum asap_code make_directory(const char *path, bool *made, struct asap_error *err)
{
    if (strlen(path) > PATH_MAX - sizeof "/asapd.db-journal")
        return fail(err, ASAP_FAILED_PRECONDITION, "the path of --dir is too long");
    if (mkdir(path, 0700) == 0) {
        *made = true;
        return ASAP_OK;
    }
    if (errno != EEXIST)
        return fail_system(err, "make", path, errno);
    return check_directory(path, err);
}

static enum asap_code check_nothing_exists(const struct making *making, struct asap_error *err)
{
    struct stat status = { 0 };
    char path[PATH_MAX];

    for (unsigned file = 0; file < FILE_COUNT; file++) {
        file_path(making, (enum file)file, path);
        if (lstat(path, &status) == 0)
            return fail(err, ASAP_ALREADY_EXISTS,
                        "%.100s exists, and init overwrites nothing: nothing was changed; choose "
                        "another --dir",
                        path);
    }
    return ASAP_OK;
}

/* A new, empty file of this run; *out is the caller's to close. */
static enum asap_code
create_file(struct making *making, enum file file, mode_t mode, FILE **out, struct asap_error *err)
{
    char path[PATH_MAX];
    int descriptor = -1;

    file_path(making, file, path);
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return fail_system(err, "make", path, errno);
    making->made[file] = true;
    *out = fdopen(descriptor, "w");
    if (*out == NULL) {
        (void)close(descriptor);
        return fail_memory(err);
    }
    if (fchmod(descriptor, mode) != 0)
        return fail_system(err, "set the mode of", path, errno);
    return ASAP_OK;
}

/* What was written reaches the disk before the run counts as done. */
static enum asap_code
finish_file(const struct making *making, enum file file, FILE *stream, struct asap_error *err)
{
    char path[PATH_MAX];

    file_path(making, file, path);
    if (fflush(stream) != 0 || ferror(stream) || fsync(fileno(stream)) != 0)
        return fail_system(err, "write", path, errno);
    return ASAP_OK;
}

static enum asap_code write_config(struct making *making,
                                   const struct config *config,
                                   struct asap_error *err)
{
    SCOPED(file) FILE *stream = NULL;

    TRY(create_file(making, FILE_CONFIG, 0600, &stream, err));
    config_write_file(config, stream);
    return finish_file(making, FILE_CONFIG, stream, err);
}

struct content {
    enum file file;
    mode_t mode;
    const void *bytes;
    size_t length;
};

static enum asap_code write_content(struct making *making,
                                    const struct content *content,
                                    struct asap_error *err)
{
    SCOPED(file) FILE *stream = NULL;

    TRY(create_file(making, content->file, content->mode, &stream, err));
    /* A copy of a private key would stay behind in the stream's memory. */
    (void)setvbuf(stream, NULL, _IONBF, 0);
    (void)fwrite(content->bytes, 1, content->length, stream);
    return finish_file(making, content->file, stream, err);
}

static enum asap_code write_certificates(struct making *making, int64_t now, struct asap_error *err)
{
    SCOPED(development_certificates) struct development_certificates made = { .key = { 0 } };

    TRY(development_certificates_make(now, &made, err));
    TRY(write_content(
        making,
        &(struct content){ FILE_AUTHORITY, 0644, made.authority.bytes, made.authority.length },
        err));
    TRY(write_content(making,
                      &(struct content){ FILE_CERTIFICATE, 0644, made.certificate.bytes,
                                         made.certificate.length },
                      err));
    return write_content(making,
                         &(struct content){ FILE_KEY, 0600, made.key.bytes, made.key.length }, err);
}

static enum asap_code make_kek(struct making *making, struct asap_error *err)
{
    char path[PATH_MAX];

    file_path(making, FILE_KEK, path);
    TRY(vault_create_kek(path, err));
    making->made[FILE_KEK] = true;
    return ASAP_OK;
}

static enum asap_code open_vault(const struct making *making,
                                 struct vault **out,
                                 struct asap_error *err)
{
    char path[PATH_MAX];

    file_path(making, FILE_KEK, path);
    return vault_open(path, out, err);
}

/* A database beside the other files, or in a server that is elsewhere. */
static enum asap_code
open_database(struct making *making, const char *url, struct store **out, struct asap_error *err)
{
    const struct log log = { .stream = stderr, .level = LOG_WARNING };
    char path[PATH_MAX];
    char local[PATH_MAX + sizeof "sqlite:"];

    if (config_is_postgres(url))
        return store_open(url, true, &log, out, err);
    file_path(making, FILE_DATABASE, path);
    (void)snprintf(local, sizeof local, "sqlite:%s", path);
    for (unsigned file = FILE_DATABASE; file <= FILE_DATABASE_SHM; file++)
        making->made[file] = true;
    return store_open(local, true, &log, out, err);
}

static enum asap_code make_database(struct making *making,
                                    const struct config *config,
                                    struct asap_error *err)
{
    SCOPED(vault) struct vault *vault = NULL;
    SCOPED(store) struct store *store = NULL;
    bool is_old = false;

    TRY(open_vault(making, &vault, err));
    TRY(open_database(making, config->database, &store, err));
    TRY(kek_check_is_there(store, &is_old, err));
    if (is_old)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "the database is in use with another KEK, and init makes a new one (for a "
                    "further server of it, copy asapd.conf and kek from the first)");
    return kek_check(store, vault, err);
}

/* The file must mean what was asked for when it is read from its place: a path may have become too
 * long. */
static enum asap_code try_config(const struct making *making, struct asap_error *err)
{
    char flag[sizeof "--config=" + PATH_MAX] = "--config=";
    char *arguments[] = { flag, NULL };
    char *environment[] = { NULL };
    struct config config;
    size_t extra = 0;

    file_path(making, FILE_CONFIG, flag + strlen(flag));
    return config_load(arguments, environment, &config, &extra, err);
}

static enum asap_code sync_directory(const char *path, struct asap_error *err)
{
    const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
    const int error = errno;

    if (descriptor >= 0)
        (void)close(descriptor);
    return synced ? ASAP_OK : fail_system(err, "write", path, error);
}

static enum asap_code
fill(struct making *making, const struct config *config, int64_t now, struct asap_error *err)
{
    TRY(write_config(making, config, err));
    TRY(try_config(making, err));
    TRY(make_kek(making, err));
    TRY(write_certificates(making, now, err));
    TRY(make_database(making, config, err));
    TRY(sync_directory(making->state, err));
    return sync_directory(making->path, err);
}

enum asap_code init_directory(const char *directory,
                              const char *state,
                              const struct config *config,
                              const struct asap_clock *clock,
                              struct asap_error *err)
{
    SCOPED(making) struct making making = { .path = directory, .state = state };

    TRY(make_directory(directory, &making.made_directory, err));
    TRY(check_nothing_exists(&making, err));
    TRY(make_directory(state, &making.made_state, err));
    TRY(fill(&making, config, clock->now(clock->context), err));
    making.keep = true;
    return ASAP_OK;
}

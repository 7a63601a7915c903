/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "fail.h"
#include "pem.h"
#include "secret.h"
#include "signer_source.h"

enum { PATH_LIMIT = 4096 };

/* Tells a file from one that took its place or was written anew. */
struct identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
};

struct directory_signer {
    struct key_signer signer;
    char *path; /* <root>/<issuer> */
    pthread_mutex_t lock;
    struct signing_key key; /* as of the last look, with ... */
    struct identity identity;
};

static void close_folder(DIR *folder)
{
    (void)closedir(folder);
}

DEFINE_SCOPED(folder, DIR *, close_folder)

/* NOLINTNEXTLINE(readability-non-const-parameter): what SCOPED() calls */
static void file_scope_exit(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

/* For errors of the file system on `path`. */
static enum asap_code fail_errno(struct asap_error *err, const char *path)
{
    const int number = errno;
    const enum asap_code code =
        number == ENOENT || number == ENOTDIR ? ASAP_NOT_FOUND : ASAP_FAILED_PRECONDITION;
    char why[64] = "";

    (void)strerror_r(number, why, sizeof why);
    return fail(err, code, "cannot read private keys at %.160s: %s", path, why);
}

static bool is_key_name(const char *name)
{
    static const char suffix[] = ".pem";
    const size_t length = strlen(name);

    return length >= sizeof suffix && strcmp(name + length - (sizeof suffix - 1), suffix) == 0;
}

/* The folder is this thread's alone, which is all that readdir() asks for. */
static const char *next_name(DIR *folder)
{
    const struct dirent *entry = readdir(folder); // NOLINT(concurrency-mt-unsafe)

    return entry != NULL ? entry->d_name : NULL;
}

/* The greatest key name of the folder, in the order of its bytes. */
static enum asap_code find_greatest(const char *path, struct buffer *out, struct asap_error *err)
{
    SCOPED(folder) DIR *folder = opendir(path);
    const char *name = NULL;

    if (folder == NULL)
        return fail_errno(err, path);
    while ((name = next_name(folder)) != NULL) {
        if (!is_key_name(name) || (out->length > 0 && strcmp(name, out->bytes) < 0))
            continue;
        buffer_clear(out);
        buffer_puts(out, name);
    }
    if (out->length == 0)
        return fail(err, ASAP_NOT_FOUND,
                    "there is no private key NAME.pem in %.160s (asapctl key generate makes one)",
                    path);
    return buffer_check(out, "file name", err);
}

static struct identity identity_of(const struct stat *status)
{
    return (struct identity){ .device = status->st_dev,
                              .inode = status->st_ino,
                              .size = status->st_size,
                              .modified = status->st_mtim };
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size
           && a->modified.tv_sec == b->modified.tv_sec
           && a->modified.tv_nsec == b->modified.tv_nsec;
}

static enum asap_code
read_all(int file, const char *path, struct secret *text, struct asap_error *err)
{
    size_t length = 0;

    while (length < text->length) {
        const ssize_t got = read(file, text->bytes + length, text->length - length);

        if (got < 0 && errno != EINTR)
            return fail_errno(err, path);
        if (got == 0)
            return fail(err, ASAP_FAILED_PRECONDITION, "%.160s is being written; try again", path);
        length += got > 0 ? (size_t)got : 0;
    }
    return ASAP_OK;
}

static enum asap_code read_key(const char *path,
                               const struct asap_passphrase *passphrase,
                               struct identity *identity,
                               EVP_PKEY **out,
                               struct asap_error *err)
{
    SCOPED(file) int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    SCOPED(secret) struct secret text = { 0 };
    struct stat status = { 0 };

    if (file < 0 || fstat(file, &status) != 0)
        return fail_errno(err, path);
    if (!S_ISREG(status.st_mode) || status.st_size > PEM_PRIVATE_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT, "%.160s is no file of a private key", path);
    *identity = identity_of(&status);
    TRY(secret_init(&text, (size_t)status.st_size, err));
    TRY(read_all(file, path, &text, err));
    return pem_decrypt_private((const char *)text.bytes, text.length, passphrase, out, err);
}

static enum asap_code
load(struct directory_signer *self, const struct kid *kid, const char *path, struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(signing_key) struct signing_key loaded = { 0 };
    struct identity identity = { 0 };

    TRY(read_key(path, &self->signer.passphrase, &identity, &key, err));
    TRY(signing_key_init(&loaded, kid, &key, self->signer.algorithm, err));
    signing_key_clear(&self->key);
    self->key = loaded;
    loaded = (struct signing_key){ 0 };
    self->identity = identity;
    return ASAP_OK;
}

static bool is_loaded(const struct directory_signer *self, const char *key_id, const char *path)
{
    struct identity identity = { 0 };
    struct stat status = { 0 };

    if (self->key.key == NULL || strcmp(self->key.key_id, key_id) != 0 || stat(path, &status) != 0)
        return false;
    identity = identity_of(&status);
    return is_same(&identity, &self->identity);
}

static enum asap_code look(struct directory_signer *self, struct asap_error *err)
{
    SCOPED(buffer) struct buffer name = BUFFER(PATH_LIMIT);
    SCOPED(buffer) struct buffer key_id = BUFFER(PATH_LIMIT);
    SCOPED(buffer) struct buffer path = BUFFER(PATH_LIMIT);
    struct kid kid = { 0 };

    TRY(find_greatest(self->path, &name, err));
    buffer_printf(&key_id, "%s/%s", self->signer.issuer, name.bytes);
    buffer_printf(&path, "%s/%s", self->path, name.bytes);
    TRY(buffer_check(&key_id, "key id", err));
    TRY(buffer_check(&path, "path", err));
    if (kid_parse(key_id.bytes, key_id.length, &kid, NULL) != ASAP_OK)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "the greatest file name ending in .pem in %.160s is no key name; rename it",
                    self->path);
    return is_loaded(self, key_id.bytes, path.bytes) ? ASAP_OK : load(self, &kid, path.bytes, err);
}

static enum asap_code current_of_directory(struct key_signer *signer,
                                           struct signing_key *out,
                                           struct asap_error *err)
{
    struct directory_signer *self = (struct directory_signer *)signer;
    enum asap_code code = ASAP_OK;

    (void)pthread_mutex_lock(&self->lock);
    code = look(self, err);
    if (code == ASAP_OK)
        code = signing_key_copy(out, &self->key, err);
    (void)pthread_mutex_unlock(&self->lock);
    return code;
}

static void free_directory(struct asap_signer *signer)
{
    struct directory_signer *self = (struct directory_signer *)signer;

    signing_key_clear(&self->key);
    key_signer_clear(&self->signer);
    (void)pthread_mutex_destroy(&self->lock);
    free(self->path);
    free(self);
}

static struct asap_signer *new_directory_signer(void)
{
    struct directory_signer *self = calloc(1, sizeof *self);

    if (self == NULL)
        return NULL;
    self->signer.current = current_of_directory;
    self->signer.base.free = free_directory;
    (void)pthread_mutex_init(&self->lock, NULL);
    return &self->signer.base;
}

static enum asap_code init_for_issuer(struct key_signer *signer,
                                      const char *issuer,
                                      const struct asap_signer_options *options,
                                      struct asap_error *err)
{
    const struct kid kid = { .issuer = issuer, .issuer_length = strlen(issuer) };

    TRY(signer_check_issuer(issuer, err));
    return key_signer_init(signer, &kid, options, err);
}

enum asap_code asap_signer_from_directory(const char *root,
                                          const char *issuer,
                                          const struct asap_signer_options *options,
                                          struct asap_signer **out,
                                          struct asap_error *err)
{
    SCOPED(asap_signer) struct asap_signer *signer = new_directory_signer();
    SCOPED(buffer) struct buffer path = BUFFER(PATH_LIMIT);
    struct directory_signer *self = (struct directory_signer *)signer;

    *out = NULL;
    if (self == NULL)
        return fail_memory(err);
    TRY(init_for_issuer(&self->signer, issuer, options, err));
    buffer_printf(&path, "%s/%s", root, issuer);
    TRY(buffer_take(&path, "path", &self->path, err));
    TRY(look(self, err));
    *out = MOVE(signer);
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "kek.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "vault.h"

enum { DIGITS = 2 * KEK_SIZE, TEXT_SIZE = DIGITS + 1, WHY_SIZE = 64 };

static const char hexadecimal[] = "0123456789abcdef";

static void descriptor_scope_exit(const int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

static void describe(int error, char why[WHY_SIZE])
{
    if (strerror_r(error, why, WHY_SIZE) != 0)
        why[0] = '\0';
}

static enum asap_code fail_open(const char *path, int error, struct asap_error *err)
{
    char why[WHY_SIZE] = "";

    describe(error, why);
    if (error == ENOENT)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "there is no KEK at %.100s (restore it from where you keep it, or make one "
                    "with asapd init)",
                    path);
    if (error == ELOOP)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the KEK %.100s is a symbolic link (name the file itself)", path);
    if (error == EACCES)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "cannot read the KEK %.100s: %s (its file must belong to the user that runs "
                    "asapd)",
                    path, why);
    return fail(err, ASAP_FAILED_PRECONDITION,
                "cannot read the KEK %.100s: %s (see that its disk is well)", path, why);
}

/* A systemd credential is root's, and an access list lets the service read it, which shows as the
 * group's bit; its folder is nobody else's. */
static bool is_credential(const char *path, const struct stat *status)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY"); /* NOLINT(concurrency-mt-unsafe) */
    const size_t length = folder == NULL ? 0 : strlen(folder);
    const unsigned mode = status->st_mode & 07777;

    return length > 0 && strncmp(path, folder, length) == 0 && path[length] == '/'
           && S_ISREG(status->st_mode) && status->st_uid == 0
           && (mode == S_IRUSR || mode == (S_IRUSR | S_IRGRP));
}

static enum asap_code check_status(const char *path,
                                   const struct stat *status,
                                   struct asap_error *err)
{
    const unsigned mode = status->st_mode & 07777;

    if (is_credential(path, status))
        return ASAP_OK;
    if (!S_ISREG(status->st_mode))
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the KEK %.150s is not a regular file (name the file that holds it)", path);
    if (status->st_uid != geteuid())
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the KEK %.100s belongs to user %lu and not to this one, %lu (run asapd as "
                    "its owner)",
                    path, (unsigned long)status->st_uid, (unsigned long)geteuid());
    if ((mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "others can use the KEK %.90s with mode %04o (run: chmod 600 %.90s)", path,
                    mode, path);
    if (mode != S_IRUSR && mode != (S_IRUSR | S_IWUSR))
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "the KEK %.90s has mode %04o instead of 0400 or 0600 (run: chmod 600 %.90s)",
                    path, mode, path);
    return ASAP_OK;
}

/* Not blocking, so that a pipe in its place cannot hold the daemon up. */
static enum asap_code open_checked(const char *path, int *out, struct asap_error *err)
{
    struct stat status;

    *out = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*out < 0 || fstat(*out, &status) != 0)
        return fail_open(path, errno, err);
    return check_status(path, &status, err);
}

/* At most `size` bytes; fewer at the end of the file. */
static enum asap_code
read_up_to(int descriptor, const char *path, struct secret *text, struct asap_error *err)
{
    size_t length = 0;
    ssize_t got = 1;

    while (got > 0 && length < text->length) {
        got = read(descriptor, text->bytes + length, text->length - length);
        if (got < 0 && errno != EINTR)
            return fail_open(path, errno, err);
        length += got > 0 ? (size_t)got : 0;
        got = got < 0 ? 1 : got;
    }
    text->length = length;
    return ASAP_OK;
}

/* -1 for what is no hexadecimal digit. */
static int digit_value(unsigned char digit)
{
    const int lower = digit >= 'A' && digit <= 'F' ? digit - 'A' + 'a' : digit;
    const char *const found = lower == 0 ? NULL : strchr(hexadecimal, lower);

    return found == NULL ? -1 : (int)(found - hexadecimal);
}

static bool decode(const struct secret *text, struct secret *out)
{
    if (text->length != TEXT_SIZE || text->bytes[DIGITS] != '\n')
        return false;
    for (size_t i = 0; i < KEK_SIZE; i++) {
        const int high = digit_value(text->bytes[2 * i]);
        const int low = digit_value(text->bytes[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

enum asap_code kek_read(const char *path, struct secret *out, struct asap_error *err)
{
    SCOPED(descriptor) int descriptor = -1;
    SCOPED(secret) struct secret text = { 0 };

    *out = (struct secret){ 0 };
    TRY(secret_init(&text, TEXT_SIZE + 1, err));
    TRY(open_checked(path, &descriptor, err));
    TRY(read_up_to(descriptor, path, &text, err));
    TRY(secret_init(out, KEK_SIZE, err));
    if (decode(&text, out))
        return ASAP_OK;
    secret_clear(out);
    return fail(err, ASAP_FAILED_PRECONDITION,
                "%.100s is not a KEK, which is %d hexadecimal digits and a newline (restore it "
                "from where you keep it)",
                path, (int)DIGITS);
}

static enum asap_code make_text(struct secret *out, struct asap_error *err)
{
    SCOPED(secret) struct secret kek = { 0 };

    TRY(secret_init(&kek, KEK_SIZE, err));
    TRY(secret_init(out, TEXT_SIZE, err));
    if (RAND_priv_bytes(kek.bytes, KEK_SIZE) != 1) {
        ERR_clear_error();
        return fail(err, ASAP_INTERNAL, "OpenSSL has no random bytes for a KEK");
    }
    for (size_t i = 0; i < KEK_SIZE; i++) {
        out->bytes[2 * i] = (unsigned char)hexadecimal[kek.bytes[i] >> 4];
        out->bytes[2 * i + 1] = (unsigned char)hexadecimal[kek.bytes[i] & 0xf];
    }
    out->bytes[DIGITS] = '\n';
    return ASAP_OK;
}

/* The mode is set again because the umask may have taken from it. */
static bool write_whole(int descriptor, const struct secret *text)
{
    size_t done = 0;

    if (fchmod(descriptor, S_IRUSR) != 0)
        return false;
    while (done < text->length) {
        const ssize_t wrote = write(descriptor, text->bytes + done, text->length - done);

        if (wrote < 0 && errno != EINTR)
            return false;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return fsync(descriptor) == 0;
}

static enum asap_code fail_create(const char *path, int error, struct asap_error *err)
{
    char why[WHY_SIZE] = "";

    describe(error, why);
    if (error == EEXIST)
        return fail(err, ASAP_ALREADY_EXISTS,
                    "%.150s exists and is left alone (choose another path for the new KEK)", path);
    return fail(err, ASAP_UNAVAILABLE,
                "cannot write the KEK %.100s: %s (its directory must be writable and have space)",
                path, why);
}

enum asap_code vault_create_kek(const char *path, struct asap_error *err)
{
    SCOPED(descriptor) int descriptor = -1;
    SCOPED(secret) struct secret text = { 0 };

    TRY(make_text(&text, err));
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR);
    if (descriptor < 0)
        return fail_create(path, errno, err);
    if (!write_whole(descriptor, &text)) {
        const int error = errno;

        (void)unlink(path);
        return fail_create(path, error, err);
    }
    return ASAP_OK;
}

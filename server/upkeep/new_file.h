/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_NEW_FILE_H
#define ASAPD_NEW_FILE_H

#include <limits.h>

#include <asap/error.h>

/* A database file in the making: under a name of its own until it is whole, and then under the one
 * that it is to have, all at once and in place of none. */
struct new_file {
    const char *path;
    char part[PATH_MAX];
};

/* ASAP_ALREADY_EXISTS: there is a file of this name, or one that belongs to a database of this
 * name. */
ASAP_MUST_CHECK enum asap_code new_file_begin(struct new_file *file,
                                              const char *path,
                                              struct asap_error *err);

/* Copies the bytes of the file `from` into it, for its owner alone. */
ASAP_MUST_CHECK enum asap_code new_file_fill(struct new_file *file,
                                             const char *from,
                                             struct asap_error *err);

/* Gives it its name, once it and its folder are on the disk. Nobody may have it open. */
ASAP_MUST_CHECK enum asap_code new_file_publish(struct new_file *file, struct asap_error *err);

/* Removes what has no name. */
void new_file_scope_exit(struct new_file *file);

/* ASAP_ALREADY_EXISTS, and which, for what belongs to the database at `path`, that itself left out:
 * with another database in its place it would destroy that. */
ASAP_MUST_CHECK enum asap_code new_file_check_companions(const char *path, struct asap_error *err);

#endif

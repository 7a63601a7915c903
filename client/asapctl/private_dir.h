/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_PRIVATE_DIR_H
#define ASAPCTL_PRIVATE_DIR_H

#include <stdbool.h>

#include <asap/error.h>

#include "kid.h"
#include "secret.h"

/* The private key directory that the libraries read: ROOT/ISSUER/NAME.pem, of
 * which the greatest name signs. NAME.pem.new is a key that must not sign yet;
 * they pass over it. */

enum { PRIVATE_PATH_SIZE = 4096 };

/* The greatest name of a key in there, waiting ones included and without their ".new"; "" when
 * there is none. */
ASAP_MUST_CHECK enum asap_code private_dir_last(const char *root,
                                                const char *issuer,
                                                char out[static KID_MAX + 1],
                                                struct asap_error *err);

/* One key on its way into the directory. Zeroed, it is none. */
struct private_file {
    char path[PRIVATE_PATH_SIZE];    /* .../NAME.pem */
    char waiting[PRIVATE_PATH_SIZE]; /* .../NAME.pem.new */
    bool provisional;                /* `waiting` goes away with the scope */
    size_t kept;                     /* how much of the path to it was there before */
};

/* Writes the key as NAME.pem.new, readable by its owner only, and makes what folders are missing.
 * Once this returns ASAP_OK the key survives a crash. It is removed at the end of the scope unless
 * `provisional` is unset; so are the folders that were made, if they are empty. */
ASAP_MUST_CHECK enum asap_code private_file_write(struct private_file *file,
                                                  const char *root,
                                                  const char *issuer,
                                                  const char *name,
                                                  const struct secret *pem,
                                                  struct asap_error *err);

/* Lets the key sign: NAME.pem.new becomes NAME.pem. */
ASAP_MUST_CHECK enum asap_code private_file_activate(const struct private_file *file,
                                                     struct asap_error *err);

void private_file_scope_exit(struct private_file *file);

#endif

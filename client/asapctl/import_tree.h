/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_IMPORT_TREE_H
#define ASAPCTL_IMPORT_TREE_H

#include <stddef.h>

#include <asap/error.h>

#include "manifest.h"
#include "secret.h"

/* The files of a folder of public keys, as key export writes it or as somebody
 * made it by hand. Nothing in it is trusted. */

enum import_kind {
    IMPORT_KEY,     /* to be read */
    IMPORT_ALIAS,   /* <64 digits>.pem of a key that is elsewhere */
    IMPORT_REFUSED, /* `why` says why */
};

struct import_file {
    enum import_kind kind;
    char *path; /* below the folder; of a key, its key id */
    const char *why;
    char alias[ALIAS_SIZE];       /* of a key: the name of its alias */
    char digest[SHA256_HEX_SIZE]; /* of what was read, "" before */
};

/* IMPORT_TREE is none. */
struct import_tree {
    char root[4096];
    json_t *manifest; /* NULL: it has none */
    struct import_file *files;
    size_t count;
    size_t capacity;
};

#define IMPORT_TREE                                                                                \
    {                                                                                              \
        .manifest = NULL                                                                           \
    }

/* Lists the files in the order of their names, less the manifest and the key sets, which follow
 * from the keys. The folder itself may be a symbolic link, and nothing in it. */
ASAP_MUST_CHECK enum asap_code import_tree_open(struct import_tree *tree,
                                                const char *path,
                                                struct asap_error *err);

/* Reads a file and sets its digest. It may turn out to be private: the caller clears *out.
 * ASAP_INVALID_ARGUMENT: it is too large for a published key, or no file. */
ASAP_MUST_CHECK enum asap_code import_tree_read(const struct import_tree *tree,
                                                struct import_file *file,
                                                struct secret *out,
                                                struct asap_error *err);

void import_tree_scope_exit(struct import_tree *tree);

#endif

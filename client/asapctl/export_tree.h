/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_EXPORT_TREE_H
#define ASAPCTL_EXPORT_TREE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include <asap/error.h>

/* A folder of files that is replaced as a whole. DIR is a symbolic link to a
 * folder beside it, DIR.GENERATION-RANDOM; a new one is written in full, and
 * then the link is moved to it. Whoever reads through DIR sees the old files or
 * the new ones, and a failure leaves the old ones. */

enum { EXPORT_NAME_SIZE = 256, EXPORT_PATH_SIZE = 4096 };

/* One replacement under way. EXPORT_TREE is none. */
struct export_tree {
    int parent;                     /* the folder that has DIR, locked; -1 for none */
    int root;                       /* the new folder; -1 for none */
    char folder[EXPORT_PATH_SIZE];  /* the path of `parent` */
    char name[EXPORT_NAME_SIZE];    /* of DIR in it */
    char version[EXPORT_NAME_SIZE]; /* of the new folder in it, "" for none */
    char before[EXPORT_NAME_SIZE];  /* of the folder that DIR leads to, "" for none */
};

#define EXPORT_TREE                                                                                \
    {                                                                                              \
        .parent = -1, .root = -1                                                                   \
    }

/* Opens the place of `path`. ASAP_FAILED_PRECONDITION: what is there is neither such a link nor
 * an empty folder, or another replacement is under way. Changes nothing. */
ASAP_MUST_CHECK enum asap_code export_tree_open(struct export_tree *tree,
                                                const char *path,
                                                struct asap_error *err);

/* Makes the new folder, which is removed with the scope unless it is published. */
ASAP_MUST_CHECK enum asap_code export_tree_begin(struct export_tree *tree, struct asap_error *err);

/* Adds a file that everybody may read, and the folders on its way. `modified` is its time of
 * modification. */
ASAP_MUST_CHECK enum asap_code export_tree_write(const struct export_tree *tree,
                                                 const char *path,
                                                 const char *bytes,
                                                 size_t length,
                                                 int64_t modified,
                                                 struct asap_error *err);

/* Moves the link. On ASAP_OK the new files survive a crash. */
ASAP_MUST_CHECK enum asap_code export_tree_publish(struct export_tree *tree,
                                                   int64_t generation,
                                                   struct asap_error *err);

/* Removes what earlier replacements left beside DIR, but for the last one's files, which a reader
 * may still have open. Best effort. */
void export_tree_tidy(const struct export_tree *tree);

void export_tree_scope_exit(struct export_tree *tree);

#endif

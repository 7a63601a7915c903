/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_EXAMPLE_H
#define ASAPCTL_EXAMPLE_H

#include <stddef.h>

/* Commands that work as they stand, for --help and the manual page. */
struct example {
    const char *noun; /* of the command that it is an example of */
    const char *verb; /* NULL: it has none */
    const char *what; /* "A managed issuer" */
    const char *line; /* for a shell */
};

/* In the order of the manual page; NULL past the last. */
const struct example *example_at(size_t index);

#endif

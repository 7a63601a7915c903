/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_VERB_H
#define ASAPCTL_VERB_H

#include <stddef.h>

#include "asap/v1/caller_admin.pb-c.h"

/* What a grant can allow, by the words of the command line. */

struct verb {
    const char *name; /* "mint" */
    Asap__V1__Verb value;
};

/* NULL past the last, or when there is none. */
const struct verb *verb_at(size_t index);
const struct verb *verb_find(const char *name);

/* "mint"; "unknown" for what only a newer server knows. */
const char *verb_name(Asap__V1__Verb value);

#endif

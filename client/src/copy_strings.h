/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_COPY_STRINGS_H
#define ASAP_SRC_COPY_STRINGS_H

#include <asap/error.h>

/* An option's own copy of a list of strings that ends in NULL, pointers and strings in one piece of
 * memory, freed with free(); NULL for NULL. */
ASAP_MUST_CHECK enum asap_code copy_strings(const char *const *list,
                                            const char ***out,
                                            struct asap_error *err);

#endif

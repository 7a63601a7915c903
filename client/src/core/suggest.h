/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_SUGGEST_H
#define ASAP_CORE_SUGGEST_H

#include <stddef.h>

/* The name that somebody who wrote `text` probably meant, or NULL if none is close. `name_at`
 * returns the candidates one by one and NULL past the last. */
const char *suggest(const char *text,
                    const char *(*name_at)(const void *context, size_t index),
                    const void *context);

#endif

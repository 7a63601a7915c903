/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_COPY_TEXT_H
#define ASAP_SRC_COPY_TEXT_H

#include <stddef.h>
#include <string.h>

#include "fail.h"

/* An option's own copy, freed with free(); NULL for NULL. */
ASAP_MUST_CHECK static inline enum asap_code copy_text(const char *text,
                                                       char **out,
                                                       struct asap_error *err)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text != NULL && *out == NULL ? fail_memory(err) : ASAP_OK;
}

#endif

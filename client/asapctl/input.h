/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_INPUT_H
#define ASAPCTL_INPUT_H

#include <stddef.h>
#include <stdio.h>

#include <asap/error.h>

#include "secret.h"

/* Reads what commands are given in files. It may be secret, or turn out to be:
 * hence no buffers of stdio. The caller clears *out, which ends in a NUL that
 * is not counted. */

/* The file `name`, or `in` where that is "-" and `in` is not NULL. ASAP_INVALID_ARGUMENT: more than
 * `most` bytes, or a NUL among them. */
ASAP_MUST_CHECK enum asap_code
input_read(const char *name, FILE *in, size_t most, struct secret *out, struct asap_error *err);

/* The same less the line end and the blanks after it. */
ASAP_MUST_CHECK enum asap_code input_read_line(
    const char *name, FILE *in, size_t most, struct secret *out, struct asap_error *err);

/* What an option says: the text itself, or after "@" the file that holds it. */
ASAP_MUST_CHECK enum asap_code
input_read_value(const char *value, size_t most, struct secret *out, struct asap_error *err);

#endif

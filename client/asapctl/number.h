/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_NUMBER_H
#define ASAPCTL_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Reads decimal digits and nothing else, at most `most`. False for anything else; then *out is 0.
 */
bool number_read(const char *text, uint32_t most, uint32_t *out);

#endif

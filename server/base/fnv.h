/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_FNV_H
#define ASAPD_FNV_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, for hash tables. Whoever chooses the texts can make them collide, unless `seed` is
 * secret: FNV_BEGIN, or what came of the text before. */
#define FNV_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t fnv_hash(uint64_t seed, const char *text, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CLOCK_H
#define ASAP_CLOCK_H

#include <stdint.h>

#include <asap/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where the library takes the time from. Options structs copy it; a zeroed one
 * means the system's clock. `now` returns seconds since 1970 and is called from any thread. */
struct asap_clock {
    int64_t (*now)(void *context);
    void *context;
};

#ifdef __cplusplus
}
#endif

#endif

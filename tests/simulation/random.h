/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SIMULATION_RANDOM_H
#define ASAP_SIMULATION_RANDOM_H

#include <stdint.h>

/* Numbers that a seed repeats on every machine: xoshiro256**, filled by splitmix64. */
struct random {
    uint64_t state[4];
};

/* Streams of one seed are independent of one another. */
void random_seed(struct random *random, uint64_t seed, uint64_t stream);
uint64_t random_next(struct random *random);
uint32_t random_below(struct random *random, uint32_t limit);

#endif

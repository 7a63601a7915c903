/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_BENCH_SIDE_H
#define ASAP_BENCH_SIDE_H

#include <stdbool.h>
#include <stddef.h>

/* One side of a comparison: a program that runs an operation as often as it is told on standard
 * input and answers with the CPU time that took. library.py sets up the sides and compares them. */

enum { SIDE_KEY_MAX = 8192, SIDE_TOKEN_MAX = 8192, SIDE_KEY_ID_MAX = 256, SIDE_AUDIENCE_MAX = 64 };

/* What all sides have in common for one algorithm, from the files that library.py made. */
struct side_input {
    char private_pem[SIDE_KEY_MAX];
    char public_pem[SIDE_KEY_MAX];
    char public_jwk[SIDE_KEY_MAX];
    char token[SIDE_TOKEN_MAX];  /* signed by the key */
    char forged[SIDE_TOKEN_MAX]; /* the same with one character of its signature changed */
    char key_id[SIDE_KEY_ID_MAX];
    char audience[SIDE_AUDIENCE_MAX];
};

/* An operation on what was prepared for one algorithm. */
struct side_operation {
    const char *name;      /* "sign", "verify" ... */
    const char *algorithm; /* "RS256" ... */
    void *(*prepare)(const char *algorithm, const struct side_input *input); /* NULL: impossible */
    bool (*run)(void *prepared);   /* once; what is timed */
    bool (*check)(void *prepared); /* right answers, to what is good and to what is not */
};

/* Runs it `count` times; whether each went well. */
bool side_run_often(const struct side_operation *operation, void *prepared, long count);

/* Serves the `count` operations until the end of standard input. argv[1]: the folder of inputs. */
int side_main(int argc, char **argv, const struct side_operation *operations, size_t count);

#endif

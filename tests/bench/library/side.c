/* SPDX-License-Identifier: Apache-2.0 */
#include "side.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_LENGTH = 128, OPERATIONS_MAX = 32 };

struct request {
    char operation[32];
    char algorithm[32];
    long count; /* 0: check */
};

static bool
read_file(const char *folder, const char *algorithm, const char *kind, char *out, size_t size)
{
    char path[4096] = "";
    FILE *file = NULL;
    size_t length = 0;

    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, algorithm, kind);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    return fclose(file) == 0 && length > 0;
}

static bool read_input(const char *folder, const char *algorithm, struct side_input *input)
{
    return read_file(folder, algorithm, "private", input->private_pem, SIDE_KEY_MAX)
           && read_file(folder, algorithm, "public", input->public_pem, SIDE_KEY_MAX)
           && read_file(folder, algorithm, "jwk", input->public_jwk, SIDE_KEY_MAX)
           && read_file(folder, algorithm, "token", input->token, SIDE_TOKEN_MAX)
           && read_file(folder, algorithm, "forged", input->forged, SIDE_TOKEN_MAX)
           && read_file(folder, algorithm, "kid", input->key_id, SIDE_KEY_ID_MAX)
           && read_file(folder, algorithm, "audience", input->audience, SIDE_AUDIENCE_MAX);
}

static void *prepare(const char *folder, const struct side_operation *operation)
{
    struct side_input *input = calloc(1, sizeof *input);
    void *prepared = NULL;

    if (input != NULL && read_input(folder, operation->algorithm, input))
        prepared = operation->prepare(operation->algorithm, input);
    free(input);
    return prepared;
}

/* Of all threads of this process, user and system. */
static int64_t cpu_time(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Apart from the rest, so that a profiler can tell it: its name is known to tests/instructions. */
__attribute__((noinline)) bool side_run_often(const struct side_operation *operation,
                                              void *prepared,
                                              long count)
{
    bool is_right = true;

    for (long i = 0; i < count; i++)
        is_right = operation->run(prepared) && is_right;
    return is_right;
}

static void answer(const struct side_operation *operation, void *prepared, long count)
{
    int64_t begin = 0;
    bool is_right = false;

    if (count == 0) {
        (void)puts(operation->check(prepared) ? "right" : "wrong");
        return;
    }
    begin = cpu_time();
    is_right = side_run_often(operation, prepared, count);
    begin = cpu_time() - begin;
    if (is_right)
        (void)printf("%" PRId64 "\n", begin);
    else
        (void)puts("wrong");
}

static size_t find(const struct side_operation *operations,
                   size_t count,
                   const struct request *request)
{
    size_t i = 0;

    while (i < count
           && (strcmp(operations[i].name, request->operation) != 0
               || strcmp(operations[i].algorithm, request->algorithm) != 0))
        i++;
    return i;
}

int side_main(int argc, char **argv, const struct side_operation *operations, size_t count)
{
    void *prepared[OPERATIONS_MAX] = { NULL };
    char line[LINE_MAX_LENGTH] = "";

    if (argc != 2 || count > OPERATIONS_MAX)
        return EXIT_FAILURE;
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct request request = { .count = 0 };
        size_t place = 0;

        if (sscanf(line, "%31s %31s %ld", request.operation, request.algorithm, &request.count)
            != 3)
            return EXIT_FAILURE;
        place = find(operations, count, &request);
        if (place < count && prepared[place] == NULL)
            prepared[place] = prepare(argv[1], &operations[place]);
        if (place == count || prepared[place] == NULL)
            (void)puts("absent");
        else
            answer(&operations[place], prepared[place], request.count);
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}

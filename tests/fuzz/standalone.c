/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over every file of a corpus folder, without libFuzzer. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *bytes = NULL;
    FILE *file = NULL;
    long size = 0;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        return perror(path), 1;
    rewind(file);
    /* Exactly as large as the input, so that the sanitizers see one byte too far. */
    bytes = malloc(size > 0 ? (size_t)size : 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size)
        return perror(path), 1;
    (void)LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return fclose(file);
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int failed = 0;
    int runs = 0;

    if (folder == NULL)
        return fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]), 2;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        failed += run_file(argv[1], entry->d_name);
        runs++;
    }
    (void)closedir(folder);
    (void)printf("%d inputs, %d unreadable\n", runs, failed);
    return failed == 0 && runs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

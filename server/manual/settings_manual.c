/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a manual page from standard input to standard output and puts the settings in place of the
 * line @SETTINGS@. Runs while the project is built. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int main(void)
{
    char line[1024];

    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strcmp(line, "@SETTINGS@\n") == 0)
            config_write_manual(stdout);
        else
            (void)fputs(line, stdout);
    }
    return ferror(stdin) || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

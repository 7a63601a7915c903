/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "clock.h"
#include "commands.h"

/* asapd: what the process owns as a whole, and which commands there are. */

enum { SECURE_HEAP = 1 << 20, SECURE_HEAP_SMALLEST = 64 };

/* Secrets stay out of core dumps, swap and other users' sight. */
static int protect_secrets(void)
{
    (void)umask(077);
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }) != 0)
        perror("asapd: cannot turn core dumps off");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        perror("asapd: cannot forbid debuggers");
    return CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_SMALLEST) != 0;
}

int main(int argc, char **argv)
{
    json_object_seed(0);
    if (!protect_secrets()) {
        (void)fprintf(stderr, "asapd: no secure heap for private keys: memory cannot be locked"
                              " (raise RLIMIT_MEMLOCK to 2 MiB)\n");
        return 1;
    }
    return asapd_command(argc, argv, &clock_system);
}

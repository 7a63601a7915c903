/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asapctl.h"

/* asapctl: what the process owns as a whole. */

enum { SECURE_HEAP = 1 << 18, SECURE_HEAP_SMALLEST = 64 };

extern char **environ; /* unistd.h declares it for GNU only */

/* Private keys stay out of core dumps, of other users' sight and of buffers that nobody wipes. */
static int protect_secrets(void)
{
    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    return CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_SMALLEST) != 0;
}

int main(int argc, char **argv)
{
    const struct ctl_host host = {
        .clock = &ctl_clock_system,
        .call = rpc_call,
        .environment = environ,
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .progress = isatty(STDERR_FILENO) != 0,
        .screen = isatty(STDOUT_FILENO) != 0,
    };

    (void)argc;
    json_object_seed(0);
    if (!protect_secrets() || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)fprintf(stderr, "asapctl: cannot start: no memory for its libraries (free some)\n");
        return 1;
    }
    return asapctl_main(argv, &host);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* asapctl, whole, on a clock that tests can move. */
#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asapctl.h"
#include "shifted_clock.h"

extern char **environ; /* unistd.h declares it for GNU only */

int main(int argc, char **argv)
{
    const struct ctl_clock clock = { .now = shifted_clock.now,
                                     .sleep_until = ctl_clock_system.sleep_until };
    const struct ctl_host host = { .clock = &clock,
                                   .call = rpc_call,
                                   .environment = environ,
                                   .in = stdin,
                                   .out = stdout,
                                   .err = stderr };

    (void)argc;
    (void)umask(077);
    json_object_seed(0);
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? asapctl_main(argv, &host) : 1;
}

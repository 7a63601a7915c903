/* SPDX-License-Identifier: Apache-2.0 */
/* asapd, whole, on a clock that tests can move. */
#include <jansson.h>
#include <sys/stat.h>

#include "commands.h"
#include "shifted_clock.h"

int main(int argc, char **argv)
{
    (void)umask(077);
    json_object_seed(0);
    return asapd_command(argc, argv, &shifted_clock);
}

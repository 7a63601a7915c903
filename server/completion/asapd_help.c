/* SPDX-License-Identifier: Apache-2.0 */
/* asapd less what main() asks of the system, for its help while the project is built. */
#include "clock.h"
#include "commands.h"

int main(int argc, char **argv)
{
    return asapd_command(argc, argv, &clock_system);
}

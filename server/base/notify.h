/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_NOTIFY_H
#define ASAPD_NOTIFY_H

/* Tells the service manager how the daemon is (sd_notify(3)): "READY=1",
 * "RELOADING=1", "STOPPING=1". Nothing happens without NOTIFY_SOCKET. */
void notify_service_manager(const char *state);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* "/run/..." is a path; "@..." is an abstract name, whose first byte is NUL. False for neither and
 * for what does not fit. */
static bool read_address(const char *text, struct sockaddr_un *out, socklen_t *length)
{
    const size_t text_length = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || text[1] == '\0')
        return false;
    if (text_length >= sizeof out->sun_path)
        return false;
    out->sun_family = AF_UNIX;
    memcpy(out->sun_path, text, text_length);
    if (text[0] == '@')
        out->sun_path[0] = '\0';
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + text_length);
    return true;
}

void notify_service_manager(const char *state)
{
    /* Nothing here sets variables. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *target = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { 0 };
    socklen_t length = 0;
    int descriptor = -1;

    if (target == NULL || !read_address(target, &address, &length))
        return;
    descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    /* A manager that does not listen is no reason to stop serving. */
    (void)sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                 length);
    (void)close(descriptor);
}

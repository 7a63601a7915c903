/* SPDX-License-Identifier: Apache-2.0 */
#include "router.h"

const struct http_route *router_find(const struct http_route *routes, const char *path)
{
    for (const struct http_route *route = routes; route->matches != NULL; route++)
        if (route->matches(path))
            return route;
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ROUTER_H
#define ASAPD_ROUTER_H

#include "http.h"

/* The first route that matches the path; NULL when none does. */
const struct http_route *router_find(const struct http_route *routes, const char *path);

#endif

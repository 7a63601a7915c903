/* SPDX-License-Identifier: Apache-2.0 */
#include "router.h"

#include <string.h>

#include "check_main.h"

static bool is_health(const char *path)
{
    return strcmp(path, "/healthz") == 0;
}

static bool is_in_api(const char *path)
{
    return strncmp(path, "/api/", 5) == 0;
}

static bool is_admin(const char *path)
{
    return strcmp(path, "/api/admin") == 0;
}

static const struct http_route routes[] = {
    { .matches = is_health },
    { .matches = is_in_api },
    { .matches = is_admin },
    { .matches = NULL },
};

static const struct {
    const char *path;
    const struct http_route *route;
} found[] = {
    { "/healthz", &routes[0] },
    { "/api/a", &routes[1] },
    { "/api/admin", &routes[1] },
    { "/healthz/", NULL },
    { "/", NULL },
    { "", NULL },
};

START_TEST(takes_the_first_route_that_matches)
{
    ck_assert_ptr_eq(router_find(routes, found[_i].path), found[_i].route);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("router");
    TCase *tests = tcase_create("router");

    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, takes_the_first_route_that_matches, 0, COUNT(found));
    return check_main(suite);
}

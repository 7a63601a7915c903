/* SPDX-License-Identifier: Apache-2.0 */
/* A test has one thread. NOLINTBEGIN(concurrency-mt-unsafe) */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check_main.h"
#include "notify.h"

#define FOLDER "/tmp/notify_test.XXXXXX"

static char folder[] = FOLDER;
static char path[sizeof folder + sizeof "/socket"];

static void make_folder(void)
{
    memcpy(folder, FOLDER, sizeof folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/socket", folder);
}

static void remove_folder(void)
{
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* A service manager's socket; "@name" is abstract. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const size_t length = strlen(name);

    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    ck_assert_int_ge(manager, 0);
    ck_assert_int_eq(bind(manager, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                     0);
    return manager;
}

static void assert_heard(const char *name)
{
    const int manager = listen_at(name);
    char state[64] = "";

    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    notify_service_manager("READY=1");
    ck_assert_int_eq(recv(manager, state, sizeof state - 1, 0), strlen("READY=1"));
    ck_assert_str_eq(state, "READY=1");
    (void)close(manager);
}

START_TEST(tells_a_manager_at_a_path)
{
    assert_heard(path);
}
END_TEST

START_TEST(tells_a_manager_at_an_abstract_name)
{
    char name[64];

    (void)snprintf(name, sizeof name, "@%s", folder);
    assert_heard(name);
}
END_TEST

static const char *const unheard[] = { "", "relative", "/", "@", "/nonexistent/socket" };

START_TEST(does_nothing_where_nobody_listens)
{
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", unheard[_i], 1), 0);
    notify_service_manager("READY=1");
}
END_TEST

START_TEST(does_nothing_with_a_path_that_no_socket_takes)
{
    char name[200] = "/";

    memset(name + 1, 'a', sizeof name - 2);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    notify_service_manager("READY=1");
}
END_TEST

START_TEST(does_nothing_without_a_manager)
{
    const int manager = listen_at(path);
    char state[64] = "";

    ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
    notify_service_manager("READY=1");
    ck_assert_int_lt(recv(manager, state, sizeof state, 0), 0);
    (void)close(manager);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notify");
    TCase *tests = tcase_create("notify");

    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, tells_a_manager_at_a_path);
    tcase_add_test(tests, tells_a_manager_at_an_abstract_name);
    tcase_add_loop_test(tests, does_nothing_where_nobody_listens, 0, COUNT(unheard));
    tcase_add_test(tests, does_nothing_with_a_path_that_no_socket_takes);
    tcase_add_test(tests, does_nothing_without_a_manager);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}
/* NOLINTEND(concurrency-mt-unsafe) */

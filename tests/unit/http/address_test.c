/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check_main.h"
#include "raw_client.h"
#include "scratch.h"

enum { TEXT = 200 };

static const struct {
    const char *text;
    bool is_tls, is_unix;
} accepted[] = {
    { "https://[::]:8443", true, false },      { "https://0.0.0.0:443", true, false },
    { "http://127.0.0.1:9464", false, false }, { "http://localhost:0", false, false },
    { "http://[::1]:65535", false, false },    { "unix:/run/asapd/admin.sock", false, true },
    { "unix:admin.sock", false, true },
};

START_TEST(reads_where_to_listen)
{
    struct address address;
    struct asap_error err = { 0 };

    ck_assert_succeeds(address_parse(accepted[_i].text, &address, &err));
    ck_assert_int_eq(address.is_tls, accepted[_i].is_tls);
    ck_assert_int_eq(address.is_unix, accepted[_i].is_unix);
}
END_TEST

static const struct {
    const char *text, *message;
} refused[] = {
    { "", "not an address" },
    { "8443", "not an address" },
    { "ftp://127.0.0.1:21", "not an address" },
    { "HTTPS://[::]:8443", "not an address" },
    { "http://127.0.0.1", "not host:port" },
    { "https://[::]", "not host:port" },
    { "https://[::8443", "not host:port" },
    { "https://[::]8443", "not host:port" },
    { "http://127.0.0.1:", "not a port" },
    { "http://127.0.0.1:65536", "not a port" },
    { "http://127.0.0.1:100000", "not a port" },
    { "http://127.0.0.1:80/", "not a port" },
    { "http://127.0.0.1:-1", "not a port" },
    { "http://example.org:80", "not an IP address" },
    { "http://127.0.0.256:80", "not an IP address" },
    { "https://::1:8443", "not a port" },
    { "https://[127.0.0.1]:8443", "not an IP address" },
    { "unix:", "has no path" },
    { "unix:/0123456789012345678901234567890123456789012345678901234567890123456789"
      "01234567890123456789012345678901234567",
      "at most 107 bytes" },
};

START_TEST(refuses_what_is_no_address_and_says_why)
{
    struct address address;
    struct asap_error err = { 0 };

    ck_assert_int_eq(address_parse(refused[_i].text, &address, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "address");
    ck_assert_msg(strstr(err.message, refused[_i].message) != NULL, "%s", err.message);
}
END_TEST

/* Listens on the address and returns the result. */
static enum asap_code listen_on(const char *text, struct bound *bound, struct asap_error *err)
{
    struct address address;

    ck_assert_int_eq(address_parse(text, &address, err), ASAP_OK);
    return address_listen(&address, 0, bound, err);
}

START_TEST(says_which_port_the_system_chose)
{
    struct bound bound;
    struct asap_error err = { 0 };

    ck_assert_succeeds(listen_on("http://127.0.0.1:0", &bound, &err));
    ck_assert_ptr_eq(strstr(bound.text, "http://127.0.0.1:"), bound.text);
    ck_assert_str_ne(bound.text, "http://127.0.0.1:0");
    (void)close(raw_connect(bound.text));
    address_close(&bound);
}
END_TEST

START_TEST(takes_ipv4_on_the_address_of_all)
{
    struct bound bound;
    struct asap_error err = { 0 };

    ck_assert_succeeds(listen_on("https://[::]:0", &bound, &err));
    ck_assert_ptr_eq(strstr(bound.text, "https://"), bound.text);
    (void)close(raw_connect(bound.text));
    address_close(&bound);
}
END_TEST

START_TEST(says_that_a_port_is_in_use)
{
    struct bound first;
    struct bound second;
    struct asap_error err = { 0 };

    ck_assert_succeeds(listen_on("http://127.0.0.1:0", &first, &err));
    ck_assert_int_eq(listen_on(first.text, &second, &err), ASAP_UNAVAILABLE);
    ck_assert_str_eq(err.field, "address");
    ck_assert_ptr_nonnull(strstr(err.message, "is in use: stop the other program"));
    ck_assert_ptr_nonnull(strstr(err.message, first.text));
    address_close(&first);
    ck_assert_succeeds(listen_on(first.text, &second, &err));
    address_close(&second);
}
END_TEST

START_TEST(says_that_an_address_is_not_of_this_machine)
{
    struct bound bound;
    struct asap_error err = { 0 };

    ck_assert_int_eq(listen_on("http://192.0.2.1:0", &bound, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "is no address of this machine"));
}
END_TEST

static struct scratch scratch;
static char path[TEXT];
static char text[TEXT + 8];

static void enter_scratch(void)
{
    scratch_make(&scratch);
    (void)scratch_file(&scratch, "socket", path, sizeof path);
    (void)snprintf(text, sizeof text, "unix:%s", path);
}

static void leave_scratch(void)
{
    scratch_remove(&scratch);
}

START_TEST(opens_a_unix_socket_to_its_owner_alone)
{
    struct bound bound;
    struct asap_error err = { 0 };
    struct stat status;
    const mode_t mask = umask(0);

    ck_assert_succeeds(listen_on(text, &bound, &err));
    (void)umask(mask);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert(S_ISSOCK(status.st_mode));
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_str_eq(bound.text, text);
    address_close(&bound);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

static const unsigned modes[] = { 0666, 0660, 0600, 0222 };

START_TEST(opens_a_unix_socket_to_whom_it_is_told_whatever_the_umask)
{
    struct address address;
    struct bound bound;
    struct asap_error err = { 0 };
    struct stat status;
    const mode_t mask = umask(077);

    ck_assert_succeeds(address_parse(text, &address, &err));
    ck_assert_succeeds(address_listen(&address, modes[_i], &bound, &err));
    (void)umask(mask);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, modes[_i]);
    address_close(&bound);
}
END_TEST

START_TEST(replaces_the_socket_of_a_dead_server)
{
    struct bound dead;
    struct bound bound;
    struct asap_error err = { 0 };

    ck_assert_succeeds(listen_on(text, &dead, &err));
    (void)close(dead.fd);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_succeeds(listen_on(text, &bound, &err));
    (void)close(raw_connect(text));
    address_close(&bound);
}
END_TEST

START_TEST(leaves_the_socket_of_a_live_server_alone)
{
    struct bound live;
    struct bound bound;
    struct asap_error err = { 0 };

    ck_assert_succeeds(listen_on(text, &live, &err));
    ck_assert_int_eq(listen_on(text, &bound, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "is in use"));
    (void)close(raw_connect(text));
    address_close(&live);
}
END_TEST

START_TEST(removes_only_its_own_socket)
{
    struct bound first;
    struct bound second;
    struct asap_error err = { 0 };

    ck_assert_succeeds(listen_on(text, &first, &err));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_succeeds(listen_on(text, &second, &err));
    address_close(&first);
    ck_assert_int_eq(access(path, F_OK), 0);
    address_close(&second);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(keeps_a_file_that_is_no_socket)
{
    FILE *file = fopen(path, "w");
    struct bound bound;
    struct asap_error err = { 0 };

    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(listen_on(text, &bound, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "exists and is no socket"));
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(says_that_a_directory_is_missing)
{
    char missing[TEXT + 24];
    struct bound bound;
    struct asap_error err = { 0 };

    (void)snprintf(missing, sizeof missing, "%s/socket", text);
    ck_assert_int_eq(listen_on(missing, &bound, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "has no directory: create it first"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("address");
    TCase *inet = tcase_create("inet");
    TCase *local = tcase_create("local");

    suite_add_tcase(suite, inet);
    tcase_add_loop_test(inet, reads_where_to_listen, 0, COUNT(accepted));
    tcase_add_loop_test(inet, refuses_what_is_no_address_and_says_why, 0, COUNT(refused));
    tcase_add_test(inet, says_which_port_the_system_chose);
    tcase_add_test(inet, takes_ipv4_on_the_address_of_all);
    tcase_add_test(inet, says_that_a_port_is_in_use);
    tcase_add_test(inet, says_that_an_address_is_not_of_this_machine);
    suite_add_tcase(suite, local);
    tcase_add_checked_fixture(local, enter_scratch, leave_scratch);
    tcase_add_test(local, opens_a_unix_socket_to_its_owner_alone);
    tcase_add_loop_test(local, opens_a_unix_socket_to_whom_it_is_told_whatever_the_umask, 0,
                        COUNT(modes));
    tcase_add_test(local, replaces_the_socket_of_a_dead_server);
    tcase_add_test(local, leaves_the_socket_of_a_live_server_alone);
    tcase_add_test(local, removes_only_its_own_socket);
    tcase_add_test(local, keeps_a_file_that_is_no_socket);
    tcase_add_test(local, says_that_a_directory_is_missing);
    return check_main(suite);
}

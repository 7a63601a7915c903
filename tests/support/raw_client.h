/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_RAW_CLIENT_H
#define ASAP_TESTS_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/* A connection that says any bytes, for tests of what a well-behaved client never sends. Every
 * function aborts the test when the machine fails it; waits end after half a minute at most. */

/* Connects to "http://127.0.0.1:PORT" or "unix:PATH". */
int raw_connect(const char *address);

/* False when the other end has shut the connection. */
bool raw_send(int fd, const void *bytes, size_t length);
bool raw_send_text(int fd, const char *text);

/* Reads until the other end closes, or `out` is full; NUL-terminated. Returns the length. */
size_t raw_read_all(int fd, char *out, size_t size);

/* Reads one response with its Content-Length. False when the connection ends before it does. */
bool raw_read_response(int fd, char *out, size_t size);

/* Sends one text on a new connection, reads all and closes. */
size_t raw_ask(const char *address, const char *text, char *out, size_t size);

#endif

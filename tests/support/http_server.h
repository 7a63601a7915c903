/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_HTTP_SERVER_H
#define ASAP_TESTS_HTTP_SERVER_H

#include <stddef.h>

#include "test_authority.h"

/* An HTTP/1.1 server that says what a test scripted, byte for byte, and keeps
 * what it was asked. One thread serves every connection in turn. */
struct http_server;

/* Listens on a free port of 127.0.0.1, or on a Unix socket when `socket_path` is not NULL.
 * Never NULL: a test without its server is aborted. */
struct http_server *http_server_start(const char *socket_path);

/* The same on 127.0.0.1 over TLS, with this certificate, of TLS 1.2 and 1.3. */
struct http_server *http_server_start_tls(const struct test_identity *certificate);

/* The same, of no version over TLS 1.1. */
struct http_server *http_server_start_old_tls(const struct test_identity *certificate);

/* "http://127.0.0.1:PORT", "https://127.0.0.1:PORT", or "unix:PATH". */
const char *http_server_url(const struct http_server *server);

/* Appends one raw response; they are used in order, and the last one again and again. Bytes are
 * copied. An empty one closes the connection without an answer. */
void http_server_say(struct http_server *server, const void *bytes, size_t length);
void http_server_say_text(struct http_server *server, const char *text);

/* A response of this status line ("200 OK"), header lines (each ended by CRLF) and body, with its
 * Content-Length. */
void http_server_reply(struct http_server *server,
                       const char *status,
                       const char *headers,
                       const char *body);

/* Forgets the responses that are left. */
void http_server_forget(struct http_server *server);

/* While held, the server reads and counts one request and answers nobody. */
void http_server_hold(struct http_server *server);
void http_server_release(struct http_server *server);

/* Returns once this many requests have arrived since the start. */
void http_server_await(struct http_server *server, size_t requests);

size_t http_server_requests(struct http_server *server);

/* How many connections were accepted since the start. */
size_t http_server_connections(struct http_server *server);

/* The last request, head and body, NUL-terminated. Valid until the next one arrives. */
const char *http_server_last_request(struct http_server *server);

/* The common name in the TLS certificate of whoever sent it, or ""; any certificate is taken. */
const char *http_server_last_peer(struct http_server *server);

void http_server_stop(struct http_server *server); /* NULL is fine */

#endif

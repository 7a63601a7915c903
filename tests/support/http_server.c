/* SPDX-License-Identifier: Apache-2.0 */
/* strcasestr() finds a header whatever its case. */
#define _GNU_SOURCE
#include "http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 32, REQUEST_MAX = 65536, LISTENER = 0, WAKER = 1, FIRST_CONNECTION = 2 };
enum { TLS_HANDSHAKE = 22 }; /* RFC 8446 section 5.1 */

struct response {
    char *bytes;
    size_t length;
};

struct connection {
    SSL *tls; /* NULL: none */
    size_t length;
    char request[REQUEST_MAX + 1];
};

struct http_server {
    pthread_t thread;
    SSL_CTX *tls; /* NULL: none */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct response *script;
    size_t script_length;
    size_t script_next;
    size_t requests;
    size_t connections;
    bool held;
    bool stopping;
    char last[REQUEST_MAX + 1];
    char last_peer[64];
    char url[160];
    int waker[2];
    struct pollfd polled[FIRST_CONNECTION + CONNECTIONS_MAX];
    struct connection *open[FIRST_CONNECTION + CONNECTIONS_MAX];
    size_t polled_length;
};

/* A test cannot go on without its server. */
static void require(bool works, const char *what)
{
    if (works)
        return;
    perror(what);
    abort();
}

static int listen_on_loopback(struct http_server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    require(bind(listener, (const struct sockaddr *)&address, sizeof address) == 0, "bind");
    require(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
    (void)snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%u",
                   server->tls != NULL ? "https" : "http", (unsigned)ntohs(address.sin_port));
    return listener;
}

static int listen_on_path(struct http_server *server, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    require(strlen(path) < sizeof address.sun_path, "socket path");
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    require(bind(listener, (const struct sockaddr *)&address, sizeof address) == 0, "bind");
    (void)snprintf(server->url, sizeof server->url, "unix:%s", path);
    return listener;
}

/* A handshake that fails leaves a connection on which every read fails. */
static SSL *begin_tls(SSL_CTX *context, int descriptor)
{
    SSL *tls = SSL_new(context);

    require(tls != NULL && SSL_set_fd(tls, descriptor) == 1, "SSL_new");
    (void)SSL_accept(tls);
    ERR_clear_error();
    return tls;
}

static ssize_t receive(const struct connection *connection, int descriptor, void *out, size_t size)
{
    if (connection->tls != NULL)
        return SSL_read(connection->tls, out, (int)size);
    return recv(descriptor, out, size, 0);
}

static void accept_connection(struct http_server *server)
{
    const size_t slot = server->polled_length;
    int accepted = accept(server->polled[LISTENER].fd, NULL, NULL);

    if (accepted < 0)
        return;
    require(slot < FIRST_CONNECTION + CONNECTIONS_MAX, "too many connections");
    server->polled[slot] = (struct pollfd){ .fd = accepted, .events = POLLIN };
    server->open[slot] = calloc(1, sizeof *server->open[slot]);
    require(server->open[slot] != NULL, "calloc");
    server->polled_length++;
    if (server->tls != NULL)
        server->open[slot]->tls = begin_tls(server->tls, accepted);
    (void)pthread_mutex_lock(&server->lock);
    server->connections++;
    (void)pthread_mutex_unlock(&server->lock);
}

static void close_connection(struct http_server *server, size_t slot)
{
    SSL_free(server->open[slot]->tls);
    ERR_clear_error();
    (void)close(server->polled[slot].fd);
    free(server->open[slot]);
    server->polled_length--;
    server->polled[slot] = server->polled[server->polled_length];
    server->open[slot] = server->open[server->polled_length];
}

static bool is_complete(const struct connection *connection)
{
    const char *end = strstr(connection->request, "\r\n\r\n");
    const char *field = strcasestr(connection->request, "\r\nContent-Length:");
    size_t body = 0;

    /* A TLS hello is answered in plain text, as by a server that speaks no TLS. */
    if (connection->request[0] == TLS_HANDSHAKE)
        return true;
    if (end == NULL)
        return false;
    if (field != NULL && field < end)
        body = strtoul(field + sizeof "\r\nContent-Length:" - 1, NULL, 10);
    return connection->length >= (size_t)(end + 4 - connection->request) + body;
}

/* The common name in the certificate that the client sent, or "". */
static void read_peer(const struct connection *connection, char *out, size_t size)
{
    X509 *x509 = connection->tls != NULL ? SSL_get1_peer_certificate(connection->tls) : NULL;

    out[0] = '\0';
    if (x509 != NULL)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, out,
                                        (int)size);
    X509_free(x509);
}

/* Records the request and takes the next response; false when there is none to give. */
static bool next_response(struct http_server *server,
                          const struct connection *connection,
                          struct response *out)
{
    (void)pthread_mutex_lock(&server->lock);
    (void)snprintf(server->last, sizeof server->last, "%s", connection->request);
    read_peer(connection, server->last_peer, sizeof server->last_peer);
    server->requests++;
    (void)pthread_cond_broadcast(&server->changed);
    while (server->held && !server->stopping)
        (void)pthread_cond_wait(&server->changed, &server->lock);
    *out = (struct response){ 0 };
    if (server->script_next < server->script_length)
        *out = server->script[server->script_next];
    if (server->script_next + 1 < server->script_length)
        server->script_next++;
    (void)pthread_mutex_unlock(&server->lock);
    return out->length > 0;
}

static bool send_all(const struct connection *connection,
                     int descriptor,
                     const struct response *response)
{
    size_t done = 0;

    if (connection->tls != NULL)
        return SSL_write(connection->tls, response->bytes, (int)response->length) > 0;
    while (done < response->length) {
        ssize_t sent =
            send(descriptor, response->bytes + done, response->length - done, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        done += (size_t)sent;
    }
    return true;
}

static bool asks_to_close(const struct response *response)
{
    return memmem(response->bytes, response->length, "Connection: close", 17) != NULL;
}

/* False when the connection is over. */
static bool serve_connection(struct http_server *server, size_t slot)
{
    struct connection *connection = server->open[slot];
    struct response response = { 0 };
    const int descriptor = server->polled[slot].fd;
    ssize_t got = receive(connection, descriptor, connection->request + connection->length,
                          REQUEST_MAX - connection->length);

    if (got <= 0)
        return false;
    connection->length += (size_t)got;
    connection->request[connection->length] = '\0';
    if (!is_complete(connection))
        return true;
    connection->length = 0;
    return next_response(server, connection, &response)
           && send_all(connection, descriptor, &response) && !asks_to_close(&response);
}

static void *serve(void *context)
{
    struct http_server *server = context;

    while (poll(server->polled, server->polled_length, -1) > 0) {
        if (server->polled[WAKER].revents != 0)
            break;
        /* Downwards: a closed connection's slot is taken by the last one. */
        for (size_t slot = server->polled_length - 1; slot >= FIRST_CONNECTION; slot--)
            if (server->polled[slot].revents != 0 && !serve_connection(server, slot))
                close_connection(server, slot);
        if (server->polled[LISTENER].revents != 0)
            accept_connection(server);
    }
    return NULL;
}

/* Takes `tls` over. */
static struct http_server *start(const char *socket_path, SSL_CTX *tls)
{
    struct http_server *server = calloc(1, sizeof *server);
    int listener = -1;

    require(server != NULL, "calloc");
    server->tls = tls;
    (void)pthread_mutex_init(&server->lock, NULL);
    (void)pthread_cond_init(&server->changed, NULL);
    listener =
        socket_path != NULL ? listen_on_path(server, socket_path) : listen_on_loopback(server);
    require(listen(listener, CONNECTIONS_MAX) == 0, "listen");
    require(pipe(server->waker) == 0, "pipe");
    server->polled[LISTENER] = (struct pollfd){ .fd = listener, .events = POLLIN };
    server->polled[WAKER] = (struct pollfd){ .fd = server->waker[0], .events = POLLIN };
    server->polled_length = FIRST_CONNECTION;
    require(pthread_create(&server->thread, NULL, serve, server) == 0, "pthread_create");
    return server;
}

struct http_server *http_server_start(const char *socket_path)
{
    return start(socket_path, NULL);
}

/* Whether it is good is not what these tests are about. */
static int accept_any(int is_good, X509_STORE_CTX *context)
{
    (void)is_good;
    (void)context;
    return 1;
}

static SSL_CTX *tls_with(const struct test_identity *certificate, int least, int most)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    require(context != NULL && SSL_CTX_use_certificate(context, certificate->x509) == 1
                && SSL_CTX_use_PrivateKey(context, certificate->key) == 1
                && SSL_CTX_set_min_proto_version(context, least) == 1
                && SSL_CTX_set_max_proto_version(context, most) == 1
                && SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0") == 1,
            "SSL_CTX_new");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any);
    return context;
}

struct http_server *http_server_start_tls(const struct test_identity *certificate)
{
    return start(NULL, tls_with(certificate, TLS1_2_VERSION, TLS1_3_VERSION));
}

struct http_server *http_server_start_old_tls(const struct test_identity *certificate)
{
    return start(NULL, tls_with(certificate, TLS1_VERSION, TLS1_1_VERSION));
}

const char *http_server_url(const struct http_server *server)
{
    return server->url;
}

void http_server_say(struct http_server *server, const void *bytes, size_t length)
{
    struct response *grown = NULL;
    char *copy = malloc(length + 1);

    (void)pthread_mutex_lock(&server->lock);
    grown = realloc(server->script, (server->script_length + 1) * sizeof *grown);
    require(copy != NULL && grown != NULL, "out of memory");
    memcpy(copy, bytes, length);
    server->script = grown;
    server->script[server->script_length++] = (struct response){ .bytes = copy, .length = length };
    (void)pthread_mutex_unlock(&server->lock);
}

void http_server_say_text(struct http_server *server, const char *text)
{
    http_server_say(server, text, strlen(text));
}

void http_server_reply(struct http_server *server,
                       const char *status,
                       const char *headers,
                       const char *body)
{
    char *text = NULL;
    int length = asprintf(&text, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, headers,
                          strlen(body), body);

    require(length > 0, "asprintf");
    http_server_say(server, text, (size_t)length);
    free(text);
}

void http_server_forget(struct http_server *server)
{
    /* The bytes stay: the last of them may still be on their way. */
    (void)pthread_mutex_lock(&server->lock);
    server->script_next = server->script_length;
    (void)pthread_mutex_unlock(&server->lock);
}

static void set_held(struct http_server *server, bool held)
{
    (void)pthread_mutex_lock(&server->lock);
    server->held = held;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
}

void http_server_hold(struct http_server *server)
{
    set_held(server, true);
}

void http_server_release(struct http_server *server)
{
    set_held(server, false);
}

void http_server_await(struct http_server *server, size_t requests)
{
    (void)pthread_mutex_lock(&server->lock);
    while (server->requests < requests)
        (void)pthread_cond_wait(&server->changed, &server->lock);
    (void)pthread_mutex_unlock(&server->lock);
}

static size_t read_count(struct http_server *server, const size_t *count)
{
    size_t value = 0;

    (void)pthread_mutex_lock(&server->lock);
    value = *count;
    (void)pthread_mutex_unlock(&server->lock);
    return value;
}

size_t http_server_requests(struct http_server *server)
{
    return read_count(server, &server->requests);
}

size_t http_server_connections(struct http_server *server)
{
    return read_count(server, &server->connections);
}

const char *http_server_last_request(struct http_server *server)
{
    /* Whoever asks has had its answer, so nothing writes there now. */
    return server->last;
}

const char *http_server_last_peer(struct http_server *server)
{
    return server->last_peer;
}

void http_server_stop(struct http_server *server)
{
    if (server == NULL)
        return;
    (void)pthread_mutex_lock(&server->lock);
    server->stopping = true;
    (void)pthread_cond_broadcast(&server->changed);
    (void)pthread_mutex_unlock(&server->lock);
    require(write(server->waker[1], "", 1) == 1, "write");
    (void)pthread_join(server->thread, NULL);
    while (server->polled_length > FIRST_CONNECTION)
        close_connection(server, server->polled_length - 1);
    (void)close(server->polled[LISTENER].fd);
    (void)close(server->waker[0]);
    (void)close(server->waker[1]);
    for (size_t i = 0; i < server->script_length; i++)
        free(server->script[i].bytes);
    free(server->script);
    SSL_CTX_free(server->tls);
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "clock.h"
#include "connection.h"
#include "exchange.h"
#include "fail.h"
#include "http.h"
#include "tls.h"
#include "worker.h"

enum {
    MEMORY_LIMIT = 16 * 1024, /* of a connection: its header block and the response's */
    MESSAGE_SIZE = 256,
    JOBS_PER_WORKER = 64,
    THREADS_LEAST = 2, /* fewer make no pool */
    OPTIONS_MOST = 20
};

struct http_listener {
    struct transport transport;
    struct bound bound;
    struct MHD_Daemon *daemon;
    bool is_quiesced;
};

DEFINE_SCOPED(listener, struct http_listener *, http_listener_free)

__attribute__((format(printf, 2, 0))) static void log_message(void *context,
                                                              const char *format,
                                                              va_list args)
{
    const struct transport *transport = context;
    char text[MESSAGE_SIZE] = "";

    (void)vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\r\n")] = '\0';
    log_write(transport->log, LOG_DEBUG, "%s: %s", transport->name, text);
}

/* Everything that is decoded is decoded once, by the handler that knows what it decodes. */
static size_t leave_escaped(void *context, struct MHD_Connection *handle, char *text)
{
    (void)context;
    (void)handle;
    return strlen(text);
}

static void open_connection(struct transport *transport, struct MHD_Connection *handle, void **slot)
{
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *name =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct connection *connection =
        connection_open(transport->registry, fd->connect_fd, name->client_addr);

    if (connection != NULL && transport->tls != NULL)
        connection->pair = tls_acquire(transport->tls);
    *slot = connection;
}

static void notify_connection(void *context,
                              struct MHD_Connection *handle,
                              void **slot,
                              enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        open_connection(context, handle, slot);
        return;
    }
    connection_close(*slot);
    *slot = NULL;
}

/* libmicrohttpd keeps its connection as the session's pointer. */
static struct connection *connection_of(gnutls_session_t session)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        gnutls_session_get_ptr(session), MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

static struct tls_pair *pair_of(gnutls_session_t session)
{
    const struct connection *connection = connection_of(session);

    return connection == NULL ? NULL : connection->pair;
}

/* Keeps what the client has shown. Non-zero ends the handshake. */
static int check_client(gnutls_session_t session)
{
    struct connection *connection = connection_of(session);
    struct tls_pair *pair = pair_of(session);
    struct http_certificate *shown = NULL;

    if (pair == NULL)
        return -1;
    shown = connection_show(connection);
    if (shown == NULL)
        return -1;
    if (!tls_pair_judge_client(pair, session, shown))
        connection_show_nothing(connection);
    if (tls_pair_request(pair) == GNUTLS_CERT_REQUEST)
        return 0;
    shown = connection->certificate;
    return shown != NULL && shown->problem[0] == '\0' ? 0 : -1;
}

/* GnuTLS sets the signature. */
/* NOLINTNEXTLINE(readability-function-size) */
static int present_certificate(gnutls_session_t session,
                               const gnutls_datum_t *issuers,
                               int issuer_count,
                               const gnutls_pk_algorithm_t *algorithms,
                               int algorithm_count,
                               gnutls_pcert_st **chain,
                               unsigned int *length,
                               gnutls_privkey_t *key)
{
    struct tls_pair *pair = pair_of(session);

    (void)issuers;
    (void)issuer_count;
    (void)algorithms;
    (void)algorithm_count;
    if (pair == NULL)
        return -1;
    if (tls_pair_request(pair) != GNUTLS_CERT_IGNORE) {
        gnutls_certificate_server_set_request(session, tls_pair_request(pair));
        gnutls_session_set_verify_function(session, check_client);
    }
    tls_pair_present(pair, chain, length, key);
    return 0;
}

struct option_list {
    struct MHD_OptionItem items[OPTIONS_MOST]; /* ended by MHD_OPTION_END, which is 0 */
    size_t count;
};

static void
add_option(struct option_list *list, enum MHD_OPTION option, intptr_t value, void *pointer)
{
    if (list->count + 1 >= OPTIONS_MOST)
        abort();
    list->items[list->count++] = (struct MHD_OptionItem){ option, value, pointer };
}

/* Idle longer than any deadline allows: what the registry has not ended for some reason. */
static unsigned idle_seconds(const struct http_limits *limits)
{
    const unsigned between = limits->idle_ms + limits->header_ms;
    const unsigned most = between > limits->request_ms ? between : limits->request_ms;

    return most / 1000 + 1;
}

static void add_callbacks(struct option_list *list, struct transport *transport)
{
    add_option(list, MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_message, transport);
    add_option(list, MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL);
    add_option(list, MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)exchange_target, transport);
    add_option(list, MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_completed, transport);
    add_option(list, MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)notify_connection, transport);
}

static void add_limits(struct option_list *list, const struct http_listener_options *options)
{
    const unsigned seconds = idle_seconds(&options->limits);

    add_option(list, MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
    add_option(list, MHD_OPTION_CONNECTION_LIMIT, (intptr_t)options->limits.connections, NULL);
    add_option(list, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_LIMIT, NULL);
    add_option(list, MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)seconds, NULL);
    if (options->threads >= THREADS_LEAST)
        add_option(list, MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL);
}

static bool needs_workers(const struct http_route *routes)
{
    for (const struct http_route *route = routes; route->matches != NULL; route++)
        if (route->on_worker || route->inline_first)
            return true;
    return false;
}

/* By poll. With epoll, this libmicrohttpd never sleeps while the handshake of a TLS connection
 * waits for the rest of a message, so that one client that sends half of one would keep a processor
 * busy; and MHD_quiesce_daemon() aborts when it and a thread take the socket out of the set at
 * once. */
static unsigned flags_of(const struct http_listener *listener)
{
    struct sockaddr_storage name = { 0 };
    socklen_t length = sizeof name;
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;

    (void)getsockname(listener->bound.fd, (struct sockaddr *)&name, &length);
    if (name.ss_family == AF_INET6)
        flags |= MHD_USE_DUAL_STACK;
    if (listener->transport.tls != NULL)
        flags |= MHD_USE_TLS;
    if (listener->transport.workers != NULL)
        flags |= MHD_ALLOW_SUSPEND_RESUME;
    return flags;
}

static enum asap_code start_daemon(struct http_listener *listener,
                                   const struct http_listener_options *options,
                                   struct asap_error *err)
{
    struct option_list list = { .count = 0 };

    add_callbacks(&list, &listener->transport);
    add_limits(&list, options);
    add_option(&list, MHD_OPTION_LISTEN_SOCKET, listener->bound.fd, NULL);
    /* What follows the array is for TLS alone: without it the list ends there. */
    listener->daemon = MHD_start_daemon(
        flags_of(listener), 0, NULL, NULL, exchange_continue, &listener->transport,
        MHD_OPTION_ARRAY, list.items,
        listener->transport.tls == NULL ? MHD_OPTION_END : MHD_OPTION_HTTPS_PRIORITIES,
        tls_priorities, MHD_OPTION_HTTPS_CERT_CALLBACK, present_certificate, MHD_OPTION_END);
    if (listener->daemon == NULL)
        return fail(err, ASAP_UNAVAILABLE,
                    "cannot serve on %s: raise the limits on open files and tasks",
                    listener->bound.text);
    return ASAP_OK;
}

static enum asap_code start_workers(struct transport *transport,
                                    const struct http_listener_options *options,
                                    struct asap_error *err)
{
    if (options->workers == 0 || !needs_workers(options->routes))
        return ASAP_OK;
    return workers_new(options->workers, (size_t)options->workers * JOBS_PER_WORKER, exchange_work,
                       &transport->workers, err);
}

static void tell_certificate(const struct transport *transport)
{
    if (transport->certificate_ends != NULL)
        atomic_store(transport->certificate_ends, tls_ends(transport->tls));
}

static enum asap_code load_certificate(struct transport *transport,
                                       const struct http_listener_options *options,
                                       bool is_tls,
                                       struct asap_error *err)
{
    const struct tls_files files = { .certificate_file = options->certificate_file,
                                     .key_file = options->key_file,
                                     .client_ca_file = options->client_ca_file,
                                     .client_certificate_optional =
                                         options->client_certificate_optional };

    if (!is_tls)
        return ASAP_OK;
    TRY(tls_new(&files, &transport->tls, err));
    tell_certificate(transport);
    return ASAP_OK;
}

enum asap_code http_listener_start(const struct http_listener_options *options,
                                   struct http_listener **out,
                                   struct asap_error *err)
{
    SCOPED(listener) struct http_listener *listener = calloc(1, sizeof *listener);
    struct address address;

    *out = NULL;
    if (listener == NULL)
        return fail_memory(err);
    listener->bound.fd = -1;
    suspension_init(&listener->transport.suspension);
    listener->transport.routes = options->routes;
    listener->transport.log = options->log;
    listener->transport.name = options->name;
    listener->transport.access_log = options->access_log;
    request_ids_init(&listener->transport.ids);
    listener->transport.certificate_ends = options->certificate_ends;
    listener->transport.monotonic_us =
        options->monotonic_us == NULL ? clock_monotonic_us : options->monotonic_us;
    listener->transport.proxies = options->proxies;
    TRY(address_parse(options->address, &address, err));
    listener->transport.is_private = options->is_guarded && !address.is_tls && !address.is_unix;
    TRY(load_certificate(&listener->transport, options, address.is_tls, err));
    TRY(registry_new(&options->limits, options->proxies, &listener->transport.registry, err));
    TRY(start_workers(&listener->transport, options, err));
    TRY(address_listen(&address, options->socket_mode, &listener->bound, err));
    TRY(start_daemon(listener, options, err));
    *out = MOVE(listener);
    return ASAP_OK;
}

const char *http_listener_address(const struct http_listener *listener)
{
    return listener->bound.text;
}

enum asap_code http_listener_reload(struct http_listener *listener, struct asap_error *err)
{
    if (listener->transport.tls == NULL)
        return ASAP_OK;
    TRY(tls_reload(listener->transport.tls, err));
    tell_certificate(&listener->transport);
    return ASAP_OK;
}

void http_listener_quiesce(struct http_listener *listener)
{
    if (listener == NULL || listener->daemon == NULL || listener->is_quiesced)
        return;
    listener->is_quiesced = true;
    (void)MHD_quiesce_daemon(listener->daemon);
    address_stop(&listener->bound);
    registry_drain(listener->transport.registry);
}

/* Every connection is resumed before libmicrohttpd stops: it would abort otherwise. A hold that
 * ends once the workers have stopped is answered without them. */
void http_listener_free(struct http_listener *listener)
{
    if (listener == NULL)
        return;
    http_listener_quiesce(listener);
    if (listener->daemon != NULL)
        registry_await_idle(listener->transport.registry);
    workers_stop(listener->transport.workers);
    suspension_close(&listener->transport.suspension);
    if (listener->daemon != NULL)
        MHD_stop_daemon(listener->daemon);
    workers_free(listener->transport.workers);
    suspension_clear(&listener->transport.suspension);
    address_close(&listener->bound);
    registry_free(listener->transport.registry);
    tls_free(listener->transport.tls);
    free(listener);
}

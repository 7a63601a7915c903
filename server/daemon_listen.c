/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include "fail.h"
#include "metrics.h"

/* What is served where. */

enum listener { PUBLIC, ADMIN, OPS };

enum { RPC_BODY_MAX = 1024 * 1024, PUBLIC_RPC_BODY_MAX = 128 * 1024, OPS_CONNECTIONS = 64 };

static bool matches_any(const char *path)
{
    (void)path;
    return true;
}

/* Requests are counted under the route's name unless its handler knows better. */
static void
add_route(struct daemon *daemon, enum listener listener, const char *name, struct http_route route)
{
    size_t count = 0;

    while (daemon->routes[listener][count].matches != NULL)
        count++;
    if (count + 1 >= ROUTES_MOST)
        return;
    route.stats = requests_route(daemon->meters.requests, name);
    daemon->routes[listener][count] = route;
}

static struct http_route rpc_route(struct daemon *daemon, size_t body_limit)
{
    return (struct http_route){ .matches = rpc_matches,
                                .handler = rpc_handle,
                                .context = &daemon->rpc,
                                .body_limit = body_limit,
                                .takes_chunks = true,
                                .inline_first = true,
                                .bare_errors = true };
}

static struct http_route repository_route(struct daemon *daemon)
{
    return (struct http_route){ .matches = matches_any,
                                .handler = repository_handle,
                                .context = &daemon->repository };
}

static struct http_listener_options public_listener(struct daemon *daemon)
{
    const struct config *config = daemon->config;

    add_route(daemon, PUBLIC, "unknown_method", rpc_route(daemon, PUBLIC_RPC_BODY_MAX));
    add_route(daemon, PUBLIC, "auth",
              (struct http_route){ .matches = auth_endpoint_matches,
                                   .handler = auth_endpoint_handle,
                                   .context = daemon->auth_endpoint });
    add_route(daemon, PUBLIC, "unknown", repository_route(daemon));
    return (struct http_listener_options){
        .name = "public",
        .address = config->public_listen,
        .certificate_file = config->certificate_file,
        .key_file = config->key_file,
        .client_ca_file = config->client_ca_file[0] == '\0' ? NULL : config->client_ca_file,
        .client_certificate_optional = true,
        .proxies = &daemon->proxies,
        .is_guarded = true,
        .limits.connections = (unsigned)config->max_connections,
        .limits.connections_per_address = (unsigned)config->max_connections_per_address,
        .threads = (unsigned)config->threads,
        .workers = (unsigned)config->workers,
    };
}

static struct http_listener_options admin_listener(struct daemon *daemon)
{
    add_route(daemon, ADMIN, "unknown_method", rpc_route(daemon, RPC_BODY_MAX));
    add_route(daemon, ADMIN, "unknown", repository_route(daemon));
    return (struct http_listener_options){
        .name = "admin",
        .address = daemon->config->admin_listen,
        .certificate_file = daemon->config->certificate_file,
        .key_file = daemon->config->key_file,
        .limits.connections = OPS_CONNECTIONS,
        .limits.connections_per_address = OPS_CONNECTIONS,
        .threads = 1,
        .workers = (unsigned)daemon->config->workers,
        .socket_mode = (unsigned)daemon->config->admin_socket_mode,
    };
}

static struct http_listener_options ops_listener(struct daemon *daemon)
{
    add_route(daemon, OPS, "healthz",
              (struct http_route){ .matches = ops_matches_healthz,
                                   .handler = ops_healthz,
                                   .context = &daemon->ops });
    add_route(daemon, OPS, "readyz",
              (struct http_route){
                  .matches = ops_matches_readyz, .handler = ops_readyz, .context = &daemon->ops });
    add_route(daemon, OPS, "metrics",
              (struct http_route){
                  .matches = metrics_matches, .handler = metrics_handle, .context = &daemon->ops });
    add_route(daemon, OPS, "unknown",
              (struct http_route){
                  .matches = matches_any, .handler = ops_not_found, .context = &daemon->ops });
    return (struct http_listener_options){
        .name = "ops",
        .address = daemon->config->ops_listen,
        .certificate_file = daemon->config->certificate_file,
        .key_file = daemon->config->key_file,
        .limits.connections = OPS_CONNECTIONS,
        .limits.connections_per_address = OPS_CONNECTIONS,
        .threads = 1,
    };
}

static enum asap_code start(struct daemon *daemon,
                            enum listener index,
                            struct http_listener_options options,
                            struct asap_error *err)
{
    const struct config *config = daemon->config;

    options.routes = daemon->routes[index];
    options.log = daemon->log;
    options.access_log = (enum log_access)log_name_find(log_access_names, config->access_log);
    options.certificate_ends = &daemon->ops.certificates[index].ends;
    daemon->ops.certificates[index].listener = options.name;
    options.limits.header_ms = (unsigned)config->header_timeout * 1000;
    options.limits.request_ms = (unsigned)config->request_timeout * 1000;
    options.limits.idle_ms = (unsigned)config->idle_timeout * 1000;
    TRY(http_listener_start(&options, &daemon->listeners[index], err));
    log_write(daemon->log, LOG_INFO, "%s listens on %s", options.name,
              http_listener_address(daemon->listeners[index]));
    return ASAP_OK;
}

enum asap_code daemon_listen(struct daemon *daemon, struct asap_error *err)
{
    if (!networks_read(daemon->config->trusted_proxies, &daemon->proxies))
        return fail_field(err, "trusted_proxies", "trusted_proxies is no list of proxies");
    TRY(start(daemon, PUBLIC, public_listener(daemon), err));
    TRY(start(daemon, ADMIN, admin_listener(daemon), err));
    return start(daemon, OPS, ops_listener(daemon), err);
}

void daemon_reload(struct daemon *daemon)
{
    size_t failed = 0;

    for (size_t i = 0; i < LISTENERS; i++) {
        struct asap_error err = { 0 };

        if (http_listener_reload(daemon->listeners[i], &err) == ASAP_OK)
            continue;
        failed++;
        log_write(daemon->log, LOG_ERROR, "the old certificate stays in use: %s", err.message);
    }
    if (failed == 0)
        log_write(daemon->log, LOG_INFO, "read the certificates again");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <unistd.h>

#include "fail.h"
#include "kek_check.h"
#include "keyring_retriever.h"
#include "server_secret.h"

enum { RPC_BODY_MAX = 1024 * 1024, PUBLIC_RPC_BODY_MAX = 128 * 1024, OPS_CONNECTIONS = 64 };

static int64_t now(const struct daemon *daemon)
{
    return daemon->clock->now(daemon->clock->context);
}

static void assemble(struct daemon *daemon)
{
    daemon->service = (struct service){
        .admin = { .store = daemon->store,
                   .vault = daemon->vault,
                   .keyring = daemon->keyring,
                   .policy = &daemon->config->lifecycle },
        .page_token_key = &daemon->page_token_key,
        .version = ASAPD_VERSION,
    };
    daemon->rpc = (struct rpc_server){ .methods = service_methods,
                                       .service = &daemon->service,
                                       .clock = *daemon->clock,
                                       .log = daemon->log,
                                       .admin_uid = geteuid() };
    daemon->repository = (struct repository){ .keyring = daemon->keyring,
                                              .policy = daemon->config->lifecycle,
                                              .clock = *daemon->clock,
                                              .base_path = daemon->config->base_path };
    daemon->ops = (struct ops){ .keyring = daemon->keyring };
}

static enum asap_code open_auth_endpoint(struct daemon *daemon, struct asap_error *err)
{
    struct auth_endpoint_options options = { .profiles = daemon->config->auth_profiles,
                                             .profile_count = daemon->config->auth_profile_count,
                                             .clock = *daemon->clock,
                                             .log = daemon->log };

    TRY(keyring_retriever_new(daemon->keyring, daemon->clock, &daemon->own_keys, err));
    options.keys = daemon->own_keys;
    return auth_endpoint_new(&options, &daemon->auth_endpoint, err);
}

enum asap_code daemon_open(struct daemon *daemon, struct asap_error *err)
{
    TRY(vault_open(daemon->config->kek_file, &daemon->vault, err));
    TRY(store_open(daemon->config->database, false, daemon->log, &daemon->store, err));
    TRY(kek_check(daemon->store, daemon->vault, err));
    TRY(server_secret_get(daemon->store, daemon->vault, "page_token_key", &daemon->page_token_key,
                          err));
    TRY(keyring_new(daemon->log, &daemon->keyring, err));
    TRY(open_auth_endpoint(daemon, err));
    assemble(daemon);
    daemon_refresh(daemon);
    return ASAP_OK;
}

static bool matches_any(const char *path)
{
    (void)path;
    return true;
}

static struct http_listener_options public_listener(struct daemon *daemon)
{
    const struct config *config = daemon->config;

    daemon->routes[0][0] = (struct http_route){ .matches = rpc_matches,
                                                .handler = rpc_handle,
                                                .context = &daemon->rpc,
                                                .body_limit = PUBLIC_RPC_BODY_MAX,
                                                .takes_chunks = true,
                                                .on_worker = true };
    daemon->routes[0][1] = (struct http_route){ .matches = auth_endpoint_matches,
                                                .handler = auth_endpoint_handle,
                                                .context = daemon->auth_endpoint };
    daemon->routes[0][2] = (struct http_route){ .matches = matches_any,
                                                .handler = repository_handle,
                                                .context = &daemon->repository };
    return (struct http_listener_options){
        .name = "public",
        .address = config->public_listen,
        .certificate_file = config->certificate_file,
        .key_file = config->key_file,
        .limits.connections = (unsigned)config->max_connections,
        .limits.connections_per_address = (unsigned)config->max_connections_per_address,
        .threads = (unsigned)config->threads,
        .workers = (unsigned)config->workers,
    };
}

static struct http_listener_options admin_listener(struct daemon *daemon)
{
    daemon->routes[1][0] = (struct http_route){ .matches = rpc_matches,
                                                .handler = rpc_handle,
                                                .context = &daemon->rpc,
                                                .body_limit = RPC_BODY_MAX,
                                                .takes_chunks = true,
                                                .on_worker = true };
    daemon->routes[1][1] = (struct http_route){ .matches = matches_any,
                                                .handler = repository_handle,
                                                .context = &daemon->repository };
    return (struct http_listener_options){
        .name = "admin",
        .address = daemon->config->admin_listen,
        .certificate_file = daemon->config->certificate_file,
        .key_file = daemon->config->key_file,
        .limits.connections = OPS_CONNECTIONS,
        .limits.connections_per_address = OPS_CONNECTIONS,
        .threads = 1,
        .workers = (unsigned)daemon->config->workers,
    };
}

static struct http_listener_options ops_listener(struct daemon *daemon)
{
    daemon->routes[2][0] = (struct http_route){ .matches = ops_matches_healthz,
                                                .handler = ops_healthz,
                                                .context = &daemon->ops };
    daemon->routes[2][1] = (struct http_route){ .matches = ops_matches_readyz,
                                                .handler = ops_readyz,
                                                .context = &daemon->ops };
    daemon->routes[2][2] = (struct http_route){ .matches = matches_any,
                                                .handler = ops_not_found,
                                                .context = &daemon->ops };
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
                            size_t index,
                            struct http_listener_options options,
                            struct asap_error *err)
{
    const struct config *config = daemon->config;

    options.routes = daemon->routes[index];
    options.log = daemon->log;
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
    TRY(start(daemon, 0, public_listener(daemon), err));
    TRY(start(daemon, 1, admin_listener(daemon), err));
    return start(daemon, 2, ops_listener(daemon), err);
}

void daemon_refresh(struct daemon *daemon)
{
    struct asap_error err = { 0 };
    const bool failed =
        keyring_refresh(daemon->keyring, daemon->store, now(daemon), &err) != ASAP_OK;

    if (failed && !daemon->is_stale)
        log_write(daemon->log, LOG_ERROR,
                  "the keys cannot be read, so those in service stay, if any; trying again: %s",
                  err.message);
    if (!failed && daemon->is_stale)
        log_write(daemon->log, LOG_INFO, "the keys in service are those of the database again");
    daemon->is_stale = failed;
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

void daemon_close(struct daemon *daemon)
{
    for (size_t i = 0; i < LISTENERS; i++)
        if (daemon->listeners[i] != NULL)
            http_listener_quiesce(daemon->listeners[i]);
    for (size_t i = 0; i < LISTENERS; i++)
        http_listener_free(daemon->listeners[i]);
    auth_endpoint_free(daemon->auth_endpoint);
    asap_retriever_free(daemon->own_keys);
    keyring_free(daemon->keyring);
    store_close(daemon->store);
    secret_clear(&daemon->page_token_key);
    vault_close(daemon->vault);
}

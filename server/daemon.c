/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"

#include <unistd.h>

#include "acceptance.h"
#include "clock.h"
#include "fail.h"
#include "kek_check.h"
#include "keyring_retriever.h"
#include "server_secret.h"

/* Buckets of limiters, and private keys open at once: what is beyond makes others leave. */
enum { CALLER_BUCKETS = 16384, ADDRESS_BUCKETS = 65536, GRANT_BUCKETS = 16384, OPEN_KEYS = 1024 };

static enum asap_code open_storage(struct daemon *daemon, struct asap_error *err)
{
    TRY(vault_open(daemon->config->kek_file, &daemon->vault, err));
    TRY(store_open(daemon->config->database, false, daemon->log, &daemon->store, err));
    TRY(kek_check(daemon->store, daemon->vault, err));
    TRY(acceptance_begin_serving(daemon->store, clock_now(daemon->clock),
                                 daemon->config->lifecycle.publish_lead, err));
    TRY(server_secret_get(daemon->store, daemon->vault, "page_token_key", &daemon->page_token_key,
                          err));
    TRY(server_secret_get(daemon->store, daemon->vault, "audit_key", &daemon->audit_key, err));
    return audit_open(daemon->store, &daemon->audit_key, daemon->config->lifecycle.clock_skew,
                      daemon->log, &daemon->audit, err);
}

static enum asap_code open_access(struct daemon *daemon, struct asap_error *err)
{
    struct authenticator_options options = { .clock = *daemon->clock,
                                             .audience = daemon->config->audience,
                                             .daemon_uid = geteuid() };

    TRY(keyring_new(daemon->log, &daemon->keyring, err));
    if (config_is_postgres(daemon->config->database))
        keyring_share(daemon->keyring, daemon->config->lifecycle.replica_lag * 1000,
                      clock_monotonic_ms);
    TRY(callers_new(&daemon->callers, err));
    TRY(keyring_retriever_new(daemon->keyring, daemon->clock, &daemon->retriever, err));
    options.callers = daemon->callers;
    options.keyring = daemon->keyring;
    TRY(authenticator_new(&options, &daemon->authenticator, err));
    TRY(limiter_new(CALLER_BUCKETS, &daemon->caller_limits, err));
    TRY(limiter_new(ADDRESS_BUCKETS, &daemon->address_limits, err));
    TRY(limiter_new(GRANT_BUCKETS, &daemon->grant_limits, err));
    return signing_keys_new(daemon->store, daemon->vault, OPEN_KEYS, &daemon->signing_keys, err);
}

static enum asap_code open_auth_endpoint(struct daemon *daemon, struct asap_error *err)
{
    const struct auth_endpoint_options options = { .profiles = daemon->config->auth_profiles,
                                                   .profile_count =
                                                       daemon->config->auth_profile_count,
                                                   .keys = daemon->retriever,
                                                   .clock = *daemon->clock,
                                                   .denials = &daemon->meters.denials,
                                                   .log = daemon->log };

    return auth_endpoint_new(&options, &daemon->auth_endpoint, err);
}

static void assemble_gate(struct daemon *daemon)
{
    const struct config *config = daemon->config;

    daemon->mint = (struct mint){ .keyring = daemon->keyring,
                                  .callers = daemon->callers,
                                  .keys = daemon->signing_keys,
                                  .grants = daemon->grant_limits,
                                  .policy = &config->lifecycle,
                                  .own_audience = config->audience,
                                  .monotonic_ms = clock_monotonic_ms };
    daemon->gate = (struct gate){ .authenticator = daemon->authenticator,
                                  .callers = daemon->caller_limits,
                                  .addresses = daemon->address_limits,
                                  .call_rate = { config->calls_per_minute },
                                  .failure_rate = { config->failed_authentications_per_minute },
                                  .audit = daemon->audit,
                                  .denials = &daemon->meters.denials,
                                  .monotonic_ms = clock_monotonic_ms };
    daemon->rpc_gate =
        (struct rpc_gate){ .admit = gate_admit, .refused = gate_refused, .context = &daemon->gate };
}

static struct route_stats *count(struct daemon *daemon, const char *route)
{
    return requests_route(daemon->meters.requests, route);
}

/* By its name without the slash: "asap.v1.TokenService/MintToken". */
static void count_methods(struct daemon *daemon)
{
    for (size_t i = 0; i < METHODS_MOST && service_methods[i].path != NULL; i++)
        daemon->method_stats[i] = count(daemon, service_methods[i].path + 1);
}

static void assemble_surfaces(struct daemon *daemon)
{
    const struct config *config = daemon->config;

    daemon->service = (struct service){ .admin = { .store = daemon->store,
                                                   .vault = daemon->vault,
                                                   .keyring = daemon->keyring,
                                                   .callers = daemon->callers,
                                                   .audit = daemon->audit,
                                                   .policy = &config->lifecycle,
                                                   .clock = *daemon->clock },
                                        .page_token_key = &daemon->page_token_key,
                                        .mint = &daemon->mint,
                                        .mints = daemon->meters.mints,
                                        .retriever = daemon->retriever,
                                        .audience = config->audience,
                                        .version = ASAPD_VERSION };
    daemon->key_schedule = (struct key_schedule){ .admin = &daemon->service.admin,
                                                  .log = daemon->log,
                                                  .monotonic_ms = clock_monotonic_ms };
    daemon->rpc = (struct rpc_server){ .methods = service_methods,
                                       .service = &daemon->service,
                                       .clock = *daemon->clock,
                                       .log = daemon->log,
                                       .gate = &daemon->rpc_gate,
                                       .names_requests = true,
                                       .stats = daemon->method_stats };
    daemon->repository =
        (struct repository){ .keyring = daemon->keyring,
                             .policy = config->lifecycle,
                             .clock = *daemon->clock,
                             .base_path = config->base_path,
                             .stats = { count(daemon, "key"), count(daemon, "alias"),
                                        count(daemon, "jwks") },
                             .fetches = daemon->meters.fetches };
    daemon->ops = (struct ops){ .keyring = daemon->keyring,
                                .callers = daemon->callers,
                                .audit = daemon->audit,
                                .store = store_health_of(daemon->store),
                                .meters = &daemon->meters,
                                .version = ASAPD_VERSION,
                                .clock = *daemon->clock,
                                .monotonic_ms = clock_monotonic_ms };
}

enum asap_code daemon_open(struct daemon *daemon, struct asap_error *err)
{
    TRY(meters_init(daemon->log, &daemon->meters, err));
    TRY(open_storage(daemon, err));
    TRY(open_access(daemon, err));
    TRY(open_auth_endpoint(daemon, err));
    assemble_gate(daemon);
    count_methods(daemon);
    assemble_surfaces(daemon);
    daemon_beat(daemon);
    return ASAP_OK;
}

/* Responses wait for the audit log, which is hence closed after the last listener. */
void daemon_close(struct daemon *daemon)
{
    for (size_t i = 0; i < LISTENERS; i++)
        if (daemon->listeners[i] != NULL)
            http_listener_quiesce(daemon->listeners[i]);
    for (size_t i = 0; i < LISTENERS; i++)
        http_listener_free(daemon->listeners[i]);
    key_schedule_clear(&daemon->key_schedule);
    auth_endpoint_free(daemon->auth_endpoint);
    signing_keys_free(daemon->signing_keys);
    limiter_free(daemon->caller_limits);
    limiter_free(daemon->address_limits);
    limiter_free(daemon->grant_limits);
    authenticator_free(daemon->authenticator);
    asap_retriever_free(daemon->retriever);
    callers_free(daemon->callers);
    keyring_free(daemon->keyring);
    audit_close(daemon->audit);
    store_close(daemon->store);
    secret_clear(&daemon->audit_key);
    secret_clear(&daemon->page_token_key);
    vault_close(daemon->vault);
    meters_clear(&daemon->meters);
}

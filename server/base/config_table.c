/* SPDX-License-Identifier: Apache-2.0 */
#include "config_table.h"

#include <string.h>

#include "suggest.h"

#define AT(member) offsetof(struct config, member)

enum { HOUR = 3600, DAY = 24 * HOUR, MONTH = 30 * DAY };

#define TEN_YEARS ((int64_t)3653 * DAY)

const struct setting settings[SETTING_COUNT] = {
    { "public_listen", SETTING_LISTEN, AT(public_listen), "https://[::]:8443", 0, 0,
      "Where public keys are served; plain http:// only on the loopback address or behind a "
      "proxy" },
    { "trusted_proxies", SETTING_PROXIES, AT(trusted_proxies), "", 0, 0,
      "Which proxies are believed in X-Forwarded-For where a request to the public listener comes "
      "from: their addresses or networks, and unix for whoever connects to a Unix socket" },
    { "admin_listen", SETTING_SOCKET, AT(admin_listen), "unix:/run/asapd/admin.sock", 0, 0,
      "The socket for administration; root and the user that runs the daemon may do all" },
    { "admin_socket_mode", SETTING_SOCKET_MODE, AT(admin_socket_mode), "0600", 0600, 0666,
      "Who can connect to it: 0600 the user that runs the daemon, 0660 its group, too, 0666 "
      "everybody; what they may do is decided for each user" },
    { "ops_listen", SETTING_LISTEN, AT(ops_listen), "http://127.0.0.1:9464", 0, 0,
      "Where health checks are served, to anybody who can connect" },
    { "base_path", SETTING_BASE_PATH, AT(base_path), "", 0, 0,
      "A path in front of every key's path, such as /keys; empty for none" },
    { "certificate_file", SETTING_FILE, AT(certificate_file), "/etc/asapd/server.pem", 0, 0,
      "The certificate of https listeners with its chain, in PEM; read again on SIGHUP" },
    { "key_file", SETTING_FILE, AT(key_file), "/etc/asapd/server.key", 0, 0,
      "The private key of the certificate, in PEM; read again on SIGHUP" },
    { "client_ca_file", SETTING_OPTIONAL_FILE, AT(client_ca_file), "", 0, 0,
      "Whose client certificates count on the public listener: certificates of authorities, in "
      "PEM; empty for nobody's; read again on SIGHUP" },
    { "kek_file", SETTING_FILE, AT(kek_file), "/etc/asapd/kek", 0, 0,
      "The key that all private keys in the database are encrypted with; mode 0400 or 0600" },
    { "database", SETTING_DATABASE, AT(database), "sqlite:/var/lib/asapd/asapd.db", 0, 0,
      "Where issuers and keys are kept: sqlite:PATH, or postgresql://USER@HOST/NAME with any "
      "parameter of libpq" },
    { "audience", SETTING_AUDIENCE, AT(audience), "asapd", 0, 0,
      "The audience of ASAP tokens that callers show to this service" },
    { "auth_profile", SETTING_AUTH_PROFILE, AT(auth_profiles),
      "orders audience=orders/api issuers=payments/api,web leeway=30s", 0, 0,
      "Whose tokens the auth endpoint lets pass under a name; may stand several times, one for "
      "each name" },
    { "log_level", SETTING_LOG_LEVEL, AT(log_level), "info", 0, 0,
      "How much to log: error, warning, info or debug" },
    { "log_format", SETTING_LOG_FORMAT, AT(log_format), "text", 0, 0,
      "How a line of the log is written: text for people, logfmt or json for machines" },
    { "access_log", SETTING_ACCESS_LOG, AT(access_log), "none", 0, 0,
      "Which requests are logged, at level info: none, errors (status 500 and over) or all" },
    { "max_age", SETTING_DURATION, AT(lifecycle.max_age), "300s", 0, DAY,
      "How long a cache may use a key without asking again" },
    { "stale", SETTING_DURATION, AT(lifecycle.stale), "300s", 0, DAY,
      "How long beyond that it may use the key while it asks again, or when asking fails" },
    { "jwks_max_age", SETTING_DURATION, AT(lifecycle.jwks_max_age), "300s", 0, DAY,
      "How long a cache may use an issuer's key set without asking again" },
    { "clock_skew", SETTING_DURATION, AT(lifecycle.clock_skew), "30s", 0, HOUR,
      "The most that the clocks of servers and verifiers differ" },
    { "verifier_leeway", SETTING_DURATION, AT(lifecycle.verifier_leeway), "60s", 0, HOUR,
      "How long after its end verifiers still accept a token" },
    { "max_token_lifetime", SETTING_DURATION, AT(lifecycle.max_token_lifetime), "3600s", 1, HOUR,
      "The longest lifetime of a token; the protocol allows an hour" },
    { "replica_lag", SETTING_DURATION, AT(lifecycle.replica_lag), "0s", 0, DAY,
      "How long until mirrors and other servers serve a key that was published here; on PostgreSQL "
      "60s by default, and at least 5s" },
    { "publish_lead", SETTING_DURATION, AT(lifecycle.publish_lead), "900s", 0, MONTH,
      "How long a key is published before it signs" },
    { "max_connections", SETTING_NUMBER, AT(max_connections), "1024", 1, 1000000,
      "Connections that a listener holds open at once" },
    { "max_connections_per_address", SETTING_NUMBER, AT(max_connections_per_address), "64", 1,
      1000000, "The same from one IPv4 address or IPv6 /64 network" },
    { "threads", SETTING_NUMBER, AT(threads), "0", 0, 1024,
      "Threads of the public listener; 0 for as many as there are processors" },
    { "workers", SETTING_NUMBER, AT(workers), "2", 1, 1024,
      "Threads for requests that take long, such as administration" },
    { "header_timeout", SETTING_DURATION, AT(header_timeout), "10s", 1, HOUR,
      "How long a client may take to send the head of a request" },
    { "request_timeout", SETTING_DURATION, AT(request_timeout), "15s", 1, HOUR,
      "How long after that until the whole response is sent" },
    { "idle_timeout", SETTING_DURATION, AT(idle_timeout), "10s", 1, HOUR,
      "How long a connection may stay open between requests" },
    { "calls_per_minute", SETTING_NUMBER, AT(calls_per_minute), "6000", 0, 1000000,
      "How many calls of the services each caller may make; 0 for any number" },
    { "failed_authentications_per_minute", SETTING_NUMBER, AT(failed_authentications_per_minute),
      "60", 0, 1000000, "How often each address may fail to prove who it is; 0 for any number" },
    { "audit_retention", SETTING_DURATION, AT(audit_retention), "0s", 0, TEN_YEARS,
      "How long records of the audit log are kept, at least 60s; 0 for ever" },
};

const struct setting *setting_find(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

static const char *name_at(const void *context, size_t index)
{
    (void)context;
    return index < SETTING_COUNT ? settings[index].name : NULL;
}

const struct setting *setting_suggest(const char *name)
{
    const char *nearest = suggest(name, name_at, NULL);

    return nearest != NULL ? setting_find(nearest) : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <inttypes.h>
#include <string.h>

enum { PROBLEM_SIZE = 320 };

/* One look at all that is told. */
struct scrape {
    const struct ops *ops;
    const struct snapshot *snapshot; /* NULL: there is none yet */
    int64_t now;
    size_t omitted; /* lines of keys */
};

/* A figure of the server; false: it is not known. */
struct server_metric {
    const char *name;
    const char *help;
    bool (*read)(const struct scrape *scrape, int64_t *out);
};

/* A figure of a key; LIFECYCLE_NEVER: it has none. */
struct key_metric {
    const char *name;
    const char *help;
    int64_t (*read)(const struct published_key *key, int64_t now);
};

static bool read_ready(const struct scrape *scrape, int64_t *out)
{
    char problem[PROBLEM_SIZE];

    *out = keyring_problem(scrape->ops->keyring, problem, sizeof problem) ? 1 : 0;
    return true;
}

static bool read_callers(const struct scrape *scrape, int64_t *out)
{
    char problem[PROBLEM_SIZE];

    *out = callers_problem(scrape->ops->callers, problem, sizeof problem) ? 1 : 0;
    return true;
}

static bool read_audit(const struct scrape *scrape, int64_t *out)
{
    char problem[PROBLEM_SIZE];

    *out = audit_problem(scrape->ops->audit, problem, sizeof problem) ? 0 : 1;
    return true;
}

static bool read_keys(const struct scrape *scrape, int64_t *out)
{
    if (scrape->snapshot == NULL)
        return false;
    *out = (int64_t)snapshot_count(scrape->snapshot, scrape->now);
    return true;
}

static bool read_generation(const struct scrape *scrape, int64_t *out)
{
    if (scrape->snapshot == NULL)
        return false;
    *out = snapshot_generation(scrape->snapshot);
    return true;
}

static bool read_omitted(const struct scrape *scrape, int64_t *out)
{
    *out = (int64_t)scrape->omitted;
    return true;
}

static int64_t read_end(const struct published_key *key, int64_t now)
{
    return lifecycle_is_published(&key->times, now) ? key->times.unpublish_time : LIFECYCLE_NEVER;
}

static int64_t read_transition(const struct published_key *key, int64_t now)
{
    return lifecycle_next_transition(&key->times, now);
}

static const struct key_metric of_keys[] = {
    { "asap_key_unpublish_timestamp_seconds",
      "When a published key goes; keys that stay until further notice have none.", read_end },
    { "asap_key_next_transition_timestamp_seconds",
      "When the state of a key changes next if nobody intervenes.", read_transition },
};

/* Behind those of the keys, whose omissions they count. */
static const struct server_metric of_server[] = {
    { "asap_ready", "Whether the keys in service are those of the database.", read_ready },
    { "asap_callers_ready", "Whether callers and grants are those of the database.", read_callers },
    { "asap_audit_writable",
      "Whether the audit log can be written, without which nothing is minted.", read_audit },
    { "asap_published_keys", "Keys published now.", read_keys },
    { "asap_keyring_generation", "The generation of the database that the keys in service are of.",
      read_generation },
    { "asap_key_series_omitted",
      "Lines of single keys that are left out, since there are too many.", read_omitted },
};

static void begin_metric(struct buffer *out, const char *name, const char *help)
{
    buffer_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* Key ids need no escapes, but a database that somebody else wrote might. */
static void add_escaped(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\n')
            buffer_puts(out, "\\n");
        else if (text[i] == '"' || text[i] == '\\')
            buffer_printf(out, "\\%c", text[i]);
        else
            buffer_append(out, text + i, 1);
}

static void add_label(struct buffer *out, const char *name, const char *text, size_t length)
{
    buffer_puts(out, name);
    buffer_puts(out, "=\"");
    add_escaped(out, text, length);
    buffer_puts(out, "\"");
}

static void add_key_line(struct buffer *out,
                         const char *name,
                         const struct published_key *key,
                         int64_t now,
                         int64_t value)
{
    buffer_puts(out, name);
    add_label(out, "{issuer", key->kid, (size_t)(strrchr(key->kid, '/') - key->kid));
    add_label(out, ",key_id", key->kid, strlen(key->kid));
    buffer_printf(out, ",kind=\"%s\",state=\"%s\"} %" PRId64 "\n",
                  key->is_managed ? "managed" : "external",
                  lifecycle_state_name(lifecycle_state(&key->times, now)), value);
}

static void add_key_metric(struct scrape *scrape,
                           const struct key_metric *metric,
                           struct buffer *out)
{
    size_t written = 0;

    begin_metric(out, metric->name, metric->help);
    for (size_t i = 0; i < snapshot_size(scrape->snapshot); i++) {
        const struct published_key *key = snapshot_at(scrape->snapshot, i);
        const int64_t value = metric->read(key, scrape->now);

        if (value == LIFECYCLE_NEVER)
            continue;
        if (written++ < METRICS_SERIES_MAX)
            add_key_line(out, metric->name, key, scrape->now, value);
        else
            scrape->omitted++;
    }
}

static void add_server_metric(const struct scrape *scrape,
                              const struct server_metric *metric,
                              struct buffer *out)
{
    int64_t value = 0;

    if (!metric->read(scrape, &value))
        return;
    begin_metric(out, metric->name, metric->help);
    buffer_printf(out, "%s %" PRId64 "\n", metric->name, value);
}

static void add_metrics(struct scrape *scrape, struct buffer *out)
{
    if (scrape->snapshot != NULL)
        for (size_t i = 0; i < sizeof of_keys / sizeof of_keys[0]; i++)
            add_key_metric(scrape, &of_keys[i], out);
    for (size_t i = 0; i < sizeof of_server / sizeof of_server[0]; i++)
        add_server_metric(scrape, &of_server[i], out);
}

static bool refuse_method(const struct http_request *request, struct http_response *response)
{
    if (request->method == HTTP_GET || request->method == HTTP_HEAD)
        return false;
    http_set_error(response, ASAP_UNIMPLEMENTED, "metrics are read with GET");
    response->status = 405;
    http_set_header(response, "Allow", "GET, HEAD");
    return true;
}

bool metrics_matches(const char *path)
{
    return strcmp(path, "/metrics") == 0;
}

void metrics_handle(void *context,
                    const struct http_request *request,
                    struct http_response *response)
{
    const struct ops *ops = context;
    struct scrape scrape = { .ops = ops };

    if (refuse_method(request, response))
        return;
    response->status = 200;
    http_set_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    http_set_header(response, "Cache-Control", "no-store");
    scrape.snapshot = keyring_acquire(ops->keyring);
    if (scrape.snapshot != NULL)
        scrape.now = snapshot_time(scrape.snapshot, ops->clock.now(ops->clock.context));
    add_metrics(&scrape, &response->body);
    keyring_release(ops->keyring, scrape.snapshot);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "key_metrics.h"

#include <string.h>

#include "exposition.h"

/* What is written, and how much of the current metric. */
struct writing {
    const struct snapshot *snapshot;
    int64_t now;
    struct buffer *out;
    size_t written;
    size_t omitted; /* of all metrics */
};

/* A figure of a key; LIFECYCLE_NEVER: it has none. */
struct key_metric {
    const char *name;
    const char *help;
    int64_t (*read)(const struct published_key *key, int64_t now);
};

static int64_t read_end(const struct published_key *key, int64_t now)
{
    return lifecycle_is_published(&key->times, now) ? key->times.unpublish_time : LIFECYCLE_NEVER;
}

static int64_t read_transition(const struct published_key *key, int64_t now)
{
    return lifecycle_next_transition(&key->times, now);
}

static int64_t read_age(const struct published_key *key, int64_t now)
{
    return lifecycle_state(&key->times, now) == KEY_ACTIVE ? now - key->times.sign_time
                                                           : LIFECYCLE_NEVER;
}

static const struct key_metric of_keys[] = {
    { "asap_key_unpublish_timestamp_seconds",
      "When a published key goes; keys that stay until further notice have none.", read_end },
    { "asap_key_next_transition_timestamp_seconds",
      "When the state of a key changes next if nobody intervenes.", read_transition },
    { "asap_key_age_seconds", "How long a key has been signing, of those that sign.", read_age },
};

/* Whether there is room for one more line of the current metric. */
static bool takes_line(struct writing *writing)
{
    if (writing->written++ < METRICS_SERIES_MAX)
        return true;
    writing->omitted++;
    return false;
}

static const char *state_of(const struct published_key *key, int64_t now)
{
    return lifecycle_state_name(lifecycle_state(&key->times, now));
}

static void write_key(const struct writing *writing,
                      const char *name,
                      const struct published_key *key,
                      int64_t value)
{
    const char *kind = key->is_managed ? "managed" : "external";
    const char *state = state_of(key, writing->now);
    const struct metric_label labels[] = {
        metric_label("issuer", key->kid, (size_t)(strrchr(key->kid, '/') - key->kid)),
        metric_label("key_id", key->kid, strlen(key->kid)),
        metric_label("kind", kind, strlen(kind)),
        metric_label("state", state, strlen(state)),
    };

    exposition_sample(writing->out, name, labels, sizeof labels / sizeof labels[0], value);
}

static void write_keys_of(struct writing *writing,
                          const struct key_metric *metric,
                          struct published_keys keys)
{
    for (size_t i = 0; i < keys.count; i++) {
        const struct published_key *key = published_keys_at(keys, i);
        const int64_t value = metric->read(key, writing->now);

        if (value != LIFECYCLE_NEVER && takes_line(writing))
            write_key(writing, metric->name, key, value);
    }
}

static void write_key_metric(struct writing *writing, const struct key_metric *metric)
{
    struct shards_cursor cursor = { 0 };
    const struct known_issuer *issuer = NULL;

    writing->written = 0;
    exposition_begin(writing->out, metric->name, METRIC_GAUGE, metric->help);
    while ((issuer = snapshot_next_issuer(writing->snapshot, &cursor)) != NULL)
        write_keys_of(writing, metric, issuer->keys);
}

/* Figures of managed issuers, whose keys are for asapd to see to. */

static int64_t count_keys(const struct writing *writing,
                          const struct known_issuer *issuer,
                          enum key_state state)
{
    int64_t count = 0;

    for (size_t i = 0; i < issuer->keys.count; i++)
        if (lifecycle_state(&published_keys_at(issuer->keys, i)->times, writing->now) == state)
            count++;
    return count;
}

static void write_state(const struct writing *writing,
                        const char *name,
                        const struct known_issuer *issuer,
                        enum key_state state)
{
    const char *text = lifecycle_state_name(state);
    const struct metric_label labels[] = {
        metric_label("issuer", issuer->name, strlen(issuer->name)),
        metric_label("state", text, strlen(text)),
    };

    exposition_sample(writing->out, name, labels, 2, count_keys(writing, issuer, state));
}

static void write_keys(struct writing *writing, const char *name, const struct known_issuer *issuer)
{
    static const enum key_state states[] = { KEY_STANDBY, KEY_ACTIVE, KEY_RETIRING };

    if (!takes_line(writing))
        return;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        write_state(writing, name, issuer, states[i]);
}

static void write_period(struct writing *writing,
                         const char *name,
                         const struct known_issuer *issuer)
{
    const struct metric_label label = metric_label("issuer", issuer->name, strlen(issuer->name));

    if (issuer->rotation_period > 0 && takes_line(writing))
        exposition_sample(writing->out, name, &label, 1, issuer->rotation_period);
}

static const struct issuer_metric {
    const char *name;
    const char *help;
    void (*write)(struct writing *writing, const char *name, const struct known_issuer *issuer);
} of_issuers[] = {
    { "asap_issuer_keys", "How many keys of a managed issuer are in each published state.",
      write_keys },
    { "asap_issuer_rotation_period_seconds",
      "How often the keys of a managed issuer rotate by themselves, of those that do.",
      write_period },
};

static void write_issuer_metric(struct writing *writing, const struct issuer_metric *metric)
{
    struct shards_cursor cursor = { 0 };
    const struct known_issuer *issuer = NULL;

    writing->written = 0;
    exposition_begin(writing->out, metric->name, METRIC_GAUGE, metric->help);
    while ((issuer = snapshot_next_issuer(writing->snapshot, &cursor)) != NULL)
        if (issuer->is_managed)
            metric->write(writing, metric->name, issuer);
}

size_t key_metrics_write(const struct snapshot *snapshot, int64_t now, struct buffer *out)
{
    struct writing writing = { .snapshot = snapshot, .now = now, .out = out };

    for (size_t i = 0; i < sizeof of_keys / sizeof of_keys[0]; i++)
        write_key_metric(&writing, &of_keys[i]);
    for (size_t i = 0; i < sizeof of_issuers / sizeof of_issuers[0]; i++)
        write_issuer_metric(&writing, &of_issuers[i]);
    return writing.omitted;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fetches.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exposition.h"
#include "fail.h"
#include "fnv.h"
#include "kid.h"

#define TOTAL "asap_retiring_key_fetches_total"
#define LAST "asap_retiring_key_last_fetch_timestamp_seconds"
#define OMITTED "asap_retiring_key_fetches_omitted_total"

enum { ADDRESSES_MAX = 32, ADDRESS_SIZE = 64, HOUR = 3600, MINUTE = 60, LINES_PER_MINUTE = 60 };

/* An address that was logged for a key. */
struct told {
    char address[ADDRESS_SIZE];
    int64_t time;
};

struct fetched_key {
    char kid[KID_MAX + 1];
    int64_t unpublish_time;
    int64_t last;
    int64_t count;
    struct told told[ADDRESSES_MAX];
    size_t told_count;
};

struct fetches {
    const struct log *log;
    pthread_mutex_t mutex; /* over all below */
    uint64_t hashes[FETCHED_KEYS_MAX];
    struct fetched_key *keys[FETCHED_KEYS_MAX];
    size_t count;
    int64_t omitted;
    int64_t tidied; /* when keys that have gone were last looked for */
    int64_t minute;
    unsigned lines; /* of that minute */
};

enum asap_code fetches_new(const struct log *log, struct fetches **out, struct asap_error *err)
{
    struct fetches *fetches = calloc(1, sizeof *fetches);

    *out = fetches;
    if (fetches == NULL)
        return fail_memory(err);
    fetches->log = log;
    (void)pthread_mutex_init(&fetches->mutex, NULL);
    return ASAP_OK;
}

void fetches_free(struct fetches *fetches)
{
    if (fetches == NULL)
        return;
    for (size_t i = 0; i < fetches->count; i++)
        free(fetches->keys[i]);
    (void)pthread_mutex_destroy(&fetches->mutex);
    free(fetches);
}

static uint64_t hash(const char *text)
{
    return fnv_hash(FNV_BEGIN, text, strlen(text));
}

/* Makes room by what has gone, at most once a second. */
static void tidy(struct fetches *fetches, int64_t now)
{
    size_t kept = 0;

    if (now == fetches->tidied)
        return;
    fetches->tidied = now;
    for (size_t i = 0; i < fetches->count; i++) {
        if (fetches->keys[i]->unpublish_time <= now) {
            free(fetches->keys[i]);
            continue;
        }
        fetches->keys[kept] = fetches->keys[i];
        fetches->hashes[kept++] = fetches->hashes[i];
    }
    fetches->count = kept;
}

static struct fetched_key *find(const struct fetches *fetches, const char *kid, uint64_t hashed)
{
    for (size_t i = 0; i < fetches->count; i++)
        if (fetches->hashes[i] == hashed && strcmp(fetches->keys[i]->kid, kid) == 0)
            return fetches->keys[i];
    return NULL;
}

/* NULL when there is no room. */
static struct fetched_key *get(struct fetches *fetches, const struct fetch *fetch)
{
    const uint64_t hashed = hash(fetch->kid);
    struct fetched_key *key = find(fetches, fetch->kid, hashed);

    if (key != NULL)
        return key;
    if (fetches->count == FETCHED_KEYS_MAX)
        tidy(fetches, fetch->now);
    key = fetches->count == FETCHED_KEYS_MAX ? NULL : calloc(1, sizeof *key);
    if (key == NULL)
        return NULL;
    (void)snprintf(key->kid, sizeof key->kid, "%s", fetch->kid);
    fetches->hashes[fetches->count] = hashed;
    fetches->keys[fetches->count++] = key;
    return key;
}

/* Where an address was or is to be remembered; NULL when there is no room. */
static struct told *find_told(struct fetched_key *key, const struct fetch *fetch)
{
    struct told *old = NULL;

    for (size_t i = 0; i < key->told_count; i++) {
        if (strcmp(key->told[i].address, fetch->address) == 0)
            return &key->told[i];
        if (fetch->now - key->told[i].time >= HOUR)
            old = &key->told[i];
    }
    if (key->told_count < ADDRESSES_MAX)
        return &key->told[key->told_count++];
    return old;
}

static bool has_line(struct fetches *fetches, int64_t now)
{
    if (now / MINUTE != fetches->minute) {
        fetches->minute = now / MINUTE;
        fetches->lines = 0;
    }
    return fetches->lines < LINES_PER_MINUTE;
}

/* Whether the fetch is to be logged, which counts as done then. */
static bool takes_line(struct fetches *fetches, struct fetched_key *key, const struct fetch *fetch)
{
    struct told *told = NULL;

    if (!has_line(fetches, fetch->now))
        return false;
    told = find_told(key, fetch);
    if (told == NULL
        || (strcmp(told->address, fetch->address) == 0 && fetch->now - told->time < HOUR))
        return false;
    (void)snprintf(told->address, sizeof told->address, "%s", fetch->address);
    told->time = fetch->now;
    fetches->lines++;
    return true;
}

static bool count_fetch(struct fetches *fetches, const struct fetch *fetch)
{
    struct fetched_key *key = get(fetches, fetch);

    if (key == NULL) {
        fetches->omitted++;
        return false;
    }
    key->unpublish_time = fetch->unpublish_time;
    key->last = fetch->now;
    key->count++;
    return takes_line(fetches, key, fetch);
}

static void tell(const struct log *log, const struct fetch *fetch)
{
    const struct log_field fields[] = {
        { .name = "key_id", .value = fetch->kid },
        { .name = "remote", .value = fetch->address },
        { .name = "user_agent", .value = fetch->agent == NULL ? "" : fetch->agent },
        { .name = NULL },
    };

    log_event(log, LOG_INFO, fetch->trace, fields, "a retiring key is still fetched");
}

void fetches_note(struct fetches *fetches, const struct fetch *fetch)
{
    bool is_told = false;

    if (fetches == NULL)
        return;
    (void)pthread_mutex_lock(&fetches->mutex);
    is_told = count_fetch(fetches, fetch);
    (void)pthread_mutex_unlock(&fetches->mutex);
    if (is_told)
        tell(fetches->log, fetch);
}

static int64_t read_count(const struct fetched_key *key)
{
    return key->count;
}

static int64_t read_last(const struct fetched_key *key)
{
    return key->last;
}

static void write_each(const struct fetches *fetches,
                       const char *metric,
                       int64_t (*read)(const struct fetched_key *key),
                       struct buffer *out)
{
    for (size_t i = 0; i < fetches->count; i++) {
        const struct fetched_key *key = fetches->keys[i];
        const size_t issuer = (size_t)(strrchr(key->kid, '/') - key->kid);
        const struct metric_label labels[] = {
            metric_label("issuer", key->kid, issuer),
            metric_label("key_id", key->kid, strlen(key->kid)),
        };

        exposition_sample(out, metric, labels, 2, read(key));
    }
}

void fetches_write(struct fetches *fetches, int64_t now, struct buffer *out)
{
    (void)pthread_mutex_lock(&fetches->mutex);
    tidy(fetches, now);
    exposition_begin(out, TOTAL, METRIC_COUNTER, "Downloads of keys that are retiring, by key.");
    write_each(fetches, TOTAL, read_count, out);
    exposition_begin(out, LAST, METRIC_GAUGE, "When a retiring key was last downloaded.");
    write_each(fetches, LAST, read_last, out);
    exposition_begin(
        out, OMITTED, METRIC_COUNTER,
        "Downloads of retiring keys that have no line, since there are too many keys.");
    exposition_sample(out, OMITTED, NULL, 0, fetches->omitted);
    (void)pthread_mutex_unlock(&fetches->mutex);
}

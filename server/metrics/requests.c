/* SPDX-License-Identifier: Apache-2.0 */
#include "requests.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "exposition.h"
#include "fail.h"

#define TOTAL "asap_http_requests_total"
#define DURATION "asap_http_request_duration_seconds"

/* The upper ends of the buckets; what takes longer is in one more. */
static const struct {
    int64_t microseconds;
    const char *seconds;
} bounds[] = {
    { 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },  { 1000, "0.001" },
    { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },  { 25000, "0.025" },
    { 50000, "0.05" },  { 100000, "0.1" },  { 250000, "0.25" }, { 500000, "0.5" },
    { 1000000, "1" },   { 2500000, "2.5" }, { 10000000, "10" },
};

/* Every status that asapd answers with, the most frequent first; the last row is for others. */
static const struct {
    unsigned status;
    const char *code;
} statuses[] = {
    { 200, "200" }, { 304, "304" }, { 404, "404" }, { 204, "204" }, { 401, "401" }, { 403, "403" },
    { 429, "429" }, { 503, "503" }, { 400, "400" }, { 405, "405" }, { 409, "409" }, { 413, "413" },
    { 415, "415" }, { 499, "499" }, { 500, "500" }, { 501, "501" }, { 504, "504" }, { 0, "other" },
};

enum {
    BOUNDS = sizeof bounds / sizeof bounds[0],
    STATUSES = sizeof statuses / sizeof statuses[0],
    MICROSECONDS = 1000000
};

struct histogram {
    struct counter buckets[BOUNDS + 1]; /* each by itself; their sum is the count */
    struct counter microseconds;
};

struct route_stats {
    const char *name;
    struct histogram by_status[STATUSES];
};

struct requests {
    struct route_stats routes[REQUEST_ROUTES_MAX];
    size_t count;
};

enum asap_code requests_new(struct requests **out, struct asap_error *err)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? fail_memory(err) : ASAP_OK;
}

void requests_free(struct requests *requests)
{
    free(requests);
}

struct route_stats *requests_route(struct requests *requests, const char *name)
{
    for (size_t i = 0; i < requests->count; i++)
        if (strcmp(requests->routes[i].name, name) == 0)
            return &requests->routes[i];
    if (requests->count == REQUEST_ROUTES_MAX)
        abort();
    requests->routes[requests->count].name = name;
    return &requests->routes[requests->count++];
}

const char *route_name(const struct route_stats *route)
{
    return route == NULL ? "" : route->name;
}

static size_t row_of(unsigned status)
{
    size_t row = 0;

    while (row < STATUSES - 1 && statuses[row].status != status)
        row++;
    return row;
}

static size_t bucket_of(int64_t microseconds)
{
    size_t bucket = 0;

    while (bucket < BOUNDS && microseconds > bounds[bucket].microseconds)
        bucket++;
    return bucket;
}

void route_count(struct route_stats *route, unsigned status, int64_t microseconds)
{
    struct histogram *histogram = NULL;

    if (route == NULL)
        return;
    histogram = &route->by_status[row_of(status)];
    counter_add(&histogram->buckets[bucket_of(microseconds)], 1);
    counter_add(&histogram->microseconds, microseconds < 0 ? 0 : (uint64_t)microseconds);
}

/* One pair of route and status, read once so that its lines agree. */
struct reading {
    struct metric_label labels[3]; /* the last is a bucket's */
    uint64_t buckets[BOUNDS + 1];
    uint64_t count;
    uint64_t microseconds;
};

static void read_pair(const struct route_stats *route, size_t status, struct reading *out)
{
    const struct histogram *histogram = &route->by_status[status];
    const char *code = statuses[status].code;

    *out = (struct reading){ .count = 0 };
    out->labels[0] = metric_label("route", route->name, strlen(route->name));
    out->labels[1] = metric_label("code", code, strlen(code));
    out->microseconds = counter_read(&histogram->microseconds);
    for (size_t i = 0; i <= BOUNDS; i++) {
        out->buckets[i] = counter_read(&histogram->buckets[i]);
        out->count += out->buckets[i];
    }
}

static void write_total(struct reading *reading, struct buffer *out)
{
    exposition_sample(out, TOTAL, reading->labels, 2, (int64_t)reading->count);
}

static void write_histogram(struct reading *reading, struct buffer *out)
{
    uint64_t count = 0;

    for (size_t i = 0; i <= BOUNDS; i++) {
        const char *end = i < BOUNDS ? bounds[i].seconds : "+Inf";

        count += reading->buckets[i];
        reading->labels[2] = metric_label("le", end, strlen(end));
        exposition_sample(out, DURATION "_bucket", reading->labels, 3, (int64_t)count);
    }
    exposition_series(out, DURATION "_sum", reading->labels, 2);
    buffer_printf(out, "%" PRIu64 ".%06" PRIu64 "\n", reading->microseconds / MICROSECONDS,
                  reading->microseconds % MICROSECONDS);
    exposition_sample(out, DURATION "_count", reading->labels, 2, (int64_t)reading->count);
}

static void write_each(const struct requests *requests,
                       void (*write)(struct reading *reading, struct buffer *out),
                       struct buffer *out)
{
    struct reading reading;

    for (size_t route = 0; route < requests->count; route++)
        for (size_t status = 0; status < STATUSES; status++) {
            read_pair(&requests->routes[route], status, &reading);
            if (reading.count > 0)
                write(&reading, out);
        }
}

void requests_write(const struct requests *requests, struct buffer *out)
{
    exposition_begin(out, TOTAL, METRIC_COUNTER, "Requests that were answered.");
    write_each(requests, write_total, out);
    exposition_begin(out, DURATION, METRIC_HISTOGRAM,
                     "From the end of a request's head until its answer was there to be sent.");
    write_each(requests, write_histogram, out);
}

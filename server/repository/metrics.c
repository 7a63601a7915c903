/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <string.h>

#include "exposition.h"
#include "key_metrics.h"
#include "store_health.h"

enum { PROBLEM_SIZE = 320, MS_PER_SECOND = 1000 };

/* One look at all that is told. */
struct scrape {
    const struct ops *ops;
    const struct snapshot *snapshot; /* NULL: there is none yet */
    int64_t now;
    size_t omitted; /* lines of keys and issuers */
};

/* A figure of the server; false: it is not known. */
struct server_metric {
    const char *name;
    const char *help;
    bool (*read)(const struct scrape *scrape, int64_t *out);
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

static bool read_size(const struct scrape *scrape, int64_t *out)
{
    if (scrape->snapshot == NULL)
        return false;
    *out = (int64_t)snapshot_size(scrape->snapshot);
    return true;
}

static bool read_issuers(const struct scrape *scrape, int64_t *out)
{
    if (scrape->snapshot == NULL)
        return false;
    *out = (int64_t)snapshot_issuer_count(scrape->snapshot);
    return true;
}

static bool read_age(const struct scrape *scrape, int64_t *out)
{
    int64_t confirmed_ms = 0;

    if (!keyring_confirmed(scrape->ops->keyring, &confirmed_ms))
        return false;
    *out = (scrape->ops->monotonic_ms() - confirmed_ms) / MS_PER_SECOND;
    return true;
}

static bool read_queue(const struct scrape *scrape, int64_t *out)
{
    *out = (int64_t)audit_queue_length(scrape->ops->audit);
    return true;
}

static bool read_capacity(const struct scrape *scrape, int64_t *out)
{
    (void)scrape;
    *out = (int64_t)audit_queue_capacity();
    return true;
}

static bool read_omitted(const struct scrape *scrape, int64_t *out)
{
    *out = (int64_t)scrape->omitted;
    return true;
}

/* Behind those of the keys, whose omissions they count. */
static const struct server_metric of_server[] = {
    { "asap_ready", "Whether the keys in service are those of the database.", read_ready },
    { "asap_callers_ready", "Whether callers and grants are those of the database.", read_callers },
    { "asap_audit_writable",
      "Whether the audit log can be written, without which nothing is minted.", read_audit },
    { "asap_audit_queue_events", "Events that wait to be recorded in the audit log.", read_queue },
    { "asap_audit_queue_capacity_events", "How many may wait.", read_capacity },
    { "asap_published_keys", "Keys published now.", read_keys },
    { "asap_keyring_generation", "The generation of the database that the keys in service are of.",
      read_generation },
    { "asap_snapshot_age_seconds",
      "Since when the keys in service were last known to be those of the database.", read_age },
    { "asap_snapshot_keys", "Keys held in memory, published or not.", read_size },
    { "asap_snapshot_issuers", "Issuers held in memory.", read_issuers },
    { "asap_key_series_omitted",
      "Lines of single keys and issuers that are left out, since there are too many.",
      read_omitted },
};

static void add_server_metric(const struct scrape *scrape,
                              const struct server_metric *metric,
                              struct buffer *out)
{
    int64_t value = 0;

    if (!metric->read(scrape, &value))
        return;
    exposition_begin(out, metric->name, METRIC_GAUGE, metric->help);
    exposition_sample(out, metric->name, NULL, 0, value);
}

static void add_store_errors(const struct ops *ops, struct buffer *out)
{
    static const char name[] = "asap_store_errors_total";

    if (ops->store == NULL)
        return;
    exposition_begin(out, name, METRIC_COUNTER, "Operations of the database that failed.");
    for (int i = 0; i < STORE_OPERATIONS; i++) {
        const char *operation = store_operation_name((enum store_operation)i);
        const struct metric_label label = metric_label("operation", operation, strlen(operation));

        exposition_sample(out, name, &label, 1,
                          (int64_t)store_health_errors(ops->store, (enum store_operation)i));
    }
}

static void add_certificates(const struct ops *ops, struct buffer *out)
{
    static const char name[] = "asap_certificate_expiry_timestamp_seconds";

    exposition_begin(out, name, METRIC_GAUGE,
                     "When the certificate of a listener, or one of its chain, ends.");
    for (size_t i = 0; i < OPS_LISTENERS; i++) {
        const struct ops_certificate *certificate = &ops->certificates[i];
        const int64_t ends = atomic_load(&certificate->ends);
        const struct metric_label label =
            ends == 0
                ? metric_label("listener", "", 0)
                : metric_label("listener", certificate->listener, strlen(certificate->listener));

        if (ends != 0)
            exposition_sample(out, name, &label, 1, ends);
    }
}

static void add_version(const struct ops *ops, struct buffer *out)
{
    const struct metric_label label =
        metric_label("version", ops->version, ops->version == NULL ? 0 : strlen(ops->version));

    if (ops->version == NULL)
        return;
    exposition_begin(out, "asap_build_info", METRIC_GAUGE, "1, with the version that runs.");
    exposition_sample(out, "asap_build_info", &label, 1, 1);
}

static void add_metrics(struct scrape *scrape, struct buffer *out)
{
    const struct ops *ops = scrape->ops;

    if (scrape->snapshot != NULL)
        scrape->omitted = key_metrics_write(scrape->snapshot, scrape->now, out);
    for (size_t i = 0; i < sizeof of_server / sizeof of_server[0]; i++)
        add_server_metric(scrape, &of_server[i], out);
    add_store_errors(ops, out);
    add_certificates(ops, out);
    add_version(ops, out);
    if (ops->meters != NULL)
        meters_write(ops->meters, scrape->now, out);
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
    scrape.now = ops->clock.now(ops->clock.context);
    if (scrape.snapshot != NULL)
        scrape.now = snapshot_time(scrape.snapshot, scrape.now);
    add_metrics(&scrape, &response->body);
    keyring_release(ops->keyring, scrape.snapshot);
}

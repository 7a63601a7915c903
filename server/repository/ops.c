/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <string.h>

#include "store_health.h"
#include "utc.h"

enum { PROBLEM_SIZE = 320 };

bool ops_matches_healthz(const char *path)
{
    return strcmp(path, "/healthz") == 0;
}

bool ops_matches_readyz(const char *path)
{
    return strcmp(path, "/readyz") == 0;
}

static void begin_text(struct http_response *response, unsigned status)
{
    response->status = status;
    http_set_header(response, "Content-Type", "text/plain; charset=utf-8");
    http_set_header(response, "Cache-Control", "no-store");
}

void ops_healthz(void *context, const struct http_request *request, struct http_response *response)
{
    (void)context;
    (void)request;
    begin_text(response, 200);
    buffer_puts(&response->body, "ok\n");
}

/* What a server is made of. Each check says what is wrong with its part, "" for nothing, and
 * returns whether the server can do its work all the same. */

static bool check_keys(const struct ops *ops, char *problem, size_t size)
{
    return keyring_problem(ops->keyring, problem, size);
}

static bool check_callers(const struct ops *ops, char *problem, size_t size)
{
    (void)callers_problem(ops->callers, problem, size);
    return true;
}

static bool check_audit(const struct ops *ops, char *problem, size_t size)
{
    (void)audit_problem(ops->audit, problem, size);
    return true;
}

static bool check_database(const struct ops *ops, char *problem, size_t size)
{
    if (ops->store != NULL)
        (void)store_health_problem(ops->store, problem, size);
    return true;
}

static const struct {
    const char *name;
    bool (*check)(const struct ops *ops, char *problem, size_t size);
} parts[] = {
    { "keys", check_keys },
    { "callers", check_callers },
    { "audit", check_audit },
    { "database", check_database },
};

static void add_part(struct http_response *response, const char *name, const char *problem)
{
    buffer_printf(&response->body, "%s: %s\n", name, problem[0] == '\0' ? "ok" : problem);
}

static void add_certificate(const struct ops_certificate *certificate,
                            int64_t now,
                            struct http_response *response)
{
    const int64_t ends = atomic_load(&certificate->ends);
    char end[UTC_TEXT_SIZE];

    if (ends == 0)
        return;
    utc_format(ends, end);
    buffer_printf(&response->body, "certificate of %s: %s %s\n", certificate->listener,
                  ends > now ? "ok until" : "it has ended: renew it and send SIGHUP; its end was",
                  end);
}

void ops_readyz(void *context, const struct http_request *request, struct http_response *response)
{
    const struct ops *ops = context;
    bool is_ready = true;

    (void)request;
    begin_text(response, 200);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char problem[PROBLEM_SIZE] = "";

        is_ready = parts[i].check(ops, problem, sizeof problem) && is_ready;
        add_part(response, parts[i].name, problem);
    }
    for (size_t i = 0; i < OPS_LISTENERS; i++)
        add_certificate(&ops->certificates[i], ops->clock.now(ops->clock.context), response);
    response->status = is_ready ? 200 : 503;
}

void ops_not_found(void *context,
                   const struct http_request *request,
                   struct http_response *response)
{
    (void)context;
    (void)request;
    http_set_error(response, ASAP_NOT_FOUND, "this listener has /healthz, /readyz and /metrics");
}

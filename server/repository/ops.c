/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <string.h>

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

static void add_line(struct http_response *response, const char *text)
{
    if (text[0] != '\0')
        buffer_printf(&response->body, "%s\n", text);
}

void ops_healthz(void *context, const struct http_request *request, struct http_response *response)
{
    (void)context;
    (void)request;
    begin_text(response, 200);
    add_line(response, "ok");
}

void ops_readyz(void *context, const struct http_request *request, struct http_response *response)
{
    const struct ops *ops = context;
    char problem[PROBLEM_SIZE] = "";

    (void)request;
    begin_text(response, keyring_problem(ops->keyring, problem, sizeof problem) ? 200 : 503);
    add_line(response, problem);
    (void)callers_problem(ops->callers, problem, sizeof problem);
    add_line(response, problem);
    (void)audit_problem(ops->audit, problem, sizeof problem);
    add_line(response, problem);
    if (response->body.length == 0)
        add_line(response, "ok");
}

void ops_not_found(void *context,
                   const struct http_request *request,
                   struct http_response *response)
{
    (void)context;
    (void)request;
    http_set_error(response, ASAP_NOT_FOUND, "this listener has /healthz, /readyz and /metrics");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <string.h>

bool ops_matches_healthz(const char *path)
{
    return strcmp(path, "/healthz") == 0;
}

bool ops_matches_readyz(const char *path)
{
    return strcmp(path, "/readyz") == 0;
}

static void set_text(struct http_response *response, unsigned status, const char *text)
{
    response->status = status;
    http_set_header(response, "Content-Type", "text/plain; charset=utf-8");
    http_set_header(response, "Cache-Control", "no-store");
    buffer_printf(&response->body, "%s\n", text);
}

void ops_healthz(void *context, const struct http_request *request, struct http_response *response)
{
    (void)context;
    (void)request;
    set_text(response, 200, "ok");
}

void ops_readyz(void *context, const struct http_request *request, struct http_response *response)
{
    const struct ops *ops = context;
    char problem[256] = "";

    (void)request;
    /* Damaged keys are damaged on every node: taking all of them out of service would help nobody.
     */
    if (!keyring_problem(ops->keyring, problem, sizeof problem))
        set_text(response, 503, problem);
    else
        set_text(response, 200, problem[0] == '\0' ? "ok" : problem);
}

void ops_not_found(void *context,
                   const struct http_request *request,
                   struct http_response *response)
{
    (void)context;
    (void)request;
    http_set_error(response, ASAP_NOT_FOUND, "this listener has /healthz and /readyz");
}

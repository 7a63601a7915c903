/* SPDX-License-Identifier: Apache-2.0 */
#include "repository.h"

#include <string.h>

#include "kid.h"
#include "respond.h"

/* Longer than any path that can name a key: base path, issuer and the longest suffix. */
enum { PATH_MAX_DECODED = 1024, HASHED_LENGTH = 68 };

static const char jwks_suffix[] = "/.well-known/jwks.json";

/* What the path asks for, the base path taken off. */
struct target {
    char path[PATH_MAX_DECODED];
    const char *name; /* behind the base path and its slash */
    size_t length;
};

static bool read_target(const struct repository *repository, const char *path, struct target *out)
{
    const size_t base = strlen(repository->base_path);

    if (!http_decode_path(path, strlen(path), out->path, sizeof out->path))
        return false;
    if (strncmp(out->path, repository->base_path, base) != 0 || out->path[base] != '/')
        return false;
    out->name = out->path + base + 1;
    out->length = strlen(out->name);
    return true;
}

static bool names_key_set(const struct target *target, size_t *issuer_length)
{
    const size_t suffix = sizeof jwks_suffix - 1;

    if (target->length <= suffix
        || strcmp(target->name + target->length - suffix, jwks_suffix) != 0)
        return false;
    *issuer_length = target->length - suffix;
    return true;
}

/* 64 lower-case hexadecimal digits and ".pem"; a key id has a slash, so this cannot be one. */
static bool names_hashed_key(const struct target *target)
{
    return target->length == HASHED_LENGTH
           && strspn(target->name, "0123456789abcdef") == HASHED_LENGTH - 4
           && strcmp(target->name + HASHED_LENGTH - 4, ".pem") == 0;
}

static void respond_from(const struct exchange *exchange, const struct target *target)
{
    const struct repository_stats *stats = &exchange->repository->stats;
    struct http_response *response = exchange->response;
    struct kid kid;
    size_t issuer_length = 0;

    if (names_key_set(target, &issuer_length)) {
        response->stats = stats->jwks;
        respond_with_key_set(exchange, target->name, issuer_length);
    } else if (names_hashed_key(target)) {
        response->stats = stats->alias;
        respond_with_key(exchange, snapshot_find_hashed(exchange->snapshot, target->name));
    } else if (kid_parse(target->name, target->length, &kid, NULL) == ASAP_OK) {
        response->stats = stats->key;
        respond_with_key(exchange, snapshot_find(exchange->snapshot, target->name, target->length));
    } else {
        respond_not_found(response);
    }
}

static bool refuse_method(const struct http_request *request, struct http_response *response)
{
    if (request->method == HTTP_GET || request->method == HTTP_HEAD)
        return false;
    http_set_error(response, ASAP_UNIMPLEMENTED, "a key repository answers GET and HEAD");
    response->status = 405;
    http_set_header(response, "Allow", "GET, HEAD");
    http_set_header(response, "Cache-Control", "no-store");
    return true;
}

void repository_handle(void *context,
                       const struct http_request *request,
                       struct http_response *response)
{
    struct repository *repository = context;
    struct exchange exchange = { .repository = repository,
                                 .request = request,
                                 .response = response };
    struct target target;

    if (refuse_method(request, response))
        return;
    if (request->query != NULL || !read_target(repository, request->path, &target)) {
        respond_not_found(response);
        return;
    }
    exchange.doubt = keyring_doubt(repository->keyring);
    exchange.snapshot = keyring_acquire(repository->keyring);
    if (exchange.snapshot == NULL) {
        respond_unavailable(response, "the published keys are not known yet");
        return;
    }
    exchange.now =
        snapshot_time(exchange.snapshot, repository->clock.now(repository->clock.context));
    respond_from(&exchange, &target);
    keyring_release(repository->keyring, exchange.snapshot);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "respond.h"

#include <string.h>

#include "etag.h"
#include "http_date.h"

enum { KEY_SET_MAX = 256 * 1024, RETRY_SECONDS = 1 };

static const char damaged[] = "a key is damaged in the database (its operator must restore it)";
static const char unknown[] =
    "this server cannot tell whether there is such a key, since it lost the database (another one"
    " may know; or try again)";

void respond_not_found(struct http_response *response)
{
    http_set_error(response, ASAP_NOT_FOUND,
                   "no such key is published here; a key's path is its key id, issuer/name");
    http_set_header(response, "Cache-Control", "no-store");
}

void respond_unavailable(struct http_response *response, const char *why)
{
    http_set_error(response, ASAP_UNAVAILABLE, why);
    http_set_header(response, "Cache-Control", "no-store");
    http_set_header(response, "Retry-After", "%d", RETRY_SECONDS);
}

/* RFC 9111 and RFC 5861; plain integers, since one that is not makes some clients drop them all. */
static void set_cache_control(struct http_response *response, struct cache_lifetime lifetime)
{
    if (lifetime.stale > 0)
        http_set_header(response, "Cache-Control",
                        "public, max-age=%lld, stale-while-revalidate=%lld, stale-if-error=%lld",
                        (long long)lifetime.max_age, (long long)lifetime.stale,
                        (long long)lifetime.stale);
    else
        http_set_header(response, "Cache-Control", "public, max-age=%lld",
                        (long long)lifetime.max_age);
}

/* Whether `list`, the value of If-None-Match, has `etag` or "*" (RFC 9110 section 13.1.2: weak
 * comparison, so a W/ prefix does not matter). */
static bool lists_etag(const char *list, const char *etag)
{
    const size_t length = strlen(etag);

    if (strcmp(list, "*") == 0)
        return true;
    for (const char *tag = strchr(list, '"'); tag != NULL;) {
        const char *end = strchr(tag + 1, '"');

        if (end == NULL)
            return false;
        if ((size_t)(end + 1 - tag) == length && strncmp(tag, etag, length) == 0)
            return true;
        tag = strchr(end + 1, '"');
    }
    return false;
}

/* If-None-Match wins over If-Modified-Since (RFC 9110 section 13.2.2). */
static bool is_unchanged(const struct http_request *request, const char *etag, int64_t modified)
{
    const char *none_match = http_request_header(request, "If-None-Match");
    const char *since_text = http_request_header(request, "If-Modified-Since");
    int64_t since = 0;

    if (none_match != NULL)
        return lists_etag(none_match, etag);
    return since_text != NULL && http_date_parse(since_text, &since) && modified <= since;
}

static void set_modified(struct http_response *response, int64_t modified)
{
    char date[HTTP_DATE_SIZE];

    http_date_format(modified, date);
    http_copy_header(response, "Last-Modified", date);
}

static void note_fetch(const struct exchange *exchange, const struct published_key *key)
{
    /* Most keys sign, and are told apart by the first comparison. */
    if (key->times.sign_until > exchange->now
        || lifecycle_state(&key->times, exchange->now) != KEY_RETIRING)
        return;
    fetches_note(exchange->repository->fetches,
                 &(struct fetch){ .kid = key->kid,
                                  .unpublish_time = key->times.unpublish_time,
                                  .now = exchange->now,
                                  .address = exchange->request->peer.address,
                                  .agent = http_request_header(exchange->request, "User-Agent"),
                                  .trace = exchange->request->trace });
}

static void respond_with_no_key(const struct exchange *exchange)
{
    if (exchange->doubt.may_lack)
        respond_unavailable(exchange->response, unknown);
    else
        respond_not_found(exchange->response);
}

void respond_with_key(const struct exchange *exchange, const struct published_key *key)
{
    struct http_response *response = exchange->response;
    const struct lifecycle_policy *policy = &exchange->repository->policy;

    if (key == NULL || !lifecycle_is_published(&key->times, exchange->now)) {
        respond_with_no_key(exchange);
        return;
    }
    if (key->pem == NULL) {
        respond_unavailable(response, damaged);
        return;
    }
    note_fetch(exchange, key);
    http_copy_header(response, "ETag", key->etag);
    set_modified(response, key->times.publish_time);
    set_cache_control(response, lifecycle_cache_lifetime(policy->max_age, policy,
                                                         key->times.unpublish_time, exchange->now));
    response->status = 304;
    if (is_unchanged(exchange->request, key->etag, key->times.publish_time))
        return;
    response->status = 200;
    http_copy_header(response, "Content-Type", "application/x-pem-file");
    buffer_append(&response->body, key->pem, key->pem_length);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* What is published of an issuer now. */
struct key_set {
    size_t written;
    size_t damaged;
    int64_t unpublish_time; /* of the first to go */
};

/* Appends {"keys":[...]}. */
static struct key_set write_key_set(const struct exchange *exchange,
                                    struct published_keys keys,
                                    struct buffer *out)
{
    struct key_set set = { .unpublish_time = LIFECYCLE_NEVER };

    buffer_puts(out, "{\"keys\":[");
    for (size_t i = 0; i < keys.count; i++) {
        const struct published_key *key = published_keys_at(keys, i);

        if (!lifecycle_is_published(&key->times, exchange->now))
            continue;
        if (key->pem == NULL) {
            set.damaged++;
            continue;
        }
        buffer_puts(out, set.written++ == 0 ? "" : ",");
        buffer_append(out, key->jwk, key->jwk_length);
        set.unpublish_time = earlier(set.unpublish_time, key->times.unpublish_time);
    }
    buffer_puts(out, "]}\n");
    return set;
}

/* No Last-Modified: a key that leaves the set leaves no date behind. */
static void send_key_set(const struct exchange *exchange, int64_t unpublish_time)
{
    struct http_response *response = exchange->response;
    const struct lifecycle_policy *policy = &exchange->repository->policy;
    const char *none_match = http_request_header(exchange->request, "If-None-Match");
    char etag[ETAG_SIZE];

    if (response->body.failed || !etag_write(response->body.bytes, response->body.length, etag)) {
        respond_unavailable(response, "this key set is too large");
        return;
    }
    http_copy_header(response, "ETag", etag);
    set_cache_control(response, lifecycle_cache_lifetime(policy->jwks_max_age, policy,
                                                         unpublish_time, exchange->now));
    if (none_match != NULL && lists_etag(none_match, etag)) {
        response->status = 304;
        buffer_clear(&response->body);
        return;
    }
    response->status = 200;
    http_copy_header(response, "Content-Type", "application/jwk-set+json");
}

void respond_with_key_set(const struct exchange *exchange, const char *issuer, size_t length)
{
    struct http_response *response = exchange->response;
    const struct published_keys keys = snapshot_issuer_keys(exchange->snapshot, issuer, length);
    const struct lifecycle_policy *policy = &exchange->repository->policy;
    const int64_t end = lifecycle_end_of_set(policy, exchange->now, exchange->doubt.age);
    struct key_set set;

    response->body.limit = KEY_SET_MAX;
    set = write_key_set(exchange, keys, &response->body);
    if (set.damaged > 0)
        respond_unavailable(response, damaged);
    else if (set.written == 0)
        respond_with_no_key(exchange);
    else if (end - policy->clock_skew <= exchange->now)
        respond_unavailable(response, unknown);
    else
        send_key_set(exchange, earlier(set.unpublish_time, end));
}

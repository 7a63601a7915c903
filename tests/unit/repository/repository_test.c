/* SPDX-License-Identifier: Apache-2.0 */
#include "repository.h"

#include <string.h>
#include <strings.h>

#include "fake_clock.h"
#include "keyring_fixture.h"

/* The repository's answers to requests made by hand, over a real keyring. */

static const struct lifecycle_policy policy = {
    .max_age = 300,
    .stale = 200,
    .jwks_max_age = 120,
    .clock_skew = 30,
};

static struct fake_clock now;
static struct repository repository;
static struct http_response response;

static void set_up_repository(void)
{
    set_up();
    atomic_store(&now.seconds, NOW);
    repository = (struct repository){
        .keyring = fixture.keyring, .policy = policy, .clock = fake_clock_of(&now), .base_path = ""
    };
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
}

static void tear_down_repository(void)
{
    buffer_clear(&response.body);
    tear_down();
}

/* The headers of one request: names and values in turn, ended by NULL. */
static const char *find_header(void *transport, const char *name)
{
    for (const char *const *header = transport; *header != NULL; header += 2)
        if (strcasecmp(header[0], name) == 0)
            return header[1];
    return NULL;
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < response.header_count; i++)
        if (strcmp(response.headers[i].name, name) == 0)
            return response.headers[i].value;
    return "";
}

static void handle(struct http_request request)
{
    buffer_clear(&response.body);
    response = (struct http_response){ .body = BUFFER(HTTP_BODY_MAX) };
    repository_handle(&repository, &request, &response);
}

static unsigned get(const char *path)
{
    handle((struct http_request){ .method = HTTP_GET, .path = path });
    return response.status;
}

static unsigned get_with(const char *path, const char *name, const char *value)
{
    const char *headers[] = { name, value, NULL };

    handle((struct http_request){
        .path = path, .find_header = find_header, .transport = (void *)headers });
    return response.status;
}

static void add_served_key(void)
{
    (void)add_ec_key("web/api", "one.pem");
    reload();
}

/* Sets a time of one key behind the store's back, and takes it up. */
static void set_time(const char *kid, const char *column, int64_t value)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql, "UPDATE key SET %s = %lld WHERE kid = '%s'", column,
                   (long long)value, kid);
    run_sql(sql);
    reload();
}

static void assert_not_cached(unsigned status)
{
    ck_assert_uint_eq(response.status, status);
    ck_assert_str_eq(header("Cache-Control"), "no-store");
    ck_assert_str_eq(header("Content-Type"), "application/json");
    ck_assert_str_eq(header("ETag"), "");
}

static const char *const served_paths[] = {
    "/web/api/one.pem",
    "/web/api/.well-known/jwks.json",
    "/ee4dee9e0e32b49ac9b9c4b0ed33b04aabd6ad5eb8af8bfde8a8b8d8ccd1f5b1.pem",
};

START_TEST(keys_that_were_never_known_are_503_and_not_404)
{
    (void)get(served_paths[_i]);
    assert_not_cached(503);
    ck_assert_str_eq(header("Retry-After"), "1");
}
END_TEST

START_TEST(a_path_that_can_be_no_key_is_404_even_then)
{
    (void)get("/a%00b");
    assert_not_cached(404);
}
END_TEST

static const char *const damages[] = {
    "UPDATE key SET pem = replace(pem, 'M', 'N')",
    "UPDATE key SET digest = replace(digest, substr(digest, 1, 1), 'x')",
    "UPDATE key SET thumbprint = '!' || substr(thumbprint, 2)",
    "UPDATE key SET algorithm = 'RS256'",
};

START_TEST(a_damaged_key_is_503_alone_and_in_its_set)
{
    char alias[80] = "/";

    (void)add_ec_key("other", "two.pem");
    add_served_key();
    write_hex_digest("web/api/one.pem", alias + 1);
    (void)strncat(alias, ".pem", sizeof alias - strlen(alias) - 1);
    ck_assert_uint_eq(get(alias), 200);
    run_sql("UPDATE server SET generation = generation + 1");
    run_sql(damages[_i]);
    run_sql("DELETE FROM key WHERE kid <> 'web/api/one.pem'");
    (void)add_ec_key("web/api", "good.pem");
    reload();
    (void)get("/web/api/one.pem");
    assert_not_cached(503);
    (void)get(alias);
    assert_not_cached(503);
    (void)get("/web/api/.well-known/jwks.json");
    assert_not_cached(503);
    ck_assert_uint_eq(get("/web/api/good.pem"), 200);
}
END_TEST

START_TEST(a_damaged_key_that_is_not_published_any_more_is_404)
{
    add_served_key();
    run_sql(damages[0]);
    set_time("web/api/one.pem", "unpublish_time", NOW + 10);
    ck_assert_uint_eq(get("/web/api/one.pem"), 503);
    fake_clock_advance(&now, 10);
    (void)get("/web/api/one.pem");
    assert_not_cached(404);
    (void)get("/web/api/.well-known/jwks.json");
    assert_not_cached(404);
}
END_TEST

/* With a skew of 30 s; a lifetime is cut so that it ends before the key is unpublished. */
static const struct {
    int64_t left;
    const char *of_key, *of_set;
} lifetimes[] = {
    { 1000, "public, max-age=300, stale-while-revalidate=200, stale-if-error=200",
      "public, max-age=120, stale-while-revalidate=200, stale-if-error=200" },
    { 530, "public, max-age=300, stale-while-revalidate=200, stale-if-error=200",
      "public, max-age=120, stale-while-revalidate=200, stale-if-error=200" },
    { 430, "public, max-age=300, stale-while-revalidate=100, stale-if-error=100",
      "public, max-age=120, stale-while-revalidate=200, stale-if-error=200" },
    { 330, "public, max-age=300",
      "public, max-age=120, stale-while-revalidate=180, stale-if-error=180" },
    { 130, "public, max-age=100", "public, max-age=100" },
    { 31, "public, max-age=1", "public, max-age=1" },
    { 30, "public, max-age=0", "public, max-age=0" },
    { 1, "public, max-age=0", "public, max-age=0" },
};

START_TEST(no_cache_holds_a_key_beyond_its_publication)
{
    (void)add_ec_key("web/api", "stays.pem");
    add_served_key();
    set_time("web/api/one.pem", "unpublish_time", NOW + lifetimes[_i].left);
    ck_assert_uint_eq(get("/web/api/one.pem"), 200);
    ck_assert_str_eq(header("Cache-Control"), lifetimes[_i].of_key);
    ck_assert_uint_eq(get("/web/api/.well-known/jwks.json"), 200);
    ck_assert_str_eq(header("Cache-Control"), lifetimes[_i].of_set);
    ck_assert_uint_eq(get("/web/api/stays.pem"), 200);
    ck_assert_str_eq(header("Cache-Control"), lifetimes[0].of_key);
}
END_TEST

START_TEST(a_key_is_served_from_its_first_to_its_last_second)
{
    add_served_key();
    set_time("web/api/one.pem", "publish_time", NOW + 5);
    set_time("web/api/one.pem", "unpublish_time", NOW + 9);
    for (int64_t second = 0; second < 12; second++) {
        const unsigned expected = second >= 5 && second < 9 ? 200 : 404;

        atomic_store(&now.seconds, NOW + second);
        ck_assert_uint_eq(get("/web/api/one.pem"), expected);
        ck_assert_uint_eq(get("/web/api/.well-known/jwks.json"), expected);
    }
}
END_TEST

START_TEST(a_clock_that_goes_back_neither_revives_a_key_nor_hides_one)
{
    add_served_key();
    (void)add_ec_key("web/api", "revoked.pem");
    set_time("web/api/revoked.pem", "revoke_time", NOW);
    atomic_store(&now.seconds, NOW - 20);
    ck_assert_uint_eq(get("/web/api/one.pem"), 200);
    ck_assert_uint_eq(get("/web/api/revoked.pem"), 404);
}
END_TEST

/* ETAG stands for the key's own; the publication is at NOW, 2026-11-23 13:20:00 GMT. */
#define ETAG "ETAG"
static const struct {
    const char *name, *value;
    unsigned status;
} validators[] = {
    { "If-None-Match", ETAG, 304 },
    { "If-None-Match", "W/" ETAG, 304 },
    { "If-None-Match", "\"x\", " ETAG, 304 },
    { "If-None-Match", "\"x\"," ETAG ",\"y\"", 304 },
    { "If-None-Match", "*", 304 },
    { "If-None-Match", "\"x\"", 200 },
    { "If-None-Match", "", 200 },
    { "If-None-Match", "\"", 200 },
    { "If-None-Match", "x", 200 },
    { "If-None-Match", "\"*\"", 200 },
    { "if-modified-since", "Mon, 23 Nov 2026 13:20:00 GMT", 304 },
    { "If-Modified-Since", "Mon, 23 Nov 2026 13:20:01 GMT", 304 },
    { "If-Modified-Since", "Mon, 23 Nov 2026 13:19:59 GMT", 200 },
    { "If-Modified-Since", "yesterday", 200 },
    { "If-Modified-Since", "", 200 },
};

/* Puts the last response's ETag where ETAG stands. */
static void fill_in(const char *pattern, char *out, size_t size)
{
    const char *place = strstr(pattern, ETAG);

    if (place == NULL)
        (void)snprintf(out, size, "%s", pattern);
    else
        (void)snprintf(out, size, "%.*s%s%s", (int)(place - pattern), pattern, header("ETag"),
                       place + strlen(ETAG));
}

START_TEST(a_validator_is_weighed_as_http_says)
{
    char value[256];
    char etag[64];
    unsigned status = 0;

    add_served_key();
    ck_assert_uint_eq(get("/web/api/one.pem"), 200);
    ck_assert_str_eq(header("Last-Modified"), "Mon, 23 Nov 2026 13:20:00 GMT");
    (void)snprintf(etag, sizeof etag, "%s", header("ETag"));
    fill_in(validators[_i].value, value, sizeof value);
    status = get_with("/web/api/one.pem", validators[_i].name, value);
    ck_assert_msg(status == validators[_i].status, "%u for %s: %s", status, validators[_i].name,
                  value);
    ck_assert_str_eq(header("ETag"), etag);
    ck_assert_str_eq(header("Last-Modified"), "Mon, 23 Nov 2026 13:20:00 GMT");
    ck_assert_str_eq(header("Cache-Control"), lifetimes[0].of_key);
    ck_assert_uint_eq(response.body.length > 0, status == 200);
}
END_TEST

START_TEST(an_etag_wins_over_a_date)
{
    const char *headers[] = { "If-None-Match", "\"x\"", "If-Modified-Since",
                              "Mon, 23 Nov 2026 13:20:00 GMT", NULL };

    add_served_key();
    handle((struct http_request){
        .path = "/web/api/one.pem", .find_header = find_header, .transport = (void *)headers });
    ck_assert_uint_eq(response.status, 200);
}
END_TEST

START_TEST(a_validator_does_not_revive_a_key)
{
    add_served_key();
    set_time("web/api/one.pem", "revoke_time", NOW);
    ck_assert_uint_eq(get_with("/web/api/one.pem", "If-None-Match", "*"), 404);
}
END_TEST

START_TEST(the_etag_of_a_key_set_changes_with_its_keys)
{
    static const char path[] = "/web/api/.well-known/jwks.json";
    char etag[64];

    (void)add_ec_key("web/api", "two.pem");
    add_served_key();
    ck_assert_uint_eq(get(path), 200);
    ck_assert_str_eq(header("Content-Type"), "application/jwk-set+json");
    (void)snprintf(etag, sizeof etag, "%s", header("ETag"));
    ck_assert_uint_eq(get_with(path, "If-None-Match", etag), 304);
    ck_assert_str_eq(header("ETag"), etag);
    ck_assert_uint_eq(response.body.length, 0);
    ck_assert_uint_eq(get_with(path, "If-Modified-Since", "Mon, 23 Nov 2026 13:20:00 GMT"), 200);
    set_time("web/api/two.pem", "unpublish_time", NOW + 100);
    fake_clock_advance(&now, 99);
    ck_assert_uint_eq(get_with(path, "If-None-Match", etag), 304);
    fake_clock_advance(&now, 1);
    ck_assert_uint_eq(get_with(path, "If-None-Match", etag), 200);
    ck_assert_str_ne(header("ETag"), etag);
    ck_assert_ptr_null(strstr(response.body.bytes, "two.pem"));
}
END_TEST

static const struct {
    const char *base, *path;
    unsigned status;
} paths[] = {
    { "", "/web/api/one.pem", 200 },
    { "", "/web%2Fapi%2fone%2epem", 200 },
    { "", "//web/api/one.pem", 404 },
    { "", "/web/api/one.pem/", 404 },
    { "", "/web/api", 404 },
    { "", "/", 404 },
    { "", "/.well-known/jwks.json", 404 },
    { "", "/web/.well-known/jwks.json", 404 },
    { "", "/web/api/one.pem/.well-known/jwks.json", 404 },
    { "", "/web/api/%2ewell-known/jwks.json", 200 },
    { "", "/keys/web/api/one.pem", 404 },
    { "/keys", "/keys/web/api/one.pem", 200 },
    { "/keys", "/k%65ys/web/api/one.pem", 200 },
    { "/keys", "/keys/web/api/.well-known/jwks.json", 200 },
    { "/keys", "/keys", 404 },
    { "/keys", "/keys/", 404 },
    { "/keys", "/keysx", 404 },
    { "/keys", "/keysx/web/api/one.pem", 404 },
    { "/keys", "/keysweb/api/one.pem", 404 },
    { "/keys", "/keysxweb/api/one.pem", 404 },
    { "/keys", "/keys//web/api/one.pem", 404 },
    { "/keys", "/web/api/one.pem", 404 },
    { "/keys", "/keys/../web/api/one.pem", 404 },
    { "/web", "/web/web/api/one.pem", 200 },
    { "/web", "/web/api/one.pem", 404 },
};

START_TEST(a_path_names_what_stands_behind_the_base_path)
{
    unsigned status = 0;

    add_served_key();
    repository.base_path = paths[_i].base;
    status = get(paths[_i].path);
    ck_assert_msg(status == paths[_i].status, "%u for %s", status, paths[_i].path);
}
END_TEST

/* As long as an alias, and of the same characters but for the slash. */
#define LIKE_AN_ALIAS "abc/ee4dee9e0e32b49ac9b9c4b0ed33b04aabd6ad5eb8af8bfde8a8b8d8ccd1.pem"

START_TEST(a_key_called_like_an_alias_is_found_by_its_key_id)
{
    char alias[80] = "/";

    ck_assert_uint_eq(strlen(LIKE_AN_ALIAS), 68);
    (void)add_ec_key("abc", strchr(LIKE_AN_ALIAS, '/') + 1);
    add_served_key();
    ck_assert_uint_eq(get("/" LIKE_AN_ALIAS), 200);
    write_hex_digest(LIKE_AN_ALIAS, alias + 1);
    ck_assert_uint_eq(get(alias), 404);
    (void)strncat(alias, ".pem", sizeof alias - strlen(alias) - 1);
    ck_assert_uint_eq(get(alias), 200);
    ck_assert_str_eq(header("Content-Type"), "application/x-pem-file");
    alias[1] = alias[1] == 'a' ? 'b' : 'a';
    ck_assert_uint_eq(get(alias), 404);
}
END_TEST

START_TEST(a_path_as_long_as_none_can_be_is_404)
{
    char path[1100] = "/";

    (void)memset(path + 1, 'a', sizeof path - 2);
    path[40] = '/';
    add_served_key();
    ck_assert_uint_eq(get(path), 404);
}
END_TEST

START_TEST(a_query_is_404_even_when_empty)
{
    add_served_key();
    handle((struct http_request){ .path = "/web/api/one.pem", .query = "" });
    assert_not_cached(404);
}
END_TEST

static const enum http_method methods[] = { HTTP_POST, HTTP_OTHER };

START_TEST(other_methods_are_405_wherever_they_go)
{
    static const char *const everywhere[] = { "/web/api/one.pem", "/nobody/x", "/%00" };

    add_served_key();
    for (int i = 0; i < COUNT(everywhere); i++) {
        handle((struct http_request){ .method = methods[_i], .path = everywhere[i] });
        assert_not_cached(405);
        ck_assert_str_eq(header("Allow"), "GET, HEAD");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("repository");
    TCase *cases = tcase_create("all");

    tcase_add_checked_fixture(cases, set_up_repository, tear_down_repository);
    tcase_add_loop_test(cases, keys_that_were_never_known_are_503_and_not_404, 0,
                        COUNT(served_paths));
    tcase_add_test(cases, a_path_that_can_be_no_key_is_404_even_then);
    tcase_add_loop_test(cases, a_damaged_key_is_503_alone_and_in_its_set, 0, COUNT(damages));
    tcase_add_test(cases, a_damaged_key_that_is_not_published_any_more_is_404);
    tcase_add_loop_test(cases, no_cache_holds_a_key_beyond_its_publication, 0, COUNT(lifetimes));
    tcase_add_test(cases, a_key_is_served_from_its_first_to_its_last_second);
    tcase_add_test(cases, a_clock_that_goes_back_neither_revives_a_key_nor_hides_one);
    tcase_add_loop_test(cases, a_validator_is_weighed_as_http_says, 0, COUNT(validators));
    tcase_add_test(cases, an_etag_wins_over_a_date);
    tcase_add_test(cases, a_validator_does_not_revive_a_key);
    tcase_add_test(cases, the_etag_of_a_key_set_changes_with_its_keys);
    tcase_add_loop_test(cases, a_path_names_what_stands_behind_the_base_path, 0, COUNT(paths));
    tcase_add_test(cases, a_key_called_like_an_alias_is_found_by_its_key_id);
    tcase_add_test(cases, a_path_as_long_as_none_can_be_is_404);
    tcase_add_test(cases, a_query_is_404_even_when_empty);
    tcase_add_loop_test(cases, other_methods_are_405_wherever_they_go, 0, COUNT(methods));
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

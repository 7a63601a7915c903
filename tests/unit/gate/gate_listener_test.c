/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <unistd.h>

#include "asap/v1/issuer_admin.pb-c.h"
#include "base64url.h"
#include "gate_fixture.h"
#include "http.h"
#include "raw_client.h"

/* Many who mint at once over a real listener, while keys and grants change under them. */

enum { MINTERS = 8, STEPS = 120, STEP_SECONDS = 10, ANSWERS_PER_STEP = 32, TOKENS_MOST = 4096 };
enum { ANSWER_SIZE = 16 * 1024, JTI_SIZE = 64, ANSWERS_BEFORE_THE_END = 100 };

static const char *const issuers[] = { "payments/api", "slow/api" };

struct token {
    char jti[JTI_SIZE];
    char kid[KID_MAX + 1];
};

/* One who mints, in a thread of its own. */
struct minter {
    pthread_t thread;
    const char *issuer;
    struct token *tokens;
    size_t count;
    char complaint[ANSWER_SIZE + 64]; /* "": none */
};

static struct rpc_gate rpc_gate;
static struct rpc_server rpc;
static struct http_route routes[2];
static struct http_listener *listener;
static char bearer[BEARER_SIZE];
static struct minter minters[MINTERS];

/* Everybody counts what was answered, and waits at what is allowed; `is_over` ends them all. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t allowed, answers;
    atomic_bool is_over;
} progress = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void count_answer(void)
{
    (void)pthread_mutex_lock(&progress.mutex);
    progress.answers++;
    (void)pthread_cond_broadcast(&progress.changed);
    (void)pthread_mutex_unlock(&progress.mutex);
}

static void allow(size_t more)
{
    (void)pthread_mutex_lock(&progress.mutex);
    progress.allowed += more;
    (void)pthread_cond_broadcast(&progress.changed);
    (void)pthread_mutex_unlock(&progress.mutex);
}

static void end(void)
{
    atomic_store(&progress.is_over, true);
    allow(0);
}

/* False at the end. */
static bool may_go_on(void)
{
    (void)pthread_mutex_lock(&progress.mutex);
    while (progress.answers >= progress.allowed && !atomic_load(&progress.is_over))
        (void)pthread_cond_wait(&progress.changed, &progress.mutex);
    (void)pthread_mutex_unlock(&progress.mutex);
    return !atomic_load(&progress.is_over);
}

/* Until all but `rest` of what is allowed was answered. */
static void await_answers(size_t rest)
{
    (void)pthread_mutex_lock(&progress.mutex);
    while (progress.answers + rest < progress.allowed)
        (void)pthread_cond_wait(&progress.changed, &progress.mutex);
    (void)pthread_mutex_unlock(&progress.mutex);
}

static void start_listener(void)
{
    const struct http_listener_options options = {
        .name = "test",
        .address = "http://127.0.0.1:0",
        .routes = routes,
        .limits = { .connections = 50,
                    .connections_per_address = 50,
                    .header_ms = 60000,
                    .request_ms = 60000,
                    .idle_ms = 60000 },
        .threads = 2,
        .workers = 2,
        .log = &fixture.log,
    };
    struct asap_error err = { 0 };

    rpc_gate = (struct rpc_gate){ gate_admit, gate_refused, &gate };
    rpc = (struct rpc_server){ .methods = service_methods,
                               .service = &service,
                               .clock = service.admin.clock,
                               .log = &fixture.log,
                               .gate = &rpc_gate };
    routes[0] = (struct http_route){ .matches = rpc_matches,
                                     .handler = rpc_handle,
                                     .context = &rpc,
                                     .body_limit = JSON_SIZE,
                                     .inline_first = true };
    ck_assert_succeeds(http_listener_start(&options, &listener, &err));
}

static char *create_grant(const char *issuer, char id[ACCESS_ID_SIZE])
{
    Asap__V1__Grant *grant = NULL;
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json,
                   "{\"caller\":\"ci\",\"verb\":1,\"issuer\":\"%s\",\"mintLimits\":"
                   "{\"audiences\":[\"orders/*\"]}}",
                   issuer);
    grant = ask(ADMIN "CreateGrant", json);
    (void)snprintf(id, ACCESS_ID_SIZE, "%s", grant->grant_id);
    drop(grant);
    return id;
}

static void enter(void)
{
    char id[ACCESS_ID_SIZE];

    set_up_gate();
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer",
             "{\"name\":\"payments/api\",\"algorithm\":\"ES256\"}"));
    drop(ask("/asap.v1.IssuerAdmin/CreateIssuer",
             "{\"name\":\"slow/api\",\"algorithm\":\"RS256\"}"));
    create_caller("ci");
    give_key("ci", bearer);
    for (int i = 0; i < COUNT(issuers); i++)
        (void)create_grant(issuers[i], id);
    for (int i = 0; i < MINTERS; i++) {
        minters[i] = (struct minter){ .issuer = issuers[i % COUNT(issuers)] };
        minters[i].tokens = calloc(TOKENS_MOST, sizeof *minters[i].tokens);
        ck_assert_ptr_nonnull(minters[i].tokens);
    }
    start_listener();
}

static void leave(void)
{
    http_listener_free(listener);
    listener = NULL;
    for (int i = 0; i < MINTERS; i++)
        free(minters[i].tokens);
    tear_down_gate();
}

static bool send_request(int fd, const struct minter *minter)
{
    char text[JSON_SIZE];
    char body[JSON_SIZE / 2];

    (void)snprintf(body, sizeof body, "{\"issuer\":\"%s\",\"audience\":[\"orders/api\"]}",
                   minter->issuer);
    (void)snprintf(text, sizeof text,
                   "POST " MINT " HTTP/1.1\r\nHost: a\r\nAuthorization: %s\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                   bearer, strlen(body), body);
    return raw_send_text(fd, text);
}

/* What stands behind `before` up to the next quote. */
static bool copy_member(const char *text, const char *before, char *out, size_t size)
{
    const char *begin = strstr(text, before);
    const char *end = begin == NULL ? NULL : strchr(begin + strlen(before), '"');

    if (end == NULL || (size_t)(end - begin) - strlen(before) >= size)
        return false;
    begin += strlen(before);
    (void)snprintf(out, size, "%.*s", (int)(end - begin), begin);
    return true;
}

/* From the claims of the token in an answer. */
static bool read_token(const char *answer, struct token *out)
{
    SCOPED(buffer) struct buffer claims = BUFFER(ANSWER_SIZE);
    char token[ANSWER_SIZE];
    const char *begin = NULL;
    const char *end = NULL;

    if (!copy_member(answer, "\"token\":\"", token, sizeof token)
        || !copy_member(answer, "\"keyId\":\"", out->kid, sizeof out->kid))
        return false;
    begin = strchr(token, '.');
    end = begin == NULL ? NULL : strchr(begin + 1, '.');
    return end != NULL
           && base64url_decode(begin + 1, (size_t)(end - begin - 1), &claims, NULL) == ASAP_OK
           && copy_member(claims.bytes, "\"jti\":\"", out->jti, sizeof out->jti);
}

/* The failures that a change under a call may have. */
static bool is_documented(const char *answer)
{
    static const char *const failures[][3] = {
        { "HTTP/1.1 403 ", "\"permission_denied\"", "\"NO_GRANT\"" },
        { "HTTP/1.1 503 ", "\"unavailable\"", "" },
        { "HTTP/1.1 400 ", "\"failed_precondition\"", "\"CLOCK_WENT_BACK\"" },
    };

    for (int i = 0; i < COUNT(failures); i++)
        if (strstr(answer, failures[i][0]) == answer && strstr(answer, failures[i][1]) != NULL
            && strstr(answer, failures[i][2]) != NULL && strstr(answer, "\"token\"") == NULL)
            return true;
    return false;
}

static bool take_answer(struct minter *minter, const char *answer)
{
    if (strstr(answer, "HTTP/1.1 200 ") != answer)
        return is_documented(answer);
    return read_token(answer, &minter->tokens[minter->count++]);
}

static void *mint_until_over(void *context)
{
    struct minter *minter = context;
    const int fd = raw_connect(http_listener_address(listener));
    char answer[ANSWER_SIZE];

    while (may_go_on() && minter->count < TOKENS_MOST) {
        if (!send_request(fd, minter) || !raw_read_response(fd, answer, sizeof answer)) {
            if (!atomic_load(&progress.is_over))
                (void)snprintf(minter->complaint, sizeof minter->complaint, "connection lost");
            break;
        }
        if (!take_answer(minter, answer))
            (void)snprintf(minter->complaint, sizeof minter->complaint, "odd: %s", answer);
        count_answer();
    }
    (void)close(fd);
    return NULL;
}

static void start_minters(void)
{
    atomic_store(&progress.is_over, false);
    progress.allowed = 0;
    progress.answers = 0;
    for (int i = 0; i < MINTERS; i++)
        ck_assert_int_eq(pthread_create(&minters[i].thread, NULL, mint_until_over, &minters[i]), 0);
}

static void join_minters(void)
{
    for (int i = 0; i < MINTERS; i++)
        ck_assert_int_eq(pthread_join(minters[i].thread, NULL), 0);
    for (int i = 0; i < MINTERS; i++)
        ck_assert_str_eq(minters[i].complaint, "");
}

/* Time goes on by less than may lie between two clocks, so that a call in flight is not too old. */
static void change_all(int step)
{
    static char id[ACCESS_ID_SIZE];
    char json[JSON_SIZE];

    (void)snprintf(json, sizeof json, "{\"issuer\":\"%s\"}", issuers[step % COUNT(issuers)]);
    drop(ask(ROTATE, json));
    if (step % 2 == 0) {
        (void)create_grant("payments/api", id);
    } else {
        (void)snprintf(json, sizeof json, "{\"grantId\":\"%s\"}", id);
        drop(ask(ADMIN "DeleteGrant", json));
    }
    now += STEP_SECONDS;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The ids of all tokens that the log has, sorted; of calloc(). */
static char (*read_log(size_t *count))[JTI_SIZE]
{
    char(*ids)[JTI_SIZE] = calloc(MINTERS * TOKENS_MOST, sizeof *ids);
    char json[JSON_SIZE] = "{\"pageSize\":1000}";
    bool is_last = false;

    ck_assert_ptr_nonnull(ids);
    for (*count = 0; !is_last;) {
        Asap__V1__ListEventsResponse *page = ask("/asap.v1.AuditLog/ListEvents", json);

        for (size_t i = 0; i < page->n_events; i++)
            if (page->events[i]->token_id[0] != '\0')
                (void)snprintf(ids[(*count)++], JTI_SIZE, "%s", page->events[i]->token_id);
        (void)snprintf(json, sizeof json, "{\"pageSize\":1000,\"pageToken\":\"%s\"}",
                       page->next_page_token);
        is_last = page->next_page_token[0] == '\0';
        drop(page);
    }
    qsort(ids, *count, sizeof *ids, compare);
    return ids;
}

/* Each token that left is in the log, which is intact; returns how many others are. */
static size_t check_log(void)
{
    size_t recorded = 0;
    size_t left = 0;
    char(*ids)[JTI_SIZE] = read_log(&recorded);
    Asap__V1__VerifyChainResponse *chain = ask("/asap.v1.AuditLog/VerifyChain", "{}");

    for (int i = 0; i < MINTERS; i++)
        for (size_t j = 0; j < minters[i].count; j++, left++)
            ck_assert_ptr_nonnull(
                bsearch(minters[i].tokens[j].jti, ids, recorded, sizeof *ids, compare));
    ck_assert_str_eq(chain->problem, "");
    ck_assert(chain->intact);
    ck_assert_uint_ge(recorded, left);
    drop(chain);
    free(ids);
    return recorded - left;
}

static bool has_two_keys(const struct minter *minter)
{
    return minter->count > 0
           && strcmp(minter->tokens[0].kid, minter->tokens[minter->count - 1].kid) != 0;
}

START_TEST(who_mints_while_all_changes_gets_a_recorded_token_or_a_documented_failure)
{
    start_minters();
    for (int step = 0; step < STEPS; step++) {
        allow(ANSWERS_PER_STEP);
        change_all(step);
        await_answers(ANSWERS_PER_STEP / 2);
    }
    await_answers(0);
    end();
    join_minters();
    for (int i = 0; i < MINTERS; i++)
        ck_assert_msg(has_two_keys(&minters[i]), "%s: %zu tokens", minters[i].issuer,
                      minters[i].count);
    ck_assert_uint_eq(check_log(), 0);
}
END_TEST

START_TEST(a_listener_that_ends_lets_no_token_leave_unrecorded)
{
    start_minters();
    allow(TOKENS_MOST);
    await_answers(TOKENS_MOST - ANSWERS_BEFORE_THE_END);
    end();
    http_listener_quiesce(listener);
    http_listener_free(listener);
    listener = NULL;
    join_minters();
    ck_assert_uint_le(check_log(), MINTERS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate at a listener");
    TCase *tests = tcase_create("gate at a listener");

    suite_add_tcase(suite, tests);
    tcase_add_checked_fixture(tests, enter, leave);
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests,
                   who_mints_while_all_changes_gets_a_recorded_token_or_a_documented_failure);
    tcase_add_test(tests, a_listener_that_ends_lets_no_token_leave_unrecorded);
    return check_main(suite);
}

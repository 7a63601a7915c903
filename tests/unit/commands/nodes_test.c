/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "asap/v1/caller_admin.pb-c.h"
#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/token_service.pb-c.h"
#include "codec.h"
#include "fail.h"
#include "kek_check.h"
#include "key_schedule.h"
#include "keyring_retriever.h"
#include "postgres_fixture.h"
#include "scratch.h"
#include "server_secret.h"
#include "store_audit.h"

/* Two servers on one database, each with all that it has but its listeners. */

#define CREATED INT64_C(1795440000)
#define DAY INT64_C(86400)

#define CREATE_ISSUER "/asap.v1.IssuerAdmin/CreateIssuer"
#define LIST_ISSUERS "/asap.v1.IssuerAdmin/ListIssuers"
#define CREATE_CALLER "/asap.v1.CallerAdmin/CreateCaller"
#define GET_KEY "/asap.v1.KeyRepository/GetPublicKey"
#define LIST_KEYS "/asap.v1.KeyRepository/ListPublicKeys"
#define GET_JWKS "/asap.v1.KeyRepository/GetJwks"
#define MINT "/asap.v1.TokenService/MintToken"
#define WISH "{\"issuer\":\"web\",\"audience\":[\"orders/api\"],\"lifetime\":\"30s\"}"

enum { NODES = 2, PATIENCE_SECONDS = 60, OPEN_KEYS = 8, GRANT_BUCKETS = 64, REPLICA_LAG = 5 };

static const struct lifecycle_policy policy = {
    .max_age = 300,
    .stale = 300,
    .jwks_max_age = 300,
    .clock_skew = 30,
    .verifier_leeway = 60,
    .max_token_lifetime = 3600,
    .replica_lag = REPLICA_LAG,
    .publish_lead = 900,
};

static struct node {
    int64_t now;
    struct store *store;
    struct keyring *keyring;
    struct callers *callers;
    struct audit *audit;
    struct secret page_token_key, audit_key;
    struct mint mint;
    struct key_schedule schedule;
    struct service service;
    struct rpc_reply reply; /* of the last call */
    enum asap_code code;    /* of what its thread did */
    struct asap_error err;
} nodes[NODES];

static struct scratch scratch;
static struct log quiet;
static struct vault *vault;
static char url[POSTGRES_URL_SIZE];   /* as the servers have it */
static char owner[POSTGRES_URL_SIZE]; /* as the owner of the tables has it */
static struct asap_error err;

static int64_t read_now(void *context)
{
    return ((const struct node *)context)->now;
}

static int64_t monotonic_ms;

static int64_t read_monotonic_ms(void)
{
    return monotonic_ms;
}

static enum asap_code open_database(struct node *node)
{
    TRY(store_open(url, true, &quiet, &node->store, &node->err));
    TRY(kek_check(node->store, vault, &node->err));
    TRY(server_secret_get(node->store, vault, "page_token_key", &node->page_token_key, &node->err));
    TRY(server_secret_get(node->store, vault, "audit_key", &node->audit_key, &node->err));
    return audit_open(node->store, &node->audit_key, policy.clock_skew, &quiet, &node->audit,
                      &node->err);
}

static enum asap_code open_node(struct node *node)
{
    TRY(open_database(node));
    TRY(keyring_new(&quiet, &node->keyring, &node->err));
    keyring_share(node->keyring, REPLICA_LAG * 1000, read_monotonic_ms);
    TRY(callers_new(&node->callers, &node->err));
    node->service = (struct service){ .admin = { .store = node->store,
                                                 .vault = vault,
                                                 .keyring = node->keyring,
                                                 .callers = node->callers,
                                                 .audit = node->audit,
                                                 .policy = &policy,
                                                 .clock = { read_now, node } },
                                      .page_token_key = &node->page_token_key,
                                      .mint = &node->mint,
                                      .audience = "asapd",
                                      .version = "1.2.3" };
    node->mint = (struct mint){ .keyring = node->keyring,
                                .callers = node->callers,
                                .policy = &policy,
                                .own_audience = "asapd",
                                .monotonic_ms = read_monotonic_ms };
    node->schedule = (struct key_schedule){ .admin = &node->service.admin,
                                            .log = &quiet,
                                            .monotonic_ms = read_monotonic_ms };
    TRY(signing_keys_new(node->store, vault, OPEN_KEYS, &node->mint.keys, &node->err));
    TRY(limiter_new(GRANT_BUCKETS, &node->mint.grants, &node->err));
    TRY(keyring_reload(node->keyring, node->store, node->now, &node->err));
    return callers_reload(node->callers, node->store, &node->err);
}

static void close_node(struct node *node)
{
    rpc_reply_clear(&node->reply);
    key_schedule_clear(&node->schedule);
    signing_keys_free(node->mint.keys);
    limiter_free(node->mint.grants);
    callers_free(node->callers);
    keyring_free(node->keyring);
    audit_close(node->audit);
    store_close(node->store);
    secret_clear(&node->audit_key);
    secret_clear(&node->page_token_key);
    *node = (struct node){ .now = node->now };
}

/* What all nodes do at the same moment. */
static pthread_barrier_t start;
static enum asap_code (*at_once)(struct node *node);

static void *run_thread(void *context)
{
    struct node *node = context;

    (void)pthread_barrier_wait(&start);
    node->code = at_once(node);
    return NULL;
}

static void do_at_once(enum asap_code (*work)(struct node *node))
{
    pthread_t threads[NODES];

    at_once = work;
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, NODES), 0);
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_thread, &nodes[i]), 0);
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(pthread_barrier_destroy(&start), 0);
    for (int i = 0; i < NODES; i++)
        ck_assert_msg(nodes[i].code == ASAP_OK, "%s", nodes[i].err.message);
}

/* A file among those for deployment; freed by the caller. */
static char *read_deployed(const char *name)
{
    enum { LONGEST = 8192 };
    const char *folder = getenv("ASAP_TEST_DEPLOY"); /* NOLINT(concurrency-mt-unsafe) */
    char *text = calloc(1, LONGEST);
    char path[512];
    FILE *file = NULL;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "re");
    ck_assert_msg(file != NULL && text != NULL, "%s", path);
    ck_assert_uint_lt(fread(text, 1, LONGEST, file), LONGEST);
    ck_assert_int_eq(fclose(file), 0);
    return text;
}

static void make_database(void)
{
    postgres_make_database(owner);
    memcpy(url, owner, sizeof url);
}

/* Whose tables are another's, and which may do to them no more than it needs. */
static void make_database_of_another(void)
{
    static const char *const role = "DO $$ BEGIN CREATE ROLE asapd_server LOGIN;"
                                    " EXCEPTION WHEN duplicate_object THEN NULL; END $$";
    const char *rest = NULL;
    char *grants = NULL;

    postgres_make_database(owner);
    rest = strchr(owner, '@');
    (void)snprintf(url, sizeof url, "postgresql://asapd_server%s", rest);
    ck_assert_succeeds(store_open(owner, true, &quiet, &nodes[0].store, &err));
    store_close(nodes[0].store);
    (void)postgres_run(owner, role);
    grants = read_deployed("postgresql/grants.sql");
    (void)postgres_run(owner, grants);
    free(grants);
}

static void start_nodes(void (*make)(void))
{
    char kek[128];

    err = (struct asap_error){ 0 };
    quiet = (struct log){ .stream = stderr, .level = LOG_ERROR };
    scratch_make(&scratch);
    (void)scratch_file(&scratch, "kek", kek, sizeof kek);
    ck_assert_succeeds(vault_create_kek(kek, &err));
    ck_assert_succeeds(vault_open(kek, &vault, &err));
    make();
    monotonic_ms = 1000;
    for (int i = 0; i < NODES; i++)
        nodes[i] = (struct node){ .now = CREATED };
    do_at_once(open_node);
}

static void set_up(void)
{
    start_nodes(make_database);
}

static void set_up_as_role(void)
{
    start_nodes(make_database_of_another);
}

static void tear_down(void)
{
    for (int i = 0; i < NODES; i++)
        close_node(&nodes[i]);
    vault_close(vault);
    scratch_remove(&scratch);
}

static void set_clocks(int64_t now)
{
    for (int i = 0; i < NODES; i++)
        nodes[i].now = now;
}

static enum asap_code refresh(struct node *node)
{
    const enum asap_code keys = keyring_refresh(node->keyring, node->store, node->now, &node->err);

    TRY(callers_refresh(node->callers, node->store, &node->err));
    return keys;
}

/* Calls. */

static const struct rpc_method *find_method(const char *path)
{
    const struct rpc_method *method = service_methods;

    while (strcmp(method->path, path) != 0)
        method++;
    return method;
}

/* The caller frees the response, also that of a failure. */
static enum asap_code
call(struct node *node, const char *path, const char *json, ProtobufCMessage **out)
{
    static const struct rpc_caller admin = {
        .is_admin = true, .proof_kind = RPC_PROOF_UID, .name = "uid:0", .proof = "uid:0"
    };
    const struct rpc_method *method = find_method(path);
    const struct rpc_call context = { .service = &node->service,
                                      .method = method,
                                      .caller = &admin,
                                      .now = node->now,
                                      .may_block = true,
                                      .reply = &node->reply };
    SCOPED(message) ProtobufCMessage *in = NULL;

    rpc_reply_clear(&node->reply);
    node->err = (struct asap_error){ 0 };
    TRY(codec_read_json(method->request, json, strlen(json), &in, &node->err));
    TRY(codec_new(method->response, out, &node->err));
    return method->handler(&context, in, *out, &node->err);
}

static void *ask(struct node *node, const char *path, const char *json)
{
    ProtobufCMessage *response = NULL;

    ck_assert_msg(call(node, path, json, &response) == ASAP_OK, "%s: %s", json, node->err.message);
    return response;
}

static void drop(void *message)
{
    protobuf_c_message_free_unpacked(message, NULL);
}

static void
assert_refused(struct node *node, const char *path, const char *json, enum asap_code code)
{
    SCOPED(message) ProtobufCMessage *response = NULL;
    const enum asap_code got = call(node, path, json, &response);

    ck_assert_msg(got == code, "%s: %d %s", json, (int)got, node->err.message);
}

static void assert_says(const struct node *node, const char *text)
{
    ck_assert_msg(strstr(node->err.message, text) != NULL, "%s", node->err.message);
}

static void finish(void *context)
{
    (void)sem_post(context);
}

/* Until the token may leave. */
static enum asap_code mint(struct node *node)
{
    SCOPED(message) ProtobufCMessage *response = NULL;
    sem_t done;

    TRY(call(node, MINT, WISH, &response));
    (void)sem_init(&done, 0, 0);
    node->reply.hold->begin(node->reply.hold, finish, &done);
    (void)sem_wait(&done);
    (void)sem_destroy(&done);
    return node->reply.hold->result(node->reply.hold, &node->err);
}

static void create_issuer(struct node *node, const char *name, int64_t period)
{
    char json[160];

    (void)snprintf(json, sizeof json,
                   "{\"name\":\"%s\",\"algorithm\":\"ES256\",\"rotationPeriod\":\"%llds\"}", name,
                   (long long)period);
    drop(ask(node, CREATE_ISSUER, json));
}

static void create_callers(struct node *node, int count)
{
    char json[64];

    for (int i = 0; i < count; i++) {
        (void)snprintf(json, sizeof json, "{\"name\":\"caller-%d\"}", i);
        drop(ask(node, CREATE_CALLER, json));
    }
}

/* An issuer whose first key signs, known to all. */
static void prepare_mints(void)
{
    create_issuer(&nodes[0], "web", 0);
    set_clocks(CREATED + DAY);
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(refresh(&nodes[i]), ASAP_OK);
}

/* The first column of a query's first row. */
static int ask_database(const char *sql)
{
    return (int)strtol(postgres_run(owner, sql), NULL, 10);
}

static void assert_chain_is_intact(void)
{
    for (int i = 0; i < NODES; i++) {
        struct audit_finding finding;

        ck_assert_succeeds(audit_verify(nodes[i].audit, "", &finding, &err));
        ck_assert_msg(finding.is_intact, "%s", finding.problem);
    }
}

START_TEST(two_that_start_at_the_same_moment_make_one_set_of_secrets)
{
    ck_assert_mem_eq(nodes[0].page_token_key.bytes, nodes[1].page_token_key.bytes,
                     SERVER_SECRET_SIZE);
    ck_assert_mem_eq(nodes[0].audit_key.bytes, nodes[1].audit_key.bytes, SERVER_SECRET_SIZE);
    ck_assert_int_eq(ask_database("SELECT count(*) FROM server_value"), 3);
    for (int i = 0; i < NODES; i++)
        ck_assert_succeeds(kek_check(nodes[i].store, vault, &err));
}
END_TEST

START_TEST(a_change_at_one_is_served_by_the_other)
{
    create_issuer(&nodes[0], "web", 0);
    assert_refused(&nodes[1], GET_JWKS, "{\"issuer\":\"web\"}", ASAP_NOT_FOUND);
    ck_assert_int_eq(refresh(&nodes[1]), ASAP_OK);
    drop(ask(&nodes[1], GET_JWKS, "{\"issuer\":\"web\"}"));
}
END_TEST

START_TEST(a_page_goes_on_at_the_other)
{
    Asap__V1__ListIssuersResponse *page = NULL;
    char json[512];

    create_issuer(&nodes[0], "a", 0);
    create_issuer(&nodes[1], "b", 0);
    page = ask(&nodes[0], LIST_ISSUERS, "{\"pageSize\":1}");
    ck_assert_str_eq(page->issuers[0]->name, "a");
    (void)snprintf(json, sizeof json, "{\"pageSize\":1,\"pageToken\":\"%s\"}",
                   page->next_page_token);
    drop(page);
    page = ask(&nodes[1], LIST_ISSUERS, json);
    ck_assert_str_eq(page->issuers[0]->name, "b");
    drop(page);
}
END_TEST

START_TEST(a_repeated_request_is_answered_as_before_by_the_other)
{
#define ID "\"requestId\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\""
    Asap__V1__Caller *first = ask(&nodes[0], CREATE_CALLER, "{\"name\":\"ci\"," ID "}");
    Asap__V1__Caller *second = NULL;

    set_clocks(CREATED + 100);
    second = ask(&nodes[1], CREATE_CALLER, "{\"name\":\"ci\"," ID "}");
    ck_assert_int_eq(second->create_time->seconds, first->create_time->seconds);
    drop(first);
    drop(second);
    assert_refused(&nodes[1], CREATE_CALLER, "{\"name\":\"cd\"," ID "}", ASAP_INVALID_ARGUMENT);
    set_clocks(CREATED + 2 * DAY);
    drop(ask(&nodes[1], CREATE_CALLER, "{\"name\":\"cd\"," ID "}"));
    ck_assert_int_eq(ask_database("SELECT count(*) FROM done_call"), 1);
}
END_TEST

START_TEST(no_token_is_signed_by_keys_that_the_other_has_changed)
{
    prepare_mints();
    ck_assert_int_eq(mint(&nodes[0]), ASAP_OK);
    ck_assert_int_eq(mint(&nodes[1]), ASAP_OK);
    drop(ask(&nodes[0], "/asap.v1.KeyAdmin/RotateKey", "{\"issuer\":\"web\"}"));
    ck_assert_int_eq(mint(&nodes[0]), ASAP_OK);
    ck_assert_int_eq(mint(&nodes[1]), ASAP_ABORTED);
    ck_assert_int_eq(refresh(&nodes[1]), ASAP_OK);
    ck_assert_int_eq(mint(&nodes[1]), ASAP_OK);
    create_callers(&nodes[1], 1);
    ck_assert_int_eq(mint(&nodes[0]), ASAP_ABORTED);
}
END_TEST

enum { MANY = 40 };

static enum asap_code mint_many(struct node *node)
{
    for (int i = 0; i < MANY; i++)
        TRY(mint(node));
    return ASAP_OK;
}

START_TEST(the_audit_logs_of_all_are_one_chain)
{
    prepare_mints();
    do_at_once(mint_many);
    ck_assert_int_eq(ask_database("SELECT count(*) FROM audit_event WHERE result = 'ok'"
                                  " AND method = 'asap.v1.TokenService/MintToken'"),
                     NODES * MANY);
    assert_chain_is_intact();
}
END_TEST

static enum asap_code run_schedule(struct node *node)
{
    key_schedule_run(&node->schedule, node->now);
    return node->schedule.setback_count == 0 ? ASAP_OK : ASAP_INTERNAL;
}

START_TEST(keys_are_rotated_and_destroyed_once)
{
    static const char *const issuers[] = { "a", "b", "c", "d", "e" };

    for (int i = 0; i < COUNT(issuers); i++)
        create_issuer(&nodes[i % NODES], issuers[i], DAY);
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(refresh(&nodes[i]), ASAP_OK);
    set_clocks(CREATED + DAY + 100);
    do_at_once(run_schedule);
    ck_assert_int_eq(ask_database("SELECT count(*) FROM audit_event WHERE result = 'ok'"
                                  " AND method = 'asap.v1.KeyAdmin/RotateKey'"),
                     COUNT(issuers));
    ck_assert_int_eq(ask_database("SELECT count(*) FROM key"), 4 * COUNT(issuers));
    for (int i = 0; i < NODES; i++)
        ck_assert_int_eq(refresh(&nodes[i]), ASAP_OK);
    set_clocks(CREATED + DAY + 10000);
    do_at_once(run_schedule);
    ck_assert_int_eq(ask_database("SELECT count(*) FROM audit_event"
                                  " WHERE method = 'asap.v1.KeyAdmin/DestroyKey'"),
                     COUNT(issuers));
    ck_assert_int_eq(ask_database("SELECT count(*) FROM sealed_key"), 3 * COUNT(issuers));
    assert_chain_is_intact();
}
END_TEST

static atomic_llong pruned;

static enum asap_code prune(struct node *node)
{
    int64_t removed = 0;
    const enum asap_code code =
        audit_prune(node->audit, node->now - DAY, node->now, &removed, &node->err);

    atomic_fetch_add(&pruned, removed);
    return code;
}

START_TEST(the_audit_log_is_pruned_once)
{
    create_callers(&nodes[0], 20);
    set_clocks(CREATED + 2 * DAY);
    atomic_store(&pruned, 0);
    do_at_once(prune);
    ck_assert_int_ge(atomic_load(&pruned), 19);
    ck_assert_int_eq(ask_database("SELECT min(sequence) - 1 FROM audit_event"),
                     atomic_load(&pruned));
    assert_chain_is_intact();
}
END_TEST

START_TEST(a_server_whose_clock_is_behind_the_others_changes_and_signs_nothing)
{
    prepare_mints();
    create_callers(&nodes[0], 1);
    ck_assert_int_eq(refresh(&nodes[1]), ASAP_OK);
    nodes[1].now -= policy.clock_skew;
    ck_assert_int_eq(mint(&nodes[1]), ASAP_OK);
    nodes[1].now -= 70;
    assert_refused(&nodes[1], CREATE_CALLER, "{\"name\":\"x\"}", ASAP_FAILED_PRECONDITION);
    assert_says(&nodes[1], "behind another server's: it is 100 s behind the latest change");
    ck_assert_int_eq(nodes[1].err.reason, ASAP_REASON_CLOCK_WENT_BACK);
    ck_assert_int_eq(mint(&nodes[1]), ASAP_FAILED_PRECONDITION);
    ck_assert_int_eq(nodes[1].err.reason, ASAP_REASON_CLOCK_WENT_BACK);
}
END_TEST

/* The pauses between attempts to connect grow meanwhile, up to ten seconds. */
static void await_database(struct node *node)
{
    const time_t end = time(NULL) + PATIENCE_SECONDS;
    const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };

    while (refresh(node) != ASAP_OK || mint(node) != ASAP_OK) {
        ck_assert_msg(time(NULL) < end, "%s", node->err.message);
        (void)nanosleep(&moment, NULL);
    }
}

START_TEST(while_the_database_is_away_keys_are_served_and_nothing_is_signed)
{
    char problem[256] = "";

    prepare_mints();
    ck_assert_int_eq(mint(&nodes[0]), ASAP_OK);
    postgres_go_away(owner);
    ck_assert_int_eq(refresh(&nodes[0]), ASAP_UNAVAILABLE);
    ck_assert_int_eq(mint(&nodes[0]), ASAP_UNAVAILABLE);
    ck_assert_int_eq(nodes[0].err.reason, ASAP_REASON_AUDIT_UNAVAILABLE);
    assert_says(&nodes[0], "cannot reach the database postgresql://");
    assert_refused(&nodes[0], CREATE_CALLER, "{\"name\":\"x\"}", ASAP_UNAVAILABLE);
    assert_says(&nodes[0], "cannot reach the database postgresql://");
    assert_refused(&nodes[0], LIST_ISSUERS, "{}", ASAP_UNAVAILABLE);
    ck_assert(!keyring_problem(nodes[0].keyring, problem, sizeof problem));
    ck_assert_ptr_nonnull(strstr(problem, "cannot reach the database"));
    drop(ask(&nodes[0], GET_JWKS, "{\"issuer\":\"web\"}"));
    assert_refused(&nodes[0], GET_JWKS, "{\"issuer\":\"new\"}", ASAP_NOT_FOUND);
    assert_refused(&nodes[0], GET_KEY, "{\"keyId\":\"web/new\"}", ASAP_NOT_FOUND);
    drop(ask(&nodes[0], LIST_KEYS, "{\"issuer\":\"web\"}"));
    monotonic_ms += REPLICA_LAG * 1000 + 1;
    drop(ask(&nodes[0], GET_JWKS, "{\"issuer\":\"web\"}"));
    assert_refused(&nodes[0], GET_JWKS, "{\"issuer\":\"new\"}", ASAP_UNAVAILABLE);
    assert_refused(&nodes[0], GET_KEY, "{\"keyId\":\"web/new\"}", ASAP_UNAVAILABLE);
    assert_refused(&nodes[0], LIST_KEYS, "{\"issuer\":\"web\"}", ASAP_UNAVAILABLE);
    monotonic_ms += policy.publish_lead * 1000;
    assert_refused(&nodes[0], GET_JWKS, "{\"issuer\":\"web\"}", ASAP_UNAVAILABLE);
    postgres_come_back();
    await_database(&nodes[0]);
    ck_assert(keyring_problem(nodes[0].keyring, problem, sizeof problem));
    create_callers(&nodes[0], 1);
}
END_TEST

/* As a failover to a standby does that lacked the newest changes. */
static const char *const losses[] = {
    "UPDATE server SET generation = generation - 1",
    "DELETE FROM audit_event WHERE sequence = (SELECT sequence FROM audit_head);"
    " UPDATE audit_head SET (sequence, chain_hash) ="
    " (SELECT sequence, chain_hash FROM audit_event ORDER BY sequence DESC LIMIT 1)",
};

START_TEST(a_server_that_has_seen_what_the_database_lost_stops_until_it_is_restarted)
{
    prepare_mints();
    ck_assert_int_eq(mint(&nodes[0]), ASAP_OK);
    (void)postgres_run(owner, losses[_i]);
    assert_refused(&nodes[0], CREATE_CALLER, "{\"name\":\"x\"}",
                   _i == 0 ? ASAP_FAILED_PRECONDITION : ASAP_UNAVAILABLE);
    assert_says(&nodes[0], "went back");
    ck_assert_int_ne(mint(&nodes[0]), ASAP_OK);
    close_node(&nodes[0]);
    ck_assert_int_eq(open_node(&nodes[0]), ASAP_OK);
    create_callers(&nodes[0], 1);
    ck_assert_int_eq(refresh(&nodes[0]), ASAP_OK);
    ck_assert_int_eq(mint(&nodes[0]), ASAP_OK);
    assert_chain_is_intact();
}
END_TEST

START_TEST(a_role_that_serves_can_change_no_table)
{
    static const char *const statements[] = {
        "DELETE FROM key",
        "DELETE FROM caller",
        "UPDATE audit_event SET message = ''",
        "UPDATE asapd_schema SET version = 0",
        "DROP TABLE key",
    };

    for (int i = 0; i < COUNT(statements); i++) {
        PGconn *link = PQconnectdb(url);
        PGresult *result = PQexec(link, statements[i]);

        ck_assert_msg(strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501") == 0, "%s",
                      statements[i]);
        PQclear(result);
        PQfinish(link);
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, two_that_start_at_the_same_moment_make_one_set_of_secrets);
    tcase_add_test(tests, a_change_at_one_is_served_by_the_other);
    tcase_add_test(tests, a_page_goes_on_at_the_other);
    tcase_add_test(tests, a_repeated_request_is_answered_as_before_by_the_other);
    tcase_add_test(tests, no_token_is_signed_by_keys_that_the_other_has_changed);
    tcase_add_test(tests, the_audit_logs_of_all_are_one_chain);
    tcase_add_test(tests, keys_are_rotated_and_destroyed_once);
    tcase_add_test(tests, the_audit_log_is_pruned_once);
    tcase_add_test(tests, a_server_whose_clock_is_behind_the_others_changes_and_signs_nothing);
}

int main(void)
{
    Suite *suite = suite_create("nodes");
    TCase *tests = tcase_create("two servers");
    TCase *limited = tcase_create("two servers whose role may do what they need");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    add_tests(tests);
    tcase_add_test(tests, while_the_database_is_away_keys_are_served_and_nothing_is_signed);
    tcase_add_loop_test(tests,
                        a_server_that_has_seen_what_the_database_lost_stops_until_it_is_restarted,
                        0, COUNT(losses));
    tcase_add_checked_fixture(limited, set_up_as_role, tear_down);
    add_tests(limited);
    tcase_add_test(limited, a_role_that_serves_can_change_no_table);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, limited);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "mint.h"

#include "claims.h"
#include "jws.h"
#include "mint_fixture.h"
#include "pem.h"

static const char *const orders[] = { "orders/api", NULL };
static const struct rpc_caller ci = { .proof_kind = RPC_PROOF_API_KEY, .name = "ci" };
static const struct rpc_caller root = { .is_admin = true,
                                        .proof_kind = RPC_PROOF_UID,
                                        .name = "uid:0" };

/* What everybody here asks for, to be changed in one way. */
static struct mint_request usual(void)
{
    return (struct mint_request){ .caller = &ci,
                                  .issuer = "payments/api",
                                  .audiences = orders,
                                  .lifetime = 60,
                                  .subject = "",
                                  .now = CREATED + 10,
                                  .may_block = true };
}

/* An ES256 issuer, on which "ci" may mint for orders/... up to 600 s. */
static void set_up_usual(void)
{
    set_up_mint();
    create_issuer_for("payments/api", "ES256", 1800);
    add_grant(&(struct allowed){ .caller_id = add_caller("ci", true),
                                 .issuer = "payments/api",
                                 .audiences = "orders/*\nexact",
                                 .subjects = "batch",
                                 .claims = "role",
                                 .max_lifetime = 600 });
}

static EVP_PKEY *find_public(const char *kid)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    const struct published_key *key = snapshot_find(snapshot, kid, strlen(kid));
    struct asap_error err = { 0 };
    EVP_PKEY *found = NULL;

    ck_assert_ptr_nonnull(key);
    ck_assert_succeeds(pem_parse_public(key->pem, key->pem_length, &found, &err));
    keyring_release(fixture.admin.keyring, snapshot);
    return found;
}

/* The claims of a token whose signature is by the key that it names. */
static struct asap_claims *verify(const struct minted *minted)
{
    struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    SCOPED(jws) struct jws jws = { 0 };
    SCOPED(pkey) EVP_PKEY *key = find_public(minted->key_id);

    ck_assert_succeeds(jws_parse(minted->token.bytes, minted->token.length, &jws, &err));
    ck_assert_str_eq(jws.key_id, minted->key_id);
    ck_assert_succeeds(jws_verify(&jws, key, &err));
    ck_assert_succeeds(claims_parse(jws.claims.bytes, jws.claims.length, &claims, &err));
    return claims;
}

static void assert_refused(const struct mint_request *request,
                           enum asap_code code,
                           enum asap_reason reason,
                           const char *field)
{
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted minted = { .wants_worker = false };
    const enum asap_code got = mint_token(&mint, request, &minted, &err);

    ck_assert_msg(got == code, "%d instead of %d: %s", (int)got, (int)code, err.message);
    ck_assert_msg(err.reason == reason, "%s: %s", asap_reason_name(err.reason), err.message);
    ck_assert_str_eq(err.field, field);
    ck_assert_uint_eq(minted.token.length, 0);
    ck_assert(!minted.wants_worker);
}

static const char *const algorithms[] = { "RS256", "RS384", "RS512", "PS256", "PS384",
                                          "PS512", "ES256", "ES384", "ES512", "EdDSA" };

START_TEST(a_token_is_signed_by_the_active_key_whatever_its_algorithm)
{
    struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted minted = { .wants_worker = false };
    SCOPED(claims) struct asap_claims *claims = NULL;

    create_issuer_for("other", algorithms[_i], 3600);
    request.issuer = "other";
    request.caller = &root;
    ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    claims = verify(&minted);
    ck_assert_str_eq(asap_claims_issuer(claims), "other");
}
END_TEST

START_TEST(the_claims_have_the_safest_form)
{
    const struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted minted = { .wants_worker = false };
    SCOPED(claims) struct asap_claims *claims = NULL;

    ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    claims = verify(&minted);
    ck_assert_str_eq(asap_claims_issuer(claims), "payments/api");
    ck_assert_str_eq(asap_claims_subject(claims), "payments/api");
    ck_assert_uint_eq(asap_claims_audience_count(claims), 1);
    ck_assert_str_eq(asap_claims_audience(claims, 0), "orders/api");
    ck_assert_int_eq(asap_claims_issued_at(claims), CREATED + 10);
    ck_assert_int_eq(asap_claims_not_before(claims), CREATED + 10);
    ck_assert_int_eq(asap_claims_expires_at(claims), CREATED + 70);
    ck_assert_str_eq(asap_claims_jti(claims), minted.jti);
    ck_assert_int_eq(minted.expire_time, CREATED + 70);
    ck_assert_int_eq(minted.refresh_time, CREATED + 10 + 48);
}
END_TEST

START_TEST(what_the_grant_allows_beyond_that_is_in_the_token)
{
    static const char *const names[] = { "role", NULL };
    struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted minted = { .wants_worker = false };
    SCOPED(claims) struct asap_claims *claims = NULL;
    char *json = NULL;

    request.subject = "batch";
    request.additional = "{\"role\":\"reader\"}";
    request.claims = names;
    request.lifetime = 600;
    ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    claims = verify(&minted);
    ck_assert_str_eq(asap_claims_subject(claims), "batch");
    json = asap_claims_json(claims);
    ck_assert_ptr_nonnull(strstr(json, "\"role\":\"reader\""));
    free(json);
}
END_TEST

START_TEST(no_two_tokens_have_the_same_jti)
{
    const struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted first = { .wants_worker = false };
    SCOPED(minted) struct minted second = { .wants_worker = false };

    ck_assert_succeeds(mint_token(&mint, &request, &first, &err));
    ck_assert_succeeds(mint_token(&mint, &request, &second, &err));
    ck_assert_str_ne(first.jti, second.jti);
}
END_TEST

static const char *const nobody[] = { NULL };
static const char *const empty[] = { "", NULL };
static const char *const seventeen[] = { "orders/1", "orders/2", "orders/3", "orders/4", "orders/5",
                                         "orders/6", "orders/7", "orders/8", "orders/9", "orders/a",
                                         "orders/b", "orders/c", "orders/d", "orders/e", "orders/f",
                                         "orders/g", "orders/h", NULL };

static const struct {
    const char *why, *field;
    const char *issuer;
    const char *const *audiences;
    int64_t lifetime;
} malformed[] = {
    { "no issuer", "issuer", "", orders, 60 },
    { "no audience", "audience", "payments/api", nobody, 60 },
    { "an empty audience", "audience", "payments/api", empty, 60 },
    { "too many audiences", "audience", "payments/api", seventeen, 60 },
    { "no lifetime", "lifetime", "payments/api", orders, 0 },
    { "a negative lifetime", "lifetime", "payments/api", orders, -1 },
    { "more than the protocol allows", "lifetime", "payments/api", orders, 3601 },
    { "more than could be added", "lifetime", "payments/api", orders, INT64_MAX },
};

START_TEST(what_is_malformed_is_refused_by_its_field)
{
    struct mint_request request = usual();

    request.issuer = malformed[_i].issuer;
    request.audiences = malformed[_i].audiences;
    request.lifetime = malformed[_i].lifetime;
    assert_refused(&request, ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, malformed[_i].field);
    request.caller = &root;
    assert_refused(&request, ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, malformed[_i].field);
}
END_TEST

static const char *const others[] = { "orders/api", "billing/api", NULL };
static const char *const ours[] = { "asapd", NULL };
static const char *const role[] = { "role", NULL };
static const char *const scope[] = { "role", "scope", NULL };

static const struct {
    const char *why;
    enum asap_reason reason;
    const char *issuer;
    const char *const *audiences;
    int64_t lifetime;
    const char *subject;
    const char *const *claims;
} denied[] = {
    { "another issuer", ASAP_REASON_NO_GRANT, "billing/api", orders, 60, "", NULL },
    { "one audience too many", ASAP_REASON_GRANT_AUDIENCE, "payments/api", others, 60, "", NULL },
    { "our own audience", ASAP_REASON_GRANT_AUDIENCE, "payments/api", ours, 60, "", NULL },
    { "too long a lifetime", ASAP_REASON_GRANT_LIFETIME, "payments/api", orders, 601, "", NULL },
    { "another subject", ASAP_REASON_GRANT_SUBJECT, "payments/api", orders, 60, "root", role },
    { "another claim", ASAP_REASON_GRANT_CLAIM, "payments/api", orders, 60, "batch", scope },
};

START_TEST(what_no_grant_allows_is_denied_with_the_reason)
{
    struct mint_request request = usual();

    create_issuer_for("billing/api", "ES256", 3600);
    request.issuer = denied[_i].issuer;
    request.audiences = denied[_i].audiences;
    request.lifetime = denied[_i].lifetime;
    request.subject = denied[_i].subject;
    request.claims = denied[_i].claims;
    assert_refused(&request, ASAP_PERMISSION_DENIED, denied[_i].reason, "");
}
END_TEST

START_TEST(a_denial_says_nothing_of_issuers_without_a_grant)
{
    static const char *const issuers[] = { "exists/managed", "exists/external", "exists/not" };
    struct asap_error errors[3] = { { 0 } };
    struct mint_request request = usual();

    create_issuer_for("exists/managed", "ES256", 3600);
    create_issuer_for("exists/external", "", 3600);
    for (int i = 0; i < 3; i++) {
        SCOPED(minted) struct minted minted = { .wants_worker = false };
        char *name = NULL;

        request.issuer = issuers[i];
        ck_assert_int_eq(mint_token(&mint, &request, &minted, &errors[i]), ASAP_PERMISSION_DENIED);
        name = strstr(errors[i].message, issuers[i]);
        if (name != NULL)
            memset(name, '?', strlen(issuers[i]));
        errors[i].message[20] = '\0';
        ck_assert_str_eq(errors[i].message, errors[0].message);
        ck_assert_int_eq(errors[i].reason, errors[0].reason);
    }
}
END_TEST

START_TEST(a_caller_that_is_disabled_or_gone_gets_nothing)
{
    static const struct rpc_caller gone = { .proof_kind = RPC_PROOF_API_KEY, .name = "gone" };
    static const struct rpc_caller off = { .proof_kind = RPC_PROOF_API_KEY, .name = "off" };
    struct mint_request request = usual();

    add_grant(&(struct allowed){
        .caller_id = add_caller("off", false), .issuer = "payments/api", .audiences = "orders/*" });
    request.caller = &off;
    assert_refused(&request, ASAP_PERMISSION_DENIED, ASAP_REASON_CALLER_DISABLED, "");
    request.caller = &gone;
    assert_refused(&request, ASAP_PERMISSION_DENIED, ASAP_REASON_CALLER_DISABLED, "");
}
END_TEST

START_TEST(an_issuer_without_keys_here_is_refused_by_what_it_is)
{
    struct mint_request request = usual();

    create_issuer_for("external", "", 3600);
    request.caller = &root;
    request.issuer = "external";
    assert_refused(&request, ASAP_FAILED_PRECONDITION, ASAP_REASON_ISSUER_EXTERNAL, "");
    request.issuer = "unknown";
    assert_refused(&request, ASAP_NOT_FOUND, ASAP_REASON_NONE, "");
}
END_TEST

START_TEST(nobody_mints_longer_than_the_issuer_allows)
{
    struct mint_request request = usual();

    request.caller = &root;
    request.lifetime = 1801;
    assert_refused(&request, ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, "lifetime");
}
END_TEST

static const char *const reserved[] = { "iss", "sub", "aud", "iat", "nbf", "exp", "jti" };

START_TEST(reserved_claims_cannot_be_overridden_by_anybody)
{
    const char *const names[] = { reserved[_i], NULL };
    struct mint_request request = usual();
    char json[64];

    (void)snprintf(json, sizeof json, "{\"%s\":1}", reserved[_i]);
    request.caller = &root;
    request.additional = json;
    request.claims = names;
    assert_refused(&request, ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, "additional_claims");
}
END_TEST

static void fill_deep(char *out, size_t depth)
{
    size_t length = (size_t)snprintf(out, 16, "{\"role\":");

    for (size_t i = 0; i < depth; i++)
        out[length++] = '[';
    for (size_t i = 0; i < depth; i++)
        out[length++] = ']';
    memcpy(out + length, "}", 2);
}

START_TEST(claims_that_no_verifier_takes_are_refused)
{
    static char json[70000];
    struct mint_request request = usual();

    request.claims = role;
    request.additional = json;
    fill_deep(json, 9);
    assert_refused(&request, ASAP_INVALID_ARGUMENT, ASAP_REASON_JSON, "additional_claims");
    fill_deep(json, 30000);
    assert_refused(&request, ASAP_INVALID_ARGUMENT, ASAP_REASON_JSON, "additional_claims");
    (void)snprintf(json, sizeof json, "{\"role\":\"%065536d\"}", 0);
    assert_refused(&request, ASAP_INVALID_ARGUMENT, ASAP_REASON_JSON, "additional_claims");
}
END_TEST

static void revoke_key(const char *kid, int64_t now)
{
    struct change change = { .admin = &fixture.admin, .now = now };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    struct asap_error err = { 0 };

    ck_assert_succeeds(
        keys_revoke(&change, &(struct revocation){ kid, "a test", false }, &plan, &err));
    ck_assert_succeeds(change_finish(&change, &err));
}

START_TEST(in_an_emergency_gap_nothing_is_minted_until_the_next_key_may_sign)
{
    struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted before = { .wants_worker = false };
    SCOPED(minted) struct minted during = { .wants_worker = false };
    SCOPED(minted) struct minted after = { .wants_worker = false };

    ck_assert_succeeds(mint_token(&mint, &request, &before, &err));
    revoke_key(before.key_id, CREATED + 20);
    request.now = CREATED + 30;
    ck_assert_int_eq(mint_token(&mint, &request, &during, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(err.reason, ASAP_REASON_NO_SIGNING_KEY);
    ck_assert_int_eq(during.retry_ms, (policy.publish_lead - 30) * 1000);
    request.now = CREATED + policy.publish_lead;
    ck_assert_succeeds(mint_token(&mint, &request, &after, &err));
    ck_assert_str_ne(after.key_id, before.key_id);
}
END_TEST

START_TEST(a_rotation_changes_the_key_at_its_moment)
{
    const int64_t moment = CREATED + policy.publish_lead;
    struct mint_request request = usual();
    struct change change = { .admin = &fixture.admin, .now = CREATED + 20 };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted before = { .wants_worker = false };
    SCOPED(minted) struct minted after = { .wants_worker = false };

    ck_assert_succeeds(
        keys_rotate(&change, &(struct rotation){ "payments/api", "", NULL }, &plan, &err));
    ck_assert_succeeds(change_finish(&change, &err));
    request.now = moment - 1;
    request.lifetime = 600;
    ck_assert_succeeds(mint_token(&mint, &request, &before, &err));
    ck_assert_str_eq(before.key_id, plan.keys[plan.outgoing].kid);
    request.now = moment;
    ck_assert_succeeds(mint_token(&mint, &request, &after, &err));
    ck_assert_str_eq(after.key_id, plan.keys[plan.incoming].kid);
}
END_TEST

START_TEST(a_clock_that_went_back_stops_minting)
{
    struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted minted = { .wants_worker = false };

    request.now = CREATED - policy.clock_skew;
    ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    request.now--;
    assert_refused(&request, ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK, "");
}
END_TEST

static const struct {
    const char *algorithm;
    bool takes_long;
} durations[] = {
    { "ES256", false }, { "EdDSA", false }, { "ES384", true },
    { "ES512", true },  { "RS256", true },  { "PS512", true },
};

START_TEST(only_the_quickest_signatures_are_made_where_others_wait)
{
    const char *name = durations[_i].algorithm;

    ck_assert_int_eq(mint_takes_long(algorithm_find(name, strlen(name))), durations[_i].takes_long);
}
END_TEST

START_TEST(where_others_wait_only_what_is_quick_is_done)
{
    struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted first = { .wants_worker = false };
    SCOPED(minted) struct minted second = { .wants_worker = false };
    SCOPED(minted) struct minted third = { .wants_worker = false };
    SCOPED(minted) struct minted slow = { .wants_worker = false };

    request.may_block = false;
    ck_assert_succeeds(mint_token(&mint, &request, &first, &err));
    ck_assert(first.wants_worker); /* its key has to be read from the store */
    ck_assert_uint_eq(first.token.length, 0);
    request.may_block = true;
    ck_assert_succeeds(mint_token(&mint, &request, &second, &err));
    request.may_block = false;
    ck_assert_succeeds(mint_token(&mint, &request, &third, &err));
    ck_assert(!third.wants_worker);
    ck_assert_uint_gt(third.token.length, 0);

    create_issuer_for("slow", "RS256", 3600);
    request.issuer = "slow";
    request.caller = &root;
    request.may_block = true;
    ck_assert_succeeds(mint_token(&mint, &request, &slow, &err));
    buffer_clear(&slow.token);
    request.may_block = false;
    ck_assert_succeeds(mint_token(&mint, &request, &slow, &err));
    ck_assert(slow.wants_worker);
}
END_TEST

START_TEST(a_validation_finds_the_key_and_signs_nothing)
{
    struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted minted = { .wants_worker = false };

    request.validate_only = true;
    ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    ck_assert_uint_eq(minted.token.length, 0);
    ck_assert_ptr_nonnull(strstr(minted.key_id, "payments/api/"));
}
END_TEST

START_TEST(a_grant_has_its_own_rate)
{
    static const struct rpc_caller slow = { .proof_kind = RPC_PROOF_API_KEY, .name = "slow" };
    struct mint_request request = usual();
    struct asap_error err = { 0 };

    add_grant(&(struct allowed){ .caller_id = add_caller("slow", true),
                                 .issuer = "payments/api",
                                 .audiences = "orders/*",
                                 .tokens_per_minute = 2 });
    request.caller = &slow;
    for (int i = 0; i < 2; i++) {
        SCOPED(minted) struct minted minted = { .wants_worker = false };

        ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    }
    assert_refused(&request, ASAP_RESOURCE_EXHAUSTED, ASAP_REASON_RATE_LIMIT, "");
    request.is_repeated = true;
    {
        SCOPED(minted) struct minted minted = { .wants_worker = false };

        ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    }
    request.is_repeated = false;
    monotonic += 30000;
    {
        SCOPED(minted) struct minted minted = { .wants_worker = false };

        ck_assert_succeeds(mint_token(&mint, &request, &minted, &err));
    }
}
END_TEST

START_TEST(a_token_names_the_generations_by_which_it_was_made)
{
    const struct mint_request request = usual();
    struct asap_error err = { 0 };
    SCOPED(minted) struct minted before = { .wants_worker = false };
    SCOPED(minted) struct minted after = { .wants_worker = false };

    ck_assert_succeeds(mint_token(&mint, &request, &before, &err));
    create_issuer_for("another", "ES256", 3600);
    add_grant(&(struct allowed){
        .caller_id = add_caller("another", true), .issuer = "another", .audiences = "x" });
    ck_assert_succeeds(mint_token(&mint, &request, &after, &err));
    ck_assert_int_gt(after.generation, before.generation);
    ck_assert_int_gt(after.access_generation, before.access_generation);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mint");
    TCase *tests = tcase_create("mint");

    tcase_add_checked_fixture(tests, set_up_usual, tear_down_mint);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_token_is_signed_by_the_active_key_whatever_its_algorithm, 0,
                        COUNT(algorithms));
    tcase_add_test(tests, the_claims_have_the_safest_form);
    tcase_add_test(tests, what_the_grant_allows_beyond_that_is_in_the_token);
    tcase_add_test(tests, no_two_tokens_have_the_same_jti);
    tcase_add_loop_test(tests, what_is_malformed_is_refused_by_its_field, 0, COUNT(malformed));
    tcase_add_loop_test(tests, what_no_grant_allows_is_denied_with_the_reason, 0, COUNT(denied));
    tcase_add_test(tests, a_denial_says_nothing_of_issuers_without_a_grant);
    tcase_add_test(tests, a_caller_that_is_disabled_or_gone_gets_nothing);
    tcase_add_test(tests, an_issuer_without_keys_here_is_refused_by_what_it_is);
    tcase_add_test(tests, nobody_mints_longer_than_the_issuer_allows);
    tcase_add_loop_test(tests, reserved_claims_cannot_be_overridden_by_anybody, 0, COUNT(reserved));
    tcase_add_test(tests, claims_that_no_verifier_takes_are_refused);
    tcase_add_test(tests, in_an_emergency_gap_nothing_is_minted_until_the_next_key_may_sign);
    tcase_add_test(tests, a_rotation_changes_the_key_at_its_moment);
    tcase_add_test(tests, a_clock_that_went_back_stops_minting);
    tcase_add_loop_test(tests, only_the_quickest_signatures_are_made_where_others_wait, 0,
                        COUNT(durations));
    tcase_add_test(tests, where_others_wait_only_what_is_quick_is_done);
    tcase_add_test(tests, a_validation_finds_the_key_and_signs_nothing);
    tcase_add_test(tests, a_grant_has_its_own_rate);
    tcase_add_test(tests, a_token_names_the_generations_by_which_it_was_made);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

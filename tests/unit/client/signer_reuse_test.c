/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sys/stat.h>

#include "scratch.h"
#include "signer_fixture.h"

#define NOW INT64_C(1795439700)

enum { PERCENT = 75, LIFETIME = 60, TEXT_MAX = 16384 };

static const char *const others[] = { "billing", "orders", NULL };
static const char *const turned[] = { "orders", "billing", NULL };
static const struct asap_token_request plain = { .audiences = orders };

static struct fake_clock clock_at_now;

static struct asap_signer *new_signer(EVP_PKEY *key, int percent, size_t entries)
{
    const struct asap_signer_options options = { .clock = fake_clock_of(&clock_at_now),
                                                 .audiences = orders,
                                                 .reuse_percent = percent,
                                                 .reuse_entries = entries };
    SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    clock_at_now.seconds = NOW;
    write_pem(key, PKCS8, &pem);
    ck_assert_succeeds(
        asap_signer_from_pem("web/key", pem.bytes, pem.length, &options, &signer, &err));
    return signer;
}

static char *sign(struct asap_signer *signer, const struct asap_token_request *request)
{
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_sign(signer, request, &token, &err));
    return token;
}

/* Whether a request now gets the very token that it got, or another one, a second later. */
static bool is_same_token(struct asap_signer *signer,
                          const struct asap_token_request *first,
                          const struct asap_token_request *second,
                          int64_t later)
{
    char *one = sign(signer, first);
    char *other = NULL;
    bool same = false;

    fake_clock_advance(&clock_at_now, later);
    other = sign(signer, second);
    same = strcmp(one, other) == 0;
    free(one);
    free(other);
    return same;
}

static const struct {
    int percent;
    int64_t lifetime, later;
    bool same;
} ages[] = {
    { 0, 0, 0, false },
    { PERCENT, 0, 0, true },
    { PERCENT, 0, 44, true },
    { PERCENT, 0, 45, false },
    { PERCENT, 0, -1, false },
    { PERCENT, 3600, 2699, true },
    { PERCENT, 3600, 2700, false },
    { 1, 0, 0, false },
    { 90, 10, 8, true },
    { 90, 10, 9, false },
};

START_TEST(hands_a_token_out_again_for_a_part_of_its_life)
{
    const struct asap_token_request request = { .audiences = orders,
                                                .lifetime_seconds = ages[_i].lifetime };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, ages[_i].percent, 0);

    ck_assert_int_eq(is_same_token(signer, &request, &request, ages[_i].later), ages[_i].same);
}
END_TEST

static const struct {
    const char *what;
    struct asap_token_request request;
    bool same;
} requests[] = {
    { "the same", { .audiences = orders }, true },
    { "the signer's own audiences", { .audiences = NULL }, true },
    { "the default lifetime", { .audiences = orders, .lifetime_seconds = LIFETIME }, true },
    { "the default subject", { .audiences = orders, .subject = "web" }, true },
    { "another lifetime", { .audiences = orders, .lifetime_seconds = 61 }, false },
    { "another subject", { .audiences = orders, .subject = "bob" }, false },
    { "more audiences", { .audiences = others }, false },
    { "additional claims", { .audiences = orders, .additional_claims = "{\"a\":1}" }, false },
    { "no additional claims", { .audiences = orders, .additional_claims = "{}" }, false },
};

START_TEST(hands_a_token_out_only_to_who_asks_for_the_same)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, PERCENT, 0);

    ck_assert_msg(is_same_token(signer, &plain, &requests[_i].request, 0) == requests[_i].same,
                  "%s", requests[_i].what);
}
END_TEST

START_TEST(tells_additional_claims_and_the_order_of_audiences_apart)
{
    const struct asap_token_request one = { .audiences = others, .additional_claims = "{\"a\":1}" };
    const struct asap_token_request two = { .audiences = others, .additional_claims = "{\"a\":2}" };
    const struct asap_token_request three = { .audiences = turned,
                                              .additional_claims = "{\"a\":1}" };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, PERCENT, 0);

    ck_assert(is_same_token(signer, &one, &one, 0));
    ck_assert(!is_same_token(signer, &one, &two, 0));
    ck_assert(!is_same_token(signer, &one, &three, 0));
}
END_TEST

START_TEST(keeps_no_more_tokens_than_it_is_told)
{
    const struct asap_token_request other = { .audiences = others };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *one = new_signer(key, PERCENT, 1);
    SCOPED(asap_signer) struct asap_signer *two = new_signer(key, PERCENT, 2);
    struct asap_signer *const signers[] = { one, two };

    for (int i = 0; i < COUNT(signers); i++) {
        char *first = sign(signers[i], &plain);
        char *second = sign(signers[i], &other);
        char *again = sign(signers[i], &plain);

        ck_assert_int_eq(strcmp(first, again) == 0, i == 1);
        free(first);
        free(second);
        free(again);
    }
}
END_TEST

START_TEST(goes_on_refusing_what_is_wrong)
{
    const struct asap_token_request wrong = { .audiences = orders, .lifetime_seconds = 3601 };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, PERCENT, 0);
    struct asap_error err = { 0 };
    char *token = NULL;

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(asap_signer_sign(signer, &wrong, &token, &err), ASAP_INVALID_ARGUMENT);
        ck_assert_ptr_null(token);
        ck_assert_str_eq(err.field, "lifetime_seconds");
    }
}
END_TEST

START_TEST(signs_anew_what_is_too_long_to_compare)
{
    static char claims[70000];
    const struct asap_token_request request = { .audiences = orders, .additional_claims = claims };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, PERCENT, 0);
    struct asap_error err = { 0 };
    char *token = NULL;

    memset(claims, ' ', sizeof claims - 1);
    claims[0] = '{';
    claims[sizeof claims - 2] = '}';
    if (asap_signer_sign(signer, &request, &token, &err) == ASAP_OK)
        ck_assert(!is_same_token(signer, &request, &request, 0));
    free(token);
}
END_TEST

static const struct {
    int percent;
    const char *const *audiences;
    const char *field;
} options_refused[] = {
    { -1, NULL, "reuse_percent" },
    { 91, NULL, "reuse_percent" },
    { 0, (const char *const[]){ NULL }, "audiences" },
    { 0, (const char *const[]){ "a", "", NULL }, "audiences" },
    { 0,
      (const char *const[]){ "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
                             "14", "15", "16", "17", NULL },
      "audiences" },
};

START_TEST(refuses_options_out_of_range)
{
    const struct asap_signer_options options = { .reuse_percent = options_refused[_i].percent,
                                                 .audiences = options_refused[_i].audiences };
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    write_pem(key, PKCS8, &pem);
    ck_assert_int_eq(
        asap_signer_from_pem("web/key", pem.bytes, pem.length, &options, &signer, &err),
        ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(signer);
    ck_assert_str_eq(err.field, options_refused[_i].field);
}
END_TEST

static void put_key(const struct scratch *folder, const char *name, EVP_PKEY *key)
{
    SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
    char path[256];
    FILE *file = fopen(scratch_file(folder, name, path, sizeof path), "wb");

    ck_assert_ptr_nonnull(file);
    write_pem(key, PKCS8, &pem);
    ck_assert_uint_eq(fwrite(pem.bytes, 1, pem.length, file), pem.length);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(forgets_its_tokens_with_their_key)
{
    const struct asap_signer_options options = { .reuse_percent = PERCENT };
    const struct asap_token_request other = { .audiences = others };
    SCOPED(pkey) EVP_PKEY *old = new_key("ED25519");
    SCOPED(pkey) EVP_PKEY *next = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    struct scratch root, folder;
    struct asap_error err = { 0 };
    char *before = NULL;
    char *after = NULL;

    scratch_make(&root);
    (void)scratch_file(&root, "web", folder.path, sizeof folder.path);
    ck_assert_int_eq(mkdir(folder.path, 0700), 0);
    put_key(&folder, "1.pem", old);
    ck_assert_succeeds(asap_signer_from_directory(root.path, "web", &options, &signer, &err));
    ck_assert(is_same_token(signer, &plain, &plain, 0));
    before = sign(signer, &other);
    put_key(&folder, "2.pem", next);
    check_signs_with(signer, next, "web/2.pem");
    after = sign(signer, &other);
    ck_assert_str_ne(before, after);
    free(before);
    free(after);
    ck_assert(is_same_token(signer, &plain, &plain, 0));
    scratch_remove(&folder);
    scratch_remove(&root);
}
END_TEST

static void *sign_often(void *signer)
{
    for (int i = 0; i < 200; i++) {
        const struct asap_token_request request = { .audiences = i % 3 == 0 ? others : orders,
                                                    .lifetime_seconds = 60 + i % 5 };

        fake_clock_advance(&clock_at_now, 1);
        free(sign(signer, &request));
    }
    return NULL;
}

START_TEST(serves_threads)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(asap_signer) struct asap_signer *signer = new_signer(key, PERCENT, 4);
    pthread_t threads[4];

    for (int i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_often, signer), 0);
    for (int i = 0; i < COUNT(threads); i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signer_reuse");
    TCase *tests = tcase_create("signer_reuse");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, hands_a_token_out_again_for_a_part_of_its_life, 0, COUNT(ages));
    tcase_add_loop_test(tests, hands_a_token_out_only_to_who_asks_for_the_same, 0, COUNT(requests));
    tcase_add_test(tests, tells_additional_claims_and_the_order_of_audiences_apart);
    tcase_add_test(tests, keeps_no_more_tokens_than_it_is_told);
    tcase_add_test(tests, goes_on_refusing_what_is_wrong);
    tcase_add_test(tests, signs_anew_what_is_too_long_to_compare);
    tcase_add_loop_test(tests, refuses_options_out_of_range, 0, COUNT(options_refused));
    tcase_add_test(tests, forgets_its_tokens_with_their_key);
    tcase_add_test(tests, serves_threads);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

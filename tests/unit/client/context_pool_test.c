/* SPDX-License-Identifier: Apache-2.0 */
#include "context_pool.h"

#include <pthread.h>

#include "check_main.h"
#include "pem.h"
#include "test_keys.h"

enum { THREADS = 4, ROUNDS = 200, MANY = 70 };

static EVP_PKEY *keys[2];
static struct context_pool *pool = NULL;
static const struct algorithm *eddsa = NULL;

static void start_with(enum signature_use use)
{
    struct asap_error err = { 0 };

    eddsa = algorithm_find("EdDSA", 5);
    for (int i = 0; i < COUNT(keys); i++)
        keys[i] = new_key("ED25519");
    ck_assert_succeeds(context_pool_new(use, &pool, &err));
}

static void start_checking(void)
{
    start_with(SIGNATURE_CHECK);
}

static void start_making(void)
{
    start_with(SIGNATURE_MAKE);
}

static void stop(void)
{
    context_pool_free(pool);
    for (int i = 0; i < COUNT(keys); i++)
        EVP_PKEY_free(keys[i]);
}

static struct signature_context *take(const struct algorithm *algorithm, EVP_PKEY *key)
{
    struct signature_context *context = NULL;
    struct asap_error err = { 0 };

    ck_assert_succeeds(context_pool_take(pool, algorithm, key, &context, &err));
    ck_assert_ptr_eq(signature_context_key(context), key);
    ck_assert_ptr_eq(signature_context_algorithm(context), algorithm);
    return context;
}

/* Takes one and gives it back; only to compare, since the pool has it. */
static const struct signature_context *use(const struct algorithm *algorithm, EVP_PKEY *key)
{
    struct signature_context *context = take(algorithm, key);
    const struct signature_context *seen = context;

    context_pool_give(pool, &context);
    ck_assert_ptr_null(context);
    return seen;
}

START_TEST(hands_a_context_out_again)
{
    const struct signature_context *first = use(eddsa, keys[0]);

    ck_assert_ptr_eq(use(eddsa, keys[0]), first);
}
END_TEST

START_TEST(never_hands_one_out_twice_at_a_time)
{
    struct signature_context *one = take(eddsa, keys[0]);
    struct signature_context *other = take(eddsa, keys[0]);

    ck_assert_ptr_ne(one, other);
    context_pool_give(pool, &one);
    context_pool_give(pool, &other);
}
END_TEST

START_TEST(takes_key_and_algorithm_for_what_they_are)
{
    SCOPED(pkey) EVP_PKEY *rsa = new_key("RSA");
    const struct signature_context *of_first = use(eddsa, keys[0]);
    const struct signature_context *rs256 = use(algorithm_find("RS256", 5), rsa);

    ck_assert_ptr_ne(use(eddsa, keys[1]), of_first);
    ck_assert_ptr_ne(use(algorithm_find("PS256", 5), rsa), rs256);
    ck_assert_ptr_eq(use(eddsa, keys[0]), of_first);
    ck_assert_ptr_eq(use(algorithm_find("RS256", 5), rsa), rs256);
}
END_TEST

START_TEST(refuses_a_key_that_does_not_fit)
{
    struct signature_context *context = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(context_pool_take(pool, algorithm_find("ES256", 5), keys[0], &context, &err),
                     ASAP_UNAUTHENTICATED);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_ALGORITHM);
    ck_assert_ptr_null(context);
}
END_TEST

/* Counts the keys that end. */
static void count_end(void *parent, void *data, CRYPTO_EX_DATA *all, int place, long l, void *p)
{
    int *count = data;

    (void)parent, (void)all, (void)place, (void)l, (void)p;
    if (count != NULL)
        (*count)++;
}

static EVP_PKEY *new_watched_key(int *count)
{
    static int place = -1;
    EVP_PKEY *key = new_key("ED25519");

    if (place < 0)
        place = EVP_PKEY_get_ex_new_index(0, NULL, NULL, NULL, count_end);
    ck_assert_int_eq(EVP_PKEY_set_ex_data(key, place, count), 1);
    return key;
}

START_TEST(the_one_longest_unused_makes_room)
{
    static int ended[MANY]; /* keys end with the pool */
    int all = 0;

    for (int i = 0; i < MANY; i++) {
        EVP_PKEY *key = new_watched_key(&ended[i]);

        (void)use(eddsa, key);
        EVP_PKEY_free(key);
    }
    for (int i = 0; i < MANY; i++)
        all += ended[i];
    ck_assert_int_eq(all, MANY - 64);
    ck_assert_int_eq(ended[0], 1);
    ck_assert_int_eq(ended[MANY - 64 - 1], 1);
    ck_assert_int_eq(ended[MANY - 64], 0);
}
END_TEST

START_TEST(a_private_key_goes_when_the_next_one_signs)
{
    static int ended = 0;
    EVP_PKEY *key = new_watched_key(&ended);

    (void)use(eddsa, key);
    (void)use(eddsa, key);
    EVP_PKEY_free(key);
    ck_assert_int_eq(ended, 0);
    (void)use(eddsa, keys[0]);
    ck_assert_int_eq(ended, 1);
}
END_TEST

static void *sign_and_check(void *context)
{
    static const struct signature_bytes text = { "header.claims", 13 };
    struct context_pool *signing = context;
    unsigned char made[SIGNATURE_MAX];
    size_t length = 0;

    for (int i = 0; i < ROUNDS; i++) {
        EVP_PKEY *key = keys[i % 2];
        struct signature_context *maker = NULL;
        struct signature_context *checker = NULL;
        struct asap_error err = { 0 };

        ck_assert_succeeds(context_pool_take(signing, eddsa, key, &maker, &err));
        ck_assert_succeeds(signature_make(maker, text, made, &length, &err));
        context_pool_give(signing, &maker);
        checker = take(eddsa, key);
        ck_assert_succeeds(
            signature_check(checker, text, (struct signature_bytes){ made, length }, &err));
        context_pool_give(pool, &checker);
    }
    return NULL;
}

START_TEST(threads_share_a_pool)
{
    SCOPED(context_pool) struct context_pool *signing = NULL;
    pthread_t threads[THREADS];
    struct asap_error err = { 0 };

    ck_assert_succeeds(context_pool_new(SIGNATURE_MAKE, &signing, &err));
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_and_check, signing), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("context_pool");
    TCase *checking = tcase_create("checking");
    TCase *making = tcase_create("making");

    tcase_add_checked_fixture(checking, start_checking, stop);
    tcase_add_test(checking, hands_a_context_out_again);
    tcase_add_test(checking, never_hands_one_out_twice_at_a_time);
    tcase_add_test(checking, takes_key_and_algorithm_for_what_they_are);
    tcase_add_test(checking, refuses_a_key_that_does_not_fit);
    tcase_add_test(checking, the_one_longest_unused_makes_room);
    tcase_add_test(checking, threads_share_a_pool);
    suite_add_tcase(suite, checking);
    tcase_add_checked_fixture(making, start_making, stop);
    tcase_add_test(making, hands_a_context_out_again);
    tcase_add_test(making, a_private_key_goes_when_the_next_one_signs);
    suite_add_tcase(suite, making);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_fixture.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include <asap/signer.h>
#include <asap/verifier.h>

DEFINE_SCOPED(claims, struct asap_claims *, asap_claims_free)

enum { THREADS = 50, VERIFIERS = 2 };

static const char *const audiences[] = { "orders", NULL };

static struct asap_verifier *verifiers[VERIFIERS];
static char *token_a = NULL; /* of web/a, whose key is pem_a */
static char *token_b = NULL; /* of web/b, whose key is pem_a, too */

static char *sign(const char *key_id, const char *pem, size_t length)
{
    const struct asap_signer_options options = { .clock = fake_clock_of(&wall_clock) };
    const struct asap_token_request request = { .audiences = audiences };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_from_pem(key_id, pem, length, &options, &signer, &err));
    ck_assert_succeeds(asap_signer_sign(signer, &request, &token, &err));
    asap_signer_free(signer);
    return token;
}

static void make_tokens(void)
{
    SCOPED(buffer) struct buffer text = BUFFER(1000);
    SCOPED(pkey) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    SCOPED(bio) BIO *out = BIO_new(BIO_s_mem());
    struct asap_error err = { 0 };
    char *pem = NULL;
    long length = 0;

    ck_assert_int_eq(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    length = BIO_get_mem_data(out, &pem);
    token_a = sign("web/a", pem, (size_t)length);
    token_b = sign("web/b", pem, (size_t)length);
    ck_assert_succeeds(pem_write_public(key, &text, &err));
    (void)snprintf(pem_a, sizeof pem_a, "%s", text.bytes);
}

static void start_verifying(void)
{
    struct asap_verifier_options options = { .audiences = audiences };
    struct asap_error err = { 0 };

    start();
    options.clock = fake_clock_of(&wall_clock);
    for (int i = 0; i < VERIFIERS; i++)
        ck_assert_succeeds(asap_verifier_new(retriever, &options, &verifiers[i], &err));
    make_tokens();
}

static void stop_verifying(void)
{
    for (int i = 0; i < VERIFIERS; i++)
        asap_verifier_free(verifiers[i]);
    free(token_a);
    free(token_b);
    stop();
}

static bool is_good(struct asap_verifier *verifier, const char *token)
{
    SCOPED(claims) struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };

    return asap_verifier_check(verifier, token, strlen(token), &claims, &err) == ASAP_OK;
}

/* NULL: a token was refused. */
static void *verify_many(void *context)
{
    struct asap_verifier *verifier = context;
    bool all = true;

    for (int i = 0; i < 20; i++)
        all = is_good(verifier, token_a) && all;
    return all ? verifier : NULL;
}

static void *verify_b(void *context)
{
    return is_good(context, token_b) ? context : NULL;
}

START_TEST(verifiers_and_threads_share_one_fetch)
{
    pthread_t threads[THREADS];

    serve("200 OK", PEM_TYPE "Cache-Control: max-age=600\r\n", pem_a);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, verify_many, verifiers[i % VERIFIERS]),
                         0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_ptr_nonnull(finish(threads[i]));
    ck_assert_uint_eq(http_server_requests(server), 1);
}
END_TEST

/* The repository hangs until the good token is verified. */
START_TEST(a_token_with_a_known_key_does_not_wait_for_one_with_an_unknown_key)
{
    pthread_t thread;

    serve("200 OK", PEM_TYPE "Cache-Control: max-age=600\r\n", pem_a);
    ck_assert(is_good(verifiers[0], token_a));
    http_server_hold(server);
    ck_assert_int_eq(pthread_create(&thread, NULL, verify_b, verifiers[0]), 0);
    http_server_await(server, 2);
    for (int i = 0; i < VERIFIERS; i++)
        ck_assert(is_good(verifiers[i], token_a));
    http_server_release(server);
    ck_assert_ptr_nonnull(finish(thread));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retriever_verify");
    TCase *tokens = tcase_create("tokens");

    tcase_add_checked_fixture(tokens, start_verifying, stop_verifying);
    tcase_add_test(tokens, verifiers_and_threads_share_one_fetch);
    tcase_add_test(tokens, a_token_with_a_known_key_does_not_wait_for_one_with_an_unknown_key);
    tcase_set_timeout(tokens, 60);
    suite_add_tcase(suite, tokens);
    return check_main(suite);
}

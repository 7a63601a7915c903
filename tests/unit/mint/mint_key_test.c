/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_key.h"

#include "mint_fixture.h"

/* Which key signs, by a snapshot of a real store. */

#define NAME "payments/api"

static enum asap_code find(
    int64_t lifetime, int64_t now, char kid[KID_MAX + 1], int64_t *retry_ms, struct asap_error *err)
{
    const struct snapshot *snapshot = keyring_acquire(fixture.admin.keyring);
    const struct mint_key_wish wish = { snapshot, &policy, NAME, now, lifetime };
    const struct published_key *key = NULL;
    const enum asap_code code = mint_key_find(&wish, &key, retry_ms, err);

    (void)snprintf(kid, KID_MAX + 1, "%s", code == ASAP_OK ? key->kid : "");
    keyring_release(fixture.admin.keyring, snapshot);
    return code;
}

static void publish_external(void)
{
    SCOPED(pkey) EVP_PKEY *pair = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    struct asap_error err = { 0 };
    struct change change = { .admin = &fixture.admin, .now = CREATED };
    struct publication publication = { NAME, "zzz", NULL, "", LIFECYCLE_NEVER };
    struct key_row row;

    ck_assert_succeeds(vault_generate(algorithm_find("ES256", 5), &pair, &err));
    ck_assert_succeeds(pem_write_public(pair, &pem, &err));
    publication.public_key = pem.bytes;
    ck_assert_succeeds(keys_publish(&change, &publication, &row, &err));
    ck_assert_succeeds(change_finish(&change, &err));
}

START_TEST(a_key_whose_private_half_is_elsewhere_signs_nothing_here)
{
    char kid[KID_MAX + 1];
    int64_t retry_ms = 0;
    struct asap_error err = { 0 };

    create_issuer_for(NAME, "ES256", 600);
    publish_external();
    ck_assert_succeeds(find(600, CREATED, kid, &retry_ms, &err));
    ck_assert_str_ne(kid, NAME "/zzz");
}
END_TEST

/* A token that nobody should ask for: the issuer's longest is what its key was planned with. */
START_TEST(a_token_that_outlives_its_key_waits_for_the_next_one)
{
    const int64_t handover = CREATED + 900;
    struct change change = { .admin = &fixture.admin, .now = CREATED };
    SCOPED(key_plan) struct key_plan plan = { 0 };
    struct asap_error err = { 0 };
    char kid[KID_MAX + 1];
    int64_t retry_ms = 0;

    create_issuer_for(NAME, "ES256", 600);
    ck_assert_succeeds(keys_rotate(&change, &(struct rotation){ NAME, "", NULL }, &plan, &err));
    ck_assert_succeeds(change_finish(&change, &err));
    ck_assert_succeeds(find(601, handover - 1, kid, &retry_ms, &err));
    ck_assert_int_eq(find(602, handover - 1, kid, &retry_ms, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(err.reason, ASAP_REASON_NO_SIGNING_KEY);
    ck_assert_int_eq(retry_ms, 1000);
    ck_assert_succeeds(find(602, handover, kid, &retry_ms, &err));
    ck_assert_str_eq(kid, plan.keys[plan.incoming].kid);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mint_key");
    TCase *tests = tcase_create("keys");

    tcase_add_checked_fixture(tests, set_up_mint, tear_down_mint);
    tcase_add_test(tests, a_key_whose_private_half_is_elsewhere_signs_nothing_here);
    tcase_add_test(tests, a_token_that_outlives_its_key_waits_for_the_next_one);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_MINT_FIXTURE_H
#define ASAP_TESTS_MINT_FIXTURE_H

#include <string.h>

#include "admin_fixture.h"
#include "manage_issuers.h"
#include "mint.h"
#include "store_server.h"

/* Issuers with keys, a caller "ci" with grants, and the mint over them. */

static struct mint mint;
static int64_t monotonic;

static int64_t read_monotonic(void)
{
    return monotonic;
}

static inline void set_up_mint(void)
{
    struct asap_error err = { 0 };

    set_up();
    monotonic = 1000;
    mint = (struct mint){ .keyring = fixture.admin.keyring,
                          .callers = fixture.admin.callers,
                          .policy = &policy,
                          .own_audience = "asapd",
                          .monotonic_ms = read_monotonic };
    ck_assert_succeeds(signing_keys_new(fixture.admin.store, fixture.vault, 4, &mint.keys, &err));
    ck_assert_succeeds(limiter_new(16, &mint.grants, &err));
}

static inline void tear_down_mint(void)
{
    signing_keys_free(mint.keys);
    limiter_free(mint.grants);
    tear_down();
}

static inline void create_issuer_for(const char *name, const char *algorithm, int64_t max_lifetime)
{
    struct issuer_row row = { .managed = algorithm[0] != '\0', .max_lifetime = max_lifetime };
    struct change change = { .admin = &fixture.admin, .now = CREATED };
    struct asap_error err = { 0 };

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    (void)snprintf(row.algorithm, sizeof row.algorithm, "%s", algorithm);
    ck_assert_succeeds(keys_create_issuer(&change, &row, &err));
    ck_assert_succeeds(change_finish(&change, &err));
}

static inline int64_t add_caller(const char *name, bool enabled)
{
    struct caller_row row = { .enabled = enabled,
                              .create_time = CREATED,
                              .delete_time = LIFECYCLE_NEVER };
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_add_caller(&txn, &row, &err));
    ck_assert_succeeds(store_record_access_change(&txn, CREATED, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
    return row.id;
}

/* To mint for audiences, one a line. */
struct allowed {
    int64_t caller_id;
    const char *issuer, *audiences, *subjects, *claims;
    int64_t max_lifetime, tokens_per_minute;
};

static inline void add_grant(const struct allowed *allowed)
{
    static unsigned count;
    struct grant_row row = { .caller_id = allowed->caller_id,
                             .verb = VERB_MINT,
                             .max_lifetime = allowed->max_lifetime,
                             .tokens_per_minute = allowed->tokens_per_minute,
                             .create_time = CREATED };
    struct asap_error err = { 0 };
    struct txn txn = { 0 };

    (void)snprintf(row.grant_id, sizeof row.grant_id, "%016x", ++count);
    (void)snprintf(row.issuer, sizeof row.issuer, "%s", allowed->issuer);
    (void)snprintf(row.audiences, sizeof row.audiences, "%s", allowed->audiences);
    (void)snprintf(row.subjects, sizeof row.subjects, "%s",
                   allowed->subjects == NULL ? "" : allowed->subjects);
    (void)snprintf(row.claims, sizeof row.claims, "%s",
                   allowed->claims == NULL ? "" : allowed->claims);
    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_add_grant(&txn, &row, &err));
    ck_assert_succeeds(store_record_access_change(&txn, CREATED, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
    ck_assert_succeeds(callers_reload(fixture.admin.callers, fixture.admin.store, &err));
}

#endif

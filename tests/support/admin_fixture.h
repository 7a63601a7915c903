/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_ADMIN_FIXTURE_H
#define ASAP_TESTS_ADMIN_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin.h"
#include "check_main.h"

/* A store in memory, a vault under a KEK of its own, a keyring, callers and an audit log. */

#define CREATED INT64_C(1795440000)

static const struct lifecycle_policy policy = {
    .max_age = 300,
    .stale = 300,
    .jwks_max_age = 300,
    .clock_skew = 30,
    .verifier_leeway = 60,
    .max_token_lifetime = 3600,
    .publish_lead = 900,
};

/* One test has one. */
static struct fixture {
    char folder[64];
    struct log log;
    struct vault *vault;
    struct secret audit_key;
    struct admin admin;
} fixture;

static inline void set_up(void)
{
    struct asap_error err = { 0 };
    char kek[128];

    fixture = (struct fixture){ .folder = "/tmp/asapXXXXXX" };
    fixture.log = (struct log){ .stream = stderr, .level = LOG_ERROR };
    ck_assert_ptr_nonnull(mkdtemp(fixture.folder));
    (void)snprintf(kek, sizeof kek, "%s/kek", fixture.folder);
    ck_assert_succeeds(vault_create_kek(kek, &err));
    ck_assert_succeeds(vault_open(kek, &fixture.vault, &err));
    fixture.admin.vault = fixture.vault;
    fixture.admin.policy = &policy;
    ck_assert_succeeds(
        store_open("sqlite::memory:", true, &fixture.log, &fixture.admin.store, &err));
    ck_assert_succeeds(keyring_new(&fixture.log, &fixture.admin.keyring, &err));
    ck_assert_succeeds(callers_new(&fixture.admin.callers, &err));
    ck_assert_succeeds(secret_init(&fixture.audit_key, 32, &err));
    ck_assert_succeeds(audit_open(fixture.admin.store, &fixture.audit_key, policy.clock_skew,
                                  &fixture.log, &fixture.admin.audit, &err));
    ck_assert_int_eq(unlink(kek), 0);
    ck_assert_int_eq(rmdir(fixture.folder), 0);
}

static inline void tear_down(void)
{
    audit_close(fixture.admin.audit);
    secret_clear(&fixture.audit_key);
    callers_free(fixture.admin.callers);
    keyring_free(fixture.admin.keyring);
    store_close(fixture.admin.store);
    vault_close(fixture.vault);
}

#endif

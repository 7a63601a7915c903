/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_TESTS_ACCESS_FIXTURE_H
#define ASAPD_TESTS_ACCESS_FIXTURE_H

#include <stdio.h>

#include "callers.h"
#include "check_main.h"
#include "store_server.h"

/* Writes callers and what belongs to them, each change in a transaction of its own. */

#define THEN INT64_C(1795440000)

struct change {
    struct store *store;
    struct txn txn;
    struct asap_error err;
};

static inline void begin_change(struct change *change, struct store *store)
{
    *change = (struct change){ .store = store };
    ck_assert_msg(txn_begin(&change->txn, store, &change->err) == ASAP_OK, "%s",
                  change->err.message);
}

static inline void end_change(struct change *change)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(store_record_access_change(&change->txn, THEN, &err));
    ck_assert_succeeds(txn_commit(&change->txn, &err));
}

static inline struct caller_row add_caller(struct store *store, const char *name)
{
    struct caller_row row = { .enabled = true,
                              .create_time = THEN,
                              .delete_time = LIFECYCLE_NEVER };
    struct change change;

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    begin_change(&change, store);
    ck_assert_msg(store_add_caller(&change.txn, &row, &change.err) == ASAP_OK, "%s",
                  change.err.message);
    end_change(&change);
    return row;
}

static inline void update_caller(struct store *store, const struct caller_row *row)
{
    struct change change;

    begin_change(&change, store);
    ck_assert_int_eq(store_update_caller(&change.txn, row, &change.err), ASAP_OK);
    end_change(&change);
}

/* Row numbers make the ids: 1 is "0000000000000001". */
static inline void write_id(int64_t number, char out[ACCESS_ID_SIZE])
{
    (void)snprintf(out, ACCESS_ID_SIZE, "%016llx", (unsigned long long)number);
}

static inline struct credential_row add_credential(struct store *store,
                                                   int64_t number,
                                                   const struct caller_row *caller,
                                                   enum credential_kind kind,
                                                   const char *name,
                                                   const char *digest)
{
    struct credential_row row = { .caller_id = caller->id,
                                  .kind = (int64_t)kind,
                                  .create_time = THEN,
                                  .expire_time = LIFECYCLE_NEVER,
                                  .revoke_time = LIFECYCLE_NEVER };
    struct change change;

    write_id(number, row.credential_id);
    (void)snprintf(row.name, sizeof row.name, "%s", name);
    (void)snprintf(row.digest, sizeof row.digest, "%s", digest);
    begin_change(&change, store);
    ck_assert_msg(store_add_credential(&change.txn, &row, &change.err) == ASAP_OK, "%s",
                  change.err.message);
    end_change(&change);
    return row;
}

static inline void revoke_credential(struct store *store, struct credential_row *row, int64_t when)
{
    struct change change;

    row->revoke_time = when;
    begin_change(&change, store);
    ck_assert_int_eq(store_update_credential(&change.txn, row, &change.err), ASAP_OK);
    end_change(&change);
}

/* `row` without ids. */
static inline void add_grant(struct store *store,
                             int64_t number,
                             const struct caller_row *caller,
                             struct grant_row row)
{
    struct change change;

    write_id(number, row.grant_id);
    row.caller_id = caller->id;
    row.create_time = THEN;
    begin_change(&change, store);
    ck_assert_msg(store_add_grant(&change.txn, &row, &change.err) == ASAP_OK, "%s",
                  change.err.message);
    end_change(&change);
}

#endif

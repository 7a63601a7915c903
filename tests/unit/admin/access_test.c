/* SPDX-License-Identifier: Apache-2.0 */
#include "manage_callers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_fixture.h"
#include "manage_issuers.h"
#include "store_server.h"

/* The operations on callers, and the frame of every change: what is recorded,
 * and what is loaded anew. */

static struct audit_row event;

static struct change begin(int64_t now)
{
    event = (struct audit_row){ .caller = "uid:0", .result = "ok" };
    return (struct change){
        .admin = &fixture.admin, .scope = CHANGE_ACCESS, .now = now, .event = &event
    };
}

/* Ends what an operation, which returned `code`, has begun. */
static enum asap_code finish(enum asap_code code, struct change *change, struct asap_error *err)
{
    if (code == ASAP_OK)
        code = change_finish(change, err);
    change_scope_exit(change);
    return code;
}

static enum asap_code create(const char *name, int64_t now)
{
    struct asap_error err = { 0 };
    struct change change = begin(now);
    struct caller_row row;

    return finish(access_create_caller(&change, name, "", &row, &err), &change, &err);
}

static enum asap_code update(const struct caller_update *wanted, int64_t now)
{
    struct asap_error err = { 0 };
    struct change change = begin(now);
    SCOPED(caller_view) struct caller_view view = { .credentials = NULL };

    return finish(access_update_caller(&change, wanted, &view, &err), &change, &err);
}

static enum asap_code delete (const char *name, int64_t now) {
    struct asap_error err = { 0 }; struct change change = begin(now);
    SCOPED(caller_view) struct caller_view view = { .credentials = NULL };

    return finish(access_delete_caller(&change, name, &view, &err), &change, &err);
}

static enum asap_code prove(enum credential_kind kind,
                            const char *name,
                            int64_t expire_time,
                            int64_t now,
                            struct credential_row *row)
{
    struct asap_error err = { 0 };
    struct change change = begin(now);
    const struct new_credential wanted = { "ci", kind, name, expire_time };
    SCOPED(api_key) struct api_key key = { .text = "" };

    return finish(access_create_credential(&change, &wanted, row, &key, &err), &change, &err);
}

static enum asap_code revoke(const char *id, int64_t now)
{
    struct asap_error err = { 0 };
    struct change change = begin(now);
    struct credential_row row;
    char caller[CALLER_NAME_MAX + 1];

    return finish(access_revoke_credential(&change, id, &row, caller, &err), &change, &err);
}

static enum asap_code grant(enum verb verb, const char *issuer, struct grant_row *row)
{
    struct asap_error err = { 0 };
    struct change change = begin(CREATED);
    const struct new_grant wanted = { .caller = "ci", .verb = (int64_t)verb, .issuer = issuer };

    return finish(access_create_grant(&change, &wanted, row, &err), &change, &err);
}

static enum asap_code ungrant(const char *id)
{
    struct asap_error err = { 0 };
    struct change change = begin(CREATED);
    struct grant_row row;
    char caller[CALLER_NAME_MAX + 1];

    return finish(access_delete_grant(&change, id, &row, caller, &err), &change, &err);
}

static void create_issuer(const char *name)
{
    struct asap_error err = { 0 };
    struct change change = { .admin = &fixture.admin, .now = CREATED };
    struct issuer_row row = { .managed = false, .max_lifetime = 3600 };

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    ck_assert_succeeds(finish(keys_create_issuer(&change, &row, &err), &change, &err));
}

static struct server_row server(void)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct server_row row;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_get_server(&txn, &row, &err));
    return row;
}

/* The newest event, and how many there are. */
static struct audit_row newest_event(size_t *count)
{
    enum { EVENTS_MAX = 16 };
    static struct audit_row rows[EVENTS_MAX];
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    const struct audit_filter all = { .caller = "", .issuer = "" };

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_list_audit_events(&txn, &all, rows, EVENTS_MAX, count, &err));
    return *count == 0 ? (struct audit_row){ 0 } : rows[*count - 1];
}

static size_t count_events(void)
{
    size_t count = 0;

    (void)newest_event(&count);
    return count;
}

static void assert_event(const char *message, const char *issuer, const char *key_id)
{
    size_t count = 0;
    const struct audit_row found = newest_event(&count);

    ck_assert_str_eq(found.message, message);
    ck_assert_str_eq(found.issuer, issuer);
    ck_assert_str_eq(found.key_id, key_id);
    ck_assert_str_eq(found.caller, "uid:0");
    ck_assert_str_eq(found.result, "ok");
}

/* Of the set in memory. */
static bool is_known(const char *name)
{
    const struct caller_set *set = callers_acquire(fixture.admin.callers);
    const struct known_caller *caller = set == NULL ? NULL : caller_set_find(set, name);
    const bool known = caller != NULL && !caller->is_deleted;

    callers_release(fixture.admin.callers, set);
    return known;
}

START_TEST(a_change_raises_the_access_generation_alone_and_is_loaded)
{
    ck_assert_int_eq(create("ci", CREATED), ASAP_OK);
    ck_assert_int_eq(server().access_generation, 1);
    ck_assert_int_eq(server().generation, 0);
    ck_assert_int_eq(server().latest_time, CREATED);
    ck_assert(is_known("ci"));
    ck_assert_int_eq(delete ("ci", CREATED), ASAP_OK);
    ck_assert(!is_known("ci"));
}
END_TEST

START_TEST(every_change_says_in_the_log_what_was_done)
{
    struct credential_row credential;
    struct grant_row made;
    char message[AUDIT_MESSAGE_SIZE];

    create_issuer("web");
    ck_assert_uint_eq(count_events(), 0);
    ck_assert_int_eq(create("ci", CREATED), ASAP_OK);
    assert_event("caller ci", "", "");
    ck_assert_int_eq(update(&(struct caller_update){ .name = "ci", .description = "x" }, CREATED),
                     ASAP_OK);
    assert_event("caller ci", "", "");
    ck_assert_int_eq(
        update(&(struct caller_update){ .name = "ci", .description = "", .has_enabled = true },
               CREATED),
        ASAP_OK);
    assert_event("caller ci: disabled", "", "");
    ck_assert_int_eq(prove(CREDENTIAL_ISSUER, "web", LIFECYCLE_NEVER, CREATED, &credential),
                     ASAP_OK);
    (void)snprintf(message, sizeof message, "credential %s of ci", credential.credential_id);
    assert_event(message, "web", "");
    ck_assert_int_eq(revoke(credential.credential_id, CREATED), ASAP_OK);
    assert_event(message, "", "");
    ck_assert_int_eq(grant(VERB_PUBLISH, "web", &made), ASAP_OK);
    (void)snprintf(message, sizeof message, "grant %s of ci: publish web", made.grant_id);
    assert_event(message, "web", "");
    ck_assert_int_eq(ungrant(made.grant_id), ASAP_OK);
    assert_event(message, "web", "");
    ck_assert_int_eq(grant(VERB_ADMIN, "", &made), ASAP_OK);
    (void)snprintf(message, sizeof message, "grant %s of ci: admin", made.grant_id);
    assert_event(message, "", "");
    ck_assert_int_eq(delete ("ci", CREATED), ASAP_OK);
    assert_event("caller ci", "", "");
    ck_assert_uint_eq(count_events(), 9);
}
END_TEST

START_TEST(what_changes_nothing_is_recorded_and_raises_no_generation)
{
    struct credential_row row;
    char message[AUDIT_MESSAGE_SIZE];

    ck_assert_int_eq(create("ci", CREATED), ASAP_OK);
    ck_assert_int_eq(prove(CREDENTIAL_UID, "7", LIFECYCLE_NEVER, CREATED, &row), ASAP_OK);
    ck_assert_int_eq(revoke(row.credential_id, CREATED), ASAP_OK);
    ck_assert_int_eq(server().access_generation, 3);
    ck_assert_int_eq(revoke(row.credential_id, CREATED + 5), ASAP_OK);
    (void)snprintf(message, sizeof message, "credential %s of ci: nothing was to be changed",
                   row.credential_id);
    assert_event(message, "", "");
    ck_assert_int_eq(update(&(struct caller_update){ .name = "ci",
                                                     .description = "",
                                                     .has_enabled = true,
                                                     .enabled = true },
                            CREATED + 5),
                     ASAP_OK);
    assert_event("caller ci: nothing was to be changed", "", "");
    ck_assert_int_eq(server().access_generation, 3);
    ck_assert_uint_eq(count_events(), 5);
}
END_TEST

START_TEST(a_failure_and_a_validation_leave_no_trace)
{
    struct asap_error err = { 0 };
    struct change change = begin(CREATED);
    struct caller_row row;

    change.validate_only = true;
    ck_assert_succeeds(finish(access_create_caller(&change, "ci", "", &row, &err), &change, &err));
    ck_assert_int_eq(create("-", CREATED), ASAP_INVALID_ARGUMENT);
    ck_assert_int_eq(delete ("ci", CREATED), ASAP_NOT_FOUND);
    ck_assert_int_eq(server().access_generation, 0);
    ck_assert_uint_eq(count_events(), 0);
}
END_TEST

START_TEST(a_change_that_names_no_event_is_not_recorded)
{
    struct asap_error err = { 0 };
    struct change change = begin(CREATED);
    struct caller_row row;

    change.event = NULL;
    ck_assert_succeeds(finish(access_create_caller(&change, "ci", "", &row, &err), &change, &err));
    ck_assert(is_known("ci"));
    ck_assert_uint_eq(count_events(), 0);
}
END_TEST

/* The place of the next event is taken. */
static void damage_log(void)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct audit_head_row head;

    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    ck_assert_succeeds(store_get_audit_head(&txn, &head, &err));
    head.sequence = INT64_MAX - 1;
    ck_assert_succeeds(store_put_audit_head(&txn, &head, &err));
    ck_assert_succeeds(store_add_audit_event(
        &txn, &(struct audit_row){ .sequence = INT64_MAX, .result = "ok" }, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
}

START_TEST(what_cannot_be_recorded_is_not_changed)
{
    struct asap_error err = { 0 };
    struct change change;
    struct caller_row row;

    damage_log();
    change = begin(CREATED);
    ck_assert_succeeds(access_create_caller(&change, "ci", "", &row, &err));
    ck_assert_int_eq(change_finish(&change, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(err.reason, ASAP_REASON_AUDIT_UNAVAILABLE);
    change_scope_exit(&change);
    ck_assert_int_eq(server().access_generation, 0);
    ck_assert(!is_known("ci"));
}
END_TEST

START_TEST(an_event_has_the_time_of_its_change_which_never_goes_back)
{
    size_t count = 0;

    ck_assert_int_eq(create("a", CREATED), ASAP_OK);
    ck_assert_int_eq(create("b", CREATED - 20), ASAP_OK);
    ck_assert_int_eq(newest_event(&count).create_time, CREATED);
    ck_assert_int_eq(create("c", CREATED - 31), ASAP_FAILED_PRECONDITION);
    ck_assert_uint_eq(count_events(), 2);
}
END_TEST

START_TEST(deleting_a_caller_revokes_all_that_is_not_revoked_and_at_that_time)
{
    struct asap_error err = { 0 };
    SCOPED(txn) struct txn txn = { 0 };
    struct credential_row rows[3];
    struct credential_row row;

    ck_assert_int_eq(create("ci", CREATED), ASAP_OK);
    ck_assert_int_eq(prove(CREDENTIAL_UID, "1", LIFECYCLE_NEVER, CREATED, &rows[0]), ASAP_OK);
    ck_assert_int_eq(prove(CREDENTIAL_UID, "2", CREATED + 1, CREATED, &rows[1]), ASAP_OK);
    ck_assert_int_eq(prove(CREDENTIAL_UID, "3", LIFECYCLE_NEVER, CREATED, &rows[2]), ASAP_OK);
    ck_assert_int_eq(revoke(rows[2].credential_id, CREATED + 2), ASAP_OK);
    ck_assert_int_eq(delete ("ci", CREATED + 5), ASAP_OK);
    ck_assert_succeeds(txn_begin(&txn, fixture.admin.store, &err));
    for (int i = 0; i < COUNT(rows); i++) {
        ck_assert_succeeds(store_get_credential(&txn, rows[i].credential_id, &row, &err));
        ck_assert_int_eq(row.revoke_time, CREATED + (i == 2 ? 2 : 5));
    }
}
END_TEST

START_TEST(a_revoked_credential_of_a_deleted_caller_can_be_revoked_again)
{
    struct credential_row row;

    ck_assert_int_eq(create("ci", CREATED), ASAP_OK);
    ck_assert_int_eq(prove(CREDENTIAL_UID, "1", LIFECYCLE_NEVER, CREATED, &row), ASAP_OK);
    ck_assert_int_eq(delete ("ci", CREATED), ASAP_OK);
    ck_assert_int_eq(revoke(row.credential_id, CREATED), ASAP_OK);
}
END_TEST

static const struct {
    int64_t expire_time;
    enum asap_code code;
} expiries[] = {
    { CREATED - 1, ASAP_INVALID_ARGUMENT },
    { CREATED, ASAP_INVALID_ARGUMENT },
    { CREATED + 1, ASAP_OK },
    { INT64_C(253402300799), ASAP_OK },
    { INT64_C(253402300800), ASAP_INVALID_ARGUMENT },
    { INT64_MIN, ASAP_INVALID_ARGUMENT },
    { LIFECYCLE_NEVER, ASAP_OK },
};

START_TEST(a_credential_expires_in_a_future_that_has_a_date)
{
    struct credential_row row;

    ck_assert_int_eq(create("ci", CREATED), ASAP_OK);
    ck_assert_int_eq(prove(CREDENTIAL_UID, "1", expiries[_i].expire_time, CREATED, &row),
                     expiries[_i].code);
}
END_TEST

START_TEST(only_the_digest_of_an_api_key_is_kept)
{
    struct asap_error err = { 0 };
    struct change change;
    const struct new_credential wanted = { "ci", CREDENTIAL_API_KEY, "", LIFECYCLE_NEVER };
    SCOPED(api_key) struct api_key key = { .text = "" };
    struct credential_row row;
    char digest[CREDENTIAL_DIGEST_SIZE];

    ck_assert_int_eq(create("ci", CREATED), ASAP_OK);
    change = begin(CREATED);
    ck_assert_succeeds(
        finish(access_create_credential(&change, &wanted, &row, &key, &err), &change, &err));
    ck_assert_succeeds(api_key_digest(key.text, digest, &err));
    ck_assert_str_eq(row.digest, digest);
    ck_assert_str_eq(row.name, key.prefix);
    ck_assert_ptr_null(strstr(event.message, key.prefix));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("access");
    TCase *cases = tcase_create("operations");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_change_raises_the_access_generation_alone_and_is_loaded);
    tcase_add_test(cases, every_change_says_in_the_log_what_was_done);
    tcase_add_test(cases, what_changes_nothing_is_recorded_and_raises_no_generation);
    tcase_add_test(cases, a_failure_and_a_validation_leave_no_trace);
    tcase_add_test(cases, a_change_that_names_no_event_is_not_recorded);
    tcase_add_test(cases, what_cannot_be_recorded_is_not_changed);
    tcase_add_test(cases, an_event_has_the_time_of_its_change_which_never_goes_back);
    tcase_add_test(cases, deleting_a_caller_revokes_all_that_is_not_revoked_and_at_that_time);
    tcase_add_test(cases, a_revoked_credential_of_a_deleted_caller_can_be_revoked_again);
    tcase_add_loop_test(cases, a_credential_expires_in_a_future_that_has_a_date, 0,
                        COUNT(expiries));
    tcase_add_test(cases, only_the_digest_of_an_api_key_is_kept);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

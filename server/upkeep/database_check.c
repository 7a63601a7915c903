/* SPDX-License-Identifier: Apache-2.0 */
#include "database_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "issuer_check.h"
#include "row_check.h"
#include "sealed_batch.h"
#include "store_server.h"
#include "store_upkeep.h"

enum { ISSUERS_AT_ONCE = 100 };

static void free_bytes(void *bytes)
{
    free(bytes);
}

DEFINE_SCOPED(memory, void *, free_bytes)

static enum asap_code note_damage(void *context, const char *finding, struct asap_error *err)
{
    (void)err;
    report_problem(context, "the database is damaged: %s", finding);
    return ASAP_OK;
}

/* What is signed with must be what verifiers are given. */
static enum asap_code open_private_key(const struct vault *vault,
                                       const struct sealed_row *row,
                                       struct asap_error *err)
{
    const struct seal_binding binding = { row->kid, row->key_id, row->algorithm };
    SCOPED(pkey) EVP_PKEY *private_key = NULL;
    SCOPED(pkey) EVP_PKEY *public_key = NULL;

    TRY(vault_unseal_key(vault, &binding, row->bytes, row->length, &private_key, err));
    TRY(pem_parse_public(row->pem, strlen(row->pem), &public_key, err));
    if (EVP_PKEY_eq(public_key, private_key) == 1)
        return ASAP_OK;
    return fail(err, ASAP_DATA_LOSS, "the private key of %.150s is not the one of its public key",
                row->kid);
}

static enum asap_code check_private_keys(const struct site *site,
                                         struct txn *txn,
                                         struct report *report,
                                         struct asap_error *err)
{
    SCOPED(sealed_batch) struct sealed_batch batch = { .count = 0 };
    size_t open = 0;

    do {
        TRY(sealed_batch_read(&batch, txn, err));
        for (size_t i = 0; i < batch.count; i++) {
            struct asap_error cause = { 0 };

            if (open_private_key(site->vault, &batch.rows[i], &cause) == ASAP_OK)
                open++;
            else
                report_problem(report, "%s", cause.message);
        }
        report_progress(report, "private keys", (int64_t)open);
    } while (batch.count > 0);
    report_note(report, "private keys: %zu open with this KEK", open);
    return ASAP_OK;
}

static enum asap_code check_audit(const struct site *site,
                                  struct report *report,
                                  struct asap_error *err)
{
    struct audit_finding finding;

    if (site->audit == NULL)
        return ASAP_OK;
    TRY(audit_verify(site->audit, "", &finding, err));
    if (!finding.is_intact)
        report_problem(report, "the audit log was altered: %s", finding.problem);
    else
        report_note(report, "audit log: %" PRId64 " events, all as recorded, head %s",
                    finding.event_count, finding.head[0] == '\0' ? "none" : finding.head);
    return ASAP_OK;
}

static enum asap_code check_content(const struct site *site,
                                    struct report *report,
                                    struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct server_row server;
    int version = 0;

    TRY(txn_begin_read(&txn, site->store, err));
    TRY(store_get_version(&txn, &version, err));
    TRY(store_get_server(&txn, &server, err));
    report_note(report, "database: schema %d, generation %" PRId64, version, server.generation);
    TRY(store_find_damage(&txn, note_damage, report, err));
    return check_private_keys(site, &txn, report, err);
}

enum asap_code database_check_whole(const struct site *site,
                                    struct report *report,
                                    struct asap_error *err)
{
    TRY(check_content(site, report, err));
    return check_audit(site, report, err);
}

struct issuers {
    struct issuer_row rows[ISSUERS_AT_ONCE];
    size_t count;
};

struct key_rows {
    struct key_row *rows;
    size_t count;
};

static void key_rows_scope_exit(struct key_rows *keys)
{
    free(keys->rows);
}

static bool is_of(const struct issuer_row *issuer, const struct key_row *key)
{
    const size_t length = strlen(issuer->name);

    return strncmp(key->kid, issuer->name, length) == 0 && key->kid[length] == '/'
           && strchr(key->kid + length + 1, '/') == NULL;
}

/* Whether a key that signs, or is to, can. */
static enum asap_code check_private_half(struct txn *txn,
                                         const struct key_row *key,
                                         int64_t now,
                                         struct report *report,
                                         struct asap_error *err)
{
    const enum key_state state = lifecycle_state(&key->times, now);
    const bool needs_one = state == KEY_SCHEDULED || state == KEY_STANDBY || state == KEY_ACTIVE;
    SCOPED(memory) void *sealed = NULL;
    struct asap_error cause = { 0 };
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    if (!key->managed || !needs_one)
        return ASAP_OK;
    code = store_get_sealed(txn, key->id, &sealed, &length, &cause);
    if (code == ASAP_NOT_FOUND)
        report_problem(report, "%s is %s, but its private key is missing", key->kid,
                       lifecycle_state_name(state));
    return code == ASAP_OK || code == ASAP_NOT_FOUND ? ASAP_OK
                                                     : fail(err, code, "%s", cause.message);
}

static void check_row(const struct issuer_row *issuer,
                      const struct key_row *key,
                      struct report *report)
{
    SCOPED(pkey) EVP_PKEY *public_key = NULL;
    struct asap_error cause = { 0 };

    if (!is_of(issuer, key))
        report_problem(report, "the key %s stands under the issuer %s", key->kid, issuer->name);
    if (row_check_digest(key, &cause) != ASAP_OK
        || row_check_key(key, &public_key, &cause) != ASAP_OK)
        report_problem(report, "%s is damaged: %s", key->kid, cause.message);
}

struct keys_check {
    struct txn txn;
    int64_t now;
    struct report *report;
    int64_t issuers, keys;
};

static void keys_check_scope_exit(struct keys_check *check)
{
    txn_rollback(&check->txn);
}

static enum asap_code check_issuer(struct keys_check *check,
                                   const struct issuer_row *issuer,
                                   struct asap_error *err)
{
    SCOPED(key_rows) struct key_rows keys = { NULL, 0 };

    TRY(store_list_keys(&check->txn, issuer->id, &keys.rows, &keys.count, err));
    for (size_t i = 0; i < keys.count; i++) {
        check_row(issuer, &keys.rows[i], check->report);
        TRY(check_private_half(&check->txn, &keys.rows[i], check->now, check->report, err));
    }
    issuer_check(issuer, keys.rows, keys.count, check->now, check->report);
    check->issuers++;
    check->keys += (int64_t)keys.count;
    return ASAP_OK;
}

static enum asap_code check_issuers(struct keys_check *check, struct asap_error *err)
{
    SCOPED(memory) void *memory = calloc(1, sizeof(struct issuers));
    struct issuers *issuers = memory;
    char after[ISSUER_MAX + 1] = "";

    if (issuers == NULL)
        return fail_memory(err);
    do {
        TRY(store_list_issuers(&check->txn, after, issuers->rows, ISSUERS_AT_ONCE, &issuers->count,
                               err));
        for (size_t i = 0; i < issuers->count; i++)
            TRY(check_issuer(check, &issuers->rows[i], err));
        if (issuers->count > 0)
            memcpy(after, issuers->rows[issuers->count - 1].name, sizeof after);
        report_progress(check->report, "issuers", check->issuers);
    } while (issuers->count == ISSUERS_AT_ONCE);
    return ASAP_OK;
}

/* The time that counts is the daemon's: never before what the database has recorded. */
enum asap_code database_check_keys(const struct site *site,
                                   int64_t now,
                                   struct report *report,
                                   struct asap_error *err)
{
    SCOPED(keys_check) struct keys_check check = { .now = now, .report = report };
    struct server_row server;

    TRY(txn_begin_read(&check.txn, site->store, err));
    TRY(store_get_server(&check.txn, &server, err));
    if (server.latest_time > now)
        check.now = server.latest_time;
    TRY(check_issuers(&check, err));
    report_note(report, "lifecycle: %" PRId64 " issuers with %" PRId64 " keys", check.issuers,
                check.keys);
    return ASAP_OK;
}

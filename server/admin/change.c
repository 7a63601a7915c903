/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "fail.h"
#include "store_mark.h"
#include "store_sealed.h"
#include "store_server.h"
#include "utc.h"

/* Looks again within the transaction: of two equal calls at the same time, one waits here until the
 * other is done. */
static enum asap_code refuse_repetition(struct change *change, struct asap_error *err)
{
    struct replay *replay = change->replay;

    if (replay == NULL)
        return ASAP_OK;
    TRY(replay_find(replay, &change->txn, change->now, err));
    if (replay->found)
        return fail(err, ASAP_ABORTED, "the call was carried out before");
    return ASAP_OK;
}

/* What is changed in a backup would be lost again, or stand beside what the original has become. */
static enum asap_code refuse_copy(struct txn *txn, struct asap_error *err)
{
    struct store_mark mark;

    TRY(store_get_mark(txn, &mark, err));
    return store_refuse_copy(&mark, err);
}

enum asap_code change_begin(struct change *change, struct asap_error *err)
{
    const struct admin *admin = change->admin;
    struct server_row server;
    int64_t behind = 0;

    TRY(txn_begin(&change->txn, admin->store, err));
    if (admin->clock.now != NULL) /* keys may have been made since the call came */
        change->now = clock_now(&admin->clock);
    TRY(store_get_server(&change->txn, &server, err));
    TRY(keyring_check_forward(admin->keyring, server.generation, err));
    if (!lifecycle_advance(admin->policy, server.latest_time, &change->now, &behind))
        return fail_reason(
            err, ASAP_FAILED_PRECONDITION, ASAP_REASON_CLOCK_WENT_BACK,
            "the clock went back, or is behind another server's: it is %lld s behind the latest"
            " change (set it right)",
            (long long)behind);
    TRY(refuse_copy(&change->txn, err));
    if (change->access_generation != 0 && change->access_generation != server.access_generation)
        return fail(err, ASAP_ABORTED, "callers or grants keep changing meanwhile (try again)");
    return refuse_repetition(change, err);
}

void change_note_key(struct change *change, const char *issuer, const char *kid)
{
    struct audit_row *event = change->event;

    if (event == NULL)
        return;
    (void)snprintf(event->issuer, sizeof event->issuer, "%s", issuer);
    (void)snprintf(event->key_id, sizeof event->key_id, "%s", kid);
}

void change_note(struct change *change, const char *format, ...)
{
    va_list arguments;

    if (change->event == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(change->event->message, sizeof change->event->message, format, arguments);
    va_end(arguments);
}

static enum asap_code load(const struct change *change, struct asap_error *err)
{
    const struct admin *admin = change->admin;

    if (change->scope != CHANGE_KEYS)
        TRY(callers_reload(admin->callers, admin->store, err));
    if (change->scope != CHANGE_ACCESS)
        TRY(keyring_reload(admin->keyring, admin->store, change->now, err));
    return ASAP_OK;
}

/* A database that goes away between the commit and this is nobody's mistake: whoever calls again is
 * given the answer. */
static enum asap_code serve(const struct change *change, struct asap_error *err)
{
    struct asap_error reload = { 0 };
    const enum asap_code code = load(change, &reload);

    if (code == ASAP_OK)
        return ASAP_OK;
    return fail(err, code == ASAP_UNAVAILABLE ? ASAP_UNAVAILABLE : ASAP_INTERNAL,
                "the change is stored but not served yet: %.150s (asapd keeps trying; call again"
                " with the same request_id)",
                reload.message);
}

enum asap_code change_find_earlier(struct change *change, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    if (change->replay == NULL)
        return ASAP_OK;
    TRY(txn_begin_read(&txn, change->admin->store, err));
    TRY(replay_find(change->replay, &txn, change->now, err));
    txn_rollback(&txn);
    return change->replay->found ? serve(change, err) : ASAP_OK;
}

static enum asap_code record_generation(struct change *change, struct asap_error *err)
{
    if (change->is_unchanged)
        return ASAP_OK;
    if (change->scope != CHANGE_KEYS)
        TRY(store_record_access_change(&change->txn, change->now, err));
    if (change->scope != CHANGE_ACCESS)
        TRY(store_record_change(&change->txn, change->now, err));
    return ASAP_OK;
}

static void note_unchanged(struct audit_row *event)
{
    static const char nothing[] = "nothing was to be changed";
    const size_t length = strlen(event->message);

    (void)snprintf(event->message + length, sizeof event->message - length, "%s%s",
                   length > 0 ? ": " : "", nothing);
}

static enum asap_code record_event(struct change *change, struct asap_error *err)
{
    struct asap_error cause = { 0 };

    if (change->event == NULL)
        return ASAP_OK;
    change->event->create_time = change->now;
    if (change->is_unchanged)
        note_unchanged(change->event);
    if (audit_append(change->admin->audit, &change->txn, change->event, &cause) == ASAP_OK)
        return ASAP_OK;
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_AUDIT_UNAVAILABLE,
                       "the audit log cannot be written, so nothing was changed: %.170s",
                       cause.message);
}

static enum asap_code record(struct change *change, struct asap_error *err)
{
    TRY(replay_purge(&change->txn, change->now, err));
    TRY(record_generation(change, err));
    TRY(record_event(change, err));
    if (change->replay != NULL)
        TRY(replay_keep(change->replay, &change->txn, change->now, err));
    return txn_commit(&change->txn, err);
}

enum asap_code change_finish(struct change *change, struct asap_error *err)
{
    const bool is_kept = !change->is_unchanged || change->replay != NULL || change->event != NULL;

    if (change->validate_only || !is_kept) {
        txn_rollback(&change->txn);
        return ASAP_OK;
    }
    TRY(record(change, err));
    return change->is_unchanged ? ASAP_OK : serve(change, err);
}

/* Generated names are "YYYYMMDDTHHMMSSZ-xxxxxx.pem". */
enum { STAMP_LENGTH = 16, NAME_LENGTH = 27 };

static const char *name_of(const char *kid)
{
    const char *slash = strrchr(kid, '/');

    return slash == NULL ? kid : slash + 1;
}

static int64_t digits(const char *text, size_t length)
{
    int64_t value = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* The time in a generated name, or -1 for a name of any other form. */
static int64_t stamp_of(const char *name)
{
    const int64_t date = digits(name, 8);
    const int64_t time = date < 0 || name[8] != 'T' ? -1 : digits(name + 9, 6);

    if (time < 0 || strlen(name) != NAME_LENGTH || name[15] != 'Z' || name[16] != '-')
        return -1;
    return utc_to_time(&(struct utc){ .year = (int)(date / 10000),
                                      .month = (int)(date / 100 % 100),
                                      .day = (int)(date % 100),
                                      .hour = (int)(time / 10000),
                                      .minute = (int)(time / 100 % 100),
                                      .second = (int)(time % 100) });
}

/* Two keys of one second would sort by chance: the later one is named after the next second. */
static int64_t next_stamp(const struct key_row *keys, size_t count, int64_t now)
{
    int64_t stamp = now;

    for (size_t i = 0; i < count; i++) {
        const int64_t taken = stamp_of(name_of(keys[i].kid));

        if (taken >= stamp)
            stamp = taken + 1;
    }
    return stamp;
}

enum asap_code change_name_key(const struct change *change,
                               const char *issuer,
                               const struct key_row *keys,
                               size_t count,
                               char out[KID_MAX + 1],
                               struct asap_error *err)
{
    const struct utc utc = utc_from_time(next_stamp(keys, count, change->now));
    unsigned char random[3] = { 0 };

    if (RAND_bytes(random, sizeof random) != 1)
        return fail(err, ASAP_INTERNAL, "no random bytes to be had");
    (void)snprintf(out, KID_MAX + 1, "%s/%04d%02d%02dT%02d%02d%02dZ-%02x%02x%02x.pem", issuer,
                   utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, random[0],
                   random[1], random[2]);
    return ASAP_OK;
}

enum asap_code change_describe_key(EVP_PKEY *key,
                                   const struct algorithm *algorithm,
                                   struct key_row *row,
                                   struct asap_error *err)
{
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);

    TRY(pem_write_public(key, &pem, err));
    (void)snprintf(row->algorithm, sizeof row->algorithm, "%s", algorithm->name);
    (void)snprintf(row->pem, sizeof row->pem, "%s", pem.bytes);
    return jwk_thumbprint(key, row->thumbprint, err);
}

/* The row goes first: the seal is bound to its number. */
static enum asap_code
add_sealed(struct change *change, EVP_PKEY *pair, struct key_row *row, struct asap_error *err)
{
    enum { SEALED_MAX = 16384 };
    SCOPED(buffer) struct buffer sealed = BUFFER(SEALED_MAX);

    TRY(store_add_key(&change->txn, row, err));
    TRY(vault_seal_key(change->admin->vault,
                       &(struct seal_binding){ row->kid, row->id, row->algorithm }, pair, &sealed,
                       err));
    return store_put_sealed(&change->txn, row->id, sealed.bytes, sealed.length, err);
}

enum asap_code change_add_managed_key(struct change *change,
                                      const struct new_key *key,
                                      const struct key_row *existing,
                                      size_t existing_count,
                                      struct key_row *row,
                                      struct asap_error *err)
{
    const struct issuer_row *issuer = key->issuer;
    const struct algorithm *algorithm =
        algorithm_find(issuer->algorithm, strlen(issuer->algorithm));
    SCOPED(pkey) EVP_PKEY *pair = MOVE(*key->pair);

    if (algorithm == NULL)
        return fail(err, ASAP_DATA_LOSS, "%s has no known algorithm", issuer->name);
    if (pair != NULL && !algorithm_fits(algorithm, pair)) {
        EVP_PKEY_free(pair); /* made before the issuer's algorithm changed */
        pair = NULL;
    }
    if (pair == NULL)
        TRY(vault_generate(algorithm, &pair, err));
    *row = (struct key_row){ .issuer_id = issuer->id,
                             .managed = true,
                             .create_time = change->now,
                             .times = key->times,
                             .max_lifetime = issuer->max_lifetime };
    TRY(change_name_key(change, issuer->name, existing, existing_count, row->kid, err));
    TRY(change_describe_key(pair, algorithm, row, err));
    return add_sealed(change, pair, row, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "access_rules.h"
#include "fail.h"
#include "manage_callers.h"
#include "utc.h"

enum { LIVE_API_KEYS = 2 };

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool is_escape(const char *at)
{
    static const char digits[] = DIGITS "abcdefABCDEF";

    return at[0] == '%' && strspn(at + 1, digits) >= 2;
}

/* RFC 3986 section 3, as far as a scheme, and characters that a URI can have. */
static enum asap_code check_uri(struct txn *txn, const char *text, struct asap_error *err)
{
    static const char others[] = LETTERS DIGITS "-._~:/?#[]@!$&'()*+,;=";
    const char *at = text + strspn(text, LETTERS DIGITS "+-.");
    bool is_uri = strspn(text, LETTERS) > 0 && at[0] == ':' && at[1] != '\0';

    (void)txn;
    while (is_uri && *at != '\0') {
        is_uri = strspn(at, others) > 0 || is_escape(at);
        at++;
    }
    if (!is_uri || strlen(text) >= CREDENTIAL_NAME_SIZE)
        return fail_field(err, "certificate_uri",
                          "a certificate's URI has a scheme, such as spiffe://example.org/ci, ASCII"
                          " only and at most %d bytes",
                          CREDENTIAL_NAME_SIZE - 1);
    return ASAP_OK;
}

/* The length of the label at `at`, or 0 when that is none. */
static size_t label(const char *at)
{
    enum { LABEL_MAX = 63 };
    const size_t length = strspn(at, SMALL DIGITS "-");

    if (length == 0 || length > LABEL_MAX || at[0] == '-' || at[length - 1] == '-')
        return 0;
    return length;
}

/* RFC 1123 section 2.1. */
static enum asap_code check_dns_name(struct txn *txn, const char *text, struct asap_error *err)
{
    enum { DNS_NAME_MAX = 253 };
    const char *at = text;
    size_t length = label(at);

    (void)txn;
    while (length > 0 && at[length] == '.') {
        at += length + 1;
        length = label(at);
    }
    if (length == 0 || at[length] != '\0' || strlen(text) > DNS_NAME_MAX)
        return fail_field(err, "certificate_dns_name",
                          "a DNS name has small letters, digits and \"-\" between dots, and no"
                          " wildcard (ci.example.org)");
    return ASAP_OK;
}

static enum asap_code check_issuer(struct txn *txn, const char *text, struct asap_error *err)
{
    struct issuer_row issuer;

    return access_find_issuer(txn, text, "issuer", &issuer, err);
}

static enum asap_code check_nothing(struct txn *txn, const char *text, struct asap_error *err)
{
    (void)txn;
    (void)text;
    (void)err;
    return ASAP_OK;
}

/* By enum credential_kind. */
static const struct {
    const char *field, *noun;
    enum asap_code (*check)(struct txn *txn, const char *text, struct asap_error *err);
} kinds[] = {
    [CREDENTIAL_ISSUER] = { "issuer", "a token of issuer", check_issuer },
    [CREDENTIAL_URI] = { "certificate_uri", "a certificate with URI", check_uri },
    [CREDENTIAL_DNS_NAME] = { "certificate_dns_name", "a certificate with DNS name",
                              check_dns_name },
    [CREDENTIAL_UID] = { "uid", "user id", check_nothing },
    [CREDENTIAL_API_KEY] = { "api_key", "API key", check_nothing },
};

static enum asap_code check_expiry(int64_t expire_time, int64_t now, struct asap_error *err)
{
    if (expire_time == LIFECYCLE_NEVER)
        return ASAP_OK;
    if (expire_time <= now)
        return fail_field(err, "expire_time",
                          "a credential has to expire in the future (leave it out for never)");
    if (expire_time > UTC_MAX)
        return fail_field(err, "expire_time", "the year 9999 is the last (leave it out for never)");
    return ASAP_OK;
}

/* An expired one makes room. */
static enum asap_code make_room(struct change *change,
                                const struct new_credential *wanted,
                                struct asap_error *err)
{
    struct credential_row row;
    struct caller_row owner;
    const enum asap_code code =
        store_find_credential(&change->txn, wanted->kind, wanted->name, &row, err);

    if (code == ASAP_NOT_FOUND)
        return ASAP_OK;
    TRY(code);
    if (row.expire_time <= change->now) {
        row.revoke_time = change->now;
        return store_update_credential(&change->txn, &row, err);
    }
    TRY(store_get_caller_by_id(&change->txn, row.caller_id, &owner, err));
    return fail(err, ASAP_ALREADY_EXISTS,
                "%s %.80s proves caller %s already (revoke credential %s first)",
                kinds[wanted->kind].noun, wanted->name, owner.name, row.credential_id);
}

static enum asap_code
count_live_keys(struct change *change, int64_t caller_id, size_t *live, struct asap_error *err)
{
    SCOPED(caller_view) struct caller_view view = { .credentials = NULL };

    *live = 0;
    TRY(store_list_credentials(&change->txn, caller_id, &view.credentials, &view.count, err));
    for (size_t i = 0; i < view.count; i++) {
        const struct credential_row *row = &view.credentials[i];

        if (row->kind == CREDENTIAL_API_KEY && row->revoke_time == LIFECYCLE_NEVER
            && row->expire_time > change->now)
            ++*live;
    }
    return ASAP_OK;
}

/* Two, so that a new one can be handed out before the old one is revoked. */
static enum asap_code make_key(struct change *change,
                               const struct caller_row *caller,
                               struct api_key *key,
                               struct credential_row *row,
                               struct asap_error *err)
{
    size_t live = 0;

    TRY(count_live_keys(change, caller->id, &live, err));
    if (live >= LIVE_API_KEYS)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "caller %s has %d API keys already (revoke one of them first)", caller->name,
                    LIVE_API_KEYS);
    TRY(api_key_new(key, err));
    (void)snprintf(row->name, sizeof row->name, "%s", key->prefix);
    (void)snprintf(row->digest, sizeof row->digest, "%s", key->digest);
    return ASAP_OK;
}

static enum asap_code name_credential(struct change *change,
                                      const struct new_credential *wanted,
                                      const struct caller_row *caller,
                                      struct credential_row *row,
                                      struct api_key *key,
                                      struct asap_error *err)
{
    if (wanted->kind == CREDENTIAL_API_KEY)
        return make_key(change, caller, key, row, err);
    TRY(make_room(change, wanted, err));
    (void)snprintf(row->name, sizeof row->name, "%s", wanted->name);
    return ASAP_OK;
}

enum asap_code access_create_credential(struct change *change,
                                        const struct new_credential *wanted,
                                        struct credential_row *out,
                                        struct api_key *key,
                                        struct asap_error *err)
{
    const char *field = kinds[wanted->kind].field;
    struct caller_row caller;

    TRY(change_begin(change, err));
    TRY(access_find_caller(&change->txn, wanted->caller, "caller", &caller, err));
    TRY(kinds[wanted->kind].check(&change->txn, wanted->name, err));
    TRY(check_expiry(wanted->expire_time, change->now, err));
    *out = (struct credential_row){ .caller_id = caller.id,
                                    .kind = (int64_t)wanted->kind,
                                    .create_time = change->now,
                                    .expire_time = wanted->expire_time,
                                    .revoke_time = LIFECYCLE_NEVER };
    TRY(access_blame(err, name_credential(change, wanted, &caller, out, key, err), field));
    TRY(access_new_id(out->credential_id, err));
    if (wanted->kind == CREDENTIAL_ISSUER)
        change_note_key(change, wanted->name, "");
    change_note(change, "credential %s of %s", out->credential_id, caller.name);
    return store_add_credential(&change->txn, out, err);
}

enum asap_code access_revoke_credential(struct change *change,
                                        const char *credential_id,
                                        struct credential_row *out,
                                        char caller[CALLER_NAME_MAX + 1],
                                        struct asap_error *err)
{
    static const char field[] = "credential_id";
    struct caller_row owner;

    TRY(access_check_id(credential_id, field, err));
    TRY(change_begin(change, err));
    TRY(access_blame(err, store_get_credential(&change->txn, credential_id, out, err), field));
    TRY(store_get_caller_by_id(&change->txn, out->caller_id, &owner, err));
    (void)snprintf(caller, CALLER_NAME_MAX + 1, "%s", owner.name);
    change_note(change, "credential %s of %s", credential_id, caller);
    change->is_unchanged = out->revoke_time != LIFECYCLE_NEVER;
    if (change->is_unchanged)
        return ASAP_OK;
    out->revoke_time = change->now;
    return store_update_credential(&change->txn, out, err);
}

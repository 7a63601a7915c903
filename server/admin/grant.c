/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "access_rules.h"
#include "buffer.h"
#include "fail.h"
#include "manage_callers.h"
#include "policy.h"

/* By enum verb. */
static const struct {
    const char *name;
    bool needs_issuer, needs_managed_issuer, has_limits;
} verbs[] = {
    [VERB_MINT] = { "mint", true, true, true },
    [VERB_PUBLISH] = { "publish", true, false, false },
    [VERB_ROTATE] = { "rotate", true, true, false },
    [VERB_ADMIN] = { "admin", false, false, false },
};

static enum asap_code check_verb(int64_t verb, struct asap_error *err)
{
    if (verb < VERB_MINT || verb > VERB_ADMIN)
        return fail_field(err, "verb",
                          "say what the grant allows: VERB_MINT, VERB_PUBLISH, VERB_ROTATE or"
                          " VERB_ADMIN");
    return ASAP_OK;
}

static enum asap_code check_audience(const char *text, struct asap_error *err)
{
    if (!policy_is_audience_pattern(text))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "an audience is one line of at most 255 bytes, with \"*\" only as its whole"
                    " last segment (orders/*)");
    return ASAP_OK;
}

enum { ITEM_SIZE = 256 };

static enum asap_code check_subject(const char *text, struct asap_error *err)
{
    if (text[0] == '\0' || !access_is_line(text, ITEM_SIZE))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "a subject is one line of 1 to %d bytes without control characters",
                    ITEM_SIZE - 1);
    return ASAP_OK;
}

/* RFC 7519 section 4.1: these are the signer's. */
static bool is_registered(const char *text)
{
    static const char *const registered[] = { "iss", "sub", "aud", "iat", "nbf", "exp", "jti" };

    for (size_t i = 0; i < sizeof registered / sizeof *registered; i++)
        if (strcmp(registered[i], text) == 0)
            return true;
    return false;
}

static enum asap_code check_claim(const char *text, struct asap_error *err)
{
    if (text[0] == '\0' || !access_is_line(text, ITEM_SIZE))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "a claim's name is one line of 1 to %d bytes without control characters",
                    ITEM_SIZE - 1);
    if (is_registered(text))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "the server alone sets the claim %s (grant others only)", text);
    return ASAP_OK;
}

/* A list of the request, how its items are checked, and where it goes. */
struct list_rule {
    const char *field;
    enum asap_code (*check)(const char *text, struct asap_error *err);
    const struct text_list *list;
    char *out;
};

static enum asap_code
add_item(const struct list_rule *rule, size_t index, struct buffer *lines, struct asap_error *err)
{
    char field[sizeof err->field];
    const char *item = rule->list->items[index];

    (void)snprintf(field, sizeof field, "%s[%zu]", rule->field, index);
    TRY(access_blame(err, rule->check(item, err), field));
    buffer_puts(lines, index == 0 ? "" : "\n");
    buffer_puts(lines, item);
    return ASAP_OK;
}

static enum asap_code join(const struct list_rule *rule, struct asap_error *err)
{
    SCOPED(buffer) struct buffer lines = BUFFER(GRANT_LIST_SIZE - 1);

    for (size_t i = 0; i < rule->list->count; i++)
        TRY(add_item(rule, i, &lines, err));
    if (lines.failed)
        return fail_field(err, rule->field,
                          "the list has more than %d bytes in all (make several grants)",
                          GRANT_LIST_SIZE - 1);
    (void)snprintf(rule->out, GRANT_LIST_SIZE, "%s", lines.length == 0 ? "" : lines.bytes);
    return ASAP_OK;
}

static enum asap_code check_numbers(const struct new_grant *wanted,
                                    int64_t longest,
                                    struct asap_error *err)
{
    if (wanted->max_lifetime < 0 || wanted->max_lifetime > longest)
        return fail_field(err, "mint_limits.max_lifetime",
                          "a token lives from 1 to %lld whole seconds here", (long long)longest);
    if (wanted->tokens_per_minute < 0)
        return fail_field(err, "mint_limits.tokens_per_minute",
                          "a rate cannot be negative (0 means the server's limit)");
    return ASAP_OK;
}

static enum asap_code limit(const struct change *change,
                            const struct new_grant *wanted,
                            struct grant_row *row,
                            struct asap_error *err)
{
    const struct list_rule rules[] = {
        { "mint_limits.audiences", check_audience, &wanted->audiences, row->audiences },
        { "mint_limits.subjects", check_subject, &wanted->subjects, row->subjects },
        { "mint_limits.additional_claims", check_claim, &wanted->claims, row->claims },
    };

    if (wanted->audiences.count == 0)
        return fail_field(err, "mint_limits.audiences",
                          "a grant to mint names at least one audience (orders/api, orders/*)");
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        TRY(join(&rules[i], err));
    row->max_lifetime = wanted->max_lifetime;
    row->tokens_per_minute = wanted->tokens_per_minute;
    return check_numbers(wanted, change->admin->policy->max_token_lifetime, err);
}

static enum asap_code check_limits(const struct change *change,
                                   const struct new_grant *wanted,
                                   struct grant_row *row,
                                   struct asap_error *err)
{
    if (verbs[wanted->verb].has_limits)
        return limit(change, wanted, row, err);
    if (wanted->has_limits)
        return fail_field(err, "mint_limits",
                          "only a grant of VERB_MINT has limits (leave them out)");
    return ASAP_OK;
}

static enum asap_code check_issuer(struct txn *txn,
                                   const struct new_grant *wanted,
                                   struct grant_row *row,
                                   struct asap_error *err)
{
    struct issuer_row issuer;

    if (!verbs[wanted->verb].needs_issuer) {
        if (wanted->issuer[0] == '\0')
            return ASAP_OK;
        return fail_field(err, "issuer",
                          "VERB_ADMIN is to administer everything (leave the issuer out)");
    }
    TRY(access_find_issuer(txn, wanted->issuer, "issuer", &issuer, err));
    (void)snprintf(row->issuer, sizeof row->issuer, "%s", issuer.name);
    if (issuer.managed || !verbs[wanted->verb].needs_managed_issuer)
        return ASAP_OK;
    (void)fail_field(err, "issuer",
                     "%.100s is an external issuer, of which asapd has no private key: grant"
                     " VERB_PUBLISH, or a managed issuer",
                     issuer.name);
    return fail_as(err, ASAP_FAILED_PRECONDITION);
}

static void note(struct change *change, const struct grant_row *row, const char *caller)
{
    change_note_key(change, row->issuer, "");
    change_note(change, "grant %s of %s: %s%s%s", row->grant_id, caller, verbs[row->verb].name,
                row->issuer[0] == '\0' ? "" : " ", row->issuer);
}

enum asap_code access_create_grant(struct change *change,
                                   const struct new_grant *wanted,
                                   struct grant_row *out,
                                   struct asap_error *err)
{
    struct caller_row caller;

    *out = (struct grant_row){ .verb = wanted->verb };
    TRY(check_verb(wanted->verb, err));
    TRY(check_limits(change, wanted, out, err));
    TRY(access_new_id(out->grant_id, err));
    TRY(change_begin(change, err));
    TRY(access_find_caller(&change->txn, wanted->caller, "caller", &caller, err));
    TRY(check_issuer(&change->txn, wanted, out, err));
    out->caller_id = caller.id;
    out->create_time = change->now;
    note(change, out, caller.name);
    return store_add_grant(&change->txn, out, err);
}

enum asap_code access_delete_grant(struct change *change,
                                   const char *grant_id,
                                   struct grant_row *out,
                                   char caller[CALLER_NAME_MAX + 1],
                                   struct asap_error *err)
{
    static const char field[] = "grant_id";

    TRY(access_check_id(grant_id, field, err));
    TRY(change_begin(change, err));
    TRY(access_blame(err, store_get_grant(&change->txn, grant_id, out, caller, err), field));
    note(change, out, caller);
    return store_delete_grant(&change->txn, out->id, err);
}

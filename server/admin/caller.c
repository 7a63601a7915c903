/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "access_rules.h"
#include "fail.h"
#include "manage_callers.h"

/* What the audit log calls the server itself. */
static const char own_name[] = "asapd";

static enum asap_code check_name(const char *name, struct asap_error *err)
{
    static const char letters_and_digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t length = strlen(name);

    if (length < 1 || length > CALLER_NAME_MAX || strspn(name, letters_and_digits) != length
        || strchr("._-", name[0]) != NULL)
        return fail_field(err, "name",
                          "a caller's name has 1 to %d letters, digits, \".\", \"_\" and \"-\", and"
                          " begins with a letter or digit",
                          CALLER_NAME_MAX);
    if (strcmp(name, own_name) == 0)
        return fail_field(err, "name", "\"%s\" is the server itself (choose another name)",
                          own_name);
    return ASAP_OK;
}

static enum asap_code check_description(const char *description, struct asap_error *err)
{
    if (!access_is_line(description, CALLER_DESCRIPTION_SIZE))
        return fail_field(
            err, "description",
            "a description is one line of at most %d bytes without control characters",
            CALLER_DESCRIPTION_SIZE - 1);
    return ASAP_OK;
}

enum asap_code access_view_caller(struct txn *txn,
                                  const char *name,
                                  struct caller_view *out,
                                  struct asap_error *err)
{
    *out = (struct caller_view){ .credentials = NULL };
    TRY(access_find_caller(txn, name, "name", &out->row, err));
    return store_list_credentials(txn, out->row.id, &out->credentials, &out->count, err);
}

enum asap_code access_create_caller(struct change *change,
                                    const char *name,
                                    const char *description,
                                    struct caller_row *out,
                                    struct asap_error *err)
{
    TRY(check_name(name, err));
    TRY(check_description(description, err));
    TRY(change_begin(change, err));
    *out = (struct caller_row){ .enabled = true,
                                .create_time = change->now,
                                .delete_time = LIFECYCLE_NEVER };
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    (void)snprintf(out->description, sizeof out->description, "%s", description);
    change_note(change, "caller %s", name);
    return access_blame(err, store_add_caller(&change->txn, out, err), "name");
}

static void update(const struct caller_update *update, struct caller_row *row)
{
    if (update->description[0] != '\0')
        (void)snprintf(row->description, sizeof row->description, "%s", update->description);
    if (update->has_enabled)
        row->enabled = update->enabled;
}

/* For the audit log, which does not keep what the caller was before. */
static const char *describe_state(bool was, bool is)
{
    if (was == is)
        return "";
    return is ? ": enabled" : ": disabled";
}

enum asap_code access_update_caller(struct change *change,
                                    const struct caller_update *wanted,
                                    struct caller_view *out,
                                    struct asap_error *err)
{
    bool was_enabled = false;
    char description[CALLER_DESCRIPTION_SIZE];

    *out = (struct caller_view){ .credentials = NULL };
    TRY(check_description(wanted->description, err));
    TRY(change_begin(change, err));
    TRY(access_view_caller(&change->txn, wanted->name, out, err));
    was_enabled = out->row.enabled;
    (void)snprintf(description, sizeof description, "%s", out->row.description);
    update(wanted, &out->row);
    change_note(change, "caller %s%s", out->row.name,
                describe_state(was_enabled, out->row.enabled));
    change->is_unchanged =
        was_enabled == out->row.enabled && strcmp(description, out->row.description) == 0;
    return change->is_unchanged ? ASAP_OK : store_update_caller(&change->txn, &out->row, err);
}

/* Expired ones, too. */
static enum asap_code revoke_all(struct change *change,
                                 const struct caller_view *view,
                                 struct asap_error *err)
{
    for (size_t i = 0; i < view->count; i++) {
        struct credential_row row = view->credentials[i];

        if (row.revoke_time != LIFECYCLE_NEVER)
            continue;
        row.revoke_time = change->now;
        TRY(store_update_credential(&change->txn, &row, err));
    }
    return ASAP_OK;
}

enum asap_code access_delete_caller(struct change *change,
                                    const char *name,
                                    struct caller_view *out,
                                    struct asap_error *err)
{
    struct caller_row row;

    *out = (struct caller_view){ .credentials = NULL };
    TRY(change_begin(change, err));
    TRY(access_view_caller(&change->txn, name, out, err));
    TRY(revoke_all(change, out, err));
    TRY(store_delete_grants_of(&change->txn, out->row.id, err));
    row = out->row;
    row.delete_time = change->now;
    change_note(change, "caller %s", row.name);
    return store_update_caller(&change->txn, &row, err);
}

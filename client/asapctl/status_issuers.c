/* SPDX-License-Identifier: Apache-2.0 */
#include "status_issuers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "due.h"
#include "fail.h"
#include "issuer_list.h"
#include "key_list.h"
#include "show.h"

enum { SOON_SECONDS = 7 * 86400, ACTIVE_TEXT_SIZE = 128 };

static const char *const titles[] = { "ISSUER",   "KIND", "ACTIVE KEY",    "AGE",
                                      "STANDBYS", "NEXT", "NEXT ROTATION", NULL };

/* An issuer and its keys, at one moment. */
struct sight {
    const Asap__V1__Issuer *issuer;
    const Asap__V1__ListKeysResponse *list;
    struct key_overview keys;
    struct due due;
    int64_t now;
};

__attribute__((format(printf, 2, 3))) static void warn(struct buffer *warnings,
                                                       const char *format,
                                                       ...)
{
    char line[1024] = "";
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    table_clean(line);
    buffer_printf(warnings, "warning: %s\n", line);
}

static bool ends_soon(const Asap__V1__Key *key, int64_t now)
{
    return key->kind == ASAP__V1__KEY_KIND__KEY_KIND_EXTERNAL && key->unpublish_time != NULL
           && key->unpublish_time->seconds - now <= SOON_SECONDS;
}

/* One that was retired, and has a successor that stays, ends as it should. */
static bool is_succeeded(const struct sight *sight, const Asap__V1__Key *key)
{
    return key->state == ASAP__V1__KEY_STATE__KEY_STATE_RETIRING && sight->keys.active != NULL
           && !ends_soon(sight->keys.active, sight->now);
}

static void warn_of_ends(const struct sight *sight, struct buffer *warnings)
{
    char phrase[TIME_TEXT_SIZE] = "";

    for (size_t i = 0; i < sight->list->n_keys; i++) {
        const Asap__V1__Key *key = sight->list->keys[i];

        if (!ends_soon(key, sight->now) || is_succeeded(sight, key))
            continue;
        time_phrase(key->unpublish_time->seconds, sight->now, phrase);
        warn(warnings, "%s ends %s (asapctl key generate %s makes the next one)", key->key_id,
             phrase, sight->issuer->name);
    }
}

static void write_next(const struct sight *sight, char out[static TIME_TEXT_SIZE])
{
    if (sight->keys.next == NULL)
        (void)snprintf(out, TIME_TEXT_SIZE, "-");
    else
        key_list_next(sight->keys.next, sight->now, out);
}

static void warn_of_rotation(const struct sight *sight, struct buffer *warnings)
{
    char text[TIME_TEXT_SIZE] = "";

    if (sight->issuer->kind != ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED)
        return;
    if (sight->keys.active == NULL || !key_list_is_managed(sight->keys.active)) {
        write_next(sight, text);
        warn(warnings, "%s: no managed key signs, so nothing is minted (next: %s)",
             sight->issuer->name, text);
    }
    if (sight->due.state != DUE_PASSED)
        return;
    time_phrase(sight->due.time, sight->now, text);
    warn(warnings, "%s: its rotation was due %s (asapctl key rotate %s)", sight->issuer->name, text,
         sight->issuer->name);
}

/* The last part of the key id, since the issuer stands beside it. Of several keys that sign it is
 * one. */
static void write_active(const struct key_overview *keys, char out[static ACTIVE_TEXT_SIZE])
{
    const char *slash = keys->active == NULL ? NULL : strrchr(keys->active->key_id, '/');

    if (keys->active == NULL)
        (void)snprintf(out, ACTIVE_TEXT_SIZE, "-");
    else if (keys->active_count == 1)
        (void)snprintf(out, ACTIVE_TEXT_SIZE, "%.80s",
                       slash == NULL ? keys->active->key_id : slash + 1);
    else
        (void)snprintf(out, ACTIVE_TEXT_SIZE, "%.80s, %zu more",
                       slash == NULL ? keys->active->key_id : slash + 1, keys->active_count - 1);
}

/* How long the key has signed. */
static void write_age(const struct sight *sight, char out[static TIME_TEXT_SIZE])
{
    const Asap__V1__Key *key = sight->keys.active;

    show_phrase(key == NULL ? NULL : key->sign_time, sight->now, out);
}

static void add_row(struct table *table, const struct sight *sight)
{
    char active[ACTIVE_TEXT_SIZE] = "";
    char age[TIME_TEXT_SIZE] = "";
    char standbys[TIME_TEXT_SIZE] = "";
    char next[TIME_TEXT_SIZE] = "";
    char rotation[TIME_TEXT_SIZE] = "";

    write_active(&sight->keys, active);
    write_age(sight, age);
    (void)snprintf(standbys, sizeof standbys, "%zu", sight->keys.standby_count);
    write_next(sight, next);
    due_write(&sight->due, sight->now, rotation);
    table_add(table, sight->issuer->name);
    table_add(table, show_issuer_kind(sight->issuer->kind));
    table_add(table, active);
    table_add(table, age);
    table_add(table, standbys);
    table_add(table, next);
    table_add(table, rotation);
}

static enum asap_code add_issuer(const struct ctl *ctl,
                                 const Asap__V1__Issuer *issuer,
                                 struct table *table,
                                 struct buffer *warnings,
                                 struct asap_error *err)
{
    SCOPED(key_list) Asap__V1__ListKeysResponse *list = NULL;
    struct sight sight = { .issuer = issuer, .now = ctl_now(ctl) };

    TRY(key_list_ask(ctl, issuer->name, false, &list, err));
    sight.list = list;
    sight.keys = key_list_overview(list);
    sight.due = due_find(issuer, &sight.keys, sight.now);
    add_row(table, &sight);
    warn_of_rotation(&sight, warnings);
    warn_of_ends(&sight, warnings);
    return ASAP_OK;
}

enum asap_code status_add_issuers(const struct ctl *ctl,
                                  struct table *table,
                                  struct buffer *warnings,
                                  struct asap_error *err)
{
    SCOPED(issuer_list) Asap__V1__ListIssuersResponse *list = NULL;

    TRY(issuer_list_ask(ctl, &list, err));
    if (list->n_issuers > 0)
        table_add_row(table, titles);
    for (size_t i = 0; i < list->n_issuers; i++)
        TRY(add_issuer(ctl, list->issuers[i], table, warnings, err));
    return buffer_check(warnings, "the warnings", err);
}

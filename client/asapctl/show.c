/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

struct word {
    int value;
    const char *text;
};

static const struct word key_states[] = {
    { ASAP__V1__KEY_STATE__KEY_STATE_SCHEDULED, "scheduled" },
    { ASAP__V1__KEY_STATE__KEY_STATE_STANDBY, "standby" },
    { ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE, "active" },
    { ASAP__V1__KEY_STATE__KEY_STATE_RETIRING, "retiring" },
    { ASAP__V1__KEY_STATE__KEY_STATE_RETIRED, "retired" },
    { ASAP__V1__KEY_STATE__KEY_STATE_REVOKED, "revoked" },
    { 0, NULL },
};

static const struct word key_kinds[] = {
    { ASAP__V1__KEY_KIND__KEY_KIND_MANAGED, "managed" },
    { ASAP__V1__KEY_KIND__KEY_KIND_EXTERNAL, "external" },
    { 0, NULL },
};

static const struct word issuer_kinds[] = {
    { ASAP__V1__ISSUER_KIND__ISSUER_KIND_MANAGED, "managed" },
    { ASAP__V1__ISSUER_KIND__ISSUER_KIND_EXTERNAL, "external" },
    { 0, NULL },
};

static const struct word caller_states[] = {
    { ASAP__V1__CALLER_STATE__CALLER_STATE_ENABLED, "enabled" },
    { ASAP__V1__CALLER_STATE__CALLER_STATE_DISABLED, "disabled" },
    { 0, NULL },
};

/* A newer server may know more of them. */
static const char *word_for(const struct word *words, int value)
{
    for (; words->text != NULL; words++)
        if (words->value == value)
            return words->text;
    return "unknown";
}

const char *show_key_state(Asap__V1__KeyState state)
{
    return word_for(key_states, (int)state);
}

const char *show_key_kind(Asap__V1__KeyKind kind)
{
    return word_for(key_kinds, (int)kind);
}

const char *show_issuer_kind(Asap__V1__IssuerKind kind)
{
    return word_for(issuer_kinds, (int)kind);
}

const char *show_caller_state(Asap__V1__CallerState state)
{
    return word_for(caller_states, (int)state);
}

const char *show_text(const char *text)
{
    return text[0] == '\0' ? "-" : text;
}

void show_time(const Google__Protobuf__Timestamp *time,
               int64_t now,
               char out[static TIME_TEXT_SIZE])
{
    if (time == NULL)
        (void)snprintf(out, TIME_TEXT_SIZE, "-");
    else
        time_full(time->seconds, now, out);
}

void show_phrase(const Google__Protobuf__Timestamp *time,
                 int64_t now,
                 char out[static TIME_TEXT_SIZE])
{
    if (time == NULL)
        (void)snprintf(out, TIME_TEXT_SIZE, "-");
    else
        time_phrase(time->seconds, now, out);
}

void show_row(struct table *table, const char *label, const char *value)
{
    if (value[0] == '\0')
        return;
    table_add(table, label);
    table_add(table, value);
}

void show_time_row(struct table *table,
                   const char *label,
                   const Google__Protobuf__Timestamp *time,
                   int64_t now)
{
    char text[TIME_TEXT_SIZE] = "";

    if (time != NULL)
        time_full(time->seconds, now, text);
    show_row(table, label, text);
}

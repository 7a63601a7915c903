/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_SHOW_H
#define ASAPCTL_SHOW_H

#include <stdint.h>

#include "asap/v1/caller_admin.pb-c.h"
#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "table.h"
#include "time_text.h"

/* What the messages have in common, in words for people. */

const char *show_key_state(Asap__V1__KeyState state);    /* "active" */
const char *show_key_kind(Asap__V1__KeyKind kind);       /* "managed" */
const char *show_issuer_kind(Asap__V1__IssuerKind kind); /* "managed" */

/* "enabled" */
const char *show_caller_state(Asap__V1__CallerState state);

/* "-" for an empty string. */
const char *show_text(const char *text);

/* As time_full() and time_phrase(), "-" when unset. */
void show_time(const Google__Protobuf__Timestamp *time,
               int64_t now,
               char out[static TIME_TEXT_SIZE]);
void show_phrase(const Google__Protobuf__Timestamp *time,
                 int64_t now,
                 char out[static TIME_TEXT_SIZE]);

/* A row of two cells: what it is, and the value. Without a value there is no row. */
void show_row(struct table *table, const char *label, const char *value);
void show_time_row(struct table *table,
                   const char *label,
                   const Google__Protobuf__Timestamp *time,
                   int64_t now);

#endif

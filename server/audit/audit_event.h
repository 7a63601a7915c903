/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_EVENT_H
#define ASAPD_AUDIT_EVENT_H

#include "buffer.h"
#include "store_audit.h"

/* An event as the log takes it, and as its hash is computed from it. Pure. */

enum { EVENT_BYTES_MAX = 4096 };

/* Makes the event fit the log: texts end within their arrays, a character that was cut in two at
 * an end is left out, and what is no UTF-8 or a control character becomes '?'. */
void event_tidy(struct audit_row *event);

/* Appends all of the event but its hash. Texts have their lengths in front: no two events are the
 * same bytes. */
void event_encode(const struct audit_row *event, struct buffer *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ISSUER_CHECK_H
#define ASAPD_ISSUER_CHECK_H

#include "report.h"
#include "store.h"

/* The lifecycle's invariant, for one issuer as its rows are: at no moment from `now` on do two keys
 * sign; one does, unless an emergency opened a gap; two standbys are published; no key is withdrawn
 * while tokens of it may live. Pure but for the report. */
void issuer_check(const struct issuer_row *issuer,
                  const struct key_row *keys,
                  size_t count,
                  int64_t now,
                  struct report *report);

#endif

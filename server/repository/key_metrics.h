/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEY_METRICS_H
#define ASAPD_KEY_METRICS_H

#include "buffer.h"
#include "keyring.h"

/* What Prometheus is told of single keys and issuers. */

enum { METRICS_SERIES_MAX = 10000 };

/* Of each metric at most METRICS_SERIES_MAX keys or issuers. Returns how many lines were left out.
 */
size_t key_metrics_write(const struct snapshot *snapshot, int64_t now, struct buffer *out);

#endif

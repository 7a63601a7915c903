/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_EXPOSITION_H
#define ASAPD_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#include "buffer.h"

/* The text format of Prometheus, 0.0.4: for each metric its help and type, then its samples. */

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

struct metric_label {
    const char *name;
    const char *value;
    size_t length; /* of the value */
};

static inline struct metric_label metric_label(const char *name, const char *value, size_t length)
{
    return (struct metric_label){ name, value, length };
}

/* Before the samples of a metric, whose lines must stay together. */
void exposition_begin(struct buffer *out,
                      const char *name,
                      enum metric_type type,
                      const char *help);

/* `name`{labels} and a space, behind which the caller appends the value and a line end. */
void exposition_series(struct buffer *out,
                       const char *name,
                       const struct metric_label *labels,
                       size_t count);

/* A whole line with an integer. */
void exposition_sample(struct buffer *out,
                       const char *name,
                       const struct metric_label *labels,
                       size_t count,
                       int64_t value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_OUTCOMES_H
#define ASAPD_OUTCOMES_H

#include <stddef.h>

#include <asap/error.h>

#include "buffer.h"

/* How calls about named things ended, such as mints by issuer. Names must be the server's own,
 * never what a client has made up: they stay. */
struct outcome_table;
struct outcomes; /* of one name */

/* At most `most` names; those beyond share a row. */
ASAP_MUST_CHECK enum asap_code outcome_table_new(size_t most,
                                                 struct outcome_table **out,
                                                 struct asap_error *err);
void outcome_table_free(struct outcome_table *table); /* NULL is fine */

/* The row of a name, owned by the table and never gone before it: that of "(unknown)" for NULL, and
 * of "(other)" when there is no room or memory for one more. Any thread; a name that is there
 * already takes no lock. */
struct outcomes *outcome_table_find(struct outcome_table *table, const char *name);

void outcomes_count(struct outcomes *outcomes, enum asap_code result);

/* `metric`{`label`="NAME",result="ok"}, a line for each pair that was counted. */
void outcome_table_write(const struct outcome_table *table,
                         const char *metric,
                         const char *label,
                         struct buffer *out);

#endif

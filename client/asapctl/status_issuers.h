/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_STATUS_ISSUERS_H
#define ASAPCTL_STATUS_ISSUERS_H

#include "buffer.h"
#include "ctl.h"
#include "table.h"

/* How the keys of every issuer are, for `status`. */

enum { STATUS_COLUMNS = 7, STATUS_WARNINGS_MAX = 1 << 20 };

/* Asks for all issuers and their keys: a row for each in `table`, and in `warnings` a line for
 * each thing that somebody should look after. */
ASAP_MUST_CHECK enum asap_code status_add_issuers(const struct ctl *ctl,
                                                  struct table *table,
                                                  struct buffer *warnings,
                                                  struct asap_error *err);

#endif

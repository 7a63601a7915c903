/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_TRANSFER_PARTS_H
#define ASAPD_TRANSFER_PARTS_H

#include "store_mark.h"
#include "transfer.h"

/* What the transfers share. */

/* Copies all rows of `from` into `to`, which is empty, marks that as a copy in the same
 * transaction, and compares what then stands in it with what was read. */
ASAP_MUST_CHECK enum asap_code transfer_rows(const struct transfer *transfer,
                                             struct store *from,
                                             struct store *to,
                                             struct transferred *out,
                                             struct asap_error *err);

/* In transactions of their own. */
ASAP_MUST_CHECK enum asap_code transfer_get_mark(struct store *store,
                                                 struct store_mark *out,
                                                 struct asap_error *err);
ASAP_MUST_CHECK enum asap_code transfer_put_mark(struct store *store,
                                                 const struct store_mark *mark,
                                                 struct asap_error *err);

#endif

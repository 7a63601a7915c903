/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_TRANSFER_H
#define ASAPD_TRANSFER_H

#include <stdbool.h>

#include "report.h"
#include "site.h"

/* Databases as a whole from one place to another. What is made is compared, row by row, with what
 * it was made from, and is there whole or not at all. */

struct transfer {
    const struct site_options *site; /* the database that is configured, and its KEK */
    int64_t now;
    struct report *report; /* gets what is wrong with what was copied, too */
    bool despite_problems; /* restore what is there, if nothing better is */
};

struct transferred {
    int64_t rows;
    int64_t generation;
    int64_t copy_time; /* when the backup was made */
};

/* Writes the database to a new SQLite file, while a daemon serves it. The backup is marked:
 * whatever way it is put in the place of a database, it does not sign until it is accepted.
 * ASAP_ALREADY_EXISTS: there is such a file. */
ASAP_MUST_CHECK enum asap_code transfer_back_up(const struct transfer *transfer,
                                                const char *file,
                                                struct transferred *out,
                                                struct asap_error *err);

/* Puts a backup in the place of a database that is missing, migrated if it is of an older asapd.
 * ASAP_ALREADY_EXISTS: there is a database, or a part of one. ASAP_DATA_LOSS: the backup is
 * damaged; the report says how. */
ASAP_MUST_CHECK enum asap_code transfer_restore(const struct transfer *transfer,
                                                const char *file,
                                                struct transferred *out,
                                                struct asap_error *err);

/* Copies the database to a new place, from where it is served from now on: it itself is marked and
 * not served any more. No daemon may run. A backup is copied as one, and stays as it is. */
ASAP_MUST_CHECK enum asap_code transfer_move(const struct transfer *transfer,
                                             const char *to,
                                             struct transferred *out,
                                             struct asap_error *err);

#endif

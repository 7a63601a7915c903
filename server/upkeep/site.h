/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_SITE_H
#define ASAPD_SITE_H

#include "audit.h"
#include "store.h"
#include "vault.h"

/* A database with what opens what is in it: its KEK and the key of its audit log. */
struct site {
    struct store *store;
    struct vault *vault;
    struct secret audit_key;
    struct audit *audit; /* NULL: the database was never served, and nothing is recorded */
};

struct site_options {
    const char *database; /* URL */
    const char *kek_file;
    int64_t clock_skew;
    const struct log *log;
};

/* To read, while a daemon may have it open; or alone, to write. ASAP_FAILED_PRECONDITION: the KEK
 * is another's, or, alone: another process has it open. The caller clears *out. */
ASAP_MUST_CHECK enum asap_code site_open_to_read(const struct site_options *options,
                                                 struct site *out,
                                                 struct asap_error *err);
ASAP_MUST_CHECK enum asap_code site_open_alone(const struct site_options *options,
                                               struct site *out,
                                               struct asap_error *err);

/* Completes a site with a store and a vault that are open: finds the key of its audit log. */
ASAP_MUST_CHECK enum asap_code site_open_audit(const struct site_options *options,
                                               struct site *site,
                                               struct asap_error *err);

/* Records what a command did, in its transaction. `method` is that of the audit log. */
ASAP_MUST_CHECK enum asap_code site_record(const struct site *site,
                                           struct txn *txn,
                                           struct audit_row *event,
                                           struct asap_error *err);

void site_close(struct site *site); /* a zeroed one is fine */

static inline void site_scope_exit(struct site *site)
{
    site_close(site);
}

#endif

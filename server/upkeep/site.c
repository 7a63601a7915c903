/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include <stdio.h>

#include "fail.h"
#include "kek_check.h"
#include "server_secret.h"
#include "store_upkeep.h"

static enum asap_code check_kek(const struct site *site, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(txn_begin_read(&txn, site->store, err));
    code = kek_check_within(&txn, site->vault, &cause);
    return code == ASAP_OK || code == ASAP_NOT_FOUND ? ASAP_OK
                                                     : fail(err, code, "%s", cause.message);
}

static enum asap_code find_audit_key(struct site *site, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };
    struct asap_error cause = { 0 };
    enum asap_code code = ASAP_OK;

    TRY(txn_begin_read(&txn, site->store, err));
    code = server_secret_find(&txn, site->vault, "audit_key", &site->audit_key, &cause);
    return code == ASAP_OK || code == ASAP_NOT_FOUND ? ASAP_OK
                                                     : fail(err, code, "%s", cause.message);
}

enum asap_code site_open_audit(const struct site_options *options,
                               struct site *site,
                               struct asap_error *err)
{
    TRY(find_audit_key(site, err));
    if (site->audit_key.length == 0)
        return ASAP_OK;
    return audit_open(site->store, &site->audit_key, options->clock_skew, options->log,
                      &site->audit, err);
}

enum asap_code site_open_to_read(const struct site_options *options,
                                 struct site *out,
                                 struct asap_error *err)
{
    TRY(vault_open(options->kek_file, &out->vault, err));
    TRY(store_open_to_read(options->database, options->log, &out->store, err));
    TRY(check_kek(out, err));
    return site_open_audit(options, out, err);
}

enum asap_code site_open_alone(const struct site_options *options,
                               struct site *out,
                               struct asap_error *err)
{
    TRY(vault_open(options->kek_file, &out->vault, err));
    TRY(store_open_alone(options->database, false, options->log, &out->store, err));
    TRY(check_kek(out, err));
    return site_open_audit(options, out, err);
}

enum asap_code site_record(const struct site *site,
                           struct txn *txn,
                           struct audit_row *event,
                           struct asap_error *err)
{
    (void)snprintf(event->caller, sizeof event->caller, "asapd");
    (void)snprintf(event->result, sizeof event->result, "ok");
    return site->audit == NULL ? ASAP_OK : audit_append(site->audit, txn, event, err);
}

void site_close(struct site *site)
{
    audit_close(site->audit);
    store_close(site->store);
    secret_clear(&site->audit_key);
    vault_close(site->vault);
    *site = (struct site){ 0 };
}

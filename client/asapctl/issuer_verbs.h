/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_ISSUER_VERBS_H
#define ASAPCTL_ISSUER_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* Issuers. Each asks the server, and prints what it answers. */

enum asap_code issuer_create(const struct ctl *ctl, struct asap_error *err);
enum asap_code issuer_list(const struct ctl *ctl, struct asap_error *err);
enum asap_code issuer_show(const struct ctl *ctl, struct asap_error *err);
enum asap_code issuer_update(const struct ctl *ctl, struct asap_error *err);
enum asap_code issuer_delete(const struct ctl *ctl, struct asap_error *err);

/* Whether `issuer update` says what to change. */
enum asap_code issuer_update_check(const struct arguments *arguments, struct asap_error *err);

#endif

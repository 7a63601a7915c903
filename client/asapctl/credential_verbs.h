/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_CREDENTIAL_VERBS_H
#define ASAPCTL_CREDENTIAL_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* Credentials of callers. Each asks the server, and prints what it answers. */

enum asap_code credential_create(const struct ctl *ctl, struct asap_error *err);
enum asap_code credential_revoke(const struct ctl *ctl, struct asap_error *err);

/* Whether exactly one kind of proof is given. */
enum asap_code credential_create_check(const struct arguments *arguments, struct asap_error *err);

/* Whether it is an id, and not an API key itself. */
enum asap_code credential_revoke_check(const struct arguments *arguments, struct asap_error *err);

#endif

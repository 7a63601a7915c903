/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_AUDIT_VERBS_H
#define ASAPCTL_AUDIT_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* The audit log. Each asks the server, and prints what it answers. */

enum asap_code audit_list(const struct ctl *ctl, struct asap_error *err);
enum asap_code audit_verify(const struct ctl *ctl, struct asap_error *err);

/* Whether what is followed has no end. */
enum asap_code audit_list_check(const struct arguments *arguments, struct asap_error *err);

#endif

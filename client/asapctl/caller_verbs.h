/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_CALLER_VERBS_H
#define ASAPCTL_CALLER_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* Callers. Each asks the server, and prints what it answers. */

enum asap_code caller_create(const struct ctl *ctl, struct asap_error *err);
enum asap_code caller_list(const struct ctl *ctl, struct asap_error *err);
enum asap_code caller_show(const struct ctl *ctl, struct asap_error *err);
enum asap_code caller_update(const struct ctl *ctl, struct asap_error *err);
enum asap_code caller_delete(const struct ctl *ctl, struct asap_error *err);

/* Whether there is something to update, and only one way. */
enum asap_code caller_update_check(const struct arguments *arguments, struct asap_error *err);

#endif

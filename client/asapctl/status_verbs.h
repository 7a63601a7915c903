/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_STATUS_VERBS_H
#define ASAPCTL_STATUS_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* The server itself. Each asks the server, and prints what it answers. */

enum asap_code status_show(const struct ctl *ctl, struct asap_error *err);

#endif

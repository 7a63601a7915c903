/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_STATUS_VERBS_H
#define ASAPCTL_STATUS_VERBS_H

#include <asap/error.h>

#include "asap/v1/server.pb-c.h"
#include "ctl.h"
#include "scoped.h"

/* The server itself. Each asks the server, and prints what it answers. */

enum asap_code status_show(const struct ctl *ctl, struct asap_error *err);

/* What the server says of itself; the caller frees *out as after ctl_ask(). */
ASAP_MUST_CHECK enum asap_code status_ask(const struct ctl *ctl,
                                          Asap__V1__Status **out,
                                          struct asap_error *err);

static inline void status_free(Asap__V1__Status *status)
{
    asap__v1__status__free_unpacked(status, NULL);
}

DEFINE_SCOPED(status, Asap__V1__Status *, status_free)

#endif

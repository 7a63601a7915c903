/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_MIRROR_H
#define ASAPCTL_MIRROR_H

#include "asap/v1/key_admin.pb-c.h"
#include "ctl.h"

/* Copies of the repository that others serve, and whether they have the new keys. */

/* Whether every --mirror can be asked at all, before anything is changed. */
ASAP_MUST_CHECK enum asap_code mirrors_check(const struct ctl *ctl, struct asap_error *err);

/* Waits until each --mirror serves the incoming key and every standby of the plan byte for byte,
 * but not longer than --timeout. ASAP_DEADLINE_EXCEEDED: some lack some, each of which is told on
 * standard error. ASAP_CANCELED: the user ended it. */
ASAP_MUST_CHECK enum asap_code mirrors_await(const struct ctl *ctl,
                                             const Asap__V1__RotateKeyResponse *plan,
                                             struct asap_error *err);

#endif

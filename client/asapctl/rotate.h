/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_ROTATE_H
#define ASAPCTL_ROTATE_H

#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "ctl.h"

/* The parts of `key rotate`. */

/* KeyAdmin.RotateKey. */
extern const struct ctl_method rotate_method;

/* Waits until the incoming key of the plan signs, as the server has it. ASAP_CANCELED: the user
 * ended it. ASAP_FAILED_PRECONDITION: no such key is going to sign any more. */
ASAP_MUST_CHECK enum asap_code rotation_await(const struct ctl *ctl,
                                              const Asap__V1__RotateKeyResponse *plan,
                                              struct asap_error *err);

/* Rotates every issuer whose rotation is due, and tells of each; one that fails does not keep the
 * others. ASAP_FAILED_PRECONDITION with nothing to report: some failed, which is told already. */
ASAP_MUST_CHECK enum asap_code rotate_all_due(const struct ctl *ctl, struct asap_error *err);

#endif

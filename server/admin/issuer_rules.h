/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ISSUER_RULES_H
#define ASAPD_ISSUER_RULES_H

#include "admin.h"

/* What holds for every issuer, new or changed. */

/* ASAP_INVALID_ARGUMENT, field rotation_period: it is too short for the policy, or the issuer is an
 * external one. */
ASAP_MUST_CHECK enum asap_code issuer_check_rotation_period(const struct admin *admin,
                                                            const struct issuer_row *row,
                                                            struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer_rules.h"

#include "fail.h"

enum asap_code issuer_check_rotation_period(const struct admin *admin,
                                            const struct issuer_row *row,
                                            struct asap_error *err)
{
    if (row->rotation_period != 0 && !row->managed)
        return fail_field(err, "rotation_period",
                          "an external issuer has no keys that asapd could rotate (its owner"
                          " publishes new ones)");
    return lifecycle_check_rotation_period(admin->policy, row->rotation_period, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_PERMIT_H
#define ASAPD_PERMIT_H

#include "method.h"
#include "store_access.h"

/* What administrators may do, and callers with a grant of this verb for this issuer: to publish or
 * to rotate. ASAP_PERMISSION_DENIED, ASAP_REASON_NO_GRANT: says nothing of the issuer. Never
 * blocks. */
ASAP_MUST_CHECK enum asap_code
permit(const struct rpc_call *call, enum verb verb, const char *issuer, struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_HOLD_H
#define ASAPD_AUDIT_HOLD_H

#include "audit.h"
#include "method.h"

/* A response that does not leave before its event is durable. */

/* Makes *reply wait for the event in the returned entry, which the caller of this function fills
 * and the reply owns. NULL without memory. */
struct audit_entry *audit_hold_new(struct audit *audit, struct rpc_reply *reply);

#endif

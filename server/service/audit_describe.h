/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUDIT_DESCRIBE_H
#define ASAPD_AUDIT_DESCRIBE_H

#include "audit.h"
#include "method.h"

/* What a call says of itself for the audit log: when, who, how that was proved, what was asked for,
 * and of the request its request_id, key_id and issuer. The result is "ok". `in` may be NULL. */
struct audit_row audit_describe(const struct rpc_call *call, const ProtobufCMessage *in);

#endif

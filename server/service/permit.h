/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_PERMIT_H
#define ASAPD_PERMIT_H

#include "change_call.h"
#include "store_access.h"

/* What administrators may do, and callers with a grant of this verb for this
 * issuer: to publish or to rotate. */

struct permission {
    enum verb verb;
    const char *issuer;
};

/* A change to keys, see change_call(), for whoever may make it: when its transaction begins, too,
 * however long the change has been prepared. ASAP_PERMISSION_DENIED, ASAP_REASON_NO_GRANT: says
 * nothing of the issuer. ASAP_ABORTED: callers or grants have changed again and again meanwhile. */
ASAP_MUST_CHECK enum asap_code permitted_call(const struct rpc_call *call,
                                              const ProtobufCMessage *in,
                                              ProtobufCMessage *out,
                                              const struct permission *permission,
                                              change_handler *handler,
                                              struct asap_error *err);

#endif

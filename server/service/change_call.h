/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CHANGE_CALL_H
#define ASAPD_CHANGE_CALL_H

#include "admin.h"
#include "method.h"

/* What the methods that change something have in common: a request of theirs
 * may have fields validate_only and request_id, which are honoured here. */

/* Lets an operation begin `change`, and turns its result into the response; finishes nothing. */
typedef enum asap_code change_handler(struct change *change,
                                      const ProtobufCMessage *in,
                                      ProtobufCMessage *out,
                                      struct asap_error *err);

/* How a method changes something. */
struct change_method {
    change_handler *handler;
    enum change_scope scope;
    const char *shown_once;    /* a string of the response that is not stored, so that no repetition
                                  shows it; NULL: none */
    int64_t access_generation; /* see struct change */
};

/* An rpc_handler's work: one change, whose response is stored in its transaction when the request
 * has an id, and is sent again to a repetition. ASAP_INVALID_ARGUMENT, field request_id: the id is
 * malformed, or another request's. */
ASAP_MUST_CHECK enum asap_code change_call_by(const struct rpc_call *call,
                                              const ProtobufCMessage *in,
                                              ProtobufCMessage *out,
                                              const struct change_method *method,
                                              struct asap_error *err);

/* The same for a change to keys. */
ASAP_MUST_CHECK enum asap_code change_call(const struct rpc_call *call,
                                           const ProtobufCMessage *in,
                                           ProtobufCMessage *out,
                                           change_handler *handler,
                                           struct asap_error *err);

#endif

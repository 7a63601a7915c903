/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_CONFORMANCE_REQUEST_INFO_H
#define ASAP_TESTS_CONFORMANCE_REQUEST_INFO_H

#include "connectrpc/conformance/v1/service.pb-c.h"
#include "method.h"

/* What a method of the suite tells of the request that it was called with. */

typedef Connectrpc__Conformance__V1__ConformancePayload__RequestInfo RequestInfo;

/* Fills *info, which is empty and freed by the caller whatever comes of this. */
enum asap_code request_info_fill(const struct rpc_call *call,
                                 const ProtobufCMessage *in,
                                 RequestInfo *info,
                                 struct asap_error *err);

/* A copy in memory of its own. */
enum asap_code copy_bytes(const ProtobufCBinaryData *from,
                          ProtobufCBinaryData *to,
                          struct asap_error *err);

#endif

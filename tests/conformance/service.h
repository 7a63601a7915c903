/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_CONFORMANCE_SERVICE_H
#define ASAP_TESTS_CONFORMANCE_SERVICE_H

#include "method.h"

/* The unary methods of the suite's ConformanceService. */

extern const struct rpc_method conformance_methods[]; /* ended by a zeroed row */

/* What its messages may hold in a google.protobuf.Any; ends with NULL. */
extern const ProtobufCMessageDescriptor *const conformance_types[];

#endif

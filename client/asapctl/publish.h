/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_PUBLISH_H
#define ASAPCTL_PUBLISH_H

#include "asap/v1/key_admin.pb-c.h"
#include "ctl.h"

/* KeyAdmin.PublishKey, for keys that were made elsewhere and for those made here. */
extern const struct ctl_method publish_method;

/* Refuses a response without its key or its time. */
ASAP_MUST_CHECK enum asap_code publish_check(const Asap__V1__PublishKeyResponse *response,
                                             struct asap_error *err);

#endif

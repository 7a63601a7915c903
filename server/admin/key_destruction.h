/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_KEY_DESTRUCTION_H
#define ASAPD_KEY_DESTRUCTION_H

#include "admin.h"

/* At once, so that the transaction is short. */
enum { DESTROYED_MOST = 100 };

/* Destroys up to so many private halves of keys that are retired or revoked, each of them an event
 * of the audit log. *count says how many. ASAP_FAILED_PRECONDITION: the clock went back. */
ASAP_MUST_CHECK enum asap_code
keys_destroy_unused(const struct admin *admin, int64_t now, size_t *count, struct asap_error *err);

#endif

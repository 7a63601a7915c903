/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CALLER_ADMIN_H
#define ASAPD_CALLER_ADMIN_H

#include "asap/v1/caller_admin.pb-c.h"
#include "manage_callers.h"

/* What the sources behind asap.v1.CallerAdmin share. */

/* A credential as the API shows it. `to_new_credential` makes the message, too. */
ASAP_MUST_CHECK enum asap_code to_credential(const struct credential_row *row,
                                             const char *caller,
                                             Asap__V1__Credential *out,
                                             struct asap_error *err);
ASAP_MUST_CHECK enum asap_code to_new_credential(const struct credential_row *row,
                                                 const char *caller,
                                                 Asap__V1__Credential **field,
                                                 struct asap_error *err);

#endif

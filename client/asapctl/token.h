/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_TOKEN_H
#define ASAPCTL_TOKEN_H

#include "asap/v1/token_service.pb-c.h"

#include "ctl.h"
#include "secret.h"

/* What the commands on tokens share. A token stands for its caller: it is kept
 * as a secret and is in no message. */

/* The text of --claims, a JSON object; without one *out stays empty. The caller clears *out. */
ASAP_MUST_CHECK enum asap_code token_read_claims(const struct ctl *ctl,
                                                 struct secret *out,
                                                 struct asap_error *err);

/* The token of the command line, or else of standard input. The caller clears *out. */
ASAP_MUST_CHECK enum asap_code token_read(const struct ctl *ctl,
                                          struct secret *out,
                                          struct asap_error *err);

/* TokenService.MintToken, whose response a token that was signed here is printed as, too. */
extern const struct ctl_method mint_method;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_TOKEN_REMEDY_H
#define ASAPCTL_TOKEN_REMEDY_H

#include <asap/error.h>

/* What to do about a token that breaks a rule, in one phrase; "" where the
 * rule has none. */
const char *token_remedy(enum asap_reason reason);

/* Puts the rule in front of the message, as programs and other people's logs call it, and the
 * remedy behind it. Returns the code. */
enum asap_code token_explain(struct asap_error *err);

#endif

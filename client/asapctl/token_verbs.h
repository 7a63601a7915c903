/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_TOKEN_VERBS_H
#define ASAPCTL_TOKEN_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* Tokens: minted by the server, or handled here without it. */

enum asap_code token_mint(const struct ctl *ctl, struct asap_error *err);
enum asap_code token_sign(const struct ctl *ctl, struct asap_error *err);
enum asap_code token_verify(const struct ctl *ctl, struct asap_error *err);
enum asap_code token_decode(const struct ctl *ctl, struct asap_error *err);

/* Whether there is one key to sign with. */
enum asap_code token_sign_check(const struct arguments *arguments, struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CONFIG_PROFILE_H
#define ASAPD_CONFIG_PROFILE_H

#include "config_table.h"

/* The values of auth_profile: NAME audience=A[,A...] [issuers=I[,I...]] [subjects=S[,S...]]
 * [leeway=DURATION]. */

/* Longer than the longest value. */
enum { AUTH_PROFILE_TEXT = AUTH_PROFILE_NAME_MAX + 3 * CONFIG_TEXT + 64 };

/* Adds a profile to *config. ASAP_INVALID_ARGUMENT: the message begins with `where` and says what
 * is wrong, or which profile has the name already; *config is unchanged. */
ASAP_MUST_CHECK enum asap_code auth_profile_add(const char *where,
                                                const char *text,
                                                struct config *config,
                                                struct asap_error *err);

/* The profile as one would write it. */
void auth_profile_format(const struct auth_profile *profile, char out[AUTH_PROFILE_TEXT]);

/* Whether both have the same profiles, in the same order. */
bool auth_profiles_equal(const struct config *a, const struct config *b);

#endif

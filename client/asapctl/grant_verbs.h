/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_GRANT_VERBS_H
#define ASAPCTL_GRANT_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* Grants. Each asks the server, and prints what it answers. */

enum asap_code grant_create(const struct ctl *ctl, struct asap_error *err);
enum asap_code grant_list(const struct ctl *ctl, struct asap_error *err);
enum asap_code grant_delete(const struct ctl *ctl, struct asap_error *err);
enum asap_code grant_test(const struct ctl *ctl, struct asap_error *err);

/* Whether the limits and the issuer go with the verb. */
enum asap_code grant_create_check(const struct arguments *arguments, struct asap_error *err);

/* The same for what is asked about. */
enum asap_code grant_test_check(const struct arguments *arguments, struct asap_error *err);

#endif

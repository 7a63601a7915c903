/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_KEY_VERBS_H
#define ASAPCTL_KEY_VERBS_H

#include <asap/error.h>

#include "ctl.h"

/* Keys. Each asks the server, and prints what it answers. */

enum asap_code key_rotate(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_publish(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_list(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_show(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_retire(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_revoke(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_generate(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_export(const struct ctl *ctl, struct asap_error *err);
enum asap_code key_import(const struct ctl *ctl, struct asap_error *err);

/* Whether the options of `key rotate` and of `key generate` go together. */
enum asap_code rotate_check(const struct arguments *arguments, struct asap_error *err);
enum asap_code generate_check(const struct arguments *arguments, struct asap_error *err);

#endif

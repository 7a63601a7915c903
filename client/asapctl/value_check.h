/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_VALUE_CHECK_H
#define ASAPCTL_VALUE_CHECK_H

#include <asap/error.h>

/* Whether a value will do for the option `name`, for the tables of options.
 * ASAP_INVALID_ARGUMENT says why not, and what would. */

enum asap_code check_output(const char *name, const char *value, struct asap_error *err);
enum asap_code check_text(const char *name, const char *value, struct asap_error *err);
enum asap_code check_duration(const char *name, const char *value, struct asap_error *err);
enum asap_code check_period(const char *name, const char *value, struct asap_error *err);
enum asap_code check_mirror(const char *name, const char *value, struct asap_error *err);
enum asap_code check_leeway(const char *name, const char *value, struct asap_error *err);
enum asap_code check_moment(const char *name, const char *value, struct asap_error *err);
enum asap_code check_algorithm(const char *name, const char *value, struct asap_error *err);
enum asap_code check_verb(const char *name, const char *value, struct asap_error *err);
enum asap_code check_uid(const char *name, const char *value, struct asap_error *err);
enum asap_code check_count(const char *name, const char *value, struct asap_error *err);

#endif

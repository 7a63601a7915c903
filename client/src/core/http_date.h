/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_CORE_HTTP_DATE_H
#define ASAP_CORE_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* HTTP dates (RFC 9110 section 5.6.7). Times are seconds since 1970. */

/* "Mon, 23 Nov 2026 13:15:00 GMT" and a NUL. */
enum { HTTP_DATE_SIZE = 30 };
void http_date_format(int64_t time, char out[HTTP_DATE_SIZE]);

/* All three forms that the RFC obliges recipients to read; false for anything else. */
bool http_date_parse(const char *text, int64_t *out);

#endif

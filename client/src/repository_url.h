/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_SRC_REPOSITORY_URL_H
#define ASAP_SRC_REPOSITORY_URL_H

#include <stdbool.h>

#include <asap/error.h>

#include "scoped.h"

/* Where a repository is, checked once, so that URL + "/" + key id needs no escaping. */

/* *out is `text` without slashes at its end, freed with free(). ASAP_INVALID_ARGUMENT: it is not
 * https://host[:port][/path]; `allow_http_loopback` admits http to this machine as well. */
ASAP_MUST_CHECK enum asap_code
repository_url_read(const char *text, bool allow_http_loopback, char **out, struct asap_error *err);

#endif

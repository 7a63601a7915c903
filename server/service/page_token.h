/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_PAGE_TOKEN_H
#define ASAPD_PAGE_TOKEN_H

#include <protobuf-c/protobuf-c.h>

#include <asap/error.h>

#include "secret.h"

/* Where a list goes on, in a form that only this server writes: base64url of a
 * version, a MAC and the position. The MAC is bound to the method and to all
 * that the request asks for, so that a token serves the list that it is of;
 * only the page size may change from page to page. */

enum { PAGE_POSITION_MAX = 255 };

/* The position in the request's page_token, or "" when that is empty. ASAP_INVALID_ARGUMENT, field
 * page_token: it is not of this list with these filters, or was altered. */
ASAP_MUST_CHECK enum asap_code page_token_read(const struct secret *key,
                                               const ProtobufCMessage *request,
                                               char position[PAGE_POSITION_MAX + 1],
                                               struct asap_error *err);

/* Sets a response's next_page_token: `position` is the last item of this page. */
ASAP_MUST_CHECK enum asap_code page_token_write(const struct secret *key,
                                                const ProtobufCMessage *request,
                                                const char *position,
                                                char **field,
                                                struct asap_error *err);

#endif

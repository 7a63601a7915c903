/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_PAGE_H
#define ASAPD_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "page_token.h"
#include "service.h"

/* One page of a list: which part of it is asked for, and where the next one begins. To know whether
 * there is a next one, read one item more than the page holds. */

struct page {
    const struct secret *key;
    const ProtobufCMessage *request;
    char after[PAGE_POSITION_MAX + 1]; /* the last item of the page before; "": from the start */
    size_t limit;                      /* how many items it holds at most */
};

/* ASAP_INVALID_ARGUMENT, field page_size or page_token. */
ASAP_MUST_CHECK enum asap_code page_begin(const struct service *service,
                                          const ProtobufCMessage *request,
                                          int32_t page_size,
                                          struct page *out,
                                          struct asap_error *err);

/* Cuts *count down to what the page holds. If that leaves something out, sets next_page_token, with
 * `last` as the position of the page's last item. */
ASAP_MUST_CHECK enum asap_code page_end(const struct page *page,
                                        size_t *count,
                                        const char *last,
                                        char **next_page_token,
                                        struct asap_error *err);

#endif

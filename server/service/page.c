/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include "fail.h"
#include "handlers.h"

enum asap_code page_begin(const struct service *service,
                          const ProtobufCMessage *request,
                          int32_t page_size,
                          struct page *out,
                          struct asap_error *err)
{
    *out = (struct page){ .key = service->page_token_key, .request = request };
    TRY(to_page_size(page_size, &out->limit, err));
    return page_token_read(out->key, request, out->after, err);
}

enum asap_code page_end(const struct page *page,
                        size_t *count,
                        const char *last,
                        char **next_page_token,
                        struct asap_error *err)
{
    if (*count <= page->limit)
        return ASAP_OK;
    *count = page->limit;
    return page_token_write(page->key, page->request, last, next_page_token, err);
}

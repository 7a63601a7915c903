/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever.h"

#include <stddef.h>

enum asap_code retriever_peek_nothing(struct asap_retriever *retriever,
                                      const struct kid *kid,
                                      EVP_PKEY **out,
                                      struct asap_error *err)
{
    (void)retriever;
    (void)kid;
    (void)err;
    *out = NULL;
    return ASAP_OK;
}

void asap_retriever_free(struct asap_retriever *retriever)
{
    if (retriever != NULL)
        retriever->free(retriever);
}

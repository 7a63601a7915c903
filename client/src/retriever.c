/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever.h"

#include <stddef.h>

void asap_retriever_free(struct asap_retriever *retriever)
{
    if (retriever != NULL)
        retriever->free(retriever);
}

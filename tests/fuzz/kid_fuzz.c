/* SPDX-License-Identifier: Apache-2.0 */
/* What parses is issuer, slash and name, byte for byte; what may be registered parses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_parts(const struct kid *kid, const char *text, size_t size)
{
    require(kid->text == text && kid->length == size && size <= KID_MAX);
    require(kid->issuer == text && kid->issuer_length > 0 && kid->name_length > 0);
    require(kid->issuer_length + 1 + kid->name_length == size);
    require(kid->name == text + kid->issuer_length + 1 && kid->name[-1] == '/');
    require(memchr(kid->name, '/', kid->name_length) == NULL);
    require(memchr(text, '\0', size) == NULL && memchr(text, '%', size) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct asap_error err = { 0 };
    struct kid kid = { 0 };
    const bool parses = kid_parse(text, size, &kid, &err) == ASAP_OK;
    char *terminated = strndup(text, size);

    if (parses)
        check_parts(&kid, text, size);
    if (terminated == NULL)
        return 0;
    if (strlen(terminated) == size && kid_check_registrable(terminated, "name", &err) == ASAP_OK)
        require(parses);
    free(terminated);
    return 0;
}

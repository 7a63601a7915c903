/* SPDX-License-Identifier: Apache-2.0 */
#include "verb.h"

#include <string.h>

static const struct verb verbs[] = {
    { "mint", ASAP__V1__VERB__VERB_MINT },
    { "publish", ASAP__V1__VERB__VERB_PUBLISH },
    { "rotate", ASAP__V1__VERB__VERB_ROTATE },
    { "admin", ASAP__V1__VERB__VERB_ADMIN },
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

const struct verb *verb_at(size_t index)
{
    return index < VERBS ? &verbs[index] : NULL;
}

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

const char *verb_name(Asap__V1__Verb value)
{
    for (size_t i = 0; i < VERBS; i++)
        if (verbs[i].value == value)
            return verbs[i].name;
    return "unknown";
}

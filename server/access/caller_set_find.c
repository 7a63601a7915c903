/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "caller_set.h"

int64_t caller_set_generation(const struct caller_set *set)
{
    return set->item.generation;
}

static int compare_name(const void *name, const void *place)
{
    const struct caller_entry *caller = *(struct caller_entry *const *)place;

    return strcmp(name, caller->known.name);
}

const struct known_caller *caller_set_find(const struct caller_set *set, const char *name)
{
    struct caller_entry *const *found = NULL;

    if (set->caller_count > 0)
        found = bsearch(name, set->by_name, set->caller_count, sizeof(struct caller_entry *),
                        compare_name);
    return found == NULL ? NULL : &(*found)->known;
}

struct proof {
    enum credential_kind kind;
    const char *name;
};

static int compare_proof(const void *wanted, const void *place)
{
    const struct proof *proof = wanted;
    const struct credential_entry *credential = place;

    if (proof->kind != credential->known.kind)
        return proof->kind < credential->known.kind ? -1 : 1;
    return strcmp(proof->name, credential->known.name);
}

const struct known_credential *caller_set_find_credential(const struct caller_set *set,
                                                          enum credential_kind kind,
                                                          const char *name)
{
    const struct proof proof = { kind, name };
    const struct credential_entry *found = NULL;

    if (set->credential_count > 0)
        found = bsearch(&proof, set->credentials, set->credential_count,
                        sizeof(struct credential_entry), compare_proof);
    return found == NULL ? NULL : &found->known;
}

/* How (verb, issuer) sorts against the grant's. */
static int compare_grant(enum verb verb, const char *issuer, const struct known_grant *grant)
{
    if (verb != grant->verb)
        return verb < grant->verb ? -1 : 1;
    return strcmp(issuer, grant->issuer);
}

/* The first grant that is not before (verb, issuer). */
static size_t lower_bound(const struct known_caller *caller, enum verb verb, const char *issuer)
{
    size_t begin = 0;
    size_t end = caller->grant_count;

    while (begin < end) {
        const size_t middle = begin + (end - begin) / 2;

        if (compare_grant(verb, issuer, &caller->grants[middle]) > 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

const struct known_grant *known_caller_grants(const struct known_caller *caller,
                                              enum verb verb,
                                              const char *issuer,
                                              size_t *count)
{
    const size_t begin = lower_bound(caller, verb, issuer);
    size_t end = begin;

    while (end < caller->grant_count && compare_grant(verb, issuer, &caller->grants[end]) == 0)
        end++;
    *count = end - begin;
    return *count == 0 ? NULL : &caller->grants[begin];
}

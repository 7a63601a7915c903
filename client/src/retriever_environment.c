/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "retriever.h"

/* The names that implementations of ASAP agree on. */
#define URL_VARIABLE "ASAP_PUBLIC_KEY_REPOSITORY_URL"
#define FALLBACK_VARIABLE "ASAP_PUBLIC_KEY_FALLBACK_REPOSITORY_URL"

static const char *value_of(const char *variable)
{
    const char *value = getenv(variable); /* NOLINT(concurrency-mt-unsafe): as documented */

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static enum asap_code open_named(const char *variable,
                                 const struct asap_https_options *options,
                                 struct asap_retriever **out,
                                 struct asap_error *err)
{
    struct asap_error cause = { 0 };

    if (asap_retriever_https(value_of(variable), options, out, &cause) == ASAP_OK)
        return ASAP_OK;
    if (cause.code != ASAP_INVALID_ARGUMENT || strcmp(cause.field, "base_url") != 0) {
        if (err != NULL)
            *err = cause;
        return cause.code;
    }
    return fail_field(err, variable, "%s: %.200s", variable, cause.message);
}

enum asap_code asap_retriever_from_environment(const struct asap_https_options *options,
                                               struct asap_retriever **out,
                                               struct asap_error *err)
{
    static const struct asap_clock none = { .now = NULL };
    SCOPED(asap_retriever) struct asap_retriever *first = NULL;
    struct asap_multi_options both = { .age_clock = none };
    struct asap_retriever *members[2] = { NULL, NULL };

    *out = NULL;
    if (value_of(URL_VARIABLE) == NULL)
        return fail_field(err, URL_VARIABLE,
                          "%s is not set: set it to the URL of the key repository "
                          "(https://HOST[:PORT][/PATH])",
                          URL_VARIABLE);
    TRY(open_named(URL_VARIABLE, options, &first, err));
    if (value_of(FALLBACK_VARIABLE) == NULL) {
        *out = MOVE(first);
        return ASAP_OK;
    }
    TRY(open_named(FALLBACK_VARIABLE, options, &members[1], err));
    members[0] = MOVE(first);
    if (options != NULL)
        both.age_clock = options->age_clock.now != NULL ? options->age_clock : options->clock;
    return asap_retriever_multi(members, 2, &both, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "value_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "fail.h"
#include "number.h"
#include "repository_url.h"
#include "suggest.h"
#include "time_text.h"
#include "verb.h"

enum { LEEWAY_MAX = 60 };

enum asap_code check_output(const char *name, const char *value, struct asap_error *err)
{
    if (strcmp(value, "table") == 0 || strcmp(value, "json") == 0)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--%s is table or json, not %.32s", name, value);
}

enum asap_code check_text(const char *name, const char *value, struct asap_error *err)
{
    if (value[0] != '\0')
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--%s is empty (give it a value or leave it out)",
                name);
}

enum asap_code check_duration(const char *name, const char *value, struct asap_error *err)
{
    int64_t seconds = 0;

    (void)name;
    return time_read_duration(value, &seconds, err);
}

enum asap_code check_period(const char *name, const char *value, struct asap_error *err)
{
    return strcmp(value, "never") == 0 ? ASAP_OK : check_duration(name, value, err);
}

enum asap_code check_mirror(const char *name, const char *value, struct asap_error *err)
{
    char *url = NULL;
    struct asap_error why = { 0 };

    if (repository_url_read(value, true, &url, &why) != ASAP_OK)
        return fail(err, ASAP_INVALID_ARGUMENT, "--%s: %.200s", name, why.message);
    free(url);
    return ASAP_OK;
}

enum asap_code check_leeway(const char *name, const char *value, struct asap_error *err)
{
    int64_t seconds = 0;

    if (strcmp(value, "0") == 0)
        return ASAP_OK;
    TRY(time_read_duration(value, &seconds, err));
    if (seconds <= LEEWAY_MAX)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--%s is at most %ds, not %.32s", name, LEEWAY_MAX,
                value);
}

enum asap_code check_moment(const char *name, const char *value, struct asap_error *err)
{
    Google__Protobuf__Timestamp moment = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    (void)name;
    return time_read_moment(value, 0, TIME_AHEAD, &moment, err);
}

static const char *algorithm_name_at(const void *context, size_t index)
{
    const struct algorithm *algorithm = algorithm_at(index);

    (void)context;
    return algorithm == NULL ? NULL : algorithm->name;
}

static const char *verb_name_at(const void *context, size_t index)
{
    const struct verb *verb = verb_at(index);

    (void)context;
    return verb == NULL ? NULL : verb->name;
}

/* "unknown algorithm RS265 (did you mean RS256?)" */
static enum asap_code refuse_word(const char *what,
                                  const char *value,
                                  const char *nearest,
                                  const char *examples,
                                  struct asap_error *err)
{
    return fail(err, ASAP_INVALID_ARGUMENT, "unknown %s %.32s (%s%s%s)", what, value,
                nearest == NULL ? "" : "did you mean ", nearest == NULL ? examples : nearest,
                nearest == NULL ? "" : "?");
}

enum asap_code check_algorithm(const char *name, const char *value, struct asap_error *err)
{
    (void)name;
    if (algorithm_find(value, strlen(value)) != NULL)
        return ASAP_OK;
    return refuse_word("algorithm", value, suggest(value, algorithm_name_at, NULL),
                       "such as RS256 or ES256", err);
}

enum asap_code check_verb(const char *name, const char *value, struct asap_error *err)
{
    (void)name;
    if (verb_find(value) != NULL)
        return ASAP_OK;
    return refuse_word("verb", value, suggest(value, verb_name_at, NULL),
                       "it is mint, publish, rotate or admin", err);
}

enum asap_code check_uid(const char *name, const char *value, struct asap_error *err)
{
    uint32_t uid = 0;

    if (number_read(value, UINT32_MAX, &uid))
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--%s is a number, not %.32s (id -u NAME tells it)",
                name, value);
}

enum asap_code check_count(const char *name, const char *value, struct asap_error *err)
{
    uint32_t count = 0;

    if (number_read(value, INT32_MAX, &count) && count > 0)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--%s is a number from 1 on, not %.32s", name, value);
}

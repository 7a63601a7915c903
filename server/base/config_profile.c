/* SPDX-License-Identifier: Apache-2.0 */
#include "config_profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "kid.h"
#include "suggest.h"

enum { LEEWAY_DEFAULT = 30, LEEWAY_MAX = 60, NO_LEEWAY_YET = -1 };

#define SETTING "auth_profile"

/* A part of the text that is being cut up, the NUL behind it put in place of a separator. Moves
 * *rest behind it, to NULL when it was the last. */
static char *cut(char **rest, char separator)
{
    char *part = *rest;
    char *end = strchr(part, separator);

    if (end != NULL)
        *end++ = '\0';
    *rest = end;
    return part;
}

static bool is_issuer(const char *text)
{
    return issuer_check_registrable(text, "issuers", NULL) == ASAP_OK;
}

/* Items and commas in turn, copied to `out`. */
static bool read_list(const char *text, bool (*is_item)(const char *text), char out[CONFIG_TEXT])
{
    char copy[CONFIG_TEXT];
    char *rest = copy;

    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return false;
    while (rest != NULL)
        if (!is_item(cut(&rest, ',')))
            return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool read_audiences(const char *text, struct auth_profile *out)
{
    return read_list(text, setting_is_audience, out->audiences);
}

static bool read_issuers(const char *text, struct auth_profile *out)
{
    return read_list(text, is_issuer, out->issuers);
}

static bool is_subject(const char *text)
{
    return *text != '\0';
}

/* "*" is a list of its own. */
static bool read_subjects(const char *text, struct auth_profile *out)
{
    return (strchr(text, '*') == NULL || strcmp(text, "*") == 0)
           && read_list(text, is_subject, out->subjects);
}

static bool read_leeway(const char *text, struct auth_profile *out)
{
    return setting_read_duration(text, &out->leeway) && out->leeway <= LEEWAY_MAX;
}

static bool has_audiences(const struct auth_profile *profile)
{
    return profile->audiences[0] != '\0';
}

static bool has_issuers(const struct auth_profile *profile)
{
    return profile->issuers[0] != '\0';
}

static bool has_subjects(const struct auth_profile *profile)
{
    return profile->subjects[0] != '\0';
}

static bool has_leeway(const struct auth_profile *profile)
{
    return profile->leeway != NO_LEEWAY_YET;
}

/* The words behind the name. */
static const struct word {
    const char *name;
    bool (*read)(const char *text, struct auth_profile *out);
    bool (*is_set)(const struct auth_profile *profile);
    const char *expected; /* completes "must be ..." */
} words[] = {
    { "audience", read_audiences, has_audiences,
      "audiences without spaces and without *, separated by commas, 511 bytes in all" },
    { "issuers", read_issuers, has_issuers,
      "issuers such as payments/api, separated by commas, 511 bytes in all" },
    { "subjects", read_subjects, has_subjects,
      "subjects without spaces, separated by commas, 511 bytes in all, or * for any" },
    { "leeway", read_leeway, has_leeway, "a duration from 0s to 60s" },
    { 0 },
};

static const char *word_at(const void *context, size_t index)
{
    (void)context;
    return words[index].name;
}

static const struct word *find_word(const char *name)
{
    const struct word *word = words;

    while (word->name != NULL && strcmp(word->name, name) != 0)
        word++;
    return word->name != NULL ? word : NULL;
}

static enum asap_code refuse_word(const char *where, const char *name, struct asap_error *err)
{
    const char *nearest = suggest(name, word_at, NULL);

    if (nearest == NULL)
        return fail_field(err, SETTING,
                          "%s: a profile has no \"%.40s\"; behind its name may stand audience=, "
                          "issuers=, subjects= and leeway=",
                          where, name);
    return fail_field(err, SETTING, "%s: a profile has no \"%.40s\"; did you mean %s=?", where,
                      name, nearest);
}

/* Cuts `text`, one word, at its "=". */
static enum asap_code
read_word(const char *where, char *text, struct auth_profile *out, struct asap_error *err)
{
    char *value = text;
    const char *name = cut(&value, '=');
    const struct word *word = find_word(name);

    if (word == NULL)
        return refuse_word(where, name, err);
    if (word->is_set(out))
        return fail_field(err, SETTING, "%s: %s= stands twice; keep one of them", where, name);
    if (value == NULL || !word->read(value, out))
        return fail_field(err, SETTING, "%s: %s=%.40s: it must be %s", where, name,
                          value != NULL ? value : "", word->expected);
    return ASAP_OK;
}

static bool is_name(const char *text)
{
    const size_t length = strlen(text);

    return length > 0 && length <= AUTH_PROFILE_NAME_MAX
           && strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._-")
                  == length;
}

static enum asap_code
read_profile(const char *where, const char *text, struct auth_profile *out, struct asap_error *err)
{
    char copy[AUTH_PROFILE_TEXT];
    char *rest = copy;
    const char *name = NULL;

    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return fail_field(err, SETTING, "%s: the profile is too long; shorten its lists", where);
    name = cut(&rest, ' ');
    if (!is_name(name))
        return fail_field(err, SETTING,
                          "%s: \"%.40s\" is not a profile's name: 1 to 64 letters, digits and ._-",
                          where, name);
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    out->leeway = NO_LEEWAY_YET;
    while (rest != NULL) {
        char *word = cut(&rest, ' ');

        if (*word != '\0')
            TRY(read_word(where, word, out, err));
    }
    if (!has_audiences(out))
        return fail_field(err, SETTING,
                          "%s: the profile \"%s\" has no audience=; write which tokens are for it",
                          where, name);
    if (!has_leeway(out))
        out->leeway = LEEWAY_DEFAULT;
    return ASAP_OK;
}

enum asap_code
auth_profile_add(const char *where, const char *text, struct config *config, struct asap_error *err)
{
    struct auth_profile profile = { .leeway = 0 };

    TRY(read_profile(where, text, &profile, err));
    for (size_t i = 0; i < config->auth_profile_count; i++)
        if (strcmp(config->auth_profiles[i].name, profile.name) == 0)
            return fail_field(err, SETTING,
                              "%s: there is a profile \"%s\" already, with audience=%.60s; rename "
                              "one of them",
                              where, profile.name, config->auth_profiles[i].audiences);
    if (config->auth_profile_count == AUTH_PROFILES_MAX)
        return fail_field(err, SETTING, "%s: there are %d profiles already, the most there can be",
                          where, AUTH_PROFILES_MAX);
    config->auth_profiles[config->auth_profile_count++] = profile;
    return ASAP_OK;
}

void auth_profile_format(const struct auth_profile *profile, char out[AUTH_PROFILE_TEXT])
{
    (void)snprintf(out, AUTH_PROFILE_TEXT, "%s audience=%s%s%s%s%s leeway=%" PRId64 "s",
                   profile->name, profile->audiences, has_issuers(profile) ? " issuers=" : "",
                   profile->issuers, has_subjects(profile) ? " subjects=" : "", profile->subjects,
                   profile->leeway);
}

static bool is_equal(const struct auth_profile *a, const struct auth_profile *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->audiences, b->audiences) == 0
           && strcmp(a->issuers, b->issuers) == 0 && strcmp(a->subjects, b->subjects) == 0
           && a->leeway == b->leeway;
}

bool auth_profiles_equal(const struct config *a, const struct config *b)
{
    if (a->auth_profile_count != b->auth_profile_count)
        return false;
    for (size_t i = 0; i < a->auth_profile_count; i++)
        if (!is_equal(&a->auth_profiles[i], &b->auth_profiles[i]))
            return false;
    return true;
}

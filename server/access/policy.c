/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec_text.h"

enum { AUDIENCE_MAX = 255, SHOWN_MAX = 60 };

/* What to do, as people say it. */
static const char *const wishes[] = {
    [VERB_MINT] = "mint tokens of issuer",
    [VERB_PUBLISH] = "publish keys of issuer",
    [VERB_ROTATE] = "rotate the keys of issuer",
};

/* How much of a text from outside goes into a message, in whole characters. */
static int shown(const char *text)
{
    return (int)text_utf8_prefix(text, strnlen(text, SHOWN_MAX));
}

static bool is_in(const char *const *list, const char *text)
{
    for (; list != NULL && *list != NULL; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

static bool has_control_character(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* What a "*" may stand for: nothing that anybody could take for another place, as an empty segment
 * or one of dots. */
static bool is_plain_segment(const char *text, size_t length)
{
    return memchr(text, '*', length) == NULL && strspn(text, ".") < length;
}

static bool are_plain_segments(const char *text)
{
    for (;;) {
        const size_t length = strcspn(text, "/");

        if (!is_plain_segment(text, length))
            return false;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

static bool is_wildcard(const char *pattern, size_t length)
{
    return length > 2 && strcmp(pattern + length - 2, "/*") == 0;
}

static bool matches(const char *pattern, const char *audience, const char *own_audience)
{
    const size_t length = strlen(pattern);

    if (!is_wildcard(pattern, length))
        return strcmp(pattern, audience) == 0;
    if (own_audience != NULL && strcmp(audience, own_audience) == 0)
        return false;
    return strncmp(pattern, audience, length - 1) == 0 && !has_control_character(audience)
           && are_plain_segments(audience + length - 1);
}

static bool allows_audience(const struct known_grant *grant,
                            const char *audience,
                            const char *own_audience)
{
    for (const char *const *pattern = grant->audiences; *pattern != NULL; pattern++)
        if (matches(*pattern, audience, own_audience))
            return true;
    return false;
}

/* The first of the wished audiences that the grant is not for; NULL when it is for all. */
static const char *denied_audience(const struct known_grant *grant,
                                   const struct wish *wish,
                                   const char *own_audience)
{
    for (const char *const *audience = wish->audiences; *audience != NULL; audience++)
        if (!allows_audience(grant, *audience, own_audience))
            return *audience;
    return NULL;
}

static bool allows_subject(const struct known_grant *grant, const struct wish *wish)
{
    const char *subject = wish->subject;

    return subject == NULL || subject[0] == '\0' || strcmp(subject, wish->issuer) == 0
           || is_in(grant->subjects, subject);
}

static const char *denied_claim(const struct known_grant *grant, const struct wish *wish)
{
    for (const char *const *claim = wish->claims; claim != NULL && *claim != NULL; claim++)
        if (!is_in(grant->claims, *claim))
            return *claim;
    return NULL;
}

/* The limits in the order in which they are looked at: the later one that fails, the closer the
 * grant. */
enum distance { FAR_BY_AUDIENCE, FAR_BY_LIFETIME, FAR_BY_SUBJECT, FAR_BY_CLAIM, ALLOWED };

static const enum asap_reason distance_reasons[] = {
    [FAR_BY_AUDIENCE] = ASAP_REASON_GRANT_AUDIENCE,
    [FAR_BY_LIFETIME] = ASAP_REASON_GRANT_LIFETIME,
    [FAR_BY_SUBJECT] = ASAP_REASON_GRANT_SUBJECT,
    [FAR_BY_CLAIM] = ASAP_REASON_GRANT_CLAIM,
    [ALLOWED] = ASAP_REASON_NONE,
};

static enum distance measure(const struct known_grant *grant,
                             const struct wish *wish,
                             const char *own_audience)
{
    if (wish->verb != VERB_MINT)
        return ALLOWED;
    if (wish->audiences == NULL || wish->audiences[0] == NULL
        || denied_audience(grant, wish, own_audience) != NULL)
        return FAR_BY_AUDIENCE;
    if (grant->max_lifetime > 0 && wish->lifetime > grant->max_lifetime)
        return FAR_BY_LIFETIME;
    if (!allows_subject(grant, wish))
        return FAR_BY_SUBJECT;
    return denied_claim(grant, wish) != NULL ? FAR_BY_CLAIM : ALLOWED;
}

/* A wish for which there are grants, none of which may allow it. */
struct hearing {
    const char *caller;
    const struct known_grant *grants, *closest;
    size_t count;
    const struct wish *wish;
    const char *own_audience;
};

/* The first of the wished audiences that none of the grants is for; NULL when each is for some. */
static const char *foreign_audience(const struct hearing *hearing)
{
    for (const char *const *audience = hearing->wish->audiences; *audience != NULL; audience++) {
        size_t i = 0;

        while (i < hearing->count
               && !allows_audience(&hearing->grants[i], *audience, hearing->own_audience))
            i++;
        if (i == hearing->count)
            return *audience;
    }
    return NULL;
}

static void say_foreign_audience(const struct hearing *hearing, const char *audience, char *out)
{
    const char *issuer = hearing->wish->issuer;

    if (hearing->own_audience != NULL && strcmp(audience, hearing->own_audience) == 0)
        (void)snprintf(out, VERDICT_MESSAGE_SIZE,
                       "audience %.*s is this server, for which a grant has to name it; ask an "
                       "administrator",
                       shown(audience), audience);
    else
        (void)snprintf(out, VERDICT_MESSAGE_SIZE,
                       "no grant of %s for issuer %.*s is for audience %.*s; ask an administrator "
                       "for one",
                       hearing->caller, shown(issuer), issuer, shown(audience), audience);
}

static void say_audience(const struct hearing *hearing, char *out)
{
    const struct wish *wish = hearing->wish;
    const char *audience = NULL;

    if (wish->audiences == NULL || wish->audiences[0] == NULL) {
        (void)snprintf(out, VERDICT_MESSAGE_SIZE,
                       "no audience is named; name the service that the token is for");
        return;
    }
    audience = foreign_audience(hearing);
    if (audience != NULL)
        say_foreign_audience(hearing, audience, out);
    else
        (void)snprintf(out, VERDICT_MESSAGE_SIZE,
                       "no grant of %s for issuer %.*s is for all of these audiences; ask for "
                       "fewer, or an administrator for one",
                       hearing->caller, shown(wish->issuer), wish->issuer);
}

static void say_lifetime(const struct hearing *hearing, char *out)
{
    (void)snprintf(out, VERDICT_MESSAGE_SIZE,
                   "grant %s is for tokens of at most %" PRId64 " s, not %" PRId64
                   " s; ask for a shorter lifetime",
                   hearing->closest->grant_id, hearing->closest->max_lifetime,
                   hearing->wish->lifetime);
}

static void say_subject(const struct hearing *hearing, char *out)
{
    const char *subject = hearing->wish->subject;

    (void)snprintf(out, VERDICT_MESSAGE_SIZE,
                   "grant %s is not for subject %.*s; leave it out or ask an administrator",
                   hearing->closest->grant_id, shown(subject), subject);
}

static void say_claim(const struct hearing *hearing, char *out)
{
    const char *claim = denied_claim(hearing->closest, hearing->wish);

    (void)snprintf(out, VERDICT_MESSAGE_SIZE,
                   "grant %s is not for the additional claim %.*s; leave it out or ask an "
                   "administrator",
                   hearing->closest->grant_id, shown(claim), claim);
}

static void (*const sayings[])(const struct hearing *hearing, char *out) = {
    [FAR_BY_AUDIENCE] = say_audience,
    [FAR_BY_LIFETIME] = say_lifetime,
    [FAR_BY_SUBJECT] = say_subject,
    [FAR_BY_CLAIM] = say_claim,
};

static void judge_by_grants(struct hearing *hearing, struct verdict *out)
{
    enum distance closest = FAR_BY_AUDIENCE;

    hearing->closest = hearing->grants;
    for (size_t i = 0; i < hearing->count && closest != ALLOWED; i++) {
        const enum distance distance =
            measure(&hearing->grants[i], hearing->wish, hearing->own_audience);

        if (distance > closest) {
            closest = distance;
            hearing->closest = &hearing->grants[i];
        }
    }
    out->is_allowed = closest == ALLOWED;
    out->grant = out->is_allowed ? hearing->closest : NULL;
    out->reason = distance_reasons[closest];
    if (!out->is_allowed)
        sayings[closest](hearing, out->message);
}

/* The same words whether the issuer exists or not. */
static void deny_without_grant(const struct known_caller *caller,
                               const struct wish *wish,
                               struct verdict *out)
{
    const char *name = caller == NULL ? "nobody" : caller->name;

    out->reason = wish->verb == VERB_ADMIN ? ASAP_REASON_NOT_ADMIN : ASAP_REASON_NO_GRANT;
    if (wish->verb == VERB_ADMIN)
        (void)snprintf(out->message, VERDICT_MESSAGE_SIZE,
                       "this is for administrators, and %s is none; ask one", name);
    else
        (void)snprintf(out->message, VERDICT_MESSAGE_SIZE,
                       "%s has no grant to %s %.*s; ask an administrator for one", name,
                       wishes[wish->verb], shown(wish->issuer), wish->issuer);
}

static bool is_let_in(const struct known_caller *caller)
{
    return caller != NULL && caller->is_enabled && !caller->is_deleted;
}

static void deny_caller(const struct known_caller *caller, struct verdict *out)
{
    out->reason = caller->is_deleted ? ASAP_REASON_CALLER_DELETED : ASAP_REASON_CALLER_DISABLED;
    (void)snprintf(out->message, VERDICT_MESSAGE_SIZE, "caller %s is %s; ask an administrator",
                   caller->name, caller->is_deleted ? "deleted" : "disabled");
}

void policy_judge(const struct known_caller *caller,
                  const struct wish *wish,
                  const char *own_audience,
                  struct verdict *out)
{
    struct hearing hearing = { .wish = wish, .own_audience = own_audience };

    *out = (struct verdict){ .is_allowed = policy_is_admin(caller) };
    if (out->is_allowed)
        return;
    if (caller != NULL && !is_let_in(caller)) {
        deny_caller(caller, out);
        return;
    }
    if (caller != NULL) {
        hearing.caller = caller->name;
        hearing.grants = known_caller_grants(caller, wish->verb, wish->issuer, &hearing.count);
    }
    if (hearing.count == 0)
        deny_without_grant(caller, wish, out);
    else
        judge_by_grants(&hearing, out);
}

bool policy_is_admin(const struct known_caller *caller)
{
    size_t count = 0;

    if (is_let_in(caller))
        (void)known_caller_grants(caller, VERB_ADMIN, "", &count);
    return count > 0;
}

bool policy_is_audience_pattern(const char *text)
{
    const size_t length = strnlen(text, AUDIENCE_MAX + 1);
    const char *star = strchr(text, '*');

    if (length == 0 || length > AUDIENCE_MAX || text_utf8_prefix(text, length) != length
        || has_control_character(text))
        return false;
    if (star == NULL)
        return true;
    return star[1] == '\0' && is_wildcard(text, length) && text[length - 3] != '/';
}

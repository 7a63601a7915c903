/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doctor_check.h"
#include "json.h"
#include "lifecycle.h"
#include "manifest.h"

/* What a repository is like apart from its keys. */

enum { CLOCK_READING_SECONDS = 2, DAY = 86400, CERTIFICATE_DAYS = 21 };

static bool is_https(const struct doctor_subject *subject)
{
    return strncasecmp(subject->base_url, "https:", 6) == 0;
}

static bool is_answered(const struct doctor_subject *subject)
{
    return subject->miss->end == PROBE_ANSWERED;
}

enum doctor_verdict doctor_connect(const struct doctor_subject *subject,
                                   char seen[static DOCTOR_TEXT_SIZE])
{
    const struct probe *miss = subject->miss;

    if (miss->end == PROBE_ANSWERED || miss->end == PROBE_NO_TLS)
        return doctor_well(seen, "answers at %s", miss->address);
    return doctor_ill(seen, "%s", miss->why);
}

enum doctor_verdict doctor_tls(const struct doctor_subject *subject,
                               char seen[static DOCTOR_TEXT_SIZE])
{
    if (subject->miss->end == PROBE_NO_TLS)
        return doctor_ill(seen, "%s", subject->miss->why);
    if (!is_https(subject) || !is_answered(subject))
        return DOCTOR_NOTHING;
    return doctor_well(seen, "TLS 1.2 or later, chain and host name are good");
}

enum doctor_verdict doctor_certificate(const struct doctor_subject *subject,
                                       char seen[static DOCTOR_TEXT_SIZE])
{
    const int64_t left = subject->miss->certificate_end - subject->now;

    if (!is_https(subject) || !is_answered(subject) || subject->miss->certificate_end == 0)
        return DOCTOR_NOTHING;
    if (left < (int64_t)CERTIFICATE_DAYS * DAY)
        return doctor_ill(seen, "it ends in %" PRId64 " days", left / DAY);
    return doctor_well(seen, "it ends in %" PRId64 " days", left / DAY);
}

enum doctor_verdict doctor_redirect(const struct doctor_subject *subject,
                                    char seen[static DOCTOR_TEXT_SIZE])
{
    if (!is_answered(subject))
        return DOCTOR_NOTHING;
    if (subject->miss->status / 100 == 3)
        return doctor_ill(seen, "%ld to %s", subject->miss->status, subject->miss->location);
    return doctor_well(seen, "none");
}

/* Of these a verifier learns that there is no key; of any other status it learns nothing. */
static bool is_miss(const struct probe *answer)
{
    return answer->status == 404 || answer->status == 410 || answer->status == 403;
}

enum doctor_verdict doctor_miss(const struct doctor_subject *subject,
                                char seen[static DOCTOR_TEXT_SIZE])
{
    const struct probe *miss = subject->miss;

    if (!is_answered(subject) || miss->status / 100 == 3)
        return DOCTOR_NOTHING;
    if (!is_miss(miss))
        return doctor_ill(seen, "a key that never was is answered with %ld (%s)", miss->status,
                          miss->type[0] == '\0' ? "of no type" : miss->type);
    return doctor_well(seen, "a key that never was is answered with %ld", miss->status);
}

/* Every answer has the headers of some policy; a miss may be kept as short as libraries do. */
enum doctor_verdict doctor_miss_kept(const struct doctor_subject *subject,
                                     char seen[static DOCTOR_TEXT_SIZE])
{
    const struct probe *miss = subject->miss;
    const struct cache_directives *control = &miss->headers.control;

    if (!is_answered(subject) || !is_miss(miss))
        return DOCTOR_NOTHING;
    if (doctor_is_from_cache(miss, subject->miss_again))
        return doctor_ill(seen, "a cache has answered the second question for the same key");
    if (!control->no_store && !control->no_cache && control->max_age.given
        && control->max_age.seconds > LIFECYCLE_LONGEST_MISS)
        return doctor_ill(seen, "caches may keep a 404 for %" PRId64 " s",
                          control->max_age.seconds);
    return doctor_well(seen, "no cache has kept one");
}

enum doctor_verdict doctor_miss_header(const struct doctor_subject *subject,
                                       char seen[static DOCTOR_TEXT_SIZE])
{
    const struct cache_directives *control = &subject->miss->headers.control;

    if (!is_answered(subject) || !is_miss(subject->miss))
        return DOCTOR_NOTHING;
    if (control->no_store || control->no_cache || control->max_age.given)
        return doctor_well(seen, "%s", control->no_store ? "no-store" : "it may be kept briefly");
    return doctor_ill(seen, "a 404 says nothing to caches");
}

enum doctor_verdict doctor_clock(const struct doctor_subject *subject,
                                 char seen[static DOCTOR_TEXT_SIZE])
{
    const struct cache_seconds *date = &subject->miss_again->headers.date;
    const int64_t ahead = date->seconds - subject->now;

    if (!is_answered(subject) || doctor_is_from_cache(subject->miss, subject->miss_again))
        return DOCTOR_NOTHING;
    if (!date->given)
        return doctor_ill(seen, "it sends no Date, by which caches tell how old a key is");
    if (llabs(ahead) > doctor_timing_of(subject->view).clock_skew + CLOCK_READING_SECONDS)
        return doctor_ill(seen, "it is %lld s %s this machine's", llabs(ahead),
                          ahead < 0 ? "behind" : "ahead of");
    return doctor_well(seen, "as this machine's");
}

/* What an export says of itself; where there is no manifest, asapd itself may be the repository. */
enum doctor_verdict doctor_in_step(const struct doctor_subject *subject,
                                   char seen[static DOCTOR_TEXT_SIZE])
{
    const struct buffer *body = &subject->manifest->body;
    SCOPED(json) json_t *manifest = NULL;
    const char *text = NULL;
    int64_t generation = 0;

    if (subject->view->status == NULL || subject->manifest->status != 200 || body->length == 0)
        return DOCTOR_NOTHING;
    manifest = json_loadb(body->bytes, body->length, 0, NULL);
    text = manifest_text(manifest, "generation");
    if (text[0] == '\0')
        return DOCTOR_NOTHING;
    generation = strtoll(text, NULL, 10);
    if (generation < subject->view->status->generation)
        return doctor_ill(
            seen, "exported at %.32s, generation %" PRId64 "; the server is at %" PRId64,
            manifest_text(manifest, "exportTime"), generation, subject->view->status->generation);
    return doctor_well(seen, "exported at %.32s, generation %" PRId64,
                       manifest_text(manifest, "exportTime"), generation);
}

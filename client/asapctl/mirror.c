/* SPDX-License-Identifier: Apache-2.0 */
#include "mirror.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "fetch.h"
#include "wait.h"

enum { TIMEOUT_SECONDS = 600, POLL_SECONDS = 5 };

/* A key that a mirror has not served yet; pairs of both, less those that are done. */
struct lack {
    struct fetcher *mirror;
    const Asap__V1__Key *key; /* NULL: there is none, so that nothing is lacking */
    char text[640];           /* "https://... lacks a/b: why" */
};

struct mirrors {
    struct fetcher *list[REPEATED_MAX];
    size_t count;
    struct lack *lacks;
    size_t lack_count;
};

static void mirrors_scope_exit(struct mirrors *mirrors)
{
    for (size_t i = 0; i < mirrors->count; i++)
        fetcher_free(mirrors->list[i]);
    free(mirrors->lacks);
}

static enum asap_code open_mirrors(const struct ctl *ctl,
                                   struct mirrors *mirrors,
                                   struct asap_error *err)
{
    const struct asap_https_options options = { .ca_file = ctl->access.endpoint.ca_file,
                                                .allow_http_loopback = true };
    char *urls[REPEATED_MAX + 1] = { NULL };
    const size_t count = arguments_values(ctl->arguments, OPTION_MIRROR, urls);

    for (size_t i = 0; i < count; i++) {
        TRY(fetcher_new(urls[i], &options, &mirrors->list[i], err));
        mirrors->count++;
    }
    return ASAP_OK;
}

enum asap_code mirrors_check(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(mirrors) struct mirrors mirrors = { .count = 0 };

    return open_mirrors(ctl, &mirrors, err);
}

static void add_lacks(struct mirrors *mirrors, const Asap__V1__Key *key)
{
    for (size_t i = 0; i < mirrors->count; i++) {
        struct lack *lack = &mirrors->lacks[mirrors->lack_count++];

        lack->mirror = mirrors->list[i];
        lack->key = key;
    }
}

static enum asap_code list_lacks(const Asap__V1__RotateKeyResponse *plan,
                                 struct mirrors *mirrors,
                                 struct asap_error *err)
{
    mirrors->lacks = calloc((plan->n_standbys + 1) * REPEATED_MAX, sizeof *mirrors->lacks);
    if (mirrors->lacks == NULL)
        return fail_memory(err);
    add_lacks(mirrors, plan->incoming);
    for (size_t i = 0; i < plan->n_standbys; i++)
        add_lacks(mirrors, plan->standbys[i]);
    return ASAP_OK;
}

static void describe(struct lack *lack, const char *why)
{
    (void)snprintf(lack->text, sizeof lack->text, "%.120s lacks %.255s: %.250s",
                   fetcher_base_url(lack->mirror), lack->key->key_id, why);
}

/* Whether the mirror serves the key now; lack->text says why not. */
static bool is_served(struct lack *lack)
{
    static const struct cache_validators none = { .etag = "" };
    const Asap__V1__Key *key = lack->key;
    struct fetch_answer answer;
    struct asap_error why = { 0 };
    struct kid kid;

    if (key == NULL)
        return true;
    if (kid_parse(key->key_id, strlen(key->key_id), &kid, &why) != ASAP_OK
        || fetch_key(lack->mirror, &kid, &none, &answer, &why) != ASAP_OK) {
        describe(lack, why.message);
        return false;
    }
    if (answer.body_length == strlen(key->public_key)
        && memcmp(answer.body, key->public_key, answer.body_length) == 0)
        return true;
    describe(lack, "it serves something else under that name");
    return false;
}

static void look(struct mirrors *mirrors)
{
    size_t left = 0;

    for (size_t i = 0; i < mirrors->lack_count; i++)
        if (!is_served(&mirrors->lacks[i]))
            mirrors->lacks[left++] = mirrors->lacks[i];
    mirrors->lack_count = left;
}

static void tell_lacks(const struct ctl *ctl, const struct mirrors *mirrors)
{
    for (size_t i = 0; i < mirrors->lack_count; i++)
        ctl_complain(ctl->host, "%s", mirrors->lacks[i].text);
}

/* What happens in spite of the mirrors. */
static void write_what_goes_on(const Asap__V1__RotateKeyResponse *plan, char out[static 256])
{
    char text[TIME_TEXT_SIZE] = "";

    out[0] = '\0';
    if (plan->incoming == NULL || plan->incoming->sign_time == NULL)
        return;
    time_local(plan->incoming->sign_time->seconds, text);
    (void)snprintf(out, 256, "; the rotation goes on: %.120s signs from %s on",
                   plan->incoming->key_id, text);
}

static enum asap_code read_timeout(const struct ctl *ctl, int64_t *out, struct asap_error *err)
{
    *out = TIMEOUT_SECONDS;
    if (!ctl_has(ctl, OPTION_TIMEOUT))
        return ASAP_OK;
    return time_read_duration(ctl->arguments->options[OPTION_TIMEOUT], out, err);
}

static enum asap_code poll(const struct ctl *ctl, struct mirrors *mirrors, struct asap_error *err)
{
    int64_t end = 0;

    TRY(read_timeout(ctl, &end, err));
    end += ctl_now(ctl);
    for (look(mirrors); mirrors->lack_count > 0; look(mirrors)) {
        const int64_t next = ctl_now(ctl) + POLL_SECONDS;

        if (ctl_now(ctl) >= end)
            return fail(err, ASAP_DEADLINE_EXCEEDED, "mirrors lack keys (are they being copied?)");
        TRY(wait_step(ctl, next < end ? next : end, end, err));
    }
    return ASAP_OK;
}

enum asap_code mirrors_await(const struct ctl *ctl,
                             const Asap__V1__RotateKeyResponse *plan,
                             struct asap_error *err)
{
    SCOPED(mirrors) struct mirrors mirrors = { .count = 0 };
    char goes_on[256] = "";
    struct asap_error why = { 0 };

    TRY(open_mirrors(ctl, &mirrors, err));
    TRY(list_lacks(plan, &mirrors, err));
    (void)fprintf(ctl->host->err, "waiting until every mirror serves the new keys\n");
    if (poll(ctl, &mirrors, &why) == ASAP_OK) {
        (void)fprintf(ctl->host->err, "every mirror serves the new keys\n");
        return ASAP_OK;
    }
    tell_lacks(ctl, &mirrors);
    write_what_goes_on(plan, goes_on);
    return fail(err, why.code, "%.80s%s", why.message, goes_on);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_visit.h"

#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "manifest.h"
#include "request_id.h"

enum { MONTH = 30 * 86400, GONE_MAX = 50 };

struct visit {
    struct prober *prober;
    struct doctor_report *report;
    bool is_over; /* it answers no more, and each further question would wait in vain */
};

static enum asap_code
get_url(const struct visit *visit, const char *url, struct probe *out, struct asap_error *err)
{
    return probe_get(visit->prober, &(struct probe_wish){ .url = url }, out, err);
}

static void write_url(const struct visit *visit, const char *path, char out[static DOCTOR_URL_SIZE])
{
    (void)snprintf(out, DOCTOR_URL_SIZE, "%s/%.300s", prober_base_url(visit->prober), path);
}

static enum asap_code
get(const struct visit *visit, const char *path, struct probe *out, struct asap_error *err)
{
    char url[DOCTOR_URL_SIZE] = "";

    write_url(visit, path, url);
    return get_url(visit, url, out, err);
}

/* Where the key would be if the URL had no path: base path and URL are easily mixed up. */
static enum asap_code get_at_root(const struct visit *visit,
                                  const char *key_id,
                                  struct probe *out,
                                  struct asap_error *err)
{
    char url[DOCTOR_URL_SIZE] = "";
    const char *base = prober_base_url(visit->prober);
    const char *host = strstr(base, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');

    if (path == NULL)
        return ASAP_OK;
    (void)snprintf(url, sizeof url, "%.*s/%.255s", (int)(path - base), base, key_id);
    return get_url(visit, url, out, err);
}

/* One key of an issuer, more closely. */
static enum asap_code look_closer(const struct visit *visit,
                                  const struct doctor_subject *of,
                                  struct asap_error *err)
{
    SCOPED(probe) struct probe revalidated = PROBE;
    SCOPED(probe) struct probe compressed = PROBE;
    SCOPED(probe) struct probe alias = PROBE;
    struct doctor_subject subject = *of;
    char url[DOCTOR_URL_SIZE] = "";
    char name[ALIAS_SIZE] = "";

    write_url(visit, of->key->key_id, url);
    TRY(alias_name(of->key->key_id, name, err));
    TRY(probe_get(visit->prober,
                  &(struct probe_wish){ .url = url, .validators = &of->answer->validators },
                  &revalidated, err));
    TRY(probe_get(visit->prober, &(struct probe_wish){ .url = url, .gzip = true }, &compressed,
                  err));
    TRY(get(visit, name, &alias, err));
    subject.revalidated = &revalidated;
    subject.compressed = &compressed;
    subject.alias = &alias;
    doctor_report_judge(visit->report, DOCTOR_SAMPLE, &subject);
    return ASAP_OK;
}

static enum asap_code look_at_key(struct visit *visit,
                                  struct doctor_subject subject,
                                  bool closely,
                                  struct asap_error *err)
{
    SCOPED(probe) struct probe answer = PROBE;
    SCOPED(probe) struct probe elsewhere = PROBE;

    TRY(get(visit, subject.key->key_id, &answer, err));
    if (answer.end == PROBE_ANSWERED && answer.status != 200)
        TRY(get_at_root(visit, subject.key->key_id, &elsewhere, err));
    visit->is_over = answer.end != PROBE_ANSWERED;
    subject.answer = &answer;
    subject.elsewhere = &elsewhere;
    doctor_report_judge(visit->report, DOCTOR_KEY, &subject);
    return closely && answer.status == 200 ? look_closer(visit, &subject, err) : ASAP_OK;
}

/* When a key that is not published any more was so last; 0: it never was. */
static int64_t end_of(const Asap__V1__Key *key)
{
    if (key->state == ASAP__V1__KEY_STATE__KEY_STATE_REVOKED && key->revoke_time != NULL)
        return key->revoke_time->seconds;
    if (key->state == ASAP__V1__KEY_STATE__KEY_STATE_RETIRED && key->unpublish_time != NULL)
        return key->unpublish_time->seconds;
    return 0;
}

/* Not long ago, but so that no cache and no mirror may have it any more. */
static bool is_gone(const struct doctor_subject *subject, const Asap__V1__Key *key)
{
    const struct doctor_timing timing = doctor_timing_of(subject->view);
    const int64_t age = subject->now - end_of(key);

    return age > timing.max_age + timing.stale + timing.replica_lag + timing.clock_skew
           && age < MONTH;
}

static enum asap_code look_for_gone(const struct visit *visit,
                                    struct doctor_subject subject,
                                    struct asap_error *err)
{
    SCOPED(probe) struct probe answer = PROBE;

    TRY(get(visit, subject.key->key_id, &answer, err));
    subject.answer = &answer;
    doctor_report_judge(visit->report, DOCTOR_GONE, &subject);
    return ASAP_OK;
}

static enum asap_code look_at_key_set(const struct visit *visit,
                                      struct doctor_subject subject,
                                      struct asap_error *err)
{
    SCOPED(probe) struct probe answer = PROBE;
    char url[DOCTOR_URL_SIZE] = "";

    doctor_key_set_url(prober_base_url(visit->prober), subject.issuer->name, url);
    TRY(get_url(visit, url, &answer, err));
    subject.answer = &answer;
    doctor_report_judge(visit->report, DOCTOR_KEY_SET, &subject);
    return ASAP_OK;
}

static enum asap_code look_at_issuer(struct visit *visit,
                                     struct doctor_subject subject,
                                     struct asap_error *err)
{
    const Asap__V1__ListKeysResponse *keys = subject.issuer->keys;
    size_t published = 0;
    size_t gone = 0;

    for (size_t i = 0; i < keys->n_keys && !visit->is_over; i++) {
        subject.key = keys->keys[i];
        if (doctor_is_published(subject.key))
            TRY(look_at_key(visit, subject, published++ == 0, err));
        else if (is_gone(&subject, subject.key) && gone++ < GONE_MAX)
            TRY(look_for_gone(visit, subject, err));
    }
    return visit->is_over ? ASAP_OK : look_at_key_set(visit, subject, err);
}

/* Under a name that nobody has asked for before, so that no cache knows it, and once more. */
static enum asap_code ask_for_nothing(const struct visit *visit,
                                      struct probe *miss,
                                      struct probe *again,
                                      struct asap_error *err)
{
    char path[REQUEST_ID_SIZE + 32] = "";
    char id[REQUEST_ID_SIZE] = "";

    TRY(request_id_new(id, err));
    (void)snprintf(path, sizeof path, "asapctl-doctor/%s.pem", id);
    TRY(get(visit, path, miss, err));
    return miss->end == PROBE_ANSWERED ? get(visit, path, again, err) : ASAP_OK;
}

enum asap_code doctor_visit(struct prober *prober,
                            struct doctor_subject subject,
                            struct doctor_report *report,
                            struct asap_error *err)
{
    struct visit visit = { .prober = prober, .report = report };
    SCOPED(probe) struct probe miss = PROBE;
    SCOPED(probe) struct probe again = PROBE;
    SCOPED(probe) struct probe manifest = PROBE;

    subject.base_url = prober_base_url(prober);
    subject.miss = &miss;
    subject.miss_again = &again;
    subject.manifest = &manifest;
    TRY(ask_for_nothing(&visit, &miss, &again, err));
    if (miss.end == PROBE_ANSWERED)
        TRY(get(&visit, MANIFEST_NAME, &manifest, err));
    doctor_report_judge(report, DOCTOR_REPOSITORY, &subject);
    visit.is_over = miss.end != PROBE_ANSWERED;
    for (size_t i = 0; !visit.is_over && i < subject.view->count; i++) {
        subject.issuer = &subject.view->issuers[i];
        TRY(look_at_issuer(&visit, subject, err));
    }
    return doctor_report_end_place(report, prober_base_url(prober), err);
}

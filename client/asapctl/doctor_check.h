/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_DOCTOR_CHECK_H
#define ASAPCTL_DOCTOR_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doctor_view.h"
#include "probe.h"

/* What can be wrong with a deployment, as data: a row for each check, with the
 * function that judges one subject and the advice for when it is ill. The
 * functions look at answers that were fetched, and fetch nothing. */

enum { DOCTOR_TEXT_SIZE = 512 };

enum doctor_verdict {
    DOCTOR_NOTHING, /* there is nothing to judge; another check tells why */
    DOCTOR_WELL,
    DOCTOR_ILL
};

/* What a check is about. */
enum doctor_scope {
    DOCTOR_SERVER,
    DOCTOR_ISSUER, /* as the server knows it */
    DOCTOR_REPOSITORY,
    DOCTOR_KEY,
    DOCTOR_SAMPLE, /* one key of each issuer, looked at more closely */
    DOCTOR_KEY_SET,
    DOCTOR_GONE /* a key that is no longer published */
};

/* Of the answers, those of its scope are there. */
struct doctor_subject {
    const struct doctor_view *view;
    int64_t now; /* seconds since 1970 */
    const char *base_url;
    const struct doctor_issuer *issuer;
    const Asap__V1__Key *key;
    const struct probe *miss;        /* REPOSITORY, KEY: to a key id that never was */
    const struct probe *miss_again;  /* REPOSITORY: to the same one */
    const struct probe *manifest;    /* REPOSITORY */
    const struct probe *answer;      /* KEY, SAMPLE, KEY_SET, GONE */
    const struct probe *elsewhere;   /* KEY: where the key would be without the path of the URL */
    const struct probe *revalidated; /* SAMPLE: to If-None-Match */
    const struct probe *compressed;  /* SAMPLE: to a client that takes gzip */
    const struct probe *alias;       /* SAMPLE: under the hashed name */
};

/* Writes what was seen: of an ill one why it is ill, of one that is well what is worth knowing. */
typedef enum doctor_verdict doctor_judge(const struct doctor_subject *subject,
                                         char seen[static DOCTOR_TEXT_SIZE]);

struct doctor_check {
    const char *name; /* "content-type" */
    doctor_judge *judge;
    const char *advice;
    enum doctor_scope scope;
    bool is_grave; /* it fails, and is no mere warning */
};

/* In the order in which they are told; NULL past the last. */
const struct doctor_check *doctor_check_at(size_t index);
enum { DOCTOR_CHECKS_MAX = 48 };

/* Both write the text and return the verdict. */
__attribute__((format(printf, 2, 3))) enum doctor_verdict
doctor_well(char seen[static DOCTOR_TEXT_SIZE], const char *format, ...);
__attribute__((format(printf, 2, 3))) enum doctor_verdict
doctor_ill(char seen[static DOCTOR_TEXT_SIZE], const char *format, ...);

/* A media type's name alone. */
bool doctor_is_type(const struct probe *answer, const char *type);

/* Whether a cache has answered in the place of the origin, as far as it shows. */
bool doctor_is_from_cache(const struct probe *first, const struct probe *second);

doctor_judge doctor_server, doctor_server_clock, doctor_known;
doctor_judge doctor_active, doctor_standbys, doctor_rotation;
doctor_judge doctor_connect, doctor_tls, doctor_certificate, doctor_redirect, doctor_miss;
doctor_judge doctor_miss_kept, doctor_miss_header, doctor_clock, doctor_in_step;
doctor_judge doctor_base_path, doctor_served, doctor_type, doctor_bytes, doctor_form,
    doctor_freshness, doctor_age;
doctor_judge doctor_revalidation, doctor_compression, doctor_alias;
doctor_judge doctor_key_set, doctor_key_set_keys, doctor_gone;

#endif

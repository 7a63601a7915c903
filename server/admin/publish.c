/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "fail.h"

DEFINE_SCOPED(rows, struct key_row *, free)

static enum asap_code read_public(const char *pem, EVP_PKEY **out, struct asap_error *err)
{
    const enum asap_code code = pem_read_public(pem, strlen(pem), out, err);

    if (code != ASAP_OK && err != NULL)
        (void)snprintf(err->field, sizeof err->field, "public_key");
    return code;
}

static enum asap_code choose_algorithm(const char *name,
                                       EVP_PKEY *key,
                                       const struct algorithm **out,
                                       struct asap_error *err)
{
    *out = name[0] == '\0' ? algorithm_default_for(key) : algorithm_find(name, strlen(name));
    if (*out == NULL)
        return fail_field(err, "algorithm", "no algorithm is called \"%.32s\"", name);
    if (!algorithm_fits(*out, key))
        return fail_field(err, "algorithm", "%s does not fit this kind of key", (*out)->name);
    return ASAP_OK;
}

static enum asap_code name_key(struct change *change,
                               const struct issuer_row *issuer,
                               const char *name,
                               char out[KID_MAX + 1],
                               struct asap_error *err)
{
    SCOPED(rows) struct key_row *existing = NULL;
    size_t count = 0;

    if (name[0] == '\0') {
        TRY(store_list_keys(&change->txn, issuer->id, &existing, &count, err));
        return change_name_key(change, issuer->name, existing, count, out, err);
    }
    if (strchr(name, '/') != NULL || strlen(name) > KID_SEGMENT_MAX)
        return fail_field(err, "name", "a key's name is one segment of at most %d characters",
                          KID_SEGMENT_MAX);
    (void)snprintf(out, KID_MAX + 1, "%s/%s", issuer->name, name);
    return kid_check_registrable(out, "name", err);
}

/* An external key may sign from its publication on: when it does is its owner's affair. */
static struct key_times external_times(int64_t now, int64_t unpublish_time)
{
    struct key_times times = lifecycle_standby(now);

    times.sign_time = now;
    times.unpublish_time = unpublish_time;
    return times;
}

static enum asap_code check_end(const struct change *change,
                                int64_t unpublish_time,
                                struct asap_error *err)
{
    if (unpublish_time > change->now + change->admin->policy->publish_lead)
        return ASAP_OK;
    return fail_field(err, "unpublish_time",
                      "the key would be withdrawn before every verifier can be expected to know it,"
                      " which takes %lld s",
                      (long long)change->admin->policy->publish_lead);
}

enum asap_code keys_publish(struct change *change,
                            const struct publication *publication,
                            struct key_row *out,
                            struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;
    const struct algorithm *algorithm = NULL;
    struct issuer_row issuer;

    TRY(read_public(publication->public_key, &key, err));
    TRY(choose_algorithm(publication->algorithm, key, &algorithm, err));
    TRY(change_begin(change, err));
    TRY(check_end(change, publication->unpublish_time, err));
    TRY(store_get_issuer(&change->txn, publication->issuer, &issuer, err));
    *out = (struct key_row){ .issuer_id = issuer.id,
                             .create_time = change->now,
                             .times = external_times(change->now, publication->unpublish_time),
                             .max_lifetime = issuer.max_lifetime };
    TRY(name_key(change, &issuer, publication->name, out->kid, err));
    change_note_key(change, issuer.name, out->kid);
    TRY(change_describe_key(key, algorithm, out, err));
    return store_add_key(&change->txn, out, err);
}

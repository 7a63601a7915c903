/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "fail.h"
#include "handlers.h"

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000 };

enum asap_code to_timestamp(int64_t time,
                            Google__Protobuf__Timestamp **field,
                            struct asap_error *err)
{
    if (time == LIFECYCLE_NEVER)
        return ASAP_OK;
    *field = malloc(sizeof **field);
    if (*field == NULL)
        return fail_memory(err);
    google__protobuf__timestamp__init(*field);
    (*field)->seconds = time;
    return ASAP_OK;
}

enum asap_code to_duration(int64_t seconds,
                           Google__Protobuf__Duration **field,
                           struct asap_error *err)
{
    *field = malloc(sizeof **field);
    if (*field == NULL)
        return fail_memory(err);
    google__protobuf__duration__init(*field);
    (*field)->seconds = seconds;
    return ASAP_OK;
}

bool from_decimal(const char *text, int64_t most, int64_t *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && *out <= most;
}

Asap__V1__KeyState to_state(enum key_state state)
{
    static const Asap__V1__KeyState states[] = {
        [KEY_SCHEDULED] = ASAP__V1__KEY_STATE__KEY_STATE_SCHEDULED,
        [KEY_STANDBY] = ASAP__V1__KEY_STATE__KEY_STATE_STANDBY,
        [KEY_ACTIVE] = ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE,
        [KEY_RETIRING] = ASAP__V1__KEY_STATE__KEY_STATE_RETIRING,
        [KEY_RETIRED] = ASAP__V1__KEY_STATE__KEY_STATE_RETIRED,
        [KEY_REVOKED] = ASAP__V1__KEY_STATE__KEY_STATE_REVOKED,
    };

    return states[state];
}

static enum asap_code
to_times(const struct key_row *row, int64_t now, Asap__V1__Key *out, struct asap_error *err)
{
    const struct key_times *times = &row->times;

    TRY(to_timestamp(row->create_time, &out->create_time, err));
    TRY(to_timestamp(times->publish_time, &out->publish_time, err));
    TRY(to_timestamp(times->sign_time, &out->sign_time, err));
    TRY(to_timestamp(times->sign_until, &out->sign_until, err));
    TRY(to_timestamp(times->unpublish_time, &out->unpublish_time, err));
    TRY(to_timestamp(times->revoke_time, &out->revoke_time, err));
    return to_timestamp(lifecycle_next_transition(times, now), &out->next_transition_time, err);
}

enum asap_code
to_key(const struct key_row *row, int64_t now, Asap__V1__Key *out, struct asap_error *err)
{
    char issuer[KID_MAX + 1];
    struct kid kid;

    TRY(kid_parse(row->kid, strlen(row->kid), &kid, err));
    (void)snprintf(issuer, sizeof issuer, "%.*s", (int)kid.issuer_length, kid.issuer);
    out->kind =
        row->managed ? ASAP__V1__KEY_KIND__KEY_KIND_MANAGED : ASAP__V1__KEY_KIND__KEY_KIND_EXTERNAL;
    out->state = to_state(lifecycle_state(&row->times, now));
    TRY(codec_set_string(&out->key_id, row->kid, err));
    TRY(codec_set_string(&out->issuer, issuer, err));
    TRY(codec_set_string(&out->algorithm, row->algorithm, err));
    TRY(codec_set_string(&out->public_key, row->pem, err));
    TRY(codec_set_string(&out->thumbprint, row->thumbprint, err));
    TRY(codec_set_string(&out->revoke_reason, row->revoke_reason, err));
    return to_times(row, now, out, err);
}

enum asap_code
to_new_key(const struct key_row *row, int64_t now, Asap__V1__Key **field, struct asap_error *err)
{
    *field = malloc(sizeof **field);
    if (*field == NULL)
        return fail_memory(err);
    asap__v1__key__init(*field);
    return to_key(row, now, *field, err);
}

enum asap_code to_seconds(const Google__Protobuf__Duration *duration,
                          int64_t otherwise,
                          const char *field,
                          int64_t *out,
                          struct asap_error *err)
{
    *out = duration == NULL ? otherwise : duration->seconds;
    if (duration != NULL && duration->nanos != 0)
        return fail_field(err, field, "%s is in whole seconds", field);
    return ASAP_OK;
}

enum asap_code to_time(const Google__Protobuf__Timestamp *timestamp,
                       const char *field,
                       int64_t *out,
                       struct asap_error *err)
{
    *out = timestamp == NULL ? LIFECYCLE_NEVER : timestamp->seconds;
    if (*out < 0)
        return fail_field(err, field, "%s is before 1970", field);
    return ASAP_OK;
}

enum asap_code to_list(char *const *texts, size_t count, const char ***out, struct asap_error *err)
{
    *out = calloc(count + 1, sizeof **out);
    if (*out == NULL)
        return fail_memory(err);
    for (size_t i = 0; i < count; i++)
        (*out)[i] = texts[i];
    return ASAP_OK;
}

enum asap_code check_request_id(const char *id, struct asap_error *err)
{
    size_t length = 0;

    while (id[length] > ' ' && id[length] <= '~')
        length++;
    if (id[length] != '\0' || length >= REQUEST_ID_SIZE)
        return fail_field(err, "request_id",
                          "a request id has at most %d printable ASCII characters and no spaces"
                          " (a UUID does)",
                          REQUEST_ID_SIZE - 1);
    return ASAP_OK;
}

enum asap_code to_page_size(int32_t requested, size_t *out, struct asap_error *err)
{
    if (requested < 0)
        return fail_field(err, "page_size", "a page size cannot be negative");
    *out = requested == 0 ? PAGE_DEFAULT : (size_t)requested;
    if (*out > PAGE_MAX)
        *out = PAGE_MAX;
    return ASAP_OK;
}

enum asap_code to_array(size_t count, void ***field, struct asap_error *err)
{
    *field = calloc(count + 1, sizeof **field);
    return *field == NULL ? fail_memory(err) : ASAP_OK;
}

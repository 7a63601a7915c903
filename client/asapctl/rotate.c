/* SPDX-License-Identifier: Apache-2.0 */
#include "rotate.h"

#include "codec.h"
#include "fail.h"
#include "key_verbs.h"
#include "mirror.h"
#include "show.h"
#include "wait.h"

/* What the options of `key rotate` ask of each other. */
static const struct {
    enum option_id option;
    enum option_id other;
    bool excludes; /* it does not go with the other one; otherwise it needs it */
    const char *message;
} rules[] = {
    { OPTION_EMERGENCY, OPTION_REASON, false, "--emergency needs --reason TEXT" },
    { OPTION_REASON, OPTION_EMERGENCY, false, "--reason is for --emergency only" },
    { OPTION_ACCEPT_MISSES, OPTION_EMERGENCY, false, "--accept-misses is for --emergency only" },
    { OPTION_STORE_COMPROMISED, OPTION_EMERGENCY, false,
      "--store-compromised is for --emergency only" },
    { OPTION_TIMEOUT, OPTION_MIRROR, false, "--timeout is for --mirror only" },
    { OPTION_DRY_RUN, OPTION_WAIT, true, "--wait has nothing to wait for with --dry-run" },
    { OPTION_DRY_RUN, OPTION_MIRROR, true, "--mirror has no keys to look for with --dry-run" },
    { OPTION_ALL_DUE, OPTION_EXPECTED, true, "--expected is for one ISSUER, not for --all-due" },
    { OPTION_ALL_DUE, OPTION_EMERGENCY, true, "--emergency is for one ISSUER, not for --all-due" },
    { OPTION_ALL_DUE, OPTION_WAIT, true, "--wait is for one ISSUER, not for --all-due" },
    { OPTION_ALL_DUE, OPTION_MIRROR, true, "--mirror is for one ISSUER, not for --all-due" },
};

enum { RULES = sizeof rules / sizeof rules[0] };

enum asap_code rotate_check(const struct arguments *arguments, struct asap_error *err)
{
    const bool one = arguments->operand != NULL && arguments->operand[0] != '\0';
    const bool all = arguments->options[OPTION_ALL_DUE] != NULL;

    if (one == all)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    one ? "key rotate takes ISSUER or --all-due, not both"
                        : "ISSUER is missing (asapctl key rotate ISSUER,"
                          " or --all-due)");
    for (size_t i = 0; i < RULES; i++)
        if (arguments->options[rules[i].option] != NULL
            && (arguments->options[rules[i].other] != NULL) == rules[i].excludes)
            return fail(err, ASAP_INVALID_ARGUMENT, "%s", rules[i].message);
    return ASAP_OK;
}

static void add_event(struct table *table,
                      const Asap__V1__Key *key,
                      const char *event,
                      const Google__Protobuf__Timestamp *time,
                      int64_t now)
{
    char text[TIME_TEXT_SIZE] = "";

    if (key == NULL || time == NULL)
        return;
    show_time(time, now, text);
    table_add(table, key->key_id);
    table_add(table, event);
    table_add(table, text);
}

/* Only a key that goes has these times. Answers with a key are cut so that no cache trusts it any
 * longer than it is published; a revoked key was not expected to go. */
static void add_outgoing(struct table *table, const Asap__V1__Key *key, int64_t now)
{
    if (key == NULL)
        return;
    if (key->revoke_time != NULL) {
        add_event(table, key, "is revoked", key->revoke_time, now);
        return;
    }
    add_event(table, key, "stops signing", key->sign_until, now);
    add_event(table, key, "is published until", key->unpublish_time, now);
    add_event(table, key, "may be trusted by caches until", key->unpublish_time, now);
}

static const char *title_of(const struct ctl *ctl, const Asap__V1__RotateKeyResponse *plan)
{
    if (plan->already_planned)
        return "nothing to do, this is what is planned already:";
    return ctl_has(ctl, OPTION_EMERGENCY) ? "emergency rotation:" : "rotation planned:";
}

static enum asap_code view_rotation(const struct ctl *ctl,
                                    const ProtobufCMessage *response,
                                    struct asap_error *err)
{
    const Asap__V1__RotateKeyResponse *plan = (const Asap__V1__RotateKeyResponse *)response;
    static const char *const titles[] = { "KEY ID", "WHAT", "WHEN", NULL };
    SCOPED(table) struct table table = TABLE(3);
    const int64_t now = ctl_now(ctl);

    ctl_say(ctl, "%s", title_of(ctl, plan));
    table_add_row(&table, titles);
    if (plan->incoming != NULL)
        add_event(&table, plan->incoming, "starts signing", plan->incoming->sign_time, now);
    add_outgoing(&table, plan->outgoing, now);
    for (size_t i = 0; i < plan->n_standbys; i++)
        add_event(&table, plan->standbys[i], "stands by from", plan->standbys[i]->publish_time,
                  now);
    return table_print(&table, ctl->host->out, err);
}

const struct ctl_method rotate_method = { "/asap.v1.KeyAdmin/RotateKey",
                                          &asap__v1__rotate_key_response__descriptor,
                                          view_rotation };
static void tell_trust(const struct ctl *ctl, const Asap__V1__RotateKeyResponse *plan)
{
    char until[TIME_TEXT_SIZE] = "";

    if (plan->outgoing == NULL)
        return;
    show_time(plan->trusted_until, ctl_now(ctl), until);
    (void)fprintf(ctl->host->out, "caches may trust %s until %s\n", plan->outgoing->key_id, until);
}

static void tell_gap(const struct ctl *ctl, const Asap__V1__RotateKeyResponse *plan)
{
    const Asap__V1__Key *key = plan->incoming;
    char from[TIME_TEXT_SIZE] = "";

    if (key == NULL)
        return;
    if (key->state == ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE) {
        (void)fprintf(ctl->host->out, "%s signs at once\n", key->key_id);
        return;
    }
    show_time(key->sign_time, ctl_now(ctl), from);
    (void)fprintf(ctl->host->out, "nothing is minted until %s\n", from);
}

static enum asap_code print(const struct ctl *ctl,
                            const Asap__V1__RotateKeyResponse *plan,
                            struct asap_error *err)
{
    TRY(ctl_print(ctl, &rotate_method, &plan->base, err));
    if (ctl_has(ctl, OPTION_EMERGENCY) && !ctl_wants_json(ctl)) {
        tell_trust(ctl, plan);
        tell_gap(ctl, plan);
    }
    if (fflush(ctl->host->out) != 0)
        return fail(err, ASAP_INTERNAL, "the output could not be written (is the disk full?)");
    return ASAP_OK;
}

static enum asap_code rotate_one(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__RotateKeyRequest request = { 0 };
    Asap__V1__Emergency emergency = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    const Asap__V1__RotateKeyResponse *plan = NULL;

    asap__v1__rotate_key_request__init(&request);
    asap__v1__emergency__init(&emergency);
    request.issuer = ctl->arguments->operand;
    ctl_set(ctl, OPTION_EXPECTED, &request.expected_key_id);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    ctl_set(ctl, OPTION_REASON, &emergency.reason);
    emergency.accept_misses = ctl_has(ctl, OPTION_ACCEPT_MISSES);
    emergency.store_compromised = ctl_has(ctl, OPTION_STORE_COMPROMISED);
    if (ctl_has(ctl, OPTION_EMERGENCY))
        request.emergency = &emergency;
    TRY(mirrors_check(ctl, err));
    if (ctl_has(ctl, OPTION_WAIT) || ctl_has(ctl, OPTION_MIRROR))
        wait_hold_interruptions(ctl);
    TRY(ctl_ask(ctl, &rotate_method, &request.base, &message, err));
    plan = (const Asap__V1__RotateKeyResponse *)message;
    TRY(print(ctl, plan, err));
    if (ctl_has(ctl, OPTION_MIRROR))
        TRY(mirrors_await(ctl, plan, err));
    return ctl_has(ctl, OPTION_WAIT) ? rotation_await(ctl, plan, err) : ASAP_OK;
}

enum asap_code key_rotate(const struct ctl *ctl, struct asap_error *err)
{
    return ctl_has(ctl, OPTION_ALL_DUE) ? rotate_all_due(ctl, err) : rotate_one(ctl, err);
}

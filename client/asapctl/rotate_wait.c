/* SPDX-License-Identifier: Apache-2.0 */
#include "codec.h"
#include "fail.h"
#include "rotate.h"
#include "show.h"
#include "wait.h"

/* The server's clock decides when a key signs, so the server is asked: seldom while it is early,
 * in case the plan changes, and often once the time has come here. */
enum { EARLY_SECONDS = 60, LATE_SECONDS = 2, RESTART_SECONDS = 60 };

static const struct ctl_method get_method = { "/asap.v1.KeyAdmin/GetKey",
                                              &asap__v1__key__descriptor, NULL };

static int64_t next_look(int64_t now, int64_t time)
{
    if (now >= time)
        return now + LATE_SECONDS;
    return time - now > EARLY_SECONDS ? now + EARLY_SECONDS : time;
}

/* Sets *time when the plan has changed, and *signs when it is done. */
static enum asap_code
judge(const Asap__V1__Key *key, int64_t *time, bool *signs, struct asap_error *err)
{
    *signs = key->state == ASAP__V1__KEY_STATE__KEY_STATE_ACTIVE;
    if (*signs)
        return ASAP_OK;
    if (key->state != ASAP__V1__KEY_STATE__KEY_STATE_STANDBY)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "%.150s was to sign, but is %s (asapctl key list tells what is planned)",
                    key->key_id, show_key_state(key->state));
    if (key->sign_time == NULL)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "%.150s is no longer planned to sign (asapctl key list tells what is)",
                    key->key_id);
    *time = key->sign_time->seconds;
    return ASAP_OK;
}

/* So a server answers that restarts, or does not answer. */
static bool is_away(enum asap_code code)
{
    return code == ASAP_UNAVAILABLE || code == ASAP_UNKNOWN || code == ASAP_DEADLINE_EXCEEDED;
}

/* A server that restarts meanwhile is forgiven. Who may rotate need not be allowed to look: then
 * the clock of this machine has to do. */
static enum asap_code
look(const struct ctl *ctl, char *key_id, int64_t *time, bool *signs, struct asap_error *err)
{
    Asap__V1__GetKeyRequest request = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    struct asap_error why = { 0 };
    enum asap_code code = ASAP_OK;

    asap__v1__get_key_request__init(&request);
    request.key_id = key_id;
    code = ctl_ask(ctl, &get_method, &request.base, &message, &why);
    if (code == ASAP_OK)
        return judge((const Asap__V1__Key *)message, time, signs, err);
    *signs = code == ASAP_PERMISSION_DENIED && ctl_now(ctl) >= *time;
    if (code == ASAP_PERMISSION_DENIED || (is_away(code) && ctl_now(ctl) < *time + RESTART_SECONDS))
        return ASAP_OK;
    *err = why;
    return code;
}

static enum asap_code
wait_to_look(const struct ctl *ctl, const char *key_id, int64_t time, struct asap_error *err)
{
    char text[TIME_TEXT_SIZE] = "";

    if (wait_step(ctl, next_look(ctl_now(ctl), time), time, err) == ASAP_OK)
        return ASAP_OK;
    time_local(time, text);
    return fail(err, ASAP_CANCELED,
                "interrupted while waiting; the rotation goes on: %.120s signs from %s on", key_id,
                text);
}

enum asap_code rotation_await(const struct ctl *ctl,
                              const Asap__V1__RotateKeyResponse *plan,
                              struct asap_error *err)
{
    const Asap__V1__Key *key = plan->incoming;
    char text[TIME_TEXT_SIZE] = "";
    int64_t time = 0;
    bool signs = false;

    if (key == NULL)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "no key is planned to sign, so there is nothing to wait for");
    TRY(judge(key, &time, &signs, err));
    if (!signs) {
        time_full(time, ctl_now(ctl), text);
        (void)fprintf(ctl->host->err, "waiting until %s signs: %s\n", key->key_id, text);
    }
    while (!signs) {
        TRY(wait_to_look(ctl, key->key_id, time, err));
        TRY(look(ctl, key->key_id, &time, &signs, err));
    }
    (void)fprintf(ctl->host->err, "%s signs now\n", key->key_id);
    return ASAP_OK;
}

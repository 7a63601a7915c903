/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "codec.h"
#include "due.h"
#include "fail.h"
#include "issuer_list.h"
#include "key_list.h"
#include "rotate.h"
#include "show.h"

static enum asap_code print_plan(const struct ctl *ctl,
                                 const Asap__V1__Issuer *issuer,
                                 const Asap__V1__RotateKeyResponse *plan,
                                 struct asap_error *err)
{
    char from[TIME_TEXT_SIZE] = "";

    if (ctl_wants_json(ctl))
        return ctl_print(ctl, &rotate_method, &plan->base, err);
    if (plan->incoming == NULL) {
        ctl_say(ctl, "%s: nothing is planned", issuer->name);
        return ASAP_OK;
    }
    show_time(plan->incoming->sign_time, ctl_now(ctl), from);
    ctl_say(ctl, "%s: %s signs from %s on", issuer->name, plan->incoming->key_id, from);
    return ASAP_OK;
}

/* Unless another key signs by now, which is somebody else's rotation. */
static enum asap_code
rotate(const struct ctl *ctl, const Asap__V1__Issuer *issuer, char *active, struct asap_error *err)
{
    Asap__V1__RotateKeyRequest request = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;

    asap__v1__rotate_key_request__init(&request);
    request.issuer = issuer->name;
    request.expected_key_id = active;
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    TRY(ctl_ask(ctl, &rotate_method, &request.base, &message, err));
    return print_plan(ctl, issuer, (const Asap__V1__RotateKeyResponse *)message, err);
}

static enum asap_code rotate_if_due(const struct ctl *ctl,
                                    const Asap__V1__Issuer *issuer,
                                    bool *was_due,
                                    struct asap_error *err)
{
    SCOPED(key_list) Asap__V1__ListKeysResponse *list = NULL;
    struct key_overview keys;

    if (!due_is_periodic(issuer))
        return ASAP_OK;
    TRY(key_list_ask(ctl, issuer->name, false, &list, err));
    keys = key_list_overview(list);
    if (due_find(issuer, &keys, ctl_now(ctl)).state != DUE_PASSED)
        return ASAP_OK;
    *was_due = true;
    return rotate(ctl, issuer, keys.active->key_id, err);
}

enum asap_code rotate_all_due(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(issuer_list) Asap__V1__ListIssuersResponse *list = NULL;
    bool any = false;
    bool failed = false;

    TRY(issuer_list_ask(ctl, &list, err));
    for (size_t i = 0; i < list->n_issuers; i++) {
        struct asap_error why = { 0 };

        if (rotate_if_due(ctl, list->issuers[i], &any, &why) == ASAP_OK)
            continue;
        failed = true;
        ctl_complain(ctl->host, "cannot rotate %s: %s", list->issuers[i]->name, why.message);
    }
    if (failed)
        return ctl_answer_no(err);
    if (!any && !ctl_wants_json(ctl))
        ctl_say(ctl, "no rotation is due");
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include "fail.h"
#include "input.h"
#include "key_verbs.h"
#include "public_key.h"
#include "secret.h"
#include "show.h"

enum asap_code publish_check(const Asap__V1__PublishKeyResponse *response, struct asap_error *err)
{
    if (response->key == NULL || response->safe_sign_time == NULL)
        return fail(err, ASAP_INTERNAL,
                    "the server's answer lacks the key or its time (is it a newer asapd?)");
    return ASAP_OK;
}

static enum asap_code view_published(const struct ctl *ctl,
                                     const ProtobufCMessage *message,
                                     struct asap_error *err)
{
    const Asap__V1__PublishKeyResponse *response = (const Asap__V1__PublishKeyResponse *)message;
    char safe[TIME_TEXT_SIZE] = "";
    char until[TIME_TEXT_SIZE] = "";

    TRY(publish_check(response, err));
    show_time(response->safe_sign_time, ctl_now(ctl), safe);
    ctl_say(ctl, "published %s (%s)", response->key->key_id, response->key->algorithm);
    (void)fprintf(ctl->host->out, "sign with it from %s on: every verifier can know it then\n",
                  safe);
    if (response->key->unpublish_time != NULL) {
        show_time(response->key->unpublish_time, ctl_now(ctl), until);
        (void)fprintf(ctl->host->out, "it is served until %s\n", until);
    }
    return ASAP_OK;
}

const struct ctl_method publish_method = { "/asap.v1.KeyAdmin/PublishKey",
                                           &asap__v1__publish_key_response__descriptor,
                                           view_published };

static enum asap_code read_public_key(const struct ctl *ctl,
                                      struct buffer *out,
                                      struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    bool certified = false;

    TRY(input_read(ctl->arguments->options[OPTION_PUBLIC_KEY], ctl->host->in, PEM_PRIVATE_MAX,
                   &text, err));
    TRY(public_key_from_text((const char *)text.bytes, text.length, out, &certified, err));
    if (certified)
        (void)fputs("taking the key out of the certificate; what else that says, such as when it"
                    " expires, does not count\n",
                    ctl->host->err);
    return ASAP_OK;
}

enum asap_code key_publish(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__PublishKeyRequest request = { 0 };
    Google__Protobuf__Timestamp until = { 0 };
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);

    asap__v1__publish_key_request__init(&request);
    TRY(ctl_set_moment(ctl, OPTION_NOT_AFTER, TIME_AHEAD, &until, &request.unpublish_time, err));
    TRY(read_public_key(ctl, &pem, err));
    request.issuer = ctl->arguments->operand;
    request.public_key = pem.bytes;
    ctl_set(ctl, OPTION_NAME, &request.name);
    ctl_set(ctl, OPTION_ALGORITHM, &request.algorithm);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &publish_method, &request.base, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include "fail.h"
#include "input.h"
#include "key_verbs.h"
#include "pem.h"
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

    TRY(publish_check(response, err));
    show_time(response->safe_sign_time, ctl_now(ctl), safe);
    ctl_say(ctl, "published %s (%s)", response->key->key_id, response->key->algorithm);
    (void)fprintf(ctl->host->out, "sign with it from %s on: every verifier can know it then\n",
                  safe);
    return ASAP_OK;
}

const struct ctl_method publish_method = { "/asap.v1.KeyAdmin/PublishKey",
                                           &asap__v1__publish_key_response__descriptor,
                                           view_published };

/* What is meant to be a public key may turn out to be a private one. What is sent is the key alone,
 * written anew, whatever else the file holds. */
static enum asap_code read_public_key(const struct ctl *ctl,
                                      struct buffer *out,
                                      struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;

    TRY(input_read(ctl->arguments->options[OPTION_PUBLIC_KEY], ctl->host->in, PEM_PRIVATE_MAX,
                   &text, err));
    TRY(pem_read_public((const char *)text.bytes, text.length, &key, err));
    TRY(pem_write_public(key, out, err));
    return buffer_check(out, "the public key", err);
}

enum asap_code key_publish(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__PublishKeyRequest request = { 0 };
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);

    asap__v1__publish_key_request__init(&request);
    TRY(read_public_key(ctl, &pem, err));
    request.issuer = ctl->arguments->operand;
    request.public_key = pem.bytes;
    ctl_set(ctl, OPTION_NAME, &request.name);
    ctl_set(ctl, OPTION_ALGORITHM, &request.algorithm);
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &publish_method, &request.base, err);
}

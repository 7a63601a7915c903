/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include <string.h>

#include "fail.h"
#include "pem.h"
#include "secret.h"
#include "show.h"
#include "verbs.h"

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

static void file_scope_exit(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

/* What is meant to be a public key may turn out to be a private one. Hence no stdio buffer. */
static enum asap_code
read_all(FILE *file, const char *name, struct secret *out, struct asap_error *err)
{
    TRY(secret_init(out, PEM_PRIVATE_MAX, err));
    (void)setvbuf(file, NULL, _IONBF, 0);
    out->length = fread(out->bytes, 1, PEM_PRIVATE_MAX, file);
    if (ferror(file))
        return fail(err, ASAP_UNAVAILABLE, "%.128s cannot be read (is it a file?)", name);
    if (out->length == PEM_PRIVATE_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%.128s is too long for a public key (give one PUBLIC KEY block)", name);
    return ASAP_OK;
}

static enum asap_code
read_input(const struct ctl *ctl, const char *name, struct secret *out, struct asap_error *err)
{
    SCOPED(file) FILE *file = NULL;

    if (strcmp(name, "-") == 0)
        return read_all(ctl->host->in, "standard input", out, err);
    file = fopen(name, "re");
    if (file == NULL)
        return fail(err, ASAP_NOT_FOUND, "%.128s cannot be opened (check --public-key)", name);
    return read_all(file, name, out, err);
}

/* What is sent is the key alone, written anew, whatever else the file holds. */
static enum asap_code read_public_key(const struct ctl *ctl,
                                      struct buffer *out,
                                      struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;

    TRY(read_input(ctl, ctl->arguments->options[OPTION_PUBLIC_KEY], &text, err));
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

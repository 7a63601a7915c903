/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <string.h>

#include "codec.h"
#include "fail.h"
#include "google/protobuf/struct.pb-c.h"
#include "input.h"
#include "jws.h"
#include "show.h"
#include "token_verbs.h"

/* White space around it counts, too. */
enum { TOKEN_INPUT_MAX = JWS_TOKEN_MAX + 64, CLAIMS_INPUT_MAX = JWS_TOKEN_MAX };

enum asap_code token_read_claims(const struct ctl *ctl, struct secret *out, struct asap_error *err)
{
    if (!ctl_has(ctl, OPTION_CLAIMS))
        return ASAP_OK;
    return input_read_value(ctl->arguments->options[OPTION_CLAIMS], CLAIMS_INPUT_MAX, out, err);
}

enum asap_code token_read(const struct ctl *ctl, struct secret *out, struct asap_error *err)
{
    const char *operand = ctl->arguments->operand;

    if (operand == NULL || strcmp(operand, "-") == 0)
        TRY(input_read_line("-", ctl->host->in, TOKEN_INPUT_MAX, out, err));
    else if (strlen(operand) > TOKEN_INPUT_MAX)
        return fail(err, ASAP_INVALID_ARGUMENT, "it is longer than any token");
    else {
        TRY(secret_init(out, strlen(operand), err));
        (void)memcpy(out->bytes, operand, out->length);
    }
    if (out->length == 0)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "there is none (give it as argument or on standard input)");
    return ASAP_OK;
}

/* The token alone, so that it can be sent to a file or into a header. */
static enum asap_code view_minted(const struct ctl *ctl,
                                  const ProtobufCMessage *message,
                                  struct asap_error *err)
{
    const Asap__V1__MintTokenResponse *response = (const Asap__V1__MintTokenResponse *)message;
    char until[TIME_TEXT_SIZE] = "";

    if (ctl_has(ctl, OPTION_DRY_RUN)) {
        show_time(response->expire_time, ctl_now(ctl), until);
        ctl_say(ctl, "a token signed by %s, which expires %s", show_text(response->key_id), until);
        return ASAP_OK;
    }
    if (response->token[0] == '\0')
        return fail(err, ASAP_INTERNAL, "the answer lacks the token (is the server a newer one?)");
    (void)fprintf(ctl->host->out, "%s\n", response->token);
    return ASAP_OK;
}

const struct ctl_method mint_method = { "/asap.v1.TokenService/MintToken",
                                        &asap__v1__mint_token_response__descriptor, view_minted };

static enum asap_code read_struct(const struct ctl *ctl,
                                  ProtobufCMessage **out,
                                  struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    struct asap_error why = { 0 };

    TRY(token_read_claims(ctl, &text, err));
    if (text.bytes == NULL)
        return ASAP_OK;
    if (codec_read_json(&google__protobuf__struct__descriptor, (const char *)text.bytes,
                        text.length, out, &why)
        == ASAP_OK)
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT, "--claims is no JSON object: %.200s", why.message);
}

enum asap_code token_mint(const struct ctl *ctl, struct asap_error *err)
{
    Asap__V1__MintTokenRequest request = { 0 };
    Google__Protobuf__Duration lifetime = { 0 };
    SCOPED(message) ProtobufCMessage *claims = NULL;
    char *audience[REPEATED_MAX + 1] = { NULL };

    asap__v1__mint_token_request__init(&request);
    request.issuer = ctl->arguments->operand;
    request.n_audience = arguments_values(ctl->arguments, OPTION_AUDIENCE, audience);
    request.audience = audience;
    TRY(ctl_set_duration(ctl, OPTION_LIFETIME, &lifetime, &request.lifetime, err));
    ctl_set(ctl, OPTION_SUBJECT, &request.subject);
    TRY(read_struct(ctl, &claims, err));
    request.additional_claims = (Google__Protobuf__Struct *)claims;
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_run(ctl, &mint_method, &request.base, err);
}

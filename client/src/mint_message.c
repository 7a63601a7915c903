/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_message.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "claims.h"
#include "codec.h"
#include "fail.h"
#include "jws.h"
#include "signer_source.h"

enum {
    MARGIN_SECONDS = 5, /* an old token has to reach its receiver before it expires */
    REFRESH_PERCENT = 80
};

static int64_t lifetime_of(const struct asap_token_request *request)
{
    return request->lifetime_seconds != 0 ? request->lifetime_seconds : SIGNER_DEFAULT_LIFETIME;
}

/* With its length, so that no two lists of texts look the same; NULL differs from "". */
static void write_text(const char *text, struct buffer *out)
{
    if (text == NULL)
        buffer_puts(out, "-");
    else
        buffer_printf(out, "%zu:%s", strlen(text), text);
}

void mint_key_write(const struct asap_token_request *request, struct buffer *out)
{
    const char *const *audiences = request->audiences;

    buffer_printf(out, "%" PRId64 ":", lifetime_of(request));
    write_text(request->subject, out);
    write_text(request->additional_claims, out);
    /* With one more than is allowed the request is refused. */
    for (size_t i = 0; audiences != NULL && i <= CLAIMS_MAX_AUDIENCES && audiences[i] != NULL; i++)
        write_text(audiences[i], out);
}

/* By writing the claims that asapd is to write. */
static enum asap_code check_request(const char *issuer,
                                    const struct asap_token_request *request,
                                    int64_t now,
                                    struct asap_error *err)
{
    SCOPED(buffer) struct buffer unused = BUFFER(JWS_TOKEN_MAX);
    const struct claims_request claims = {
        .issuer = issuer,
        .subject = request->subject,
        .audiences = request->audiences,
        .lifetime = lifetime_of(request),
        .additional = request->additional_claims,
    };

    return claims_write(&claims, now, &unused, err);
}

static enum asap_code set_audiences(Asap__V1__MintTokenRequest *message,
                                    const char *const *audiences,
                                    struct asap_error *err)
{
    size_t count = 0;

    while (audiences[count] != NULL)
        count++;
    message->audience = calloc(count + 1, sizeof *message->audience);
    if (message->audience == NULL)
        return fail_memory(err);
    message->n_audience = count;
    for (size_t i = 0; i < count; i++)
        TRY(codec_set_string(&message->audience[i], audiences[i], err));
    return ASAP_OK;
}

/* Said even where it is asapd's default, too, so that this side knows it. */
static enum asap_code set_lifetime(Asap__V1__MintTokenRequest *message,
                                   int64_t seconds,
                                   struct asap_error *err)
{
    ProtobufCMessage *duration = NULL;

    TRY(codec_new(&google__protobuf__duration__descriptor, &duration, err));
    message->lifetime = (Google__Protobuf__Duration *)(void *)duration;
    message->lifetime->seconds = seconds;
    return ASAP_OK;
}

static enum asap_code set_claims(Asap__V1__MintTokenRequest *message,
                                 const char *text,
                                 struct asap_error *err)
{
    ProtobufCMessage *claims = NULL;
    struct asap_error cause = { 0 };

    if (text == NULL)
        return ASAP_OK;
    if (codec_read_json(&google__protobuf__struct__descriptor, text, strlen(text), &claims, &cause)
        != ASAP_OK)
        return fail_field(err, "additional_claims", "additional_claims: %.200s", cause.message);
    message->additional_claims = (Google__Protobuf__Struct *)(void *)claims;
    return ASAP_OK;
}

enum asap_code mint_request_new(const char *issuer,
                                const struct asap_token_request *request,
                                int64_t now,
                                Asap__V1__MintTokenRequest **out,
                                struct asap_error *err)
{
    SCOPED(message) ProtobufCMessage *made = NULL;
    Asap__V1__MintTokenRequest *message = NULL;

    *out = NULL;
    TRY(check_request(issuer, request, now, err));
    TRY(codec_new(&asap__v1__mint_token_request__descriptor, &made, err));
    message = (Asap__V1__MintTokenRequest *)(void *)made;
    TRY(codec_set_string(&message->issuer, issuer, err));
    if (request->subject != NULL)
        TRY(codec_set_string(&message->subject, request->subject, err));
    TRY(set_audiences(message, request->audiences, err));
    TRY(set_lifetime(message, lifetime_of(request), err));
    TRY(set_claims(message, request->additional_claims, err));
    made = NULL;
    *out = message;
    return ASAP_OK;
}

/* The length of the part at the start of `text`, or 0 when it is not base64url up to `end`. */
static size_t part_length(const char *text, char end)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_";
    const size_t length = strspn(text, alphabet);

    return text[length] == end ? length : 0;
}

/* Where the claims are. The header is not read: its algorithm is the receiver's affair. */
static bool find_claims(const char *token, const char **claims, size_t *length)
{
    const size_t header = part_length(token, '.');

    if (header == 0 || strnlen(token, JWS_TOKEN_MAX + 1) > JWS_TOKEN_MAX)
        return false;
    *claims = token + header + 1;
    *length = part_length(*claims, '.');
    return *length > 0 && part_length(*claims + *length + 1, '\0') > 0;
}

/* NULL: it is no token. */
static struct asap_claims *read_claims(const char *token)
{
    SCOPED(buffer) struct buffer decoded = BUFFER(JWS_TOKEN_MAX);
    struct asap_claims *claims = NULL;
    const char *part = NULL;
    size_t length = 0;

    if (!find_claims(token, &part, &length)
        || base64url_decode(part, length, &decoded, NULL) != ASAP_OK
        || claims_parse(decoded.bytes, decoded.length, &claims, NULL) != ASAP_OK)
        return NULL;
    return claims;
}

/* Seconds of its age at which it is to be replaced. */
static int64_t refresh_age(const Asap__V1__MintTokenResponse *response,
                           const struct asap_claims *claims)
{
    const int64_t life = claims->expires_at - claims->issued_at;
    const Google__Protobuf__Timestamp *refresh = response->refresh_time;

    if (refresh == NULL || refresh->seconds < claims->issued_at
        || refresh->seconds > claims->expires_at)
        return life * REFRESH_PERCENT / 100;
    return refresh->seconds - claims->issued_at;
}

enum asap_code mint_response_read(const Asap__V1__MintTokenResponse *response,
                                  const char *issuer,
                                  int64_t asked,
                                  struct minted *out,
                                  struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = read_claims(response->token);

    if (claims == NULL)
        return fail(err, ASAP_INTERNAL,
                    "the answer holds something else than a token (is asapd what listens there?)");
    if (strcmp(claims->issuer, issuer) != 0)
        return fail(err, ASAP_INTERNAL, "the answer holds a token of another issuer");
    if (claims->expires_at <= claims->issued_at)
        return fail(err, ASAP_INTERNAL, "the answer holds a token that was never good");
    out->token = strdup(response->token);
    if (out->token == NULL)
        return fail_memory(err);
    out->times.asked = asked;
    out->times.refresh = asked + refresh_age(response, claims);
    out->times.until = asked + claims->expires_at - claims->issued_at - MARGIN_SECONDS;
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "jws.h"

#include <string.h>
#include <strings.h>

#include "base64url.h"
#include "fail.h"
#include "json.h"

/* Each would have us fetch, trust or run what the sender chose (RFC 8725 section 3). */
static const char *const refused_members[] = {
    "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "zip", "enc", "cty",
};

/* A part of the token, still in base64url. */
struct part {
    const char *text;
    size_t length;
};

enum { HEADER, CLAIMS, SIGNATURE, PARTS };

static enum asap_code refuse_form(struct asap_error *err)
{
    return refuse(err, ASAP_REASON_TOKEN_FORM, "",
                  "the token does not consist of three non-empty parts between dots");
}

/* Exactly two dots, and something before, between and behind them. */
static enum asap_code
split(const char *token, size_t length, struct part parts[PARTS], struct asap_error *err)
{
    for (int i = HEADER; i < SIGNATURE; i++) {
        const char *dot = memchr(token, '.', length);

        if (dot == NULL)
            return refuse_form(err);
        parts[i] = (struct part){ token, (size_t)(dot - token) };
        length -= parts[i].length + 1;
        token = dot + 1;
    }
    parts[SIGNATURE] = (struct part){ token, length };
    if (parts[HEADER].length == 0 || parts[CLAIMS].length == 0 || length == 0
        || memchr(token, '.', length) != NULL)
        return refuse_form(err);
    if (parts[HEADER].length > JWS_HEADER_MAX || length > JWS_SIGNATURE_MAX)
        return refuse(err, ASAP_REASON_TOKEN_SIZE, "",
                      "the token's header is over %d characters or its signature over %d",
                      JWS_HEADER_MAX, JWS_SIGNATURE_MAX);
    return ASAP_OK;
}

static enum asap_code check_refused_members(const json_t *header, struct asap_error *err)
{
    for (size_t i = 0; i < sizeof refused_members / sizeof *refused_members; i++) {
        if (json_object_get(header, refused_members[i]) != NULL)
            return refuse(err, ASAP_REASON_HEADER, refused_members[i],
                          "the token's header has %s, which ASAP does not allow",
                          refused_members[i]);
    }
    return ASAP_OK;
}

static enum asap_code check_type(const json_t *header, struct asap_error *err)
{
    const json_t *type = json_object_get(header, "typ");

    if (type == NULL || (json_is_string(type) && strcasecmp(json_string_value(type), "JWT") == 0))
        return ASAP_OK;
    return refuse(err, ASAP_REASON_TYPE, "typ", "the token's typ is not JWT");
}

static enum asap_code read_algorithm(const json_t *header,
                                     const struct algorithm **out,
                                     struct asap_error *err)
{
    const json_t *name = json_object_get(header, "alg");

    *out = json_is_string(name) ? algorithm_find(json_string_value(name), json_string_length(name))
                                : NULL;
    if (*out != NULL)
        return ASAP_OK;
    return refuse(err, ASAP_REASON_ALGORITHM, "alg",
                  "the token's alg is missing or none of RS, PS or ES with 256, 384 or 512, or "
                  "EdDSA");
}

static enum asap_code read_key_id(const json_t *header, struct jws *out, struct asap_error *err)
{
    const json_t *kid = json_object_get(header, "kid");

    if (!json_is_string(kid) || json_string_length(kid) > KID_MAX)
        return refuse(err, ASAP_REASON_KID_GRAMMAR, "kid",
                      "the token's kid is missing, no string or over %d bytes", KID_MAX);
    memcpy(out->key_id, json_string_value(kid), json_string_length(kid));
    return kid_parse(out->key_id, json_string_length(kid), &out->kid, err);
}

static enum asap_code read_header(const struct buffer *text,
                                  struct jws *out,
                                  struct asap_error *err)
{
    SCOPED(json) json_t *header = NULL;

    TRY(json_read_object(text->bytes, text->length, &json_token_limits, "token header", &header,
                         err));
    TRY(check_refused_members(header, err));
    TRY(check_type(header, err));
    TRY(read_algorithm(header, &out->algorithm, err));
    return read_key_id(header, out, err);
}

static enum asap_code take_header(const struct jws_header *known,
                                  struct part part,
                                  struct jws *out,
                                  struct asap_error *err)
{
    SCOPED(buffer) struct buffer text = BUFFER(JWS_HEADER_MAX);

    if (known == NULL) {
        TRY(base64url_decode(part.text, part.length, &text, err));
        return read_header(&text, out, err);
    }
    out->algorithm = known->algorithm;
    memcpy(out->key_id, known->key_id, sizeof out->key_id);
    return kid_parse(out->key_id, strlen(out->key_id), &out->kid, err);
}

static enum asap_code parse(const char *token,
                            size_t length,
                            const struct jws_header *known,
                            struct jws *out,
                            struct asap_error *err)
{
    struct part parts[PARTS] = { { NULL, 0 } };

    if (length < JWS_TOKEN_MIN || length > JWS_TOKEN_MAX)
        return refuse(err, ASAP_REASON_TOKEN_SIZE, "",
                      "the token has %zu characters; %d to %d are allowed", length, JWS_TOKEN_MIN,
                      JWS_TOKEN_MAX);
    TRY(split(token, length, parts, err));
    TRY(base64url_decode(parts[CLAIMS].text, parts[CLAIMS].length, &out->claims, err));
    TRY(base64url_decode(parts[SIGNATURE].text, parts[SIGNATURE].length, &out->signature, err));
    out->token = token;
    out->header_length = parts[HEADER].length;
    out->signed_length = length - parts[SIGNATURE].length - 1;
    return take_header(known, parts[HEADER], out, err);
}

enum asap_code jws_parse_known(const char *token,
                               size_t length,
                               const struct jws_header *header,
                               struct jws *out,
                               struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    *out = (struct jws){ .claims = BUFFER(JWS_TOKEN_MAX), .signature = BUFFER(SIGNATURE_MAX) };
    code = parse(token, length, header, out, err);
    if (code != ASAP_OK)
        jws_clear(out);
    return code;
}

enum asap_code jws_parse(const char *token, size_t length, struct jws *out, struct asap_error *err)
{
    return jws_parse_known(token, length, NULL, out, err);
}

void jws_clear(struct jws *jws)
{
    buffer_clear(&jws->claims);
    buffer_clear(&jws->signature);
    *jws = (struct jws){ 0 };
}

enum asap_code jws_check(const struct jws *jws,
                         struct signature_context *context,
                         struct asap_error *err)
{
    if (signature_context_algorithm(context) != jws->algorithm)
        return refuse(err, ASAP_REASON_KEY_ALGORITHM, "alg",
                      "the key was made ready for another algorithm than %s", jws->algorithm->name);
    return signature_check(context, (struct signature_bytes){ jws->token, jws->signed_length },
                           (struct signature_bytes){ jws->signature.bytes, jws->signature.length },
                           err);
}

enum asap_code jws_verify(const struct jws *jws, EVP_PKEY *key, struct asap_error *err)
{
    SCOPED(signature_context) struct signature_context *context = NULL;

    TRY(signature_context_new(jws->algorithm, key, SIGNATURE_CHECK, &context, err));
    return jws_check(jws, context, err);
}

/* Signs what *out holds from `start` on, and appends a dot and the signature. */
static enum asap_code append_signature(struct signature_context *context,
                                       size_t start,
                                       struct buffer *out,
                                       struct asap_error *err)
{
    const struct signature_bytes text = { out->bytes + start, out->length - start };
    unsigned char signature[SIGNATURE_MAX];
    size_t length = 0;

    TRY(signature_make(context, text, signature, &length, err));
    buffer_puts(out, ".");
    base64url_encode(signature, length, out);
    return buffer_check(out, "token", err);
}

/* The grammar of key ids is what makes escaping in JSON unnecessary. */
static void append_header(const struct algorithm *algorithm, const char *key_id, struct buffer *out)
{
    SCOPED(buffer) struct buffer header = BUFFER(JWS_HEADER_MAX);

    buffer_puts(&header, "{\"alg\":\"");
    buffer_puts(&header, algorithm->name);
    buffer_puts(&header, "\",\"kid\":\"");
    buffer_puts(&header, key_id);
    buffer_puts(&header, "\",\"typ\":\"JWT\"}");
    if (header.failed)
        out->failed = true;
    else
        base64url_encode(header.bytes, header.length, out);
}

static enum asap_code append_token(struct signature_context *context,
                                   const char *key_id,
                                   const char *claims,
                                   size_t claims_length,
                                   struct buffer *out,
                                   struct asap_error *err)
{
    const size_t start = out->length;

    append_header(signature_context_algorithm(context), key_id, out);
    buffer_puts(out, ".");
    base64url_encode(claims, claims_length, out);
    TRY(buffer_check(out, "token", err));
    return append_signature(context, start, out, err);
}

enum asap_code jws_sign_with(struct signature_context *context,
                             const char *key_id,
                             const char *claims,
                             size_t claims_length,
                             struct buffer *out,
                             struct asap_error *err)
{
    struct kid kid = { 0 };

    if (kid_parse(key_id, strlen(key_id), &kid, err) != ASAP_OK)
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    return append_token(context, key_id, claims, claims_length, out, err);
}

enum asap_code jws_sign(const struct jws_signing *signing,
                        const char *claims,
                        size_t claims_length,
                        struct buffer *out,
                        struct asap_error *err)
{
    SCOPED(signature_context) struct signature_context *context = NULL;
    const enum asap_code code =
        signature_context_new(signing->algorithm, signing->key, SIGNATURE_MAKE, &context, err);

    if (code == ASAP_UNAUTHENTICATED)
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    TRY(code);
    return jws_sign_with(context, signing->key_id, claims, claims_length, out, err);
}

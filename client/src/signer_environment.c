/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "copy_text.h"
#include "data_uri.h"
#include "fail.h"
#include "signer_source.h"

static const char issuer_name[] = "ASAP_ISSUER";
static const char key_id_name[] = "ASAP_KEY_ID";
static const char private_key_name[] = "ASAP_PRIVATE_KEY";
static const char audience_name[] = "ASAP_AUDIENCE";

DEFINE_SCOPED(string, char *, free)

/* An empty variable is how a container unsets one. */
static const char *variable(const char *name)
{
    /* The header says who must not change it meanwhile. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *value = getenv(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* Names the variable that a failure comes from, in front of its message. */
static enum asap_code blame(struct asap_error *err, enum asap_code code, const char *name)
{
    char why[sizeof err->message] = "";

    if (err == NULL)
        return code;
    memcpy(why, err->message, sizeof why);
    (void)snprintf(err->message, sizeof err->message, "%s: %.200s", name, why);
    (void)snprintf(err->field, sizeof err->field, "%s", name);
    return code;
}

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* `text` without white space around it, in place; the new length. */
static size_t trim(char *text, size_t length)
{
    size_t first = 0;

    while (length > 0 && is_space(text[length - 1]))
        length--;
    while (first < length && is_space(text[first]))
        first++;
    memmove(text, text + first, length - first);
    return length - first;
}

static size_t drop_quotes(char *text, size_t length)
{
    if (length < 2 || (text[0] != '"' && text[0] != '\'') || text[length - 1] != text[0])
        return length;
    memmove(text, text + 1, length - 2);
    return trim(text, length - 2);
}

/* A backslash with n or r behind it becomes the line end that it stands for. */
static size_t unescape(char *text, size_t length)
{
    size_t written = 0;

    for (size_t i = 0; i < length; i++, written++) {
        char next = '\0';

        if (i + 1 < length)
            next = text[i + 1];
        text[written] = text[i];
        if (text[i] != '\\' || (next != 'n' && next != 'r'))
            continue;
        text[written] = next == 'n' ? '\n' : '\r';
        i++;
    }
    return written;
}

static enum asap_code read_private_key(struct secret *out, struct asap_error *err)
{
    const char *value = variable(private_key_name);
    char *text = NULL;
    size_t length = 0;

    if (value == NULL)
        return fail_field(err, private_key_name, "%s is not set (PEM or a data URI)",
                          private_key_name);
    length = strlen(value);
    if (length > DATA_URI_MAX)
        return fail_field(err, private_key_name,
                          "%s is over %d bytes (no supported key is so large)", private_key_name,
                          DATA_URI_MAX);
    TRY(secret_copy(out, value, length, err));
    text = (char *)out->bytes;
    length = unescape(text, drop_quotes(text, trim(text, length)));
    secret_truncate(out, length);
    return ASAP_OK;
}

/* What is wrong with an option keeps the option's name. */
static enum asap_code from_text(const struct secret *text,
                                const char *key_id,
                                const struct asap_signer_options *options,
                                struct asap_signer **out,
                                struct asap_error *err)
{
    const char *key = (const char *)text->bytes;
    struct asap_error why = { 0 };
    enum asap_code code = ASAP_OK;

    if (data_uri_begins(key, text->length))
        code = asap_signer_from_data_uri(key_id, key, text->length, options, out, &why);
    else
        code = asap_signer_from_pem(key_id, key, text->length, options, out, &why);
    if (code == ASAP_OK)
        return ASAP_OK;
    if (err != NULL)
        *err = why;
    return *why.field == '\0' || strcmp(why.field, "kid") == 0 ? blame(err, code, private_key_name)
                                                               : code;
}

static enum asap_code check_key_id(const char *key_id, struct asap_error *err)
{
    struct kid kid = { 0 };

    if (key_id == NULL || kid_parse(key_id, strlen(key_id), &kid, err) == ASAP_OK)
        return ASAP_OK;
    return blame(err, fail_as(err, ASAP_INVALID_ARGUMENT), key_id_name);
}

static enum asap_code check_issuer(const struct asap_signer *signer, struct asap_error *err)
{
    const char *issuer = variable(issuer_name);
    const struct key_signer *self = (const struct key_signer *)signer;

    if (issuer != NULL && strcmp(issuer, self->issuer) != 0)
        return fail_field(err, issuer_name, "%s is not the issuer that the key id begins with",
                          issuer_name);
    return ASAP_OK;
}

/* Splits `text` in place; `list` ends in NULL. */
static enum asap_code split_audiences(char *text,
                                      const char *list[CLAIMS_MAX_AUDIENCES + 1],
                                      struct asap_error *err)
{
    size_t count = 0;

    for (char *next = text; next != NULL; count++) {
        char *at = next;
        char *comma = strchr(at, ',');

        next = comma != NULL ? comma + 1 : NULL;
        if (count == CLAIMS_MAX_AUDIENCES)
            return fail_field(err, audience_name, "%s has more than %d audiences", audience_name,
                              CLAIMS_MAX_AUDIENCES);
        at[trim(at, comma != NULL ? (size_t)(comma - at) : strlen(at))] = '\0';
        if (*at == '\0')
            return fail_field(err, audience_name, "%s has an empty audience between its commas",
                              audience_name);
        list[count] = at;
    }
    list[count] = NULL;
    return ASAP_OK;
}

static enum asap_code make_signer(const struct asap_signer_options *options,
                                  struct asap_signer **out,
                                  struct asap_error *err)
{
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    SCOPED(secret) struct secret text = { 0 };
    const char *key_id = variable(key_id_name);

    TRY(check_key_id(key_id, err));
    TRY(read_private_key(&text, err));
    if (key_id == NULL && !data_uri_begins((const char *)text.bytes, text.length))
        return fail_field(err, key_id_name, "%s is not set (issuer/name)", key_id_name);
    TRY(from_text(&text, key_id, options, &signer, err));
    TRY(check_issuer(signer, err));
    *out = MOVE(signer);
    return ASAP_OK;
}

enum asap_code asap_signer_from_environment(const struct asap_signer_options *options,
                                            struct asap_signer **out,
                                            struct asap_error *err)
{
    struct asap_signer_options completed = { .algorithm = NULL };
    const char *audiences[CLAIMS_MAX_AUDIENCES + 1] = { NULL };
    const char *value = variable(audience_name);
    SCOPED(string) char *text = NULL;

    *out = NULL;
    if (options != NULL)
        completed = *options;
    if (completed.audiences == NULL && value != NULL) {
        TRY(copy_text(value, &text, err));
        TRY(split_audiences(text, audiences, err));
        completed.audiences = audiences;
    }
    return make_signer(&completed, out, err);
}

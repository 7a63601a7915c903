/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "fail.h"
#include "json.h"
#include "jws.h"
#include "token.h"
#include "token_members.h"
#include "token_verbs.h"

/* What a token says and what that means, whoever wrote it: for people who look for what is wrong
 * with one. Hence only its form is checked. */

DEFINE_SCOPED(string, char *, free)

static enum asap_code
decode_part(const char *text, size_t length, const char *what, json_t **out, struct asap_error *err)
{
    SCOPED(buffer) struct buffer json = BUFFER(JWS_TOKEN_MAX);

    TRY(base64url_decode(text, length, &json, err));
    TRY(buffer_check(&json, what, err));
    return json_read_object(json.bytes == NULL ? "" : json.bytes, json.length, &json_token_limits,
                            what, out, err);
}

static enum asap_code
decode(const char *token, json_t **header, json_t **claims, struct asap_error *err)
{
    const char *first = strchr(token, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');

    if (second == NULL || strchr(second + 1, '.') != NULL)
        return fail(err, ASAP_INVALID_ARGUMENT, "it is not three parts with dots between them");
    TRY(decode_part(token, (size_t)(first - token), "the header", header, err));
    return decode_part(first + 1, (size_t)(second - first - 1), "the claims", claims, err);
}

static enum asap_code
print_json(const struct ctl *ctl, json_t *header, json_t *claims, struct asap_error *err)
{
    SCOPED(json) json_t *both = json_pack("{s:O,s:O}", "header", header, "claims", claims);
    SCOPED(string)
    char *text = both == NULL ? NULL : json_dumps(both, JSON_COMPACT | JSON_ENSURE_ASCII);

    if (text == NULL)
        return fail_memory(err);
    (void)fprintf(ctl->host->out, "%s\n", text);
    return ASAP_OK;
}

static enum asap_code
print_part(const struct ctl *ctl, const char *title, json_t *part, struct asap_error *err)
{
    SCOPED(table) struct table table = TABLE(3);

    table.indent = 2;
    TRY(token_add_members(&table, part, ctl_now(ctl), err));
    (void)fprintf(ctl->host->out, "%s\n", title);
    return table_print(&table, ctl->host->out, err);
}

static void print_time_left(const struct ctl *ctl, const json_t *expires)
{
    const int64_t now = ctl_now(ctl);
    char phrase[TIME_TEXT_SIZE] = "";

    if (!json_is_integer(expires)) {
        ctl_say(ctl, "it does not say when it expires");
        return;
    }
    time_phrase(json_integer_value(expires), now, phrase);
    ctl_say(ctl, "it %s %s", json_integer_value(expires) < now ? "expired" : "expires", phrase);
}

enum asap_code token_decode(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(secret) struct secret token = { 0 };
    SCOPED(json) json_t *header = NULL;
    SCOPED(json) json_t *claims = NULL;

    TRY(token_read(ctl, &token, err));
    TRY(decode((const char *)token.bytes, &header, &claims, err));
    (void)fprintf(ctl->host->err, "its signature was not checked: anybody can have written this"
                                  " (asapctl token verify checks it)\n");
    if (ctl_wants_json(ctl))
        return print_json(ctl, header, claims, err);
    TRY(print_part(ctl, "header", header, err));
    TRY(print_part(ctl, "claims", claims, err));
    print_time_left(ctl, json_object_get(claims, "exp"));
    return ASAP_OK;
}

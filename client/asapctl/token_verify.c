/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/claims.h>
#include <asap/retriever.h>
#include <asap/verifier.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "claims.h"
#include "fail.h"
#include "json.h"
#include "scoped.h"
#include "token.h"
#include "token_members.h"
#include "token_remedy.h"
#include "token_verbs.h"

/* Tokens checked as a service checks them: by the library, against the keys of a repository. */

DEFINE_SCOPED(string, char *, free)
DEFINE_SCOPED(retriever, struct asap_retriever *, asap_retriever_free)
DEFINE_SCOPED(verifier, struct asap_verifier *, asap_verifier_free)

/* What the options of a verifier point to. */
struct lists {
    char *audiences[REPEATED_MAX + 1];
    char *issuers[REPEATED_MAX + 1];
    char *subjects[REPEATED_MAX + 1];
};

static const char *const *list(const struct ctl *ctl,
                               enum option_id option,
                               char *out[static REPEATED_MAX + 1])
{
    return arguments_values(ctl->arguments, option, out) == 0 ? NULL : (const char *const *)out;
}

static struct asap_clock library_clock(const struct ctl *ctl)
{
    return (struct asap_clock){ ctl->host->clock->now, ctl->host->clock->context };
}

/* To the library 0 is its default, and -1 none. */
static enum asap_code read_leeway(const struct ctl *ctl, int64_t *out, struct asap_error *err)
{
    const char *text = ctl->arguments->options[OPTION_LEEWAY];

    *out = 0;
    if (text == NULL)
        return ASAP_OK;
    if (strcmp(text, "0") != 0)
        return time_read_duration(text, out, err);
    *out = -1;
    return ASAP_OK;
}

static enum asap_code make_verifier(const struct ctl *ctl,
                                    struct asap_retriever *keys,
                                    struct asap_verifier **out,
                                    struct asap_error *err)
{
    struct lists lists = { { NULL }, { NULL }, { NULL } };
    const struct asap_verifier_options zero = { 0 };
    struct asap_verifier_options options = zero;

    options.audiences = list(ctl, OPTION_AUDIENCE, lists.audiences);
    options.issuers = list(ctl, OPTION_ISSUER, lists.issuers);
    options.subjects = list(ctl, OPTION_SUBJECT, lists.subjects);
    options.algorithms = algorithm_names; /* EdDSA, too: asapd has such keys */
    options.clock = library_clock(ctl);
    TRY(read_leeway(ctl, &options.leeway_seconds, err));
    return asap_verifier_new(keys, &options, out, err);
}

static enum asap_code make_retriever(const struct ctl *ctl,
                                     struct asap_retriever **out,
                                     struct asap_error *err)
{
    const struct asap_https_options options = { .ca_file = ctl->access.endpoint.ca_file,
                                                .allow_http_loopback = true,
                                                .clock = library_clock(ctl) };

    return asap_retriever_https(ctl->arguments->options[OPTION_REPOSITORY], &options, out, err);
}

static enum asap_code check(const struct ctl *ctl, struct asap_claims **out, struct asap_error *err)
{
    SCOPED(retriever) struct asap_retriever *keys = NULL;
    SCOPED(verifier) struct asap_verifier *verifier = NULL;
    SCOPED(secret) struct secret token = { 0 };

    TRY(token_read(ctl, &token, err));
    TRY(make_retriever(ctl, &keys, err));
    TRY(make_verifier(ctl, keys, &verifier, err));
    if (asap_verifier_check(verifier, (const char *)token.bytes, token.length, out, err) == ASAP_OK)
        return ASAP_OK;
    return token_explain(err);
}

static enum asap_code print_claims(const struct ctl *ctl,
                                   const struct asap_claims *claims,
                                   const char *text,
                                   struct asap_error *err)
{
    SCOPED(json) json_t *object = NULL;
    SCOPED(table) struct table table = TABLE(2);

    TRY(json_read_object(text, strlen(text), &json_token_limits, "the claims", &object, err));
    table_add(&table, "kid");
    table_add(&table, asap_claims_key_id(claims));
    TRY(token_add_members(&table, object, ctl_now(ctl), err));
    return table_print(&table, ctl->host->out, err);
}

enum asap_code token_verify(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = NULL;
    SCOPED(string) char *text = NULL;

    TRY(check(ctl, &claims, err));
    text = asap_claims_json(claims);
    if (text == NULL)
        return fail_memory(err);
    if (!ctl_wants_json(ctl))
        return print_claims(ctl, claims, text, err);
    (void)fprintf(ctl->host->out, "%s\n", text);
    return ASAP_OK;
}

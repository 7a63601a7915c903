/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/signer.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "input.h"
#include "pem.h"
#include "scoped.h"
#include "signer_source.h"
#include "token.h"
#include "token_verbs.h"

/* Tokens that are signed on this machine, without the server. */

DEFINE_SCOPED(string, char *, free)

enum asap_code token_sign_check(const struct arguments *arguments, struct asap_error *err)
{
    char *const *options = arguments->options;
    const bool pem = options[OPTION_SIGNING_KEY] != NULL && options[OPTION_KEY_ID] != NULL;
    const bool folder = options[OPTION_PRIVATE_DIR] != NULL && options[OPTION_ISSUER] != NULL;
    int given = 0;

    given += options[OPTION_SIGNING_KEY] != NULL;
    given += options[OPTION_KEY_ID] != NULL;
    given += options[OPTION_PRIVATE_DIR] != NULL;
    given += options[OPTION_ISSUER] != NULL;
    if (given == 2 && (pem || folder))
        return ASAP_OK;
    return fail(err, ASAP_INVALID_ARGUMENT,
                "token sign needs either --key FILE and --key-id KID, or --private-dir DIR and"
                " --issuer ISSUER");
}

static struct asap_signer_options signer_options(const struct ctl *ctl)
{
    const struct ctl_clock *clock = ctl->host->clock;

    return (struct asap_signer_options){ .algorithm = ctl->arguments->options[OPTION_ALGORITHM],
                                         .clock = { clock->now, clock->context } };
}

static enum asap_code make_signer(const struct ctl *ctl,
                                  struct asap_signer **out,
                                  struct asap_error *err)
{
    char *const *given = ctl->arguments->options;
    const struct asap_signer_options options = signer_options(ctl);
    SCOPED(secret) struct secret pem = { 0 };

    if (ctl_has(ctl, OPTION_PRIVATE_DIR))
        return asap_signer_from_directory(given[OPTION_PRIVATE_DIR], given[OPTION_ISSUER], &options,
                                          out, err);
    TRY(input_read(given[OPTION_SIGNING_KEY], ctl->host->in, PEM_PRIVATE_MAX, &pem, err));
    return asap_signer_from_pem(given[OPTION_KEY_ID], (const char *)pem.bytes, pem.length, &options,
                                out, err);
}

static enum asap_code
sign(const struct ctl *ctl, struct asap_signer *signer, char **out, struct asap_error *err)
{
    SCOPED(secret) struct secret claims = { 0 };
    char *audiences[REPEATED_MAX + 1] = { NULL };
    struct asap_token_request request = { .audiences = (const char *const *)audiences,
                                          .subject = ctl->arguments->options[OPTION_SUBJECT] };

    (void)arguments_values(ctl->arguments, OPTION_AUDIENCE, audiences);
    TRY(token_read_claims(ctl, &claims, err));
    request.additional_claims = (const char *)claims.bytes;
    if (ctl_has(ctl, OPTION_LIFETIME))
        TRY(time_read_duration(ctl->arguments->options[OPTION_LIFETIME], &request.lifetime_seconds,
                               err));
    return asap_signer_sign(signer, &request, out, err);
}

enum asap_code token_sign(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    SCOPED(string) char *token = NULL;
    Asap__V1__MintTokenResponse response = { 0 };

    TRY(make_signer(ctl, &signer, err));
    TRY(sign(ctl, signer, &token, err));
    asap__v1__mint_token_response__init(&response);
    response.token = token;
    return ctl_print(ctl, &mint_method, &response.base, err);
}

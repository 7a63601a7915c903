/* SPDX-License-Identifier: Apache-2.0 */
/* Reads an ASAP token from standard input and says whose it is, or why it is refused. */
#include <asap/asap.h>

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSED = 1, USAGE = 2, KEY_UNAVAILABLE = 3 };

enum { REPOSITORY, CACERT, AUDIENCE, OPTIONS };

static const struct option long_options[] = {
    { "repository", required_argument, NULL, REPOSITORY },
    { "cacert", required_argument, NULL, CACERT },
    { "audience", required_argument, NULL, AUDIENCE },
    { NULL, 0, NULL, 0 },
};

static int usage(void)
{
    (void)fputs("usage: asap-verify --repository URL [--cacert FILE] --audience AUDIENCE < TOKEN\n",
                stderr);
    return USAGE;
}

static int report(const struct asap_error *err)
{
    if (err->reason == ASAP_REASON_NONE)
        (void)fprintf(stderr, "asap-verify: %s\n", err->message);
    else
        (void)fprintf(stderr, "asap-verify: %s: %s\n", asap_reason_name(err->reason), err->message);
    if (err->code == ASAP_UNAVAILABLE)
        return KEY_UNAVAILABLE;
    return err->code == ASAP_INVALID_ARGUMENT ? USAGE : REFUSED;
}

/* A service keeps one verifier for all its threads. */
static int verify(struct asap_verifier *verifier)
{
    char token[8192 + 2];
    const size_t length = fread(token, 1, sizeof token - 1, stdin);
    struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };

    token[length] = '\0';
    if (asap_verifier_check(verifier, token, strcspn(token, "\r\n"), &claims, &err) != ASAP_OK)
        return report(&err);
    (void)printf("issuer   %s\nsubject  %s\nkey id   %s\nexpires  %" PRId64 "\n",
                 asap_claims_issuer(claims), asap_claims_subject(claims),
                 asap_claims_key_id(claims), asap_claims_expires_at(claims));
    asap_claims_free(claims);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const char *values[OPTIONS] = { NULL };
    struct asap_retriever *keys = NULL;
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };
    int option = 0;
    int status = 0;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option >= OPTIONS)
            return usage();
        values[option] = optarg;
    }
    if (values[REPOSITORY] == NULL || values[AUDIENCE] == NULL || optind != argc)
        return usage();

    const struct asap_https_options https = { .ca_file = values[CACERT] };
    const char *const audiences[] = { values[AUDIENCE], NULL };
    const struct asap_verifier_options rules = { .audiences = audiences };

    if (asap_retriever_https(values[REPOSITORY], &https, &keys, &err) != ASAP_OK
        || asap_verifier_new(keys, &rules, &verifier, &err) != ASAP_OK)
        status = report(&err);
    else
        status = verify(verifier);
    asap_verifier_free(verifier);
    asap_retriever_free(keys);
    return status;
}

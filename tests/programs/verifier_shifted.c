/* SPDX-License-Identifier: Apache-2.0 */
/* A service's verifier, with its cache, on a clock that tests can move: of each line of standard
 * input, a token, it says "ok", "refused" or "unavailable", and why. */
#include <asap/asap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shifted_clock.h"

enum { TOKEN_MAX = 8192 };

static void answer(enum asap_code code, const struct asap_error *err)
{
    if (code == ASAP_OK)
        (void)puts("ok");
    else
        (void)printf("%s %s: %s\n", code == ASAP_UNAVAILABLE ? "unavailable" : "refused",
                     asap_reason_name(err->reason), err->message);
    (void)fflush(stdout);
}

static void serve(struct asap_verifier *verifier)
{
    char token[TOKEN_MAX] = "";

    while (fgets(token, sizeof token, stdin) != NULL) {
        struct asap_claims *claims = NULL;
        struct asap_error err = { 0 };

        answer(asap_verifier_check(verifier, token, strcspn(token, "\n"), &claims, &err), &err);
        asap_claims_free(claims);
    }
}

int main(int argc, char **argv)
{
    struct asap_retriever *keys = NULL;
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };

    if (argc != 4) {
        (void)fputs("usage: verifier_shifted REPOSITORY CACERT AUDIENCE < TOKENS\n", stderr);
        return EXIT_FAILURE;
    }

    const struct asap_https_options https = { .ca_file = argv[2], .clock = shifted_clock };
    const char *const audiences[] = { argv[3], NULL };
    const struct asap_verifier_options rules = { .audiences = audiences, .clock = shifted_clock };

    if (asap_retriever_https(argv[1], &https, &keys, &err) != ASAP_OK
        || asap_verifier_new(keys, &rules, &verifier, &err) != ASAP_OK)
        (void)fprintf(stderr, "verifier_shifted: %s\n", err.message);
    else
        serve(verifier);
    asap_verifier_free(verifier);
    asap_retriever_free(keys);
    return err.code == ASAP_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

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

/* NULL: *err says why. Several that are mirrors of each other are one. */
static struct asap_retriever *
open_repositories(char **urls, size_t count, const char *ca_file, struct asap_error *err)
{
    const struct asap_https_options https = { .ca_file = ca_file, .clock = shifted_clock };
    const struct asap_multi_options multi = { .age_clock = shifted_clock };
    struct asap_retriever *each[ASAP_MULTI_MAX] = { NULL };
    struct asap_retriever *all = NULL;

    for (size_t i = 0; i < count; i++) {
        if (asap_retriever_https(urls[i], &https, &each[i], err) != ASAP_OK) {
            while (i > 0)
                asap_retriever_free(each[--i]);
            return NULL;
        }
    }
    if (count == 1)
        return each[0];
    return asap_retriever_multi(each, count, &multi, &all, err) == ASAP_OK ? all : NULL;
}

int main(int argc, char **argv)
{
    struct asap_retriever *keys = NULL;
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };

    if (argc < 4 || argc - 3 > ASAP_MULTI_MAX) {
        (void)fputs("usage: verifier_shifted AUDIENCE CACERT REPOSITORY ... < TOKENS\n", stderr);
        return EXIT_FAILURE;
    }

    const char *const audiences[] = { argv[1], NULL };
    const struct asap_verifier_options rules = { .audiences = audiences, .clock = shifted_clock };

    keys = open_repositories(argv + 3, (size_t)argc - 3, argv[2], &err);
    if (keys == NULL || asap_verifier_new(keys, &rules, &verifier, &err) != ASAP_OK)
        (void)fprintf(stderr, "verifier_shifted: %s\n", err.message);
    else
        serve(verifier);
    asap_verifier_free(verifier);
    asap_retriever_free(keys);
    return err.code == ASAP_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What libasap says of each line of standard input, which is a token in hex: "OK", or the code and
 * the reason of the refusal. */
#include <asap/asap.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shifted_clock.h"

enum { LINE_SIZE = 1 << 17 };

static const char *const all_algorithms[] = { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                                              "ES256", "ES384", "ES512", "EdDSA", NULL };

static size_t decode(const char *hex, char *out)
{
    size_t length = 0;
    unsigned byte = 0;

    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        out[length++] = (char)byte;
    return length;
}

static void judge(struct asap_verifier *verifier, const char *hex, char *token)
{
    struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    const size_t length = decode(hex, token);
    /* Exactly so long, so that a sanitizer sees a read beyond it. */
    char *exact = malloc(length + (length == 0));

    if (exact == NULL)
        return;
    memcpy(exact, token, length);
    if (asap_verifier_check(verifier, exact, length, &claims, &err) == ASAP_OK)
        (void)puts("OK");
    else
        (void)printf("%s %s\n", asap_code_name(err.code), asap_reason_name(err.reason));
    (void)fflush(stdout);
    asap_claims_free(claims);
    free(exact);
}

static void serve(struct asap_verifier *verifier)
{
    char *line = malloc(LINE_SIZE);
    char *token = malloc(LINE_SIZE);

    while (line != NULL && token != NULL && fgets(line, LINE_SIZE, stdin) != NULL)
        judge(verifier, line, token);
    free(line);
    free(token);
}

/* Of one repository, or of two with a comma between them. */
static enum asap_code make_retriever(char *urls,
                                     const struct asap_https_options *options,
                                     struct asap_retriever **out,
                                     struct asap_error *err)
{
    struct asap_retriever *both[2] = { NULL, NULL };
    char *second = strchr(urls, ',');
    enum asap_code code = ASAP_OK;

    if (second == NULL)
        return asap_retriever_https(urls, options, out, err);
    *second++ = '\0';
    code = asap_retriever_https(urls, options, &both[0], err);
    if (code == ASAP_OK)
        code = asap_retriever_https(second, options, &both[1], err);
    if (code == ASAP_OK)
        return asap_retriever_multi(both, 2, NULL, out, err);
    asap_retriever_free(both[0]);
    return code;
}

int main(int argc, char **argv)
{
    const bool is_strict = argc == 5 && strcmp(argv[4], "--strict") == 0;
    struct asap_retriever *keys = NULL;
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };

    if (argc != 4 && !is_strict) {
        (void)fputs(
            "usage: hostile_verdict REPOSITORY[,REPOSITORY] CACERT AUDIENCE [--strict] < TOKENS\n",
            stderr);
        return EXIT_FAILURE;
    }

    const struct asap_https_options https = {
        .ca_file = argv[2], .timeout_ms = 1000, .allow_http_loopback = true, .clock = shifted_clock
    };
    const char *const audiences[] = { argv[3], NULL };
    const struct asap_verifier_options rules = {
        .audiences = audiences,
        .algorithms = is_strict ? NULL : all_algorithms,
        .clock = shifted_clock,
    };

    if (make_retriever(argv[1], &https, &keys, &err) != ASAP_OK
        || asap_verifier_new(keys, &rules, &verifier, &err) != ASAP_OK)
        (void)fprintf(stderr, "hostile_verdict: %s\n", err.message);
    else
        serve(verifier);
    asap_verifier_free(verifier);
    asap_retriever_free(keys);
    return err.code == ASAP_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Prints an ASAP token that asapd signs, for a service that holds no private key. */
#include <asap/asap.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { REFUSED = 1, USAGE = 2, ASAPD_UNAVAILABLE = 3 };

enum {
    SERVER,
    CACERT,
    API_KEY_FILE,
    CERT,
    KEY,
    PRIVATE_DIR,
    CALLER_ISSUER,
    ISSUER,
    AUDIENCE,
    LIFETIME,
    OPTIONS
};

static const struct option long_options[] = {
    { "server", required_argument, NULL, SERVER },
    { "cacert", required_argument, NULL, CACERT },
    { "api-key-file", required_argument, NULL, API_KEY_FILE },
    { "cert", required_argument, NULL, CERT },
    { "key", required_argument, NULL, KEY },
    { "private-dir", required_argument, NULL, PRIVATE_DIR },
    { "caller-issuer", required_argument, NULL, CALLER_ISSUER },
    { "issuer", required_argument, NULL, ISSUER },
    { "audience", required_argument, NULL, AUDIENCE },
    { "lifetime", required_argument, NULL, LIFETIME },
    { NULL, 0, NULL, 0 },
};

static int usage(void)
{
    (void)fputs("usage: asap-mint --server https://HOST:PORT [--cacert FILE]\n"
                "         (--api-key-file FILE | --cert FILE [--key FILE] |\n"
                "          --private-dir DIR --caller-issuer ISSUER)\n"
                "         --issuer ISSUER --audience AUDIENCE [--lifetime SECONDS]\n"
                "       asap-mint --server unix:PATH --issuer ISSUER --audience AUDIENCE\n"
                "         [--lifetime SECONDS]\n",
                stderr);
    return USAGE;
}

static int report(const struct asap_error *err)
{
    if (err->reason == ASAP_REASON_NONE)
        (void)fprintf(stderr, "asap-mint: %s\n", err->message);
    else
        (void)fprintf(stderr, "asap-mint: %s: %s\n", asap_reason_name(err->reason), err->message);
    if (err->code == ASAP_UNAVAILABLE)
        return ASAPD_UNAVAILABLE;
    return err->code == ASAP_INVALID_ARGUMENT ? USAGE : REFUSED;
}

/* A service keeps one signer for all its threads, and asks it for each request that it sends. */
static int print_token(struct asap_signer *signer, const char *audience, int64_t lifetime)
{
    const char *const audiences[] = { audience, NULL };
    const struct asap_token_request request = {
        .audiences = audiences,
        .lifetime_seconds = lifetime,
    };
    struct asap_error err = { 0 };
    char *token = NULL;

    if (asap_signer_sign(signer, &request, &token, &err) != ASAP_OK)
        return report(&err);
    (void)puts(token);
    free(token);
    return EXIT_SUCCESS;
}

/* The caller's own key signs a token that says who asks; asapd's key signs the one that is asked
 * for. Without such a key *out stays NULL. */
static enum asap_code own_signer(const char *const *values,
                                 struct asap_signer **out,
                                 struct asap_error *err)
{
    if (values[PRIVATE_DIR] == NULL)
        return ASAP_OK;
    return asap_signer_from_directory(values[PRIVATE_DIR], values[CALLER_ISSUER], NULL, out, err);
}

static int mint(const char *const *values, int64_t lifetime)
{
    struct asap_minter_options options = {
        .server = values[SERVER],
        .ca_file = values[CACERT],
        .issuer = values[ISSUER],
        .api_key_file = values[API_KEY_FILE],
        .certificate_file = values[CERT],
        .key_file = values[KEY],
    };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    enum asap_code code = own_signer(values, &options.signer, &err);
    int status = 0;

    if (code == ASAP_OK)
        code = asap_minter_new(&options, &signer, &err);
    status = code == ASAP_OK ? print_token(signer, values[AUDIENCE], lifetime) : report(&err);
    asap_signer_free(signer);
    asap_signer_free(options.signer);
    return status;
}

int main(int argc, char **argv)
{
    const char *values[OPTIONS] = { NULL };
    int64_t lifetime = 0; /* the library's default */
    char *end = NULL;
    int option = 0;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option >= OPTIONS)
            return usage();
        values[option] = optarg;
    }
    if (values[LIFETIME] != NULL)
        lifetime = strtoll(values[LIFETIME], &end, 10);
    if (end != NULL && (lifetime <= 0 || *end != '\0'))
        return usage();
    if (values[SERVER] == NULL || values[ISSUER] == NULL || values[AUDIENCE] == NULL
        || (values[PRIVATE_DIR] == NULL) != (values[CALLER_ISSUER] == NULL) || optind != argc)
        return usage();
    return mint(values, lifetime);
}

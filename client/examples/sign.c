/* SPDX-License-Identifier: Apache-2.0 */
/* Prints an ASAP token, as a service would send it: Authorization: Bearer TOKEN. */
#include <asap/asap.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSED = 1, USAGE = 2 };

enum { PRIVATE_DIR, ISSUER, KEY, KEY_ID, ALGORITHM, LIFETIME, AUDIENCE, OPTIONS };

static const struct option long_options[] = {
    { "private-dir", required_argument, NULL, PRIVATE_DIR },
    { "issuer", required_argument, NULL, ISSUER },
    { "key", required_argument, NULL, KEY },
    { "key-id", required_argument, NULL, KEY_ID },
    { "algorithm", required_argument, NULL, ALGORITHM },
    { "lifetime", required_argument, NULL, LIFETIME },
    { "audience", required_argument, NULL, AUDIENCE },
    { NULL, 0, NULL, 0 },
};

static int usage(void)
{
    (void)fputs("usage: asap-sign --private-dir DIR --issuer ISSUER --audience AUDIENCE\n"
                "       asap-sign --key FILE --key-id ISSUER/NAME --audience AUDIENCE\n"
                "         [--algorithm ALGORITHM] [--lifetime SECONDS]\n",
                stderr);
    return USAGE;
}

static int report(const struct asap_error *err)
{
    (void)fprintf(stderr, "asap-sign: %s\n", err->message);
    return err->code == ASAP_INVALID_ARGUMENT ? USAGE : REFUSED;
}

/* memset() of what is not read again may be optimized away. */
static void wipe(char *text, size_t size)
{
    for (volatile char *next = text; next < text + size; next++)
        *next = '\0';
}

static enum asap_code signer_from_file(const char *path,
                                       const char *key_id,
                                       const struct asap_signer_options *options,
                                       struct asap_signer **out,
                                       struct asap_error *err)
{
    char pem[16384];
    FILE *file = fopen(path, "rb");
    size_t length = 0;
    enum asap_code code = ASAP_OK;

    if (file == NULL) {
        (void)snprintf(err->message, sizeof err->message, "cannot open %s", path);
        return ASAP_NOT_FOUND;
    }
    (void)setvbuf(file, NULL, _IONBF, 0); /* or its buffer keeps a copy of the key */
    length = fread(pem, 1, sizeof pem, file);
    (void)fclose(file);
    code = asap_signer_from_pem(key_id, pem, length, options, out, err);
    wipe(pem, sizeof pem);
    return code;
}

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

int main(int argc, char **argv)
{
    const char *values[OPTIONS] = { NULL };
    struct asap_signer_options options = { 0 };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    enum asap_code code = ASAP_OK;
    int64_t lifetime = 0; /* the library's default */
    char *end = NULL;
    int option = 0;
    int status = 0;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option >= OPTIONS)
            return usage();
        values[option] = optarg;
    }
    if (values[LIFETIME] != NULL)
        lifetime = strtoll(values[LIFETIME], &end, 10);
    if (end != NULL && (lifetime <= 0 || *end != '\0'))
        return usage();
    options.algorithm = values[ALGORITHM];
    if (values[AUDIENCE] == NULL || optind != argc)
        return usage();
    if (values[PRIVATE_DIR] != NULL && values[ISSUER] != NULL)
        code = asap_signer_from_directory(values[PRIVATE_DIR], values[ISSUER], &options, &signer,
                                          &err);
    else if (values[KEY] != NULL && values[KEY_ID] != NULL)
        code = signer_from_file(values[KEY], values[KEY_ID], &options, &signer, &err);
    else
        return usage();
    if (code != ASAP_OK)
        return report(&err);
    status = print_token(signer, values[AUDIENCE], lifetime);
    asap_signer_free(signer);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a GET with an ASAP token by libcurl and prints the answer; --data makes it a POST. */
#include <asap/asap.h>
#include <asap/curl.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAILURE = 1, USAGE = 2 };

enum { PRIVATE_DIR, ISSUER, AUDIENCE, CACERT, DATA, LOCATION, OPTIONS };

static const struct option long_options[] = {
    { "private-dir", required_argument, NULL, PRIVATE_DIR },
    { "issuer", required_argument, NULL, ISSUER },
    { "audience", required_argument, NULL, AUDIENCE },
    { "cacert", required_argument, NULL, CACERT },
    { "data", required_argument, NULL, DATA },
    { "location", no_argument, NULL, LOCATION },
    { NULL, 0, NULL, 0 },
};

static int usage(void)
{
    (void)fputs("usage: asap-request --private-dir DIR --issuer ISSUER --audience AUDIENCE\n"
                "         [--cacert FILE] [--data TEXT] [--location] URL ...\n",
                stderr);
    return USAGE;
}

/* One handle for all requests keeps the connection; each has a token of its own. */
static int request(CURL *easy, struct asap_signer *signer, const char *audience, const char *url)
{
    const char *const audiences[] = { audience, NULL };
    const struct asap_token_request token = { .audiences = audiences };
    struct asap_error err = { 0 };
    CURLcode code = CURLE_OK;
    long status = 0;

    if (asap_curl_authorize(easy, signer, &token, &err) != ASAP_OK) {
        (void)fprintf(stderr, "asap-request: %s\n", err.message);
        return FAILURE;
    }
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    code = curl_easy_perform(easy);
    if (code != CURLE_OK) {
        (void)fprintf(stderr, "asap-request: %s: %s\n", url, curl_easy_strerror(code));
        return FAILURE;
    }
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)fflush(stdout);
    (void)fprintf(stderr, "%ld\n", status);
    return status < 400 ? EXIT_SUCCESS : FAILURE;
}

static int request_all(struct asap_signer *signer, char *const *values, char *const *urls)
{
    CURL *easy = curl_easy_init();
    int status = EXIT_SUCCESS;

    if (easy == NULL)
        return FAILURE;
    if (values[CACERT] != NULL)
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, values[CACERT]);
    if (values[DATA] != NULL)
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, values[DATA]);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, values[LOCATION] != NULL ? 1L : 0L);
    for (; *urls != NULL && status == EXIT_SUCCESS; urls++)
        status = request(easy, signer, values[AUDIENCE], *urls);
    curl_easy_cleanup(easy);
    return status;
}

int main(int argc, char **argv)
{
    static char given[] = "";
    char *values[OPTIONS] = { NULL };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    int option = 0;
    int status = 0;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option >= OPTIONS)
            return usage();
        values[option] = optarg != NULL ? optarg : given;
    }
    if (values[PRIVATE_DIR] == NULL || values[ISSUER] == NULL || values[AUDIENCE] == NULL
        || optind == argc)
        return usage();
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    if (asap_signer_from_directory(values[PRIVATE_DIR], values[ISSUER], NULL, &signer, &err)
        == ASAP_OK) {
        status = request_all(signer, values, argv + optind);
    } else {
        (void)fprintf(stderr, "asap-request: %s\n", err.message);
        status = FAILURE;
    }
    asap_signer_free(signer);
    curl_global_cleanup();
    return status;
}

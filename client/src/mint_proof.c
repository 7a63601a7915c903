/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_proof.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy_text.h"
#include "fail.h"
#include "scoped.h"

enum { API_KEY_MAX = 1024 };

static const char default_audience[] = "asapd";

/* NOLINTNEXTLINE(readability-non-const-parameter): what SCOPED() calls */
static void file_scope_exit(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

static enum asap_code check_count(const struct asap_minter_options *options, struct asap_error *err)
{
    static const char prefix[] = "unix:";
    const bool is_local = strncmp(options->server, prefix, sizeof prefix - 1) == 0;
    const int count = (options->api_key != NULL) + (options->api_key_file != NULL)
                      + (options->certificate_file != NULL) + (options->signer != NULL);

    if (is_local && count > 0)
        return fail_field(err, "server",
                          "over a unix socket the user id proves who calls; leave out the rest");
    if (!is_local && count != 1)
        return fail_field(err, "api_key",
                          "%s of api_key, api_key_file, certificate_file and signer proves who"
                          " calls; give one",
                          count == 0 ? "none" : "more than one");
    return ASAP_OK;
}

static enum asap_code
copy_secret(const char *text, size_t length, struct secret *out, struct asap_error *err)
{
    TRY(secret_init(out, length, err));
    memcpy(out->bytes, text, length);
    return ASAP_OK;
}

enum asap_code mint_proof_init(struct mint_proof *out,
                               const struct asap_minter_options *options,
                               struct asap_error *err)
{
    const char *audience =
        options->service_audience != NULL ? options->service_audience : default_audience;

    TRY(check_count(options, err));
    if (options->api_key != NULL)
        TRY(copy_secret(options->api_key, strlen(options->api_key), &out->api_key, err));
    TRY(copy_text(options->api_key_file, &out->api_key_file, err));
    TRY(copy_text(options->certificate_file, &out->certificate_file, err));
    TRY(copy_text(options->key_file, &out->key_file, err));
    out->signer = options->signer;
    return copy_text(audience, &out->service_audience, err);
}

static enum asap_code
fail_at_file(struct asap_error *err, const char *path, const char *what, const char *why)
{
    (void)fail_field(err, "api_key_file", "%s %.150s%s", what, path, why);
    return fail_as(err, ASAP_FAILED_PRECONDITION);
}

static enum asap_code fail_errno(struct asap_error *err, const char *path)
{
    const int number = errno;
    char why[64] = ": ";

    (void)strerror_r(number, why + 2, sizeof why - 2);
    return fail_at_file(err, path, "cannot read the API key at", why);
}

/* Up to the end of the file, or as much as there is room for. */
static enum asap_code
read_start(const char *path, struct secret *text, size_t *length, struct asap_error *err)
{
    SCOPED(file) int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;

    *length = 0;
    if (file < 0)
        return fail_errno(err, path);
    while (got != 0 && *length < text->length) {
        got = read(file, text->bytes + *length, text->length - *length);
        if (got < 0 && errno != EINTR)
            return fail_errno(err, path);
        *length += got > 0 ? (size_t)got : 0;
    }
    return ASAP_OK;
}

static enum asap_code read_api_key(const char *path, struct secret *out, struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    size_t length = 0;
    size_t line = 0;

    TRY(secret_init(&text, API_KEY_MAX, err));
    TRY(read_start(path, &text, &length, err));
    line = strcspn((const char *)text.bytes, "\r\n");
    if (line == 0)
        return fail_at_file(err, path, "there is no API key in the first line of", "");
    if (line == text.length)
        return fail_at_file(err, path, "the first line is too long for an API key in", "");
    TRY(copy_secret((const char *)text.bytes, line, out, err));
    if (rpc_bearer_check((const char *)out->bytes, "api_key_file", err) != ASAP_OK)
        return fail_as(err, ASAP_FAILED_PRECONDITION);
    return ASAP_OK;
}

static enum asap_code sign_bearer(const struct mint_proof *proof,
                                  struct secret *out,
                                  struct asap_error *err)
{
    const char *const audiences[] = { proof->service_audience, NULL };
    const struct asap_token_request request = { .audiences = audiences };
    enum asap_code code = ASAP_OK;
    char *token = NULL;

    TRY(asap_signer_sign(proof->signer, &request, &token, err));
    code = copy_secret(token, strlen(token), out, err);
    OPENSSL_cleanse(token, strlen(token));
    free(token);
    return code;
}

enum asap_code mint_proof_present(const struct mint_proof *proof,
                                  struct rpc_endpoint *endpoint,
                                  struct secret *bearer,
                                  struct asap_error *err)
{
    endpoint->certificate_file = proof->certificate_file;
    endpoint->key_file = proof->key_file;
    if (proof->api_key_file != NULL)
        TRY(read_api_key(proof->api_key_file, bearer, err));
    else if (proof->signer != NULL)
        TRY(sign_bearer(proof, bearer, err));
    if (bearer->bytes != NULL)
        endpoint->bearer = (const char *)bearer->bytes;
    else if (proof->api_key.bytes != NULL)
        endpoint->bearer = (const char *)proof->api_key.bytes;
    return ASAP_OK;
}

void mint_proof_clear(struct mint_proof *proof)
{
    secret_clear(&proof->api_key);
    free(proof->api_key_file);
    free(proof->certificate_file);
    free(proof->key_file);
    free(proof->service_audience);
    *proof = (struct mint_proof){ 0 };
}

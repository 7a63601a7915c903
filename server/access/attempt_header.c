/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api_key.h"
#include "attempt.h"
#include "claims.h"
#include "fail.h"
#include "jws.h"

/* The same time and the same answer whether the name or the secret is wrong. */
static enum asap_code admit_by_api_key(const struct attempt *attempt,
                                       const char *text,
                                       const char *prefix,
                                       struct asap_error *err)
{
    static const char nobody[CREDENTIAL_DIGEST_SIZE] = { 0 };
    const struct known_credential *found = NULL;
    const char *expected = nobody;
    char digest[CREDENTIAL_DIGEST_SIZE];

    TRY(attempt_find(attempt, CREDENTIAL_API_KEY, prefix, &found, err));
    TRY(api_key_digest(text, digest, err));
    if (found != NULL && strlen(found->digest) == sizeof digest - 1)
        expected = found->digest;
    if (CRYPTO_memcmp(digest, expected, sizeof digest) != 0 || found == NULL)
        return refuse(err, ASAP_REASON_CREDENTIAL_UNKNOWN, "",
                      "the API key is not known here; check that it is whole and of this server");
    return attempt_admit(attempt, RPC_PROOF_API_KEY, found, found->credential_id, err);
}

/* A failure of the verifier is the caller's, unless it could not look. */
static enum asap_code check_token(const struct attempt *attempt,
                                  const char *token,
                                  struct asap_claims **out,
                                  struct asap_error *err)
{
    const enum asap_code code =
        asap_verifier_check(attempt->verifier, token, strlen(token), out, err);

    if (code == ASAP_OK || code == ASAP_UNAVAILABLE || code == ASAP_INTERNAL)
        return code;
    return fail_as(err, ASAP_UNAUTHENTICATED);
}

static enum asap_code admit_by_token(const struct attempt *attempt,
                                     const char *token,
                                     struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = NULL;
    const struct known_credential *credential = NULL;

    TRY(check_token(attempt, token, &claims, err));
    TRY(attempt_find(attempt, CREDENTIAL_ISSUER, claims->issuer, &credential, err));
    (void)snprintf(attempt->out->proof, sizeof attempt->out->proof, "%s", claims->key_id);
    if (credential == NULL)
        return refuse(err, ASAP_REASON_CREDENTIAL_UNKNOWN, "iss",
                      "no caller is known by tokens of issuer %s; ask an administrator to make it "
                      "the credential of one",
                      claims->issuer);
    return attempt_admit(attempt, RPC_PROOF_TOKEN, credential, claims->key_id, err);
}

static enum asap_code fail_malformed(struct asap_error *err, const char *why)
{
    return refuse(err, ASAP_REASON_PROOF_MALFORMED, "",
                  "the Authorization header %s; send \"Bearer\", one space, and an API key or an "
                  "ASAP token",
                  why);
}

/* What follows the scheme and its space (RFC 6750 section 2.1); NULL for another scheme. */
static const char *after_scheme(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    const size_t length = sizeof scheme - 1;

    return strncasecmp(authorization, scheme, length) == 0 ? authorization + length : NULL;
}

static enum asap_code check_characters(const char *shown, struct asap_error *err)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-._~+/=";
    const size_t length = strnlen(shown, JWS_TOKEN_MAX + 1);

    if (length == 0 || length > JWS_TOKEN_MAX)
        return fail_malformed(err, length == 0 ? "shows nothing" : "is too long");
    if (strspn(shown, allowed) != length)
        return fail_malformed(err, "has characters that no key and no token has");
    return ASAP_OK;
}

static size_t count_dots(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '.' ? 1 : 0;
    return count;
}

enum asap_code attempt_by_header(const struct attempt *attempt, struct asap_error *err)
{
    char prefix[API_KEY_PREFIX_SIZE];
    const char *shown = after_scheme(attempt->evidence->authorization);

    if (shown == NULL)
        return fail_malformed(err, "has another scheme than Bearer");
    TRY(check_characters(shown, err));
    if (api_key_read_prefix(shown, prefix))
        return admit_by_api_key(attempt, shown, prefix, err);
    if (count_dots(shown) == 2)
        return admit_by_token(attempt, shown, err);
    return fail_malformed(err, "shows neither a whole API key nor a token");
}

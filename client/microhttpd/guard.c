/* SPDX-License-Identifier: Apache-2.0 */
#include <asap/microhttpd.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SCHEME "Bearer"

/* The Authorization headers of a request. */
struct proof {
    const char *value; /* of the first */
    size_t length;
    unsigned count;
};

static enum MHD_Result note_header(void *context,
                                   enum MHD_ValueKind kind,
                                   const char *name,
                                   size_t name_length,
                                   const char *value,
                                   size_t value_length)
{
    struct proof *proof = context;

    (void)kind;
    if (name_length != strlen(MHD_HTTP_HEADER_AUTHORIZATION)
        || strncasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION, name_length) != 0)
        return MHD_YES;
    if (proof->count == 0) {
        proof->value = value;
        proof->length = value == NULL ? 0 : value_length;
    }
    proof->count++;
    return MHD_YES;
}

/* False when the request shows something else, or nothing. A token that is lacking behind the
 * scheme is a bad one. */
static bool find_token(const struct proof *proof, const char **token, size_t *length)
{
    const size_t scheme = strlen(SCHEME);

    if (proof->length < scheme || strncasecmp(proof->value, SCHEME, scheme) != 0
        || (proof->length > scheme && proof->value[scheme] != ' '))
        return false;
    *token = proof->value + scheme;
    *length = proof->length - scheme;
    while (*length > 0 && **token == ' ') {
        ++*token;
        --*length;
    }
    return true;
}

static enum asap_code
say(struct asap_error *err, enum asap_code code, enum asap_reason reason, const char *message)
{
    *err = (struct asap_error){ .code = code, .reason = reason };
    (void)snprintf(err->message, sizeof err->message, "%s", message);
    return code;
}

static enum asap_code check(struct asap_verifier *verifier,
                            enum asap_guard_mode mode,
                            const struct proof *proof,
                            struct asap_claims **claims,
                            struct asap_error *err)
{
    const char *token = NULL;
    size_t length = 0;

    if (proof->count > 1)
        return say(err, ASAP_INVALID_ARGUMENT, ASAP_REASON_TWO_PROOFS,
                   "the request has more than one Authorization header");
    if (find_token(proof, &token, &length))
        return asap_verifier_check(verifier, token, length, claims, err);
    if (mode == ASAP_GUARD_OPTIONAL)
        return ASAP_OK;
    return say(err, ASAP_UNAUTHENTICATED, ASAP_REASON_NO_PROOF,
               "the request has no token (Authorization: Bearer TOKEN)");
}

/* What the outside learns, by code and reason; the first row that fits, the last for all else. */
static const struct answer {
    enum asap_code code;
    enum asap_reason reason; /* NONE: any */
    unsigned status;
    const char *text;
    const char *header, *value;
} answers[] = {
    { ASAP_UNAUTHENTICATED, ASAP_REASON_NO_PROOF, MHD_HTTP_UNAUTHORIZED, "there is no token\n",
      MHD_HTTP_HEADER_WWW_AUTHENTICATE, SCHEME },
    { ASAP_UNAUTHENTICATED, ASAP_REASON_NONE, MHD_HTTP_UNAUTHORIZED, "invalid_token\n",
      MHD_HTTP_HEADER_WWW_AUTHENTICATE, SCHEME " error=\"invalid_token\"" },
    { ASAP_PERMISSION_DENIED, ASAP_REASON_NONE, MHD_HTTP_FORBIDDEN, "insufficient_scope\n",
      MHD_HTTP_HEADER_WWW_AUTHENTICATE, SCHEME " error=\"insufficient_scope\"" },
    { ASAP_INVALID_ARGUMENT, ASAP_REASON_NONE, MHD_HTTP_BAD_REQUEST, "invalid_request\n",
      MHD_HTTP_HEADER_WWW_AUTHENTICATE, SCHEME " error=\"invalid_request\"" },
    { ASAP_UNAVAILABLE, ASAP_REASON_NONE, MHD_HTTP_SERVICE_UNAVAILABLE,
      "tokens cannot be checked at the moment; try again\n", MHD_HTTP_HEADER_RETRY_AFTER, "1" },
    { ASAP_INTERNAL, ASAP_REASON_NONE, MHD_HTTP_INTERNAL_SERVER_ERROR, "tokens cannot be checked\n",
      NULL, NULL },
};

static const struct answer *find_answer(const struct asap_error *err)
{
    const struct answer *answer = answers;
    const struct answer *const last = answers + sizeof answers / sizeof answers[0] - 1;

    while (answer < last
           && (answer->code != err->code
               || (answer->reason != ASAP_REASON_NONE && answer->reason != err->reason)))
        answer++;
    return answer;
}

/* libmicrohttpd copies it, but asks for text that it could change. */
static struct MHD_Response *new_response(const char *text)
{
    char body[128] = "";

    (void)snprintf(body, sizeof body, "%s", text);
    return MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_COPY);
}

enum MHD_Result asap_microhttpd_refuse(struct MHD_Connection *connection,
                                       const struct asap_error *err)
{
    const struct answer *answer = find_answer(err);
    struct MHD_Response *response = new_response(answer->text);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES
        && MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain") == MHD_YES
        && (answer->header == NULL
            || MHD_add_response_header(response, answer->header, answer->value) == MHD_YES))
        result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

enum asap_code asap_microhttpd_guard(struct asap_verifier *verifier,
                                     enum asap_guard_mode mode,
                                     struct MHD_Connection *connection,
                                     struct asap_claims **claims,
                                     enum MHD_Result *result,
                                     struct asap_error *err)
{
    struct proof proof = { .count = 0 };
    struct asap_error own = { .code = ASAP_OK };
    struct asap_error *why = err != NULL ? err : &own;
    enum asap_code code = ASAP_OK;

    *claims = NULL;
    *result = MHD_YES;
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, note_header, &proof);
    code = check(verifier, mode, &proof, claims, why);
    if (code != ASAP_OK)
        *result = asap_microhttpd_refuse(connection, why);
    return code;
}

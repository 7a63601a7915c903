/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_endpoint.h"

#include <asap/verifier.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "algorithm.h"
#include "claims.h"
#include "fail.h"
#include "scoped.h"

#define PATH "/.well-known/asap/auth"
#define PARAMETER "profile="
#define SCHEME "Bearer "

enum { RETRY_SECONDS = 1, NO_LEEWAY = -1, ITEMS_MAX = CONFIG_TEXT / 2 };

/* A profile at work. */
struct checker {
    char name[AUTH_PROFILE_NAME_MAX + 1];
    struct asap_verifier *verifier;
    struct asap_verifier *of_any_issuer; /* the same but for the profile's issuers */
};

struct auth_endpoint {
    struct checker checkers[AUTH_PROFILES_MAX];
    size_t count;
    struct denials *denials;
    const struct log *log;
};

DEFINE_SCOPED(auth_endpoint, struct auth_endpoint *, auth_endpoint_free)

void auth_endpoint_free(struct auth_endpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    for (size_t i = 0; i < endpoint->count; i++) {
        asap_verifier_free(endpoint->checkers[i].verifier);
        asap_verifier_free(endpoint->checkers[i].of_any_issuer);
    }
    free(endpoint);
}

/* A list of a profile, cut up. */
struct list {
    char text[CONFIG_TEXT];
    const char *items[ITEMS_MAX + 1]; /* ended by NULL */
};

static void cut_list(const char *text, struct list *out)
{
    size_t count = 0;

    (void)snprintf(out->text, sizeof out->text, "%s", text);
    for (char *item = out->text; item != NULL && count < ITEMS_MAX;) {
        char *comma = strchr(item, ',');

        out->items[count++] = item;
        if (comma != NULL)
            *comma++ = '\0';
        item = comma;
    }
    out->items[count] = NULL;
}

/* `issuers`: NULL for all. */
static enum asap_code new_verifier(const struct auth_endpoint_options *options,
                                   const struct auth_profile *profile,
                                   const char *const *issuers,
                                   struct asap_verifier **out,
                                   struct asap_error *err)
{
    struct list audiences;
    struct list subjects;
    struct asap_verifier_options verifier = {
        .algorithms = algorithm_names,
        .allow_any_subject = strcmp(profile->subjects, "*") == 0,
        .leeway_seconds = profile->leeway == 0 ? NO_LEEWAY : profile->leeway,
        .clock = options->clock,
    };

    cut_list(profile->audiences, &audiences);
    verifier.audiences = audiences.items;
    if (profile->subjects[0] != '\0') {
        cut_list(profile->subjects, &subjects);
        verifier.subjects = subjects.items;
    }
    verifier.issuers = issuers;
    return asap_verifier_new(options->keys, &verifier, out, err);
}

static enum asap_code new_verifiers(const struct auth_endpoint_options *options,
                                    const struct auth_profile *profile,
                                    struct checker *out,
                                    struct asap_error *err)
{
    struct list issuers;

    cut_list(profile->issuers, &issuers);
    TRY(new_verifier(options, profile, NULL, &out->of_any_issuer, err));
    return new_verifier(options, profile, profile->issuers[0] == '\0' ? NULL : issuers.items,
                        &out->verifier, err);
}

enum asap_code auth_endpoint_new(const struct auth_endpoint_options *options,
                                 struct auth_endpoint **out,
                                 struct asap_error *err)
{
    SCOPED(auth_endpoint) struct auth_endpoint *endpoint = calloc(1, sizeof *endpoint);

    *out = NULL;
    if (endpoint == NULL)
        return fail_memory(err);
    if (options->profile_count > AUTH_PROFILES_MAX)
        return fail_field(err, "auth_profile", "there are more than %d profiles; leave some out",
                          AUTH_PROFILES_MAX);
    endpoint->denials = options->denials;
    endpoint->log = options->log;
    for (size_t i = 0; i < options->profile_count; i++) {
        const struct auth_profile *profile = &options->profiles[i];
        struct checker *checker = &endpoint->checkers[i];

        endpoint->count++;
        TRY(new_verifiers(options, profile, checker, err));
        memcpy(checker->name, profile->name, sizeof checker->name);
    }
    *out = MOVE(endpoint);
    return ASAP_OK;
}

bool auth_endpoint_matches(const char *path)
{
    const size_t length = strlen(PATH);

    return strncmp(path, PATH, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* What a proxy asks. */
struct question {
    const struct checker *checker; /* NULL: for no profile of ours */
    bool is_appended;              /* the proxy has put its client's target behind the profile */
};

static const struct checker *find_checker(const struct auth_endpoint *endpoint,
                                          const char *name,
                                          size_t length)
{
    for (const struct checker *checker = endpoint->checkers;
         checker < endpoint->checkers + endpoint->count; checker++)
        if (strlen(checker->name) == length && memcmp(checker->name, name, length) == 0)
            return checker;
    return NULL;
}

/* By the first segment behind the path, or else by the first parameter alone: the proxy's client
 * may have written all that follows. */
static struct question read_question(const struct auth_endpoint *endpoint,
                                     const struct http_request *request)
{
    const char *name = request->path + strlen(PATH);
    size_t length = 0;

    if (*name == '/') {
        name++;
        return (struct question){ find_checker(endpoint, name, strcspn(name, "/")), true };
    }
    name = request->query;
    if (name == NULL || strncmp(name, PARAMETER, strlen(PARAMETER)) != 0)
        return (struct question){ NULL, false };
    name += strlen(PARAMETER);
    length = strcspn(name, "&");
    return (struct question){ find_checker(endpoint, name, length), name[length] != '\0' };
}

/* The token of the request; NULL when there is none, which is another thing than a bad one. */
static const char *find_token(const struct http_request *request)
{
    const char *value = http_request_header(request, "Authorization");
    const size_t length = strlen(SCHEME);

    return value != NULL && strncasecmp(value, SCHEME, length) == 0 ? value + length : NULL;
}

/* Whether it arrives at the backend as it was signed: nothing that a proxy trims, cuts off or
 * takes for the end of a line. */
static bool is_header_text(const char *text)
{
    const size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return length > 0 && text[0] != ' ' && text[length - 1] != ' ';
}

/* That an issuer is not let in is said to itself only: whoever forges a token is not to learn from
 * it who is. */
static enum asap_code verify(const struct checker *checker,
                             const char *token,
                             struct asap_claims **out,
                             struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = NULL;
    const size_t length = strlen(token);
    const enum asap_code code = asap_verifier_check(checker->verifier, token, length, out, err);

    if (code == ASAP_PERMISSION_DENIED)
        TRY(asap_verifier_check(checker->of_any_issuer, token, length, &claims, err));
    return code;
}

static enum asap_code check(const struct checker *checker,
                            const char *token,
                            struct asap_claims **out,
                            struct asap_error *err)
{
    SCOPED(claims) struct asap_claims *claims = NULL;

    *out = NULL;
    TRY(verify(checker, token, &claims, err));
    if (!is_header_text(asap_claims_subject(claims)))
        return refuse(err, ASAP_REASON_SUBJECT, "sub", "the token's sub is not printable ASCII");
    *out = MOVE(claims);
    return ASAP_OK;
}

/* Envoy, which appends its client's target, takes nothing but 200 for a yes. */
static void respond(struct http_response *response,
                    const struct asap_claims *claims,
                    const struct question *question)
{
    response->status = question->is_appended ? 200 : 204;
    http_add_header(response, "X-ASAP-Issuer", asap_claims_issuer(claims));
    http_add_header(response, "X-ASAP-Subject", asap_claims_subject(claims));
    http_add_header(response, "X-ASAP-Key-Id", asap_claims_key_id(claims));
}

/* What the verifier's code becomes outside; the last row is for all other codes. */
static const struct answer {
    enum asap_code code;
    const char *message;
    const char *challenge; /* RFC 6750 section 3; NULL: none */
} answers[] = {
    { ASAP_UNAUTHENTICATED, "invalid_token", "Bearer error=\"invalid_token\"" },
    { ASAP_PERMISSION_DENIED, "insufficient_scope", "Bearer error=\"insufficient_scope\"" },
    { ASAP_UNAVAILABLE, "the keys are not known at the moment; try again", NULL },
};

static void refuse_token(struct http_response *response, enum asap_code code)
{
    const size_t last = sizeof answers / sizeof answers[0] - 1;
    const struct answer *answer = answers;

    while (answer < answers + last && answer->code != code)
        answer++;
    http_set_error(response, answer->code, answer->message);
    if (answer->challenge != NULL)
        http_set_header(response, "WWW-Authenticate", "%s", answer->challenge);
    else
        http_set_header(response, "Retry-After", "%d", RETRY_SECONDS);
}

static void refuse_profile(struct http_response *response)
{
    http_set_error(response, ASAP_NOT_FOUND,
                   "there is no such profile; ask " PATH "?profile=NAME, where NAME is that of an "
                   "auth_profile in asapd.conf");
}

static void refuse_stranger(struct http_response *response)
{
    http_set_error(response, ASAP_UNAUTHENTICATED, "there is no token");
    http_set_header(response, "WWW-Authenticate", "Bearer");
}

static void judge(const struct auth_endpoint *endpoint,
                  const struct question *question,
                  const struct http_request *request,
                  struct http_response *response)
{
    const char *token = find_token(request);
    SCOPED(claims) struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    enum asap_code code = ASAP_OK;

    if (token == NULL) {
        denials_count(endpoint->denials, DENIAL_AUTH_ENDPOINT, ASAP_REASON_NO_PROOF);
        refuse_stranger(response);
        return;
    }
    code = check(question->checker, token, &claims, &err);
    if (code == ASAP_OK) {
        respond(response, claims, question);
        return;
    }
    refuse_token(response, code);
    if (code != ASAP_UNAVAILABLE)
        denials_count(endpoint->denials, DENIAL_AUTH_ENDPOINT, err.reason);
    log_event(endpoint->log, LOG_DEBUG, request->trace, NULL,
              "profile %s refuses a token that %s sent: %s", question->checker->name,
              request->peer.address, err.message);
}

void auth_endpoint_handle(void *context,
                          const struct http_request *request,
                          struct http_response *response)
{
    const struct auth_endpoint *endpoint = context;
    const struct question question = read_question(endpoint, request);

    http_set_header(response, "Cache-Control", "no-store");
    if (question.checker == NULL)
        refuse_profile(response);
    else
        judge(endpoint, &question, request, response);
}

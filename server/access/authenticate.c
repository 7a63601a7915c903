/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "attempt.h"
#include "clock.h"
#include "fail.h"
#include "keyring_retriever.h"

enum { UID_TEXT_SIZE = 16 };

struct authenticator {
    struct callers *callers;
    struct asap_clock clock;
    uint32_t daemon_uid;
    struct asap_retriever *keys;
    struct asap_verifier *verifier;
};

DEFINE_SCOPED(authenticator, struct authenticator *, authenticator_free)

/* A caller chooses its algorithm: all that keys are registered for. */
static enum asap_code new_verifier(const struct authenticator_options *options,
                                   struct authenticator *authenticator,
                                   struct asap_error *err)
{
    const char *const audiences[] = { options->audience, NULL };
    const struct asap_verifier_options verifier = { .audiences = audiences,
                                                    .algorithms = algorithm_names,
                                                    .clock = options->clock };

    return asap_verifier_new(authenticator->keys, &verifier, &authenticator->verifier, err);
}

enum asap_code authenticator_new(const struct authenticator_options *options,
                                 struct authenticator **out,
                                 struct asap_error *err)
{
    SCOPED(authenticator) struct authenticator *authenticator = calloc(1, sizeof *authenticator);

    *out = NULL;
    if (authenticator == NULL)
        return fail_memory(err);
    authenticator->callers = options->callers;
    authenticator->clock = options->clock;
    authenticator->daemon_uid = options->daemon_uid;
    TRY(keyring_retriever_new(options->keyring, &options->clock, &authenticator->keys, err));
    TRY(new_verifier(options, authenticator, err));
    *out = MOVE(authenticator);
    return ASAP_OK;
}

void authenticator_free(struct authenticator *authenticator)
{
    if (authenticator == NULL)
        return;
    asap_verifier_free(authenticator->verifier);
    asap_retriever_free(authenticator->keys);
    free(authenticator);
}

static bool may_operate(const struct evidence *evidence, uint32_t daemon_uid)
{
    return evidence->has_uid && (evidence->uid == 0 || evidence->uid == daemon_uid);
}

bool authenticate_is_operator(const struct authenticator *authenticator,
                              const struct evidence *evidence)
{
    return may_operate(evidence, authenticator->daemon_uid);
}

static bool is_operator(const struct attempt *attempt)
{
    return may_operate(attempt->evidence, attempt->daemon_uid);
}

static void admit_operator(const struct attempt *attempt)
{
    struct rpc_caller *out = attempt->out;

    out->is_admin = true;
    out->proof_kind = RPC_PROOF_UID;
    (void)snprintf(out->name, sizeof out->name, "uid:%" PRIu32, attempt->evidence->uid);
    (void)snprintf(out->proof, sizeof out->proof, "uid:%" PRIu32, attempt->evidence->uid);
}

static enum asap_code find_by_uid(const struct attempt *attempt,
                                  const struct known_credential **out,
                                  struct asap_error *err)
{
    char name[UID_TEXT_SIZE];

    *out = NULL;
    if (!attempt->evidence->has_uid || is_operator(attempt))
        return ASAP_OK;
    (void)snprintf(name, sizeof name, "%" PRIu32, attempt->evidence->uid);
    return attempt_find(attempt, CREDENTIAL_UID, name, out, err);
}

/* DNS names know no case; credentials have them in lower case. False for one that is too long. */
static bool write_name(const struct certificate_name *name, char out[CREDENTIAL_NAME_SIZE])
{
    const size_t length = strnlen(name->text, CREDENTIAL_NAME_SIZE);

    if (length == CREDENTIAL_NAME_SIZE)
        return false;
    for (size_t i = 0; i <= length; i++) {
        const char c = name->text[i];
        const bool is_upper = c >= 'A' && c <= 'Z';

        out[i] = (char)(name->kind == CREDENTIAL_DNS_NAME && is_upper ? c - 'A' + 'a' : c);
    }
    return true;
}

/* Keeps the first that stands; one that does not stays only until there is another. */
static enum asap_code consider(const struct attempt *attempt,
                               const struct known_credential *found,
                               const struct known_credential **best,
                               struct asap_error *err)
{
    if (*best == NULL)
        *best = found;
    if (found == NULL || !attempt_stands(attempt, found))
        return ASAP_OK;
    if (!attempt_stands(attempt, *best))
        *best = found;
    if (found->caller != (*best)->caller)
        return refuse(err, ASAP_REASON_TWO_PROOFS, "",
                      "the client certificate names two callers, %s and %s; revoke one of their "
                      "credentials or use another certificate",
                      (*best)->caller->name, found->caller->name);
    return ASAP_OK;
}

static enum asap_code consider_names(const struct attempt *attempt,
                                     enum credential_kind kind,
                                     const struct known_credential **best,
                                     struct asap_error *err)
{
    const struct evidence *evidence = attempt->evidence;
    const struct known_credential *found = NULL;
    char name[CREDENTIAL_NAME_SIZE];

    for (size_t i = 0; i < evidence->name_count; i++) {
        if (evidence->names[i].kind != kind || !write_name(&evidence->names[i], name))
            continue;
        TRY(attempt_find(attempt, kind, name, &found, err));
        TRY(consider(attempt, found, best, err));
    }
    return ASAP_OK;
}

static enum asap_code find_by_certificate(const struct attempt *attempt,
                                          const struct known_credential **out,
                                          struct asap_error *err)
{
    *out = NULL;
    if (attempt->evidence->certificate_problem != NULL)
        return refuse(err, ASAP_REASON_CERTIFICATE, "", "the client certificate is refused: %s",
                      attempt->evidence->certificate_problem);
    if (attempt->evidence->certificate_until != 0
        && attempt->evidence->certificate_until < attempt->now)
        return refuse(err, ASAP_REASON_CERTIFICATE, "",
                      "the client certificate has expired since the connection began; begin another"
                      " with a new one");
    TRY(consider_names(attempt, CREDENTIAL_URI, out, err));
    return consider_names(attempt, CREDENTIAL_DNS_NAME, out, err);
}

/* What the connection itself shows. Beside an Authorization header, a credential of these that is
 * revoked or expired counts for nothing: who was known by his user id once may use an API key. */
struct ambient {
    const struct known_credential *uid, *certificate;
};

static enum asap_code refuse_two_proofs(const struct attempt *attempt,
                                        const struct ambient *ambient,
                                        struct asap_error *err)
{
    const bool has_uid = is_operator(attempt) || attempt_stands(attempt, ambient->uid);
    const bool has_certificate = attempt_stands(attempt, ambient->certificate);
    const bool has_header = attempt->evidence->authorization != NULL;

    if ((has_uid ? 1 : 0) + (has_certificate ? 1 : 0) + (has_header ? 1 : 0) < 2)
        return ASAP_OK;
    return refuse(err, ASAP_REASON_TWO_PROOFS, "",
                  "the request proves its caller by%s%s%s; show only one of these",
                  has_uid ? " user id" : "",
                  has_certificate ? (has_uid ? " and certificate" : " certificate") : "",
                  has_header ? " and Authorization header" : "");
}

static enum asap_code admit_by_ambient(const struct attempt *attempt,
                                       const struct ambient *ambient,
                                       struct asap_error *err)
{
    const struct known_credential *uid = ambient->uid;
    const struct known_credential *certificate = ambient->certificate;

    if (uid != NULL)
        return attempt_admit(attempt, RPC_PROOF_UID, uid, uid->credential_id, err);
    if (certificate != NULL)
        return attempt_admit(attempt, RPC_PROOF_CERTIFICATE, certificate,
                             certificate->credential_id, err);
    return ASAP_OK;
}

static enum asap_code identify(const struct attempt *attempt, struct asap_error *err)
{
    struct ambient ambient = { NULL, NULL };

    TRY(find_by_certificate(attempt, &ambient.certificate, err));
    TRY(find_by_uid(attempt, &ambient.uid, err));
    TRY(refuse_two_proofs(attempt, &ambient, err));
    if (attempt->evidence->authorization != NULL)
        return attempt_by_header(attempt, err);
    if (!is_operator(attempt))
        return admit_by_ambient(attempt, &ambient, err);
    admit_operator(attempt);
    return ASAP_OK;
}

enum asap_code authenticate(struct authenticator *authenticator,
                            const struct evidence *evidence,
                            struct rpc_caller *out,
                            struct asap_error *err)
{
    const struct caller_set *set = callers_acquire(authenticator->callers);
    const struct attempt attempt = { .verifier = authenticator->verifier,
                                     .daemon_uid = authenticator->daemon_uid,
                                     .evidence = evidence,
                                     .set = set,
                                     .now = clock_now(&authenticator->clock),
                                     .out = out };
    enum asap_code code = ASAP_OK;

    *out = (struct rpc_caller){ .proof_kind = RPC_PROOF_NONE };
    (void)snprintf(out->address, sizeof out->address, "%s", evidence->address);
    (void)snprintf(out->name, sizeof out->name, "%s", evidence->address);
    code = identify(&attempt, err);
    callers_release(authenticator->callers, set);
    return code;
}

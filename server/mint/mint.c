/* SPDX-License-Identifier: Apache-2.0 */
#include "mint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "jws.h"
#include "mint_key.h"
#include "policy.h"

enum { AUDIENCE_MAX = 255, REFRESH_PERCENT = 80 };

/* What one token is made from: both sets are held until it is. */
struct minting {
    const struct mint *mint;
    const struct mint_request *request;
    const struct snapshot *snapshot;
    const struct caller_set *callers;
    const struct known_issuer *issuer;
    const struct published_key *key;
    EVP_PKEY *private_key;
};

static void minting_scope_exit(struct minting *minting)
{
    if (minting->snapshot != NULL)
        keyring_release(minting->mint->keyring, minting->snapshot);
    if (minting->callers != NULL)
        callers_release(minting->mint->callers, minting->callers);
    EVP_PKEY_free(minting->private_key);
}

bool mint_takes_long(const struct algorithm *algorithm)
{
    /* ES384 is slower than RS256. */
    static const char *const quick[] = { "ES256", "EdDSA" };

    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        if (strcmp(algorithm->name, quick[i]) == 0)
            return false;
    return true;
}

static enum asap_code check_audiences(const char *const *audiences, struct asap_error *err)
{
    size_t count = 0;

    for (; count <= MINT_AUDIENCES_MAX && audiences[count] != NULL; count++)
        if (audiences[count][0] == '\0' || strlen(audiences[count]) > AUDIENCE_MAX)
            return fail_field(err, "audience", "an audience has 1 to %d bytes", AUDIENCE_MAX);
    if (count == 0)
        return fail_field(err, "audience", "name at least one audience: whom is the token for?");
    if (count > MINT_AUDIENCES_MAX)
        return fail_field(err, "audience", "a token is for at most %d audiences",
                          MINT_AUDIENCES_MAX);
    return ASAP_OK;
}

/* What needs no knowledge of anything. */
static enum asap_code check_shape(const struct mint_request *request, struct asap_error *err)
{
    if (request->issuer[0] == '\0')
        return fail_field(err, "issuer", "name the issuer, such as payments/api");
    if (request->lifetime < 1 || request->lifetime > CLAIMS_MAX_LIFETIME)
        return fail_field(err, "lifetime", "a token lives from 1 to %d whole seconds",
                          CLAIMS_MAX_LIFETIME);
    if (strlen(request->subject) > AUDIENCE_MAX)
        return fail_field(err, "subject", "a subject has at most %d bytes", AUDIENCE_MAX);
    return check_audiences(request->audiences, err);
}

/* The callers first: a grant that is taken back after that is found out when the event is
 * recorded. */
static enum asap_code acquire(struct minting *minting, struct minted *out, struct asap_error *err)
{
    minting->callers = callers_acquire(minting->mint->callers);
    minting->snapshot = keyring_acquire(minting->mint->keyring);
    if (minting->callers == NULL || minting->snapshot == NULL)
        return fail(err, ASAP_UNAVAILABLE, "the keys or the callers are not known yet");
    out->access_generation = caller_set_generation(minting->callers);
    out->generation = snapshot_generation(minting->snapshot);
    minting->issuer = snapshot_find_issuer(minting->snapshot, minting->request->issuer);
    out->has_issuer = minting->issuer != NULL;
    return ASAP_OK;
}

static enum asap_code deny(const struct verdict *verdict, struct asap_error *err)
{
    return fail_reason(err, ASAP_PERMISSION_DENIED, verdict->reason, "%s", verdict->message);
}

/* *grant is NULL for an administrator, whom no grant limits. */
static enum asap_code authorize(const struct minting *minting,
                                const struct known_grant **grant,
                                struct asap_error *err)
{
    const struct mint_request *request = minting->request;
    const struct known_caller *caller = caller_set_find(minting->callers, request->caller->name);
    const struct wish wish = { .verb = VERB_MINT,
                               .issuer = request->issuer,
                               .audiences = request->audiences,
                               .lifetime = request->lifetime,
                               .subject = request->subject,
                               .claims = request->claims };
    struct verdict verdict = { .is_allowed = false };

    *grant = NULL;
    if (request->caller->is_admin)
        return ASAP_OK;
    if (caller == NULL || caller->is_deleted || !caller->is_enabled)
        return fail_reason(err, ASAP_PERMISSION_DENIED, ASAP_REASON_CALLER_DISABLED,
                           "this caller is not let in any more");
    policy_judge(caller, &wish, minting->mint->own_audience, &verdict);
    *grant = verdict.grant;
    return verdict.is_allowed ? ASAP_OK : deny(&verdict, err);
}

static enum asap_code check_issuer(const struct minting *minting, struct asap_error *err)
{
    const struct mint_request *request = minting->request;

    if (minting->issuer == NULL)
        return fail(err, ASAP_NOT_FOUND, "there is no issuer %.190s", request->issuer);
    if (!minting->issuer->is_managed)
        return fail_reason(err, ASAP_FAILED_PRECONDITION, ASAP_REASON_ISSUER_EXTERNAL,
                           "%.150s is an external issuer: its owner holds its keys and signs with"
                           " them (asapctl token sign)",
                           request->issuer);
    if (request->lifetime > minting->issuer->max_lifetime)
        return fail_field(err, "lifetime", "tokens of this issuer live at most %" PRId64 " s",
                          minting->issuer->max_lifetime);
    return ASAP_OK;
}

/* Leaves minting->private_key NULL when it would take long and that is not allowed. */
static enum asap_code open_key(struct minting *minting, struct asap_error *err)
{
    struct signing_keys *keys = minting->mint->keys;

    if (minting->request->may_block)
        return signing_keys_open(keys, minting->key, &minting->private_key, err);
    if (!mint_takes_long(minting->key->algorithm))
        minting->private_key = signing_keys_find(keys, minting->key);
    return ASAP_OK;
}

static enum asap_code limit(const struct minting *minting,
                            const struct known_grant *grant,
                            struct minted *out,
                            struct asap_error *err)
{
    const struct mint *mint = minting->mint;

    if (grant == NULL || minting->request->validate_only || minting->request->is_repeated
        || limiter_take(mint->grants, grant->grant_id,
                        (struct limit_rate){ grant->tokens_per_minute }, mint->monotonic_ms(),
                        &out->retry_ms))
        return ASAP_OK;
    return fail_reason(err, ASAP_RESOURCE_EXHAUSTED, ASAP_REASON_RATE_LIMIT,
                       "the grant %s allows %" PRId64 " tokens a minute (reuse a token until its"
                       " refresh_time)",
                       grant->grant_id, grant->tokens_per_minute);
}

/* The field as the request calls it. */
static enum asap_code rename_field(enum asap_code code, struct asap_error *err)
{
    if (code == ASAP_INVALID_ARGUMENT && err != NULL && strcmp(err->field, "audiences") == 0)
        (void)snprintf(err->field, sizeof err->field, "audience");
    return code;
}

static enum asap_code write_claims(const struct minting *minting,
                                   const char *jti,
                                   struct buffer *out,
                                   struct asap_error *err)
{
    const struct mint_request *request = minting->request;
    const struct claims_request claims = {
        .issuer = request->issuer,
        .subject = request->subject[0] == '\0' ? NULL : request->subject,
        .audiences = request->audiences,
        .lifetime = request->lifetime,
        .additional = request->additional,
        .jti = jti,
    };

    return rename_field(claims_write(&claims, request->now, out, err), err);
}

static enum asap_code sign(const struct minting *minting,
                           struct minted *out,
                           struct asap_error *err)
{
    const struct jws_signing signing = { minting->key->algorithm, minting->private_key,
                                         minting->key->kid };
    SCOPED(buffer) struct buffer claims = BUFFER(MINT_TOKEN_MAX);

    TRY(claims_new_jti(out->jti, err));
    TRY(write_claims(minting, out->jti, &claims, err));
    if (minting->request->validate_only)
        return ASAP_OK;
    return jws_sign(&signing, claims.bytes, claims.length, &out->token, err);
}

static void describe(const struct minting *minting, struct minted *out)
{
    const struct mint_request *request = minting->request;

    (void)snprintf(out->key_id, sizeof out->key_id, "%s", minting->key->kid);
    out->expire_time = request->now + request->lifetime;
    out->refresh_time = request->now + request->lifetime * REFRESH_PERCENT / 100;
}

enum asap_code mint_token(const struct mint *mint,
                          const struct mint_request *request,
                          struct minted *out,
                          struct asap_error *err)
{
    SCOPED(minting) struct minting minting = { .mint = mint, .request = request };
    const struct known_grant *grant = NULL;

    *out = (struct minted){ .token = BUFFER(MINT_TOKEN_MAX) };
    TRY(check_shape(request, err));
    TRY(acquire(&minting, out, err));
    TRY(authorize(&minting, &grant, err));
    TRY(check_issuer(&minting, err));
    TRY(mint_key_find(&(struct mint_key_wish){ minting.snapshot, mint->policy, request->issuer,
                                               request->now, request->lifetime },
                      &minting.key, &out->retry_ms, err));
    TRY(open_key(&minting, err));
    out->wants_worker = minting.private_key == NULL;
    if (out->wants_worker)
        return ASAP_OK;
    TRY(limit(&minting, grant, out, err));
    describe(&minting, out);
    return sign(&minting, out, err);
}

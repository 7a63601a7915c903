/* SPDX-License-Identifier: Apache-2.0 */
#include "authenticate.h"

#include <asap/signer.h>
#include <stdio.h>
#include <string.h>

#include "access_fixture.h"
#include "api_key.h"
#include "fake_clock.h"
#include "keyring_fixture.h"
#include "secret.h"

#define AUDIENCE "https://asap.example.com"
#define ISSUER "team/web"
#define KID ISSUER "/one"
#define URI "spiffe://example.com/web"

enum { DAEMON_UID = 800 };

static struct store *store;
static struct fake_clock now;
static struct callers *callers;
static struct authenticator *authenticator;
static struct caller_row ci, web;
static struct api_key api_key;
static char bearer[128]; /* the API key as a header */
static int64_t next_id;

static void create(const char *audience)
{
    const struct authenticator_options options = { .callers = callers,
                                                   .keyring = fixture.keyring,
                                                   .clock = fake_clock_of(&now),
                                                   .audience = audience,
                                                   .daemon_uid = DAEMON_UID };
    struct asap_error err = { 0 };

    ck_assert_succeeds(authenticator_new(&options, &authenticator, &err));
}

static void prepare(void)
{
    struct asap_error err = { 0 };

    set_up();
    store = fixture.store;
    now.seconds = NOW;
    next_id = 1;
    ck_assert_succeeds(callers_new(&callers, &err));
    ci = add_caller(store, "ci");
    web = add_caller(store, "web");
    ck_assert_succeeds(api_key_new(&api_key, &err));
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", api_key.text);
    create(AUDIENCE);
}

static void clean_up(void)
{
    authenticator_free(authenticator);
    callers_free(callers);
    tear_down();
}

static struct credential_row give(const struct caller_row *caller,
                                  enum credential_kind kind,
                                  const char *name)
{
    const char *digest = kind == CREDENTIAL_API_KEY ? api_key.digest : "";

    return add_credential(store, next_id++, caller, kind, name, digest);
}

static void make_admin(const struct caller_row *caller)
{
    add_grant(store, next_id++, caller, (struct grant_row){ .verb = VERB_ADMIN });
}

static void load(void)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(callers_reload(callers, store, &err));
    reload();
}

static const char *const names_of_proofs[] = { "none", "token", "certificate", "API key", "uid" };

static struct rpc_caller assert_known(const struct evidence *evidence,
                                      enum rpc_proof kind,
                                      const char *name,
                                      const char *proof)
{
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    ck_assert_succeeds(authenticate(authenticator, evidence, &caller, &err));
    ck_assert_str_eq(names_of_proofs[caller.proof_kind], names_of_proofs[kind]);
    ck_assert_str_eq(caller.name, name);
    ck_assert_str_eq(caller.proof, proof);
    ck_assert_str_eq(caller.address, evidence->address);
    return caller;
}

static void assert_anybody(const struct evidence *evidence)
{
    const struct rpc_caller caller = assert_known(evidence, RPC_PROOF_NONE, evidence->address, "");

    ck_assert(!caller.is_admin);
}

static struct rpc_caller assert_refused(const struct evidence *evidence, enum asap_reason reason)
{
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    ck_assert_int_eq(authenticate(authenticator, evidence, &caller, &err), ASAP_UNAUTHENTICATED);
    ck_assert_str_eq(asap_reason_name(err.reason), asap_reason_name(reason));
    ck_assert_str_ne(err.message, "");
    ck_assert(!caller.is_admin);
    ck_assert_str_eq(caller.address, evidence->address);
    return caller;
}

/* Refused, and nobody: no audit record or limit may name a caller that was not proved. */
static void assert_unproved(const struct evidence *evidence, enum asap_reason reason)
{
    const struct rpc_caller caller = assert_refused(evidence, reason);

    ck_assert_int_eq(caller.proof_kind, RPC_PROOF_NONE);
    ck_assert_str_eq(caller.name, evidence->address);
}

static struct evidence with_header(const char *authorization)
{
    return (struct evidence){ .address = "192.0.2.1", .authorization = authorization };
}

static struct evidence with_uid(uint32_t uid)
{
    return (struct evidence){ .address = "uid:1000", .has_uid = true, .uid = uid };
}

static struct evidence with_names(const struct certificate_name *names, size_t count)
{
    return (struct evidence){ .address = "192.0.2.1", .names = names, .name_count = count };
}

START_TEST(who_shows_nothing_is_anybody)
{
    const struct evidence nothing = { .address = "192.0.2.1" };
    const struct evidence stranger = with_uid(1000);
    const struct certificate_name names[] = { { CREDENTIAL_URI, URI },
                                              { CREDENTIAL_DNS_NAME, "web.example.com" } };
    const struct evidence unknown = with_names(names, 2);

    load();
    assert_anybody(&nothing);
    assert_anybody(&stranger);
    assert_anybody(&unknown);
}
END_TEST

static const uint32_t operators[] = { 0, DAEMON_UID };

START_TEST(root_and_the_daemon_are_administrators_on_a_unix_socket)
{
    const struct evidence evidence = with_uid(operators[_i]);
    struct evidence elsewhere = evidence;
    char name[16];

    (void)snprintf(name, sizeof name, "uid:%u", (unsigned)operators[_i]);
    /* Even before anything is loaded. */
    ck_assert(assert_known(&evidence, RPC_PROOF_UID, name, name).is_admin);
    (void)give(&ci, CREDENTIAL_UID, name + 4);
    load();
    ck_assert(assert_known(&evidence, RPC_PROOF_UID, name, name).is_admin);
    elsewhere.has_uid = false;
    assert_anybody(&elsewhere);
}
END_TEST

START_TEST(a_user_id_is_the_caller_of_its_credential)
{
    const struct evidence evidence = with_uid(1000);
    const struct evidence other = with_uid(100);
    const struct credential_row row = give(&ci, CREDENTIAL_UID, "1000");

    load();
    ck_assert(!assert_known(&evidence, RPC_PROOF_UID, "ci", row.credential_id).is_admin);
    assert_anybody(&other);
    make_admin(&ci);
    load();
    ck_assert(assert_known(&evidence, RPC_PROOF_UID, "ci", row.credential_id).is_admin);
}
END_TEST

static const struct {
    const char *why;
    struct certificate_name names[3];
    size_t count;
    enum credential_kind kind;
    const char *name;
} certificates[] = {
    { "a URI", { { CREDENTIAL_URI, URI } }, 1, CREDENTIAL_URI, URI },
    { "a DNS name", { { CREDENTIAL_DNS_NAME, "a.example" } }, 1, CREDENTIAL_DNS_NAME, "a.example" },
    { "a DNS name in capitals",
      { { CREDENTIAL_DNS_NAME, "A.eXampLe" } },
      1,
      CREDENTIAL_DNS_NAME,
      "a.example" },
    { "the second name",
      { { CREDENTIAL_DNS_NAME, "b.example" }, { CREDENTIAL_DNS_NAME, "a.example" } },
      2,
      CREDENTIAL_DNS_NAME,
      "a.example" },
    { "the last name",
      { { CREDENTIAL_DNS_NAME, "b.example" }, { CREDENTIAL_URI, "x:y" }, { CREDENTIAL_URI, URI } },
      3,
      CREDENTIAL_URI,
      URI },
};

START_TEST(a_certificate_is_the_caller_of_a_name_in_it)
{
    const struct evidence evidence = with_names(certificates[_i].names, certificates[_i].count);
    const struct credential_row row = give(&web, certificates[_i].kind, certificates[_i].name);

    load();
    (void)assert_known(&evidence, RPC_PROOF_CERTIFICATE, "web", row.credential_id);
}
END_TEST

static const struct {
    const char *why;
    struct certificate_name name;
} strangers[] = {
    { "a URI in another case", { CREDENTIAL_URI, "spiffe://example.com/WEB" } },
    { "a URI as DNS name", { CREDENTIAL_DNS_NAME, URI } },
    { "a DNS name as URI", { CREDENTIAL_URI, "a.example" } },
    { "a name below", { CREDENTIAL_DNS_NAME, "b.a.example" } },
    { "a star", { CREDENTIAL_DNS_NAME, "*.example" } },
    { "an empty name", { CREDENTIAL_DNS_NAME, "" } },
};

START_TEST(another_name_is_nobody)
{
    const struct evidence evidence = with_names(&strangers[_i].name, 1);

    (void)give(&web, CREDENTIAL_URI, URI);
    (void)give(&web, CREDENTIAL_DNS_NAME, "a.example");
    load();
    assert_anybody(&evidence);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_nobody)
{
    char text[400];
    const struct certificate_name name = { CREDENTIAL_DNS_NAME, text };
    const struct evidence evidence = with_names(&name, 1);

    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    load();
    assert_anybody(&evidence);
}
END_TEST

START_TEST(of_several_names_of_one_caller_a_uri_is_the_proof)
{
    const struct certificate_name names[] = { { CREDENTIAL_DNS_NAME, "a.example" },
                                              { CREDENTIAL_URI, URI } };
    const struct evidence evidence = with_names(names, 2);
    struct credential_row row;

    (void)give(&web, CREDENTIAL_DNS_NAME, "a.example");
    row = give(&web, CREDENTIAL_URI, URI);
    load();
    (void)assert_known(&evidence, RPC_PROOF_CERTIFICATE, "web", row.credential_id);
}
END_TEST

START_TEST(a_certificate_of_two_callers_is_refused)
{
    const struct certificate_name names[] = { { CREDENTIAL_DNS_NAME, "a.example" },
                                              { CREDENTIAL_URI, URI } };
    const struct evidence evidence = with_names(names, 2);
    struct credential_row row = give(&ci, CREDENTIAL_URI, URI);
    const struct credential_row other = give(&web, CREDENTIAL_DNS_NAME, "a.example");

    load();
    assert_unproved(&evidence, ASAP_REASON_TWO_PROOFS);
    revoke_credential(store, &row, NOW);
    load();
    (void)assert_known(&evidence, RPC_PROOF_CERTIFICATE, "web", other.credential_id);
}
END_TEST

START_TEST(a_certificate_that_expires_on_its_connection_is_refused_after_that)
{
    const struct certificate_name name = { CREDENTIAL_URI, URI };
    struct evidence evidence = with_names(&name, 1);
    const struct credential_row row = give(&web, CREDENTIAL_URI, URI);

    load();
    evidence.certificate_until = NOW;
    (void)assert_known(&evidence, RPC_PROOF_CERTIFICATE, "web", row.credential_id);
    evidence.certificate_until = NOW - 1;
    assert_unproved(&evidence, ASAP_REASON_CERTIFICATE);
}
END_TEST

START_TEST(a_bad_certificate_is_refused_whatever_else_is_shown)
{
    struct evidence evidence = with_header(bearer);
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    (void)give(&ci, CREDENTIAL_API_KEY, api_key.prefix);
    load();
    evidence.certificate_problem = "it expired yesterday";
    assert_unproved(&evidence, ASAP_REASON_CERTIFICATE);
    evidence.authorization = NULL;
    assert_unproved(&evidence, ASAP_REASON_CERTIFICATE);
    ck_assert_int_ne(authenticate(authenticator, &evidence, &caller, &err), ASAP_OK);
    ck_assert_ptr_nonnull(strstr(err.message, "it expired yesterday"));
}
END_TEST

START_TEST(an_api_key_is_the_caller_of_its_credential)
{
    const struct evidence evidence = with_header(bearer);
    const struct credential_row row = give(&ci, CREDENTIAL_API_KEY, api_key.prefix);

    load();
    ck_assert(!assert_known(&evidence, RPC_PROOF_API_KEY, "ci", row.credential_id).is_admin);
    make_admin(&ci);
    load();
    ck_assert(assert_known(&evidence, RPC_PROOF_API_KEY, "ci", row.credential_id).is_admin);
    memcpy(bearer, "bEARER", 6); /* RFC 9110 section 11.1 */
    (void)assert_known(&evidence, RPC_PROOF_API_KEY, "ci", row.credential_id);
}
END_TEST

static void assert_message(const struct evidence *evidence, const char *expected)
{
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    ck_assert_int_eq(authenticate(authenticator, evidence, &caller, &err), ASAP_UNAUTHENTICATED);
    ck_assert_str_eq(err.message, expected);
}

START_TEST(a_wrong_secret_and_an_unknown_key_look_the_same)
{
    static const char message[] =
        "the API key is not known here; check that it is whole and of this server";
    const struct evidence evidence = with_header(bearer);
    char *secret = bearer + strlen("Bearer asapk_") + API_KEY_PREFIX_SIZE;
    char *prefix = bearer + strlen("Bearer asapk_");

    (void)give(&ci, CREDENTIAL_API_KEY, api_key.prefix);
    load();
    secret[0] = secret[0] == 'A' ? 'B' : 'A';
    assert_unproved(&evidence, ASAP_REASON_CREDENTIAL_UNKNOWN);
    assert_message(&evidence, message);
    prefix[0] = prefix[0] == '0' ? '1' : '0';
    assert_unproved(&evidence, ASAP_REASON_CREDENTIAL_UNKNOWN);
    assert_message(&evidence, message);
}
END_TEST

START_TEST(a_wrong_secret_does_not_tell_that_the_key_is_revoked)
{
    char *secret = bearer + strlen("Bearer asapk_") + API_KEY_PREFIX_SIZE;
    const struct evidence evidence = with_header(bearer);
    struct credential_row row = give(&ci, CREDENTIAL_API_KEY, api_key.prefix);

    revoke_credential(store, &row, NOW);
    load();
    (void)assert_refused(&evidence, ASAP_REASON_CREDENTIAL_REVOKED);
    secret[0] = secret[0] == 'A' ? 'B' : 'A';
    assert_unproved(&evidence, ASAP_REASON_CREDENTIAL_UNKNOWN);
}
END_TEST

#define KEY "asapk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char *const malformed[] = {
    "",
    "Bearer",
    "Bearer ",
    "Bearer  " KEY,
    "Bearer\t" KEY,
    " Bearer " KEY,
    "Bearer " KEY " ",
    "Bearer " KEY "\n",
    "Bearer " KEY ", Bearer " KEY,
    "Bearer " KEY "A",
    "Bearer asapk_0123456789abcdef_short",
    "Bearer one",
    "Bearer one.two",
    "Bearer one.two.three.four",
    "Bearer one.two.thr\xc3\xa9\x65",
    "Basic Y2k6c2VjcmV0",
    "Token " KEY,
    "Bearer: " KEY,
    KEY,
};

START_TEST(another_header_is_malformed)
{
    const struct evidence evidence = with_header(malformed[_i]);
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    load();
    assert_unproved(&evidence, ASAP_REASON_PROOF_MALFORMED);
    ck_assert_int_ne(authenticate(authenticator, &evidence, &caller, &err), ASAP_OK);
    ck_assert_ptr_null(strstr(err.message, "0123456789"));
}
END_TEST

START_TEST(a_header_that_is_too_long_is_malformed)
{
    static char text[10000] = "Bearer ";
    const struct evidence evidence = with_header(text);

    memset(text + 7, 'a', sizeof text - 8);
    text[20] = '.';
    text[40] = '.';
    load();
    assert_unproved(&evidence, ASAP_REASON_PROOF_MALFORMED);
}
END_TEST

/* Publishes a key and signs with it. */
static struct asap_signer *new_signer(const char *kind, const char *algorithm)
{
    const struct asap_signer_options options = { .algorithm = algorithm,
                                                 .clock = fake_clock_of(&now) };
    SCOPED(pkey) EVP_PKEY *key = new_key(kind);
    SCOPED(secret) struct secret private_pem = { 0 };
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };
    struct key_row row = { .kid = KID,
                           .create_time = NOW,
                           .times = { NOW, LIFECYCLE_NEVER, LIFECYCLE_NEVER, LIFECYCLE_NEVER,
                                      LIFECYCLE_NEVER } };
    struct txn txn = { 0 };

    ck_assert_succeeds(pem_write_public(key, &pem, &err));
    (void)snprintf(row.pem, sizeof row.pem, "%s", pem.bytes);
    (void)snprintf(row.algorithm, sizeof row.algorithm, "%s", algorithm);
    ck_assert_succeeds(jwk_thumbprint(key, row.thumbprint, &err));
    ck_assert_succeeds(txn_begin(&txn, store, &err));
    row.issuer_id = add_issuer(&txn, ISSUER);
    ck_assert_succeeds(store_add_key(&txn, &row, &err));
    ck_assert_succeeds(store_record_change(&txn, NOW, &err));
    ck_assert_succeeds(txn_commit(&txn, &err));
    ck_assert_succeeds(secret_pem_from_key(key, &private_pem, &err));
    ck_assert_succeeds(asap_signer_from_pem(KID, (const char *)private_pem.bytes,
                                            private_pem.length, &options, &signer, &err));
    return signer;
}

/* Into `bearer_token`. */
static char bearer_token[4096];

static struct evidence sign(struct asap_signer *signer, const char *audience, const char *subject)
{
    const char *const audiences[] = { audience, NULL };
    const struct asap_token_request request = { .audiences = audiences, .subject = subject };
    struct asap_error err = { 0 };
    char *token = NULL;

    ck_assert_succeeds(asap_signer_sign(signer, &request, &token, &err));
    (void)snprintf(bearer_token, sizeof bearer_token, "Bearer %s", token);
    free(token);
    return with_header(bearer_token);
}

static const struct {
    const char *kind, *algorithm;
} algorithms[] = {
    { "RSA", "RS256" },        { "RSA", "RS384" },       { "RSA", "RS512" },
    { "RSA", "PS256" },        { "RSA", "PS384" },       { "RSA", "PS512" },
    { "prime256v1", "ES256" }, { "secp384r1", "ES384" }, { "secp521r1", "ES512" },
    { "ED25519", "EdDSA" },
};

START_TEST(a_token_is_the_caller_of_its_issuer)
{
    struct asap_signer *signer = new_signer(algorithms[_i].kind, algorithms[_i].algorithm);
    const struct evidence evidence = sign(signer, AUDIENCE, NULL);

    (void)give(&web, CREDENTIAL_ISSUER, ISSUER);
    load();
    ck_assert(!assert_known(&evidence, RPC_PROOF_TOKEN, "web", KID).is_admin);
    /* May be used again while it lives. */
    (void)assert_known(&evidence, RPC_PROOF_TOKEN, "web", KID);
    make_admin(&web);
    load();
    ck_assert(assert_known(&evidence, RPC_PROOF_TOKEN, "web", KID).is_admin);
    asap_signer_free(signer);
}
END_TEST

START_TEST(a_token_of_an_issuer_that_is_nobodys_credential_is_refused)
{
    struct asap_signer *signer = new_signer("prime256v1", "ES256");
    const struct evidence evidence = sign(signer, AUDIENCE, NULL);

    (void)give(&web, CREDENTIAL_ISSUER, "team");
    (void)give(&ci, CREDENTIAL_ISSUER, ISSUER "/one");
    load();
    assert_unproved(&evidence, ASAP_REASON_CREDENTIAL_UNKNOWN);
    assert_message(&evidence, "no caller is known by tokens of issuer " ISSUER
                              "; ask an administrator to make it the credential of one");
    asap_signer_free(signer);
}
END_TEST

static const struct {
    const char *why, *audience, *subject;
    int64_t later; /* seconds */
    int flip;      /* a character to change, from the end */
    enum asap_reason reason;
} bad_tokens[] = {
    { "another audience", "https://other.example.com", NULL, 0, 0, ASAP_REASON_AUDIENCE },
    { "another subject", AUDIENCE, "alice", 0, 0, ASAP_REASON_SUBJECT },
    { "too late", AUDIENCE, NULL, 91, 0, ASAP_REASON_EXPIRED },
    { "too early", AUDIENCE, NULL, -31, 0, ASAP_REASON_ISSUED_IN_FUTURE },
    { "another signature", AUDIENCE, NULL, 0, 10, ASAP_REASON_SIGNATURE },
};

START_TEST(a_bad_token_is_refused_for_the_rule_that_it_breaks)
{
    struct asap_signer *signer = new_signer("prime256v1", "ES256");
    const struct evidence evidence = sign(signer, bad_tokens[_i].audience, bad_tokens[_i].subject);

    (void)give(&web, CREDENTIAL_ISSUER, ISSUER);
    load();
    now.seconds = NOW + bad_tokens[_i].later;
    if (bad_tokens[_i].flip > 0) {
        char *place = &bearer_token[strlen(bearer_token) - (size_t)bad_tokens[_i].flip];

        *place = *place == 'A' ? 'B' : 'A';
    }
    assert_unproved(&evidence, bad_tokens[_i].reason);
    asap_signer_free(signer);
}
END_TEST

START_TEST(a_clock_difference_of_half_a_minute_is_forgiven)
{
    struct asap_signer *signer = new_signer("prime256v1", "ES256");
    const struct evidence evidence = sign(signer, AUDIENCE, NULL);

    (void)give(&web, CREDENTIAL_ISSUER, ISSUER);
    load();
    now.seconds = NOW + 90;
    (void)assert_known(&evidence, RPC_PROOF_TOKEN, "web", KID);
    now.seconds = NOW - 30;
    (void)assert_known(&evidence, RPC_PROOF_TOKEN, "web", KID);
    asap_signer_free(signer);
}
END_TEST

START_TEST(a_token_whose_key_is_not_published_is_refused)
{
    struct asap_signer *signer = new_signer("prime256v1", "ES256");
    const struct evidence evidence = sign(signer, AUDIENCE, NULL);

    (void)give(&web, CREDENTIAL_ISSUER, ISSUER);
    run_sql("UPDATE key SET revoke_time = publish_time");
    load();
    assert_unproved(&evidence, ASAP_REASON_KEY_NOT_FOUND);
    asap_signer_free(signer);
}
END_TEST

static const char *const no_tokens[] = { "Bearer ..", "Bearer a.b.c", "Bearer e30.e30.AAAA" };

START_TEST(no_token_is_refused_by_the_verifier)
{
    const struct evidence evidence = with_header(no_tokens[_i]);
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    load();
    ck_assert_int_eq(authenticate(authenticator, &evidence, &caller, &err), ASAP_UNAUTHENTICATED);
    ck_assert_int_ne(err.reason, ASAP_REASON_NONE);
    ck_assert_int_ne(err.reason, ASAP_REASON_PROOF_MALFORMED);
    ck_assert_int_eq(caller.proof_kind, RPC_PROOF_NONE);
}
END_TEST

/* The same rules for each kind of proof. */
struct known_evidence {
    struct evidence evidence;
    struct credential_row row;
    struct asap_signer *signer;
};

static const struct certificate_name web_uri = { CREDENTIAL_URI, URI };

static struct known_evidence show(enum rpc_proof kind)
{
    struct known_evidence known = { .evidence = { .address = "192.0.2.1" } };

    if (kind == RPC_PROOF_TOKEN) {
        known.signer = new_signer("prime256v1", "ES256");
        known.evidence = sign(known.signer, AUDIENCE, NULL);
        known.row = give(&web, CREDENTIAL_ISSUER, ISSUER);
    } else if (kind == RPC_PROOF_CERTIFICATE) {
        known.evidence = with_names(&web_uri, 1);
        known.row = give(&web, CREDENTIAL_URI, URI);
    } else if (kind == RPC_PROOF_API_KEY) {
        known.evidence = with_header(bearer);
        known.row = give(&web, CREDENTIAL_API_KEY, api_key.prefix);
    } else {
        known.evidence = with_uid(1000);
        known.row = give(&web, CREDENTIAL_UID, "1000");
    }
    load();
    return known;
}

static const char *proof_of(const struct known_evidence *known, enum rpc_proof kind)
{
    return kind == RPC_PROOF_TOKEN ? KID : known->row.credential_id;
}

static void assert_proved_and_refused(const struct known_evidence *known,
                                      enum rpc_proof kind,
                                      enum asap_reason reason)
{
    const struct rpc_caller caller = assert_refused(&known->evidence, reason);

    ck_assert_int_eq(caller.proof_kind, kind);
    ck_assert_str_eq(caller.name, "web");
    ck_assert_str_eq(caller.proof, proof_of(known, kind));
}

/* Also by a clock that went back since. */
START_TEST(a_credential_that_was_revoked_is_refused_at_any_time)
{
    const enum rpc_proof kind = (enum rpc_proof)_i;
    struct known_evidence known = show(kind);

    make_admin(&web);
    load();
    (void)assert_known(&known.evidence, kind, "web", proof_of(&known, kind));
    revoke_credential(store, &known.row, NOW + 1);
    load();
    assert_proved_and_refused(&known, kind, ASAP_REASON_CREDENTIAL_REVOKED);
    now.seconds = NOW + 1;
    assert_proved_and_refused(&known, kind, ASAP_REASON_CREDENTIAL_REVOKED);
    asap_signer_free(known.signer);
}
END_TEST

START_TEST(a_credential_is_refused_from_its_end_on)
{
    const enum rpc_proof kind = (enum rpc_proof)_i;
    struct known_evidence known = show(kind);

    run_sql("UPDATE credential SET expire_time = create_time + 10");
    make_admin(&web);
    load();
    now.seconds = NOW + 9;
    (void)assert_known(&known.evidence, kind, "web", proof_of(&known, kind));
    now.seconds = NOW + 10;
    assert_proved_and_refused(&known, kind, ASAP_REASON_CREDENTIAL_EXPIRED);
    asap_signer_free(known.signer);
}
END_TEST

START_TEST(a_disabled_or_deleted_caller_is_refused)
{
    const enum rpc_proof kind = (enum rpc_proof)_i;
    const struct known_evidence known = show(kind);

    make_admin(&web);
    web.enabled = false;
    update_caller(store, &web);
    load();
    assert_proved_and_refused(&known, kind, ASAP_REASON_CALLER_DISABLED);
    web.delete_time = NOW;
    update_caller(store, &web);
    load();
    assert_proved_and_refused(&known, kind, ASAP_REASON_CALLER_DELETED);
    asap_signer_free(known.signer);
}
END_TEST

START_TEST(an_unloaded_server_knows_neither_yes_nor_no)
{
    const enum rpc_proof kind = (enum rpc_proof)_i;
    const struct known_evidence known = show(kind);
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    callers_free(callers);
    ck_assert_succeeds(callers_new(&callers, &err));
    authenticator_free(authenticator);
    create(AUDIENCE);
    ck_assert_int_eq(authenticate(authenticator, &known.evidence, &caller, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(caller.proof_kind, RPC_PROOF_NONE);
    ck_assert_str_eq(err.message, "the callers are not loaded yet; try again");
    asap_signer_free(known.signer);
}
END_TEST

START_TEST(without_keys_a_token_is_neither_good_nor_bad)
{
    struct asap_signer *signer = new_signer("prime256v1", "ES256");
    const struct evidence evidence = sign(signer, AUDIENCE, NULL);
    struct asap_error err = { 0 };
    struct rpc_caller caller;

    ck_assert_succeeds(callers_reload(callers, store, &err));
    ck_assert_int_eq(authenticate(authenticator, &evidence, &caller, &err), ASAP_UNAVAILABLE);
    ck_assert_int_eq(err.reason, ASAP_REASON_KEY_UNAVAILABLE);
    asap_signer_free(signer);
}
END_TEST

static const struct {
    const char *why;
    uint32_t uid;
    bool has_uid, has_certificate, has_header;
} doubles[] = {
    { "root and a header", 0, true, false, true },
    { "the daemon and a header", DAEMON_UID, true, false, true },
    { "a user and a header", 1000, true, false, true },
    { "a certificate and a header", 0, false, true, true },
    { "a user and a certificate", 1000, true, true, false },
    { "root and a certificate", 0, true, true, false },
    { "all three", 1000, true, true, true },
};

static struct evidence double_evidence(int index)
{
    struct evidence evidence = { .address = "uid:0",
                                 .has_uid = doubles[index].has_uid,
                                 .uid = doubles[index].uid };

    if (doubles[index].has_certificate) {
        evidence.names = &web_uri;
        evidence.name_count = 1;
    }
    if (doubles[index].has_header)
        evidence.authorization = bearer;
    return evidence;
}

START_TEST(two_proofs_are_refused_even_of_one_caller)
{
    const struct evidence evidence = double_evidence(_i);

    (void)give(&web, CREDENTIAL_API_KEY, api_key.prefix);
    (void)give(&web, CREDENTIAL_URI, URI);
    (void)give(&web, CREDENTIAL_UID, "1000");
    load();
    assert_unproved(&evidence, ASAP_REASON_TWO_PROOFS);
}
END_TEST

START_TEST(a_user_and_a_certificate_that_prove_nothing_do_not_stand_in_the_way_of_a_header)
{
    struct evidence evidence = with_header(bearer);
    struct credential_row row = give(&ci, CREDENTIAL_API_KEY, api_key.prefix);
    struct credential_row revoked = give(&web, CREDENTIAL_UID, "1000");

    evidence.has_uid = true;
    evidence.uid = 1001;
    evidence.names = &web_uri;
    evidence.name_count = 1;
    load();
    (void)assert_known(&evidence, RPC_PROOF_API_KEY, "ci", row.credential_id);
    evidence.uid = 1000;
    assert_unproved(&evidence, ASAP_REASON_TWO_PROOFS);
    run_sql("UPDATE credential SET expire_time = create_time WHERE kind = 4");
    load();
    (void)assert_known(&evidence, RPC_PROOF_API_KEY, "ci", row.credential_id);
    run_sql("UPDATE credential SET expire_time = NULL");
    revoke_credential(store, &revoked, NOW);
    load();
    (void)assert_known(&evidence, RPC_PROOF_API_KEY, "ci", row.credential_id);
}
END_TEST

START_TEST(a_bad_header_is_refused_whoever_is_at_the_socket)
{
    struct evidence evidence = with_header("Bearer one");

    load();
    evidence.has_uid = true;
    evidence.uid = 1000;
    assert_unproved(&evidence, ASAP_REASON_PROOF_MALFORMED);
}
END_TEST

START_TEST(an_authenticator_needs_an_audience)
{
    const struct authenticator_options options = { .callers = callers,
                                                   .keyring = fixture.keyring,
                                                   .clock = fake_clock_of(&now),
                                                   .audience = NULL };
    struct authenticator *none = NULL;
    struct asap_error err = { 0 };

    ck_assert_int_eq(authenticator_new(&options, &none, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(none);
    authenticator_free(NULL);
}
END_TEST

static void add_ambient_tests(TCase *tcase)
{
    tcase_add_test(tcase, who_shows_nothing_is_anybody);
    tcase_add_loop_test(tcase, root_and_the_daemon_are_administrators_on_a_unix_socket, 0,
                        COUNT(operators));
    tcase_add_test(tcase, a_user_id_is_the_caller_of_its_credential);
    tcase_add_loop_test(tcase, a_certificate_is_the_caller_of_a_name_in_it, 0, COUNT(certificates));
    tcase_add_loop_test(tcase, another_name_is_nobody, 0, COUNT(strangers));
    tcase_add_test(tcase, a_name_that_is_too_long_is_nobody);
    tcase_add_test(tcase, of_several_names_of_one_caller_a_uri_is_the_proof);
    tcase_add_test(tcase, a_certificate_of_two_callers_is_refused);
    tcase_add_test(tcase, a_certificate_that_expires_on_its_connection_is_refused_after_that);
    tcase_add_test(tcase, a_bad_certificate_is_refused_whatever_else_is_shown);
}

static void add_header_tests(TCase *tcase)
{
    tcase_add_test(tcase, an_api_key_is_the_caller_of_its_credential);
    tcase_add_test(tcase, a_wrong_secret_and_an_unknown_key_look_the_same);
    tcase_add_test(tcase, a_wrong_secret_does_not_tell_that_the_key_is_revoked);
    tcase_add_loop_test(tcase, another_header_is_malformed, 0, COUNT(malformed));
    tcase_add_test(tcase, a_header_that_is_too_long_is_malformed);
    tcase_add_loop_test(tcase, a_token_is_the_caller_of_its_issuer, 0, COUNT(algorithms));
    tcase_add_test(tcase, a_token_of_an_issuer_that_is_nobodys_credential_is_refused);
    tcase_add_loop_test(tcase, a_bad_token_is_refused_for_the_rule_that_it_breaks, 0,
                        COUNT(bad_tokens));
    tcase_add_test(tcase, a_clock_difference_of_half_a_minute_is_forgiven);
    tcase_add_test(tcase, a_token_whose_key_is_not_published_is_refused);
    tcase_add_loop_test(tcase, no_token_is_refused_by_the_verifier, 0, COUNT(no_tokens));
    tcase_add_test(tcase, without_keys_a_token_is_neither_good_nor_bad);
}

static void add_common_tests(TCase *tcase)
{
    const int first = (int)RPC_PROOF_TOKEN;
    const int end = (int)RPC_PROOF_UID + 1;

    tcase_add_loop_test(tcase, a_credential_that_was_revoked_is_refused_at_any_time, first, end);
    tcase_add_loop_test(tcase, a_credential_is_refused_from_its_end_on, first, end);
    tcase_add_loop_test(tcase, a_disabled_or_deleted_caller_is_refused, first, end);
    tcase_add_loop_test(tcase, an_unloaded_server_knows_neither_yes_nor_no, first, end);
    tcase_add_loop_test(tcase, two_proofs_are_refused_even_of_one_caller, 0, COUNT(doubles));
    tcase_add_test(tcase,
                   a_user_and_a_certificate_that_prove_nothing_do_not_stand_in_the_way_of_a_header);
    tcase_add_test(tcase, a_bad_header_is_refused_whoever_is_at_the_socket);
    tcase_add_test(tcase, an_authenticator_needs_an_audience);
}

static TCase *new_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, prepare, clean_up);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("authenticate");

    add_ambient_tests(new_case(suite, "connections"));
    add_header_tests(new_case(suite, "headers"));
    add_common_tests(new_case(suite, "all proofs"));
    return check_main(suite);
}

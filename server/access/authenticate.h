/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_AUTHENTICATE_H
#define ASAPD_AUTHENTICATE_H

#include <asap/clock.h>

#include "callers.h"
#include "keyring.h"
#include "method.h"

/* Who calls? Four kinds of proof, one kind of result: struct rpc_caller. */
struct authenticator;

struct authenticator_options {
    struct callers *callers;
    struct keyring *keyring;
    struct asap_clock clock;
    const char *audience; /* of the ASAP tokens that callers show: this service */
    uint32_t daemon_uid;  /* beside root, an administrator on a unix socket */
};

/* Borrows what the options point to. */
ASAP_MUST_CHECK enum asap_code authenticator_new(const struct authenticator_options *options,
                                                 struct authenticator **out,
                                                 struct asap_error *err);
void authenticator_free(struct authenticator *authenticator); /* NULL is fine */

/* A name in a client certificate. */
struct certificate_name {
    enum credential_kind kind; /* CREDENTIAL_URI or CREDENTIAL_DNS_NAME */
    const char *text;          /* without NUL within: the transport leaves such names out */
};

/* What a request shows of its caller, all borrowed. */
struct evidence {
    const char *address; /* for people: "127.0.0.1", "uid:1000" */
    bool has_uid;        /* a unix socket */
    uint32_t uid;
    const char *authorization;       /* the header's value; NULL: none */
    const char *certificate_problem; /* why a certificate that was shown is bad, which is refused
                                        whatever else is shown; NULL: none was, or it is good */
    const struct certificate_name *names; /* of a good certificate */
    size_t name_count;
    int64_t certificate_until; /* when it expires, which its connection may outlive; 0: none */
};

/* Whether it comes from root or the daemon's own user, whatever else it shows. */
bool authenticate_is_operator(const struct authenticator *authenticator,
                              const struct evidence *evidence);

/* On ASAP_OK *out is the caller: with RPC_PROOF_NONE when nothing was shown, which is nobody's
 * mistake. A user id or certificate that no credential names shows nothing; nor does one whose
 * credential is revoked or expired when there is another proof.
 * ASAP_UNAUTHENTICATED with a reason otherwise: what was shown is malformed, unknown, expired,
 * revoked, of a caller that is disabled or deleted, or there are two proofs. Then *out is filled as
 * far as it is known: its proof_kind is RPC_PROOF_NONE unless the proof itself was good and only
 * its credential or caller is refused; `proof` says what was shown as soon as that was found to be
 * genuine.
 * ASAP_UNAVAILABLE: the callers or keys are not known yet. Any thread; never blocks. */
ASAP_MUST_CHECK enum asap_code authenticate(struct authenticator *authenticator,
                                            const struct evidence *evidence,
                                            struct rpc_caller *out,
                                            struct asap_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "audit_describe.h"
#include "audit_hold.h"
#include "fail.h"

enum { CERTIFICATE_NAMES_MAX = 16, NETWORK_BYTES = 8 };

/* What a request shows, and the names that it points to. */
struct shown {
    struct certificate_name names[CERTIFICATE_NAMES_MAX];
    struct evidence evidence;
};

static void read_certificate(const struct http_certificate *certificate, struct shown *out)
{
    if (certificate == NULL)
        return;
    if (certificate->problem[0] != '\0')
        out->evidence.certificate_problem = certificate->problem;
    for (size_t i = 0; i < certificate->name_count && i < CERTIFICATE_NAMES_MAX; i++)
        out->names[out->evidence.name_count++] = (struct certificate_name){
            certificate->names[i].kind == HTTP_NAME_URI ? CREDENTIAL_URI : CREDENTIAL_DNS_NAME,
            certificate->names[i].text
        };
    out->evidence.names = out->names;
    out->evidence.certificate_until = certificate->not_after;
}

static void read_evidence(const struct http_request *request, struct shown *out)
{
    *out = (struct shown){ .evidence = { .address = request->peer.address,
                                         .has_uid = request->peer.is_local,
                                         .uid = request->peer.uid,
                                         .authorization =
                                             http_request_header(request, "Authorization") } };
    read_certificate(request->peer.certificate, out);
}

/* Somebody who has an IPv6 network has more addresses than there are buckets. */
static void write_network(const char *address, char out[RPC_ADDRESS_SIZE])
{
    struct in6_addr bytes;

    (void)snprintf(out, RPC_ADDRESS_SIZE, "%s", address);
    if (inet_pton(AF_INET6, address, &bytes) != 1)
        return;
    memset(bytes.s6_addr + NETWORK_BYTES, 0, sizeof bytes.s6_addr - NETWORK_BYTES);
    (void)inet_ntop(AF_INET6, &bytes, out, RPC_ADDRESS_SIZE);
}

static enum asap_code fail_rate(const char *what, struct asap_error *err)
{
    return fail_reason(err, ASAP_RESOURCE_EXHAUSTED, ASAP_REASON_RATE_LIMIT,
                       "too many %s; try again later, and reuse tokens until their refresh_time",
                       what);
}

/* Guessing is stopped before the guess is looked at; the one that is right counts for nothing.
 * Those who sit at the machine are never stopped: they may have to repair something. */
static enum asap_code identify(const struct gate *gate,
                               const struct http_request *request,
                               struct rpc_reply *reply,
                               struct rpc_caller *out,
                               struct asap_error *err)
{
    const int64_t now_ms = gate->monotonic_ms();
    char network[RPC_ADDRESS_SIZE] = "";
    struct shown shown;
    enum asap_code code = ASAP_OK;

    read_evidence(request, &shown);
    if (authenticate_is_operator(gate->authenticator, &shown.evidence))
        return authenticate(gate->authenticator, &shown.evidence, out, err);
    write_network(request->peer.address, network);
    if (!limiter_has(gate->addresses, network, gate->failure_rate, now_ms, &reply->retry_ms))
        return fail_rate("failed authentications from this address", err);
    code = authenticate(gate->authenticator, &shown.evidence, out, err);
    if (code == ASAP_UNAUTHENTICATED)
        (void)limiter_take(gate->addresses, network, gate->failure_rate, now_ms, &reply->retry_ms);
    reply->retry_ms = 0;
    return code;
}

static enum asap_code check_proof(const struct rpc_caller *caller, struct asap_error *err)
{
    if (caller->proof_kind != RPC_PROOF_NONE)
        return ASAP_OK;
    return fail_reason(err, ASAP_UNAUTHENTICATED, ASAP_REASON_NO_PROOF,
                       "say who you are: with an API key or a token in the Authorization header,"
                       " a client certificate, or as root or asapd's user on the admin socket");
}

static enum asap_code check_role(const struct rpc_caller *caller,
                                 const struct rpc_method *method,
                                 struct asap_error *err)
{
    if (method->role != RPC_ADMIN || caller->is_admin)
        return ASAP_OK;
    return fail_reason(err, ASAP_PERMISSION_DENIED, ASAP_REASON_NOT_ADMIN,
                       "this is for administrators: root and the user of asapd on the admin socket,"
                       " and callers with a grant to administer");
}

/* Neither are those who sit at the machine limited in what they may call. */
static bool is_limited(const struct rpc_caller *caller)
{
    return caller->proof_kind != RPC_PROOF_UID || !caller->is_admin;
}

static enum asap_code limit(const struct gate *gate,
                            const struct http_request *request,
                            const struct rpc_caller *caller,
                            struct rpc_reply *reply,
                            struct asap_error *err)
{
    if (request->attempt > 0 || !is_limited(caller)
        || limiter_take(gate->callers, caller->name, gate->call_rate, gate->monotonic_ms(),
                        &reply->retry_ms))
        return ASAP_OK;
    return fail_rate("calls of this caller", err);
}

/* The limit comes before the role: denials are recorded, and must not fill the log. */
enum asap_code gate_admit(void *context,
                          const struct http_request *request,
                          const struct rpc_method *method,
                          struct rpc_reply *reply,
                          struct rpc_caller *out,
                          struct asap_error *err)
{
    const struct gate *gate = context;

    (void)snprintf(out->name, sizeof out->name, "%s", request->peer.address);
    (void)snprintf(out->address, sizeof out->address, "%s", request->peer.address);
    if (method->role == RPC_ANYBODY)
        return ASAP_OK;
    TRY(identify(gate, request, reply, out, err));
    TRY(check_proof(out, err));
    TRY(limit(gate, request, out, reply, err));
    return check_role(out, method, err);
}

static bool is_denial(const struct asap_error *err)
{
    return err->code == ASAP_PERMISSION_DENIED || err->code == ASAP_UNAUTHENTICATED;
}

/* Somebody unknown could fill the log, and so could somebody who is told to wait. */
static bool is_recorded(const struct rpc_call *call, const struct asap_error *err)
{
    return call->caller->proof_kind != RPC_PROOF_NONE && err->code != ASAP_RESOURCE_EXHAUSTED
           && (is_denial(err) || call->method->is_audited);
}

void gate_refused(void *context,
                  const struct rpc_call *call,
                  const ProtobufCMessage *in,
                  const struct asap_error *err)
{
    const struct gate *gate = context;
    struct audit_entry *entry = NULL;

    if (is_denial(err) || err->reason == ASAP_REASON_RATE_LIMIT)
        denials_count(gate->denials, DENIAL_RPC, err->reason);
    if (call->reply->hold != NULL || !is_recorded(call, err))
        return;
    entry = audit_hold_new(gate->audit, call->reply);
    if (entry == NULL)
        return;
    entry->event = audit_describe(call, in);
    (void)snprintf(entry->event.result, sizeof entry->event.result, "%s",
                   asap_code_name(err->code));
    (void)snprintf(entry->event.message, sizeof entry->event.message, "%s", err->message);
}

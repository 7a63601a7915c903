/* SPDX-License-Identifier: Apache-2.0 */
#include "proof.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

static const struct {
    Asap__V1__Credential__ProofCase kind;
    const char *name;
} kinds[] = {
    { ASAP__V1__CREDENTIAL__PROOF_ISSUER, "issuer" },
    { ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_URI, "certificate-uri" },
    { ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_DNS_NAME, "certificate-dns" },
    { ASAP__V1__CREDENTIAL__PROOF_UID, "uid" },
    { ASAP__V1__CREDENTIAL__PROOF_API_KEY, "api-key" },
};

const char *proof_kind(const Asap__V1__Credential *credential)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == credential->proof_case)
            return kinds[i].name;
    return "unknown";
}

const char *proof_value(const Asap__V1__Credential *credential,
                        char scratch[static PROOF_TEXT_SIZE])
{
    const Asap__V1__Credential__ProofCase kind = credential->proof_case;

    if (kind == ASAP__V1__CREDENTIAL__PROOF_ISSUER)
        return credential->issuer;
    if (kind == ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_URI)
        return credential->certificate_uri;
    if (kind == ASAP__V1__CREDENTIAL__PROOF_CERTIFICATE_DNS_NAME)
        return credential->certificate_dns_name;
    (void)snprintf(scratch, PROOF_TEXT_SIZE, "-");
    if (kind == ASAP__V1__CREDENTIAL__PROOF_UID)
        (void)snprintf(scratch, PROOF_TEXT_SIZE, "%" PRIu32, credential->uid);
    if (kind == ASAP__V1__CREDENTIAL__PROOF_API_KEY)
        (void)snprintf(scratch, PROOF_TEXT_SIZE, "asapk_%.32s", credential->api_key->key_prefix);
    return scratch;
}

static bool has_come(const Google__Protobuf__Timestamp *time, int64_t now)
{
    return time != NULL && time->seconds <= now;
}

const char *proof_state(const Asap__V1__Credential *credential, int64_t now)
{
    if (has_come(credential->revoke_time, now))
        return "revoked";
    return has_come(credential->expire_time, now) ? "expired" : "live";
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "token_remedy.h"

#include <stddef.h>
#include <string.h>

#include "fail.h"

/* By whoever has the token in hand. At most 110 bytes each, so that the message has room, too. */
static const char *const remedies[ASAP_REASON_COUNT] = {
    [ASAP_REASON_TOKEN_SIZE] = "was it cut off, or is it no token?",
    [ASAP_REASON_TOKEN_FORM] = "copy all of it: three parts, two dots, no white space",
    [ASAP_REASON_BASE64URL] = "copy it again: it was changed on its way, or padded",
    [ASAP_REASON_JSON] = "mend the program that made it; token decode shows what can be read",
    [ASAP_REASON_HEADER] = "have its maker leave that member out",
    [ASAP_REASON_TYPE] = "have its maker leave typ out, or say JWT",
    [ASAP_REASON_ALGORITHM] = "sign with RS256 or ES256, or another algorithm of ASAP",
    [ASAP_REASON_KID_GRAMMAR] = "the header's kid is to be ISSUER/NAME, as the key is published",
    [ASAP_REASON_KID_OWNER] = "make iss the kid up to its last slash",
    [ASAP_REASON_CLAIM_MISSING] = "have its maker add that claim",
    [ASAP_REASON_CLAIM_TYPE] = "have its maker write that claim as RFC 7519 says",
    [ASAP_REASON_LIFETIME] =
        "have its maker ask for a shorter life, from iat to exp, with nbf between",
    [ASAP_REASON_EXPIRED] = "sign or mint another one; if it is new, set the clocks",
    [ASAP_REASON_NOT_YET_VALID] = "wait until then, or set the clocks",
    [ASAP_REASON_ISSUED_IN_FUTURE] = "set the clocks: that of its maker is ahead of this one",
    [ASAP_REASON_AUDIENCE] = "have it made for this audience; token decode shows its own",
    [ASAP_REASON_ISSUER] = "add --issuer for its issuer if you trust that one",
    [ASAP_REASON_SUBJECT] = "add --subject for its subject if its issuer may speak for that one",
    [ASAP_REASON_KEY_NOT_FOUND] =
        "publish the key, or sign with one that is: asapctl key list ISSUER",
    [ASAP_REASON_KEY_UNAVAILABLE] =
        "the token may be good: see that --repository is up, and try again",
    [ASAP_REASON_KEY_REFUSED] = "have the issuer publish a sound key, and sign with that",
    [ASAP_REASON_KEY_ALGORITHM] = "sign with the algorithm of the key: asapctl key show KID",
    [ASAP_REASON_SIGNATURE] = "it was changed, or signed by another key than the kid names",
};

const char *token_remedy(enum asap_reason reason)
{
    const size_t index = (size_t)reason;

    return index < ASAP_REASON_COUNT && remedies[index] != NULL ? remedies[index] : "";
}

enum asap_code token_explain(struct asap_error *err)
{
    const struct asap_error before = *err;
    const char *rule = asap_reason_name(before.reason);
    const char *remedy = token_remedy(before.reason);
    const size_t room = sizeof err->message - strlen(rule) - strlen(remedy) - sizeof ":  ()";

    if (*rule == '\0')
        return before.code;
    (void)fail(err, before.code, "%s: %.*s%s%s%s", rule, (int)room, before.message,
               *remedy == '\0' ? "" : " (", remedy, *remedy == '\0' ? "" : ")");
    return before.code;
}

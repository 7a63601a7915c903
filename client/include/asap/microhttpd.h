/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_MICROHTTPD_H
#define ASAP_MICROHTTPD_H

#include <microhttpd.h>

#include <asap/verifier.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A guard for handlers of libmicrohttpd: lets a request pass by its ASAP token,
 * or answers it. In a library of its own, libasap-microhttpd. */

enum asap_guard_mode {
    ASAP_GUARD_REQUIRED, /* without a token: 401 */
    ASAP_GUARD_OPTIONAL  /* without a token: it passes; a bad token is refused all the same */
};

/* For the first call that libmicrohttpd makes of a request's handler, when no body has come yet:
 *
 *     if (asap_microhttpd_guard(verifier, ASAP_GUARD_REQUIRED, connection, &claims, &result, &err)
 *         != ASAP_OK)
 *         return result;
 *
 * On ASAP_OK *claims is the caller's (asap_claims_free()), and NULL when there is no token; keep it
 * in *req_cls while a body arrives. Otherwise the request is answered, *result is what the handler
 * returns, and err is for the log: outside it only says
 * ASAP_UNAUTHENTICATED    401, WWW-Authenticate: Bearer, and error="invalid_token" for a bad one,
 * ASAP_PERMISSION_DENIED  403, for an issuer that is not on the allow-list, also of a forged token:
 *                         no key is fetched for one, so that whoever asks may learn the list,
 * ASAP_UNAVAILABLE        503, Retry-After: 1, for a token that may be good,
 * ASAP_INVALID_ARGUMENT   400, for more than one Authorization header, and 500 for all else.
 *
 * May wait for the repository as asap_verifier_check() does, and its thread with it: give the
 * daemon a pool of threads or one for each connection. Any thread may call it. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_microhttpd_guard(struct asap_verifier *verifier,
                                                              enum asap_guard_mode mode,
                                                              struct MHD_Connection *connection,
                                                              struct asap_claims **claims,
                                                              enum MHD_Result *result,
                                                              struct asap_error *err);

/* Answers as the guard does, for handlers with rules of their own: ASAP_PERMISSION_DENIED where the
 * token is good but its issuer may not do this. `err` is what the rule or the verifier said. */
ASAP_API ASAP_MUST_CHECK enum MHD_Result asap_microhttpd_refuse(struct MHD_Connection *connection,
                                                                const struct asap_error *err);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_POLICY_H
#define ASAPD_POLICY_H

#include "callers.h"

/* May they? Grants against a wish, as a pure function: what no grant allows is
 * denied. */

/* What somebody wants to do. The members from `audiences` on are for VERB_MINT. */
struct wish {
    enum verb verb;
    const char *issuer;
    const char *const *audiences; /* ended by NULL; all of them must be allowed by one grant */
    int64_t lifetime;             /* seconds */
    const char *subject;          /* "" or the issuer itself: needs no grant */
    const char *const *claims;    /* names of additional claims, ended by NULL; NULL: none */
};

enum { VERDICT_MESSAGE_SIZE = 256 };

struct verdict {
    const struct known_grant *grant; /* that allows it; NULL: denied, or allowed to an admin */
    bool is_allowed;
    enum asap_reason reason;            /* why it is denied: NO_GRANT, GRANT_AUDIENCE ... */
    char message[VERDICT_MESSAGE_SIZE]; /* the same for people; says nothing of issuers without a
                                           grant */
};

/* One grant has to allow all of the wish. An audience of a grant is exact, or ends in a segment "*"
 * that stands for one or more segments, none of them empty, all dots or with a "*" in it: "orders/"
 * and "*" together allow orders/api and orders/api/v2, not orders. `own_audience`, the service's
 * own, is never allowed by a "*". When none allows it, the reason is that of the grant that comes
 * closest. A caller with a grant of VERB_ADMIN may do everything, with no grant named; nobody
 * (NULL) and one that is disabled or deleted may do nothing. */
void policy_judge(const struct known_caller *caller,
                  const struct wish *wish,
                  const char *own_audience,
                  struct verdict *out);

/* Whether it has a grant of VERB_ADMIN and is neither disabled nor deleted. */
bool policy_is_admin(const struct known_caller *caller);

/* Whether `text` can be an audience of a grant: not empty, UTF-8 without control characters, at
 * most 255 bytes, and "*" only as the whole last segment, behind one that is not empty. */
bool policy_is_audience_pattern(const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_MANAGE_CALLERS_H
#define ASAPD_MANAGE_CALLERS_H

#include <stdlib.h>

#include "admin.h"
#include "api_key.h"

/* What administrators do to callers, their credentials and their grants. Each
 * operation is a change, see admin.h, whose scope must be CHANGE_ACCESS.
 * Refusals name the field of the request. */

/* A caller and all of its credentials, oldest first. */
struct caller_view {
    struct caller_row row;
    struct credential_row *credentials; /* of malloc() */
    size_t count;
};

static inline void caller_view_scope_exit(struct caller_view *view)
{
    free(view->credentials);
}

/* ASAP_NOT_FOUND, field "name". */
ASAP_MUST_CHECK enum asap_code access_view_caller(struct txn *txn,
                                                  const char *name,
                                                  struct caller_view *out,
                                                  struct asap_error *err);

/* Adds the caller `name`. ASAP_ALREADY_EXISTS: it exists or existed. */
ASAP_MUST_CHECK enum asap_code access_create_caller(struct change *change,
                                                    const char *name,
                                                    const char *description,
                                                    struct caller_row *out,
                                                    struct asap_error *err);

struct caller_update {
    const char *name;
    const char *description; /* "" leaves it */
    bool has_enabled;        /* false leaves it */
    bool enabled;
};
ASAP_MUST_CHECK enum asap_code access_update_caller(struct change *change,
                                                    const struct caller_update *update,
                                                    struct caller_view *out,
                                                    struct asap_error *err);

/* Also revokes its credentials and deletes its grants. *out is the caller as it was. */
ASAP_MUST_CHECK enum asap_code access_delete_caller(struct change *change,
                                                    const char *name,
                                                    struct caller_view *out,
                                                    struct asap_error *err);

struct new_credential {
    const char *caller;
    enum credential_kind kind;
    const char *name;    /* as in credential_row; of an API key "", for it gets its own */
    int64_t expire_time; /* LIFECYCLE_NEVER: never */
};
/* Adds a credential; of an API key, *key is the new key, which the caller clears also after a
 * failure. An expired credential of the same kind and name is revoked. ASAP_ALREADY_EXISTS: one
 * that is not expired proves a caller; ASAP_FAILED_PRECONDITION: two API keys of this caller are
 * neither expired nor revoked. */
ASAP_MUST_CHECK enum asap_code access_create_credential(struct change *change,
                                                        const struct new_credential *wanted,
                                                        struct credential_row *out,
                                                        struct api_key *key,
                                                        struct asap_error *err);

/* Revoking a revoked one changes nothing. `caller` becomes the name of whom it proved. */
ASAP_MUST_CHECK enum asap_code access_revoke_credential(struct change *change,
                                                        const char *credential_id,
                                                        struct credential_row *out,
                                                        char caller[CALLER_NAME_MAX + 1],
                                                        struct asap_error *err);

struct text_list {
    char *const *items;
    size_t count;
};

struct new_grant {
    const char *caller;
    int64_t verb; /* enum verb, or a number that is none */
    const char *issuer;
    bool has_limits; /* those below, which are VERB_MINT's only */
    struct text_list audiences;
    struct text_list subjects;
    struct text_list claims;
    int64_t max_lifetime; /* seconds; 0: the issuer's; negative: no lifetime at all */
    int64_t tokens_per_minute;
};
ASAP_MUST_CHECK enum asap_code access_create_grant(struct change *change,
                                                   const struct new_grant *wanted,
                                                   struct grant_row *out,
                                                   struct asap_error *err);

/* *out is the grant as it was, `caller` becomes the name of who had it. */
ASAP_MUST_CHECK enum asap_code access_delete_grant(struct change *change,
                                                   const char *grant_id,
                                                   struct grant_row *out,
                                                   char caller[CALLER_NAME_MAX + 1],
                                                   struct asap_error *err);

#endif

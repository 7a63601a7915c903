/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_MANAGE_ISSUERS_H
#define ASAPD_MANAGE_ISSUERS_H

#include "admin.h"

/* What administrators do to issuers. Each operation is a change, see admin.h. */

/* Adds the issuer in *row (name, managed, algorithm, max_lifetime, rotation_period are set by the
 * caller) and, if it is managed, its first key and the standbys. Completes *row.
 * ASAP_ALREADY_EXISTS: it exists, existed, or is a path prefix of another issuer or the other way
 * round: libraries take a key id that begins with the issuer for proof of ownership. */
ASAP_MUST_CHECK enum asap_code keys_create_issuer(struct change *change,
                                                  struct issuer_row *row,
                                                  struct asap_error *err);

struct issuer_update {
    const char *name;
    const char *algorithm;    /* "" leaves it */
    int64_t max_lifetime;     /* seconds; 0 leaves it */
    bool has_rotation_period; /* false leaves it */
    int64_t rotation_period;  /* seconds; 0: never */
};
/* Changes an issuer. A longer lifetime reaches its keys that can still sign, another algorithm the
 * standbys, which new ones replace. ASAP_NOT_FOUND. ASAP_INVALID_ARGUMENT names the field;
 * ASAP_FAILED_PRECONDITION: another algorithm while a rotation is planned. */
ASAP_MUST_CHECK enum asap_code keys_update_issuer(struct change *change,
                                                  const struct issuer_update *update,
                                                  struct issuer_row *out,
                                                  struct asap_error *err);

struct issuer_deletion {
    const char *issuer;
    bool force; /* also if keys of it are published */
};
/* Revokes all keys of an issuer, destroys their private halves, deletes all grants for it, and
 * keeps its name taken. The scope is CHANGE_BOTH. *out is the issuer as it was, *published how many
 * of its keys were served. ASAP_NOT_FOUND. ASAP_FAILED_PRECONDITION: keys are published. */
ASAP_MUST_CHECK enum asap_code keys_delete_issuer(struct change *change,
                                                  const struct issuer_deletion *deletion,
                                                  struct issuer_row *out,
                                                  size_t *published,
                                                  struct asap_error *err);

#endif

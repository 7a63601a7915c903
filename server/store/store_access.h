/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_STORE_ACCESS_H
#define ASAPD_STORE_ACCESS_H

#include "store.h"

/* Callers, their credentials and their grants. */

enum {
    CALLER_NAME_MAX = 64,
    CALLER_DESCRIPTION_SIZE = 256,
    ACCESS_ID_SIZE = 17, /* of credentials and grants: 16 hexadecimal digits */
    CREDENTIAL_NAME_SIZE = 256,
    CREDENTIAL_DIGEST_SIZE = 65,
    GRANT_LIST_SIZE = 2048
};

struct caller_row {
    int64_t id; /* set by store_add_caller() */
    char name[CALLER_NAME_MAX + 1];
    char description[CALLER_DESCRIPTION_SIZE];
    bool enabled;
    int64_t create_time;
    int64_t delete_time; /* LIFECYCLE_NEVER while it exists; the name stays taken */
};

/* ASAP_ALREADY_EXISTS: the name is or was in use. */
ASAP_MUST_CHECK enum asap_code store_add_caller(struct txn *txn,
                                                struct caller_row *row,
                                                struct asap_error *err);
/* ASAP_NOT_FOUND; a deleted caller is not found. */
ASAP_MUST_CHECK enum asap_code
store_get_caller(struct txn *txn, const char *name, struct caller_row *out, struct asap_error *err);
/* ASAP_NOT_FOUND; a deleted caller is found. */
ASAP_MUST_CHECK enum asap_code
store_get_caller_by_id(struct txn *txn, int64_t id, struct caller_row *out, struct asap_error *err);
/* Writes description, enabled and delete_time of row->id. */
ASAP_MUST_CHECK enum asap_code store_update_caller(struct txn *txn,
                                                   const struct caller_row *row,
                                                   struct asap_error *err);
/* Up to `limit` callers with names after `after`, by name, without deleted ones. */
ASAP_MUST_CHECK enum asap_code store_list_callers(struct txn *txn,
                                                  const char *after,
                                                  struct caller_row *rows,
                                                  size_t limit,
                                                  size_t *count,
                                                  struct asap_error *err);

/* What a credential's name is the name of; stored as this number. */
enum credential_kind {
    CREDENTIAL_ISSUER = 1, /* of ASAP tokens that the caller signs */
    CREDENTIAL_URI,        /* among the alternative names of a TLS client certificate */
    CREDENTIAL_DNS_NAME,   /* the same */
    CREDENTIAL_UID,        /* in decimal */
    CREDENTIAL_API_KEY     /* its 16 digits that are no secret */
};

struct credential_row {
    int64_t id; /* set by store_add_credential() */
    char credential_id[ACCESS_ID_SIZE];
    int64_t caller_id;
    int64_t kind; /* enum credential_kind */
    char name[CREDENTIAL_NAME_SIZE];
    char digest[CREDENTIAL_DIGEST_SIZE]; /* of an API key: hexadecimal SHA-256, else "" */
    int64_t create_time;
    int64_t expire_time; /* LIFECYCLE_NEVER: never */
    int64_t revoke_time; /* LIFECYCLE_NEVER: not revoked */
};

/* ASAP_ALREADY_EXISTS: one of this kind and name is not revoked. */
ASAP_MUST_CHECK enum asap_code store_add_credential(struct txn *txn,
                                                    struct credential_row *row,
                                                    struct asap_error *err);
/* ASAP_NOT_FOUND. */
ASAP_MUST_CHECK enum asap_code store_get_credential(struct txn *txn,
                                                    const char *credential_id,
                                                    struct credential_row *out,
                                                    struct asap_error *err);
/* The one of this kind and name that is not revoked, though perhaps expired. ASAP_NOT_FOUND. */
ASAP_MUST_CHECK enum asap_code store_find_credential(struct txn *txn,
                                                     enum credential_kind kind,
                                                     const char *name,
                                                     struct credential_row *out,
                                                     struct asap_error *err);
/* Writes revoke_time of row->id. */
ASAP_MUST_CHECK enum asap_code store_update_credential(struct txn *txn,
                                                       const struct credential_row *row,
                                                       struct asap_error *err);
/* All of a caller, oldest first; the caller of this function frees *out with free(). */
ASAP_MUST_CHECK enum asap_code store_list_credentials(struct txn *txn,
                                                      int64_t caller_id,
                                                      struct credential_row **out,
                                                      size_t *count,
                                                      struct asap_error *err);

/* What a grant allows, with the numbers of asap.v1.Verb. */
enum verb { VERB_MINT = 1, VERB_PUBLISH, VERB_ROTATE, VERB_ADMIN };

struct grant_row {
    int64_t id; /* set by store_add_grant() */
    char grant_id[ACCESS_ID_SIZE];
    int64_t caller_id;
    int64_t verb;                    /* enum verb */
    char issuer[ISSUER_MAX + 1];     /* "" for VERB_ADMIN */
    char audiences[GRANT_LIST_SIZE]; /* lists: one item a line, "\n" between them */
    char subjects[GRANT_LIST_SIZE];
    char claims[GRANT_LIST_SIZE];
    int64_t max_lifetime;      /* seconds; 0: the issuer's */
    int64_t tokens_per_minute; /* 0: the server's limit */
    int64_t create_time;
};

ASAP_MUST_CHECK enum asap_code store_add_grant(struct txn *txn,
                                               struct grant_row *row,
                                               struct asap_error *err);
/* ASAP_NOT_FOUND. Also the name of the caller that has it. */
ASAP_MUST_CHECK enum asap_code store_get_grant(struct txn *txn,
                                               const char *grant_id,
                                               struct grant_row *out,
                                               char caller[CALLER_NAME_MAX + 1],
                                               struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_delete_grant(struct txn *txn,
                                                  int64_t id,
                                                  struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_delete_grants_of(struct txn *txn,
                                                      int64_t caller_id,
                                                      struct asap_error *err);

/* Of all callers. */
ASAP_MUST_CHECK enum asap_code store_delete_grants_for(struct txn *txn,
                                                       const char *issuer,
                                                       struct asap_error *err);

/* A visitor's failure ends the visit and is returned; rows are borrowed for the call. Deleted
 * callers and revoked credentials are visited, too. Each is in the order of its id. */
typedef enum asap_code caller_visitor(void *context,
                                      const struct caller_row *row,
                                      struct asap_error *err);
typedef enum asap_code credential_visitor(void *context,
                                          const struct credential_row *row,
                                          struct asap_error *err);
typedef enum asap_code grant_visitor(void *context,
                                     const struct grant_row *row,
                                     struct asap_error *err);
ASAP_MUST_CHECK enum asap_code
store_each_caller(struct txn *txn, caller_visitor *visit, void *context, struct asap_error *err);
ASAP_MUST_CHECK enum asap_code store_each_credential(struct txn *txn,
                                                     credential_visitor *visit,
                                                     void *context,
                                                     struct asap_error *err);
ASAP_MUST_CHECK enum asap_code
store_each_grant(struct txn *txn, grant_visitor *visit, void *context, struct asap_error *err);

#endif

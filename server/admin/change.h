/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_CHANGE_H
#define ASAPD_CHANGE_H

#include "admin.h"

/* The frame of every operation: a transaction at a time that never goes back,
 * in which no call is carried out for the second time. */
ASAP_MUST_CHECK enum asap_code change_begin(struct change *change, struct asap_error *err);

/* Completes the event, if there is one: the issuer and key concerned ("" leaves one out), and in a
 * few words what was changed. */
void change_note_key(struct change *change, const char *issuer, const char *kid);
__attribute__((format(printf, 2, 3))) void change_note(struct change *change,
                                                       const char *format,
                                                       ...);

/* "issuer/20261123T131500Z-7f3a9c.pem": random, so that nobody can ask for it before it is
 * published, and later in sort order than every generated name among `keys`. */
ASAP_MUST_CHECK enum asap_code change_name_key(const struct change *change,
                                               const char *issuer,
                                               const struct key_row *keys,
                                               size_t count,
                                               char out[KID_MAX + 1],
                                               struct asap_error *err);

/* Adds a managed key of `issuer` with these times: generates it unless `*pair` holds one (which is
 * used up), and seals its private half. Completes *row; `existing` are the issuer's keys. */
struct new_key {
    const struct issuer_row *issuer;
    struct key_times times;
    EVP_PKEY **pair;
};
ASAP_MUST_CHECK enum asap_code change_add_managed_key(struct change *change,
                                                      const struct new_key *key,
                                                      const struct key_row *existing,
                                                      size_t existing_count,
                                                      struct key_row *row,
                                                      struct asap_error *err);

/* Fills what a row says of the key itself: algorithm, PEM, thumbprint. */
ASAP_MUST_CHECK enum asap_code change_describe_key(EVP_PKEY *key,
                                                   const struct algorithm *algorithm,
                                                   struct key_row *row,
                                                   struct asap_error *err);

#endif

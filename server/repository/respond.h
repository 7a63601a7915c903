/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_RESPOND_H
#define ASAPD_RESPOND_H

#include "repository.h"

/* The responses of the key repository, from a snapshot that is held meanwhile. */
struct exchange {
    const struct repository *repository;
    const struct http_request *request;
    struct http_response *response;
    const struct snapshot *snapshot;
    struct doubt doubt;
    int64_t now;
};

/* `key` may be NULL or out of its publication window: 404 then, or 503 if the database may have it
 * by now. */
void respond_with_key(const struct exchange *exchange, const struct published_key *key);

/* The published keys of an issuer, which may be any text; 404 when there are none, and 503 when one
 * is damaged, or another one may sign by now: a set without it would refuse good tokens. */
void respond_with_key_set(const struct exchange *exchange, const char *issuer, size_t length);

/* 404 that no cache keeps: the key may be published any moment. */
void respond_not_found(struct http_response *response);

/* 503, never 404: other clients fail over on it. */
void respond_unavailable(struct http_response *response, const char *why);

#endif

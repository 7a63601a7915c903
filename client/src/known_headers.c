/* SPDX-License-Identifier: Apache-2.0 */
#include "known_headers.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

/* A power of two places, each for the headers of one remainder; longer headers are read each time.
 */
enum { PLACES = 64, TEXT_MAX = 256 };

struct known_header {
    size_t length; /* 0: the place is free */
    char text[TEXT_MAX];
    struct jws_header header;
};

struct known_headers {
    pthread_mutex_t lock; /* over the places */
    struct known_header places[PLACES];
};

enum asap_code known_headers_new(struct known_headers **out, struct asap_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return fail_memory(err);
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    return ASAP_OK;
}

void known_headers_free(struct known_headers *headers)
{
    if (headers == NULL)
        return;
    (void)pthread_mutex_destroy(&headers->lock);
    free(headers);
}

/* FNV-1a. Who finds two keys for one place wins a slower verification of both. */
static struct known_header *place_of(struct known_headers *headers, const char *text, size_t length)
{
    uint32_t hash = UINT32_C(2166136261);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT32_C(16777619);
    return &headers->places[(hash ^ hash >> 16) % PLACES];
}

bool known_headers_find(struct known_headers *headers,
                        const char *token,
                        size_t token_length,
                        struct jws_header *out)
{
    const char *dot = memchr(token, '.', token_length < TEXT_MAX ? token_length : TEXT_MAX);
    const size_t length = dot != NULL ? (size_t)(dot - token) : 0;
    const struct known_header *known = NULL;
    bool is_known = false;

    if (length == 0)
        return false;
    known = place_of(headers, token, length);
    (void)pthread_mutex_lock(&headers->lock);
    is_known = known->length == length && memcmp(known->text, token, length) == 0;
    if (is_known)
        *out = known->header;
    (void)pthread_mutex_unlock(&headers->lock);
    return is_known;
}

void known_headers_add(struct known_headers *headers, const struct jws *jws)
{
    struct known_header *known = NULL;

    if (jws->header_length >= TEXT_MAX)
        return;
    known = place_of(headers, jws->token, jws->header_length);
    (void)pthread_mutex_lock(&headers->lock);
    known->length = jws->header_length;
    memcpy(known->text, jws->token, jws->header_length);
    known->header.algorithm = jws->algorithm;
    memcpy(known->header.key_id, jws->key_id, sizeof known->header.key_id);
    (void)pthread_mutex_unlock(&headers->lock);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "audit_event.h"
#include "base64url.h"
#include "fail.h"

enum { KEY_LEAST = 32 };

static enum asap_code compute_mac(const struct secret *key,
                                  const void *bytes,
                                  size_t length,
                                  unsigned char out[AUDIT_HASH_SIZE],
                                  struct asap_error *err)
{
    size_t written = 0;

    if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key->bytes, key->length, bytes, length, out,
                  AUDIT_HASH_SIZE, &written)
            == NULL
        || written != AUDIT_HASH_SIZE)
        return fail(err, ASAP_INTERNAL, "OpenSSL cannot compute a MAC");
    return ASAP_OK;
}

static enum asap_code
derive(const struct secret *key, const char *label, struct secret *out, struct asap_error *err)
{
    TRY(secret_init(out, AUDIT_HASH_SIZE, err));
    return compute_mac(key, label, strlen(label), out->bytes, err);
}

static enum asap_code derive_all(struct chain *chain,
                                 const struct secret *key,
                                 struct asap_error *err)
{
    TRY(derive(key, "asapd audit event 1", &chain->event_key, err));
    TRY(derive(key, "asapd audit head 1", &chain->head_key, err));
    return derive(key, "asapd audit checkpoint 1", &chain->checkpoint_key, err);
}

enum asap_code chain_init(struct chain *chain, const struct secret *key, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    *chain = (struct chain){ 0 };
    if (key->length < KEY_LEAST)
        return fail(err, ASAP_INTERNAL, "the audit log's key has %zu bytes, which is too few",
                    key->length);
    code = derive_all(chain, key, err);
    if (code != ASAP_OK)
        chain_clear(chain);
    return code;
}

void chain_clear(struct chain *chain)
{
    secret_clear(&chain->event_key);
    secret_clear(&chain->head_key);
    secret_clear(&chain->checkpoint_key);
}

enum asap_code chain_hash(const struct chain *chain,
                          const unsigned char previous[AUDIT_HASH_SIZE],
                          const struct audit_row *event,
                          unsigned char out[AUDIT_HASH_SIZE],
                          struct asap_error *err)
{
    SCOPED(buffer) struct buffer bytes = BUFFER(EVENT_BYTES_MAX);

    buffer_append(&bytes, previous, AUDIT_HASH_SIZE);
    event_encode(event, &bytes);
    TRY(buffer_check(&bytes, "an audit event", err));
    return compute_mac(&chain->event_key, bytes.bytes, bytes.length, out, err);
}

bool chain_is_same_hash(const unsigned char one[AUDIT_HASH_SIZE],
                        const unsigned char other[AUDIT_HASH_SIZE])
{
    return CRYPTO_memcmp(one, other, AUDIT_HASH_SIZE) == 0;
}

static enum asap_code compute_place_mac(const struct secret *key,
                                        const struct chain_place *place,
                                        unsigned char out[AUDIT_HASH_SIZE],
                                        struct asap_error *err)
{
    unsigned char bytes[sizeof place->sequence + AUDIT_HASH_SIZE];

    for (size_t i = 0; i < sizeof place->sequence; i++)
        bytes[i] = (unsigned char)((uint64_t)place->sequence >> (56 - 8 * i) & 0xff);
    memcpy(bytes + sizeof place->sequence, place->hash, AUDIT_HASH_SIZE);
    return compute_mac(key, bytes, sizeof bytes, out, err);
}

enum asap_code chain_write_head(const struct chain *chain,
                                const struct chain_place *place,
                                char out[AUDIT_HEAD_TEXT_SIZE],
                                struct asap_error *err)
{
    SCOPED(buffer) struct buffer text = BUFFER(AUDIT_HEAD_TEXT_SIZE - 1);
    unsigned char mac[AUDIT_HASH_SIZE] = { 0 };

    out[0] = '\0';
    TRY(compute_place_mac(&chain->head_key, place, mac, err));
    buffer_printf(&text, "v1.%" PRId64 ".", place->sequence);
    base64url_encode(place->hash, AUDIT_HASH_SIZE, &text);
    buffer_puts(&text, ".");
    base64url_encode(mac, AUDIT_HASH_SIZE, &text);
    TRY(buffer_check(&text, "the audit log's head", err));
    (void)snprintf(out, AUDIT_HEAD_TEXT_SIZE, "%s", text.bytes);
    return ASAP_OK;
}

/* False for what is none. What has another spelling than ours does not pass the comparison. */
static bool parse_head(const char *text, struct chain_place *out)
{
    SCOPED(buffer) struct buffer hash = BUFFER(AUDIT_HASH_SIZE);
    const char *dot = NULL;
    char *end = NULL;

    if (strlen(text) >= AUDIT_HEAD_TEXT_SIZE || strncmp(text, "v1.", 3) != 0)
        return false;
    out->sequence = strtoll(text + 3, &end, 10);
    dot = *end == '.' ? strchr(end + 1, '.') : NULL;
    if (dot == NULL || base64url_decode(end + 1, (size_t)(dot - end - 1), &hash, NULL) != ASAP_OK
        || hash.length != AUDIT_HASH_SIZE)
        return false;
    memcpy(out->hash, hash.bytes, AUDIT_HASH_SIZE);
    return true;
}

enum asap_code chain_read_head(const struct chain *chain,
                               const char *text,
                               struct chain_place *out,
                               struct asap_error *err)
{
    char genuine[AUDIT_HEAD_TEXT_SIZE] = "";

    *out = (struct chain_place){ 0 };
    if (parse_head(text, out))
        TRY(chain_write_head(chain, out, genuine, err));
    if (genuine[0] == '\0' || strlen(text) != strlen(genuine)
        || CRYPTO_memcmp(text, genuine, strlen(genuine)) != 0)
        return fail_field(err, "head",
                          "this is no head that this server has signed (copy the whole word from"
                          " its log)");
    return ASAP_OK;
}

static struct chain_place checkpoint_of(const struct audit_head_row *row)
{
    struct chain_place place = { .sequence = row->checkpoint_sequence };

    memcpy(place.hash, row->checkpoint_hash, AUDIT_HASH_SIZE);
    return place;
}

enum asap_code chain_set_checkpoint(const struct chain *chain,
                                    const struct chain_place *place,
                                    struct audit_head_row *row,
                                    struct asap_error *err)
{
    row->checkpoint_sequence = place->sequence;
    memcpy(row->checkpoint_hash, place->hash, AUDIT_HASH_SIZE);
    row->has_checkpoint = true;
    return compute_place_mac(&chain->checkpoint_key, place, row->checkpoint_mac, err);
}

enum asap_code chain_check_checkpoint(const struct chain *chain,
                                      const struct audit_head_row *row,
                                      bool *is_genuine,
                                      struct asap_error *err)
{
    static const unsigned char none[AUDIT_HASH_SIZE];
    const struct chain_place place = checkpoint_of(row);
    unsigned char mac[AUDIT_HASH_SIZE] = { 0 };

    *is_genuine = false;
    if (!row->has_checkpoint) {
        *is_genuine = place.sequence == 0 && chain_is_same_hash(place.hash, none);
        return ASAP_OK;
    }
    TRY(compute_place_mac(&chain->checkpoint_key, &place, mac, err));
    *is_genuine = chain_is_same_hash(mac, row->checkpoint_mac);
    return ASAP_OK;
}

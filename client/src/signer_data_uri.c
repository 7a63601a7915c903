/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "data_uri.h"
#include "fail.h"
#include "pem.h"
#include "signer_source.h"

static enum asap_code find_key_id(const char *expected,
                                  const struct data_uri *uri,
                                  struct kid *out,
                                  struct asap_error *err)
{
    const char *key_id = expected != NULL ? expected : uri->key_id;

    if (*key_id == '\0')
        return fail_field(err, "kid", "the data URI has no kid, and no key id is given");
    if (kid_parse(key_id, strlen(key_id), out, err) != ASAP_OK)
        return fail_as(err, ASAP_INVALID_ARGUMENT);
    if (*uri->key_id != '\0' && strcmp(uri->key_id, key_id) != 0)
        return fail_field(err, "kid", "the kid in the data URI is not the key id that is given");
    return ASAP_OK;
}

/* DER never begins like PEM. */
static enum asap_code read_key(const struct secret *data,
                               const struct asap_passphrase *passphrase,
                               EVP_PKEY **out,
                               struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *key = NULL;

    *out = NULL;
    if (memchr(data->bytes, '-', data->length > 0 ? 1 : 0) != NULL)
        return pem_decrypt_private((const char *)data->bytes, data->length, passphrase, out, err);
    TRY(secret_to_key(data, &key, err));
    TRY(pem_check_private(key, err));
    *out = MOVE(key);
    return ASAP_OK;
}

enum asap_code asap_signer_from_data_uri(const char *key_id,
                                         const char *uri,
                                         size_t uri_length,
                                         const struct asap_signer_options *options,
                                         struct asap_signer **out,
                                         struct asap_error *err)
{
    SCOPED(data_uri) struct data_uri read = { .key_id = "" };
    SCOPED(pkey) EVP_PKEY *key = NULL;
    struct kid kid = { 0 };

    *out = NULL;
    TRY(data_uri_read(uri, uri_length, &read, err));
    TRY(find_key_id(key_id, &read, &kid, err));
    TRY(read_key(&read.data, passphrase_of(options), &key, err));
    return signer_from_key(&kid, &key, options, out, err);
}

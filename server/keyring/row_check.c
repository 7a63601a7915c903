/* SPDX-License-Identifier: Apache-2.0 */
#include "row_check.h"

#include <string.h>

#include "algorithm.h"
#include "fail.h"

enum asap_code row_check_digest(const struct key_row *row, struct asap_error *err)
{
    char digest[KEY_DIGEST_SIZE];

    TRY(key_row_digest(row, digest, err));
    return strcmp(digest, row->digest) == 0
               ? ASAP_OK
               : fail(err, ASAP_DATA_LOSS, "the row is not what was written");
}

enum asap_code row_check_key(const struct key_row *row, EVP_PKEY **out, struct asap_error *err)
{
    const struct algorithm *algorithm = algorithm_find(row->algorithm, strlen(row->algorithm));
    SCOPED(pkey) EVP_PKEY *key = NULL;
    char thumbprint[JWK_THUMBPRINT_SIZE];

    *out = NULL;
    TRY(pem_parse_public(row->pem, strlen(row->pem), &key, err));
    if (algorithm == NULL || !algorithm_fits(algorithm, key))
        return fail(err, ASAP_DATA_LOSS, "the key has another algorithm");
    TRY(jwk_thumbprint(key, thumbprint, err));
    if (strcmp(thumbprint, row->thumbprint) != 0)
        return fail(err, ASAP_DATA_LOSS, "the key has another thumbprint");
    *out = MOVE(key);
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "etag.h"

#include <openssl/evp.h>

#include "hex.h"

bool etag_write(const void *bytes, size_t length, char out[ETAG_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char *end = out;

    if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    *end++ = '"';
    hex_write(digest, ETAG_DIGITS / 2, end);
    end += ETAG_DIGITS;
    *end++ = '"';
    *end = '\0';
    return true;
}

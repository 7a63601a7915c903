/* SPDX-License-Identifier: Apache-2.0 */
#include "etag.h"

#include <openssl/evp.h>

bool etag_write(const void *bytes, size_t length, char out[ETAG_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    char *end = out;

    if (EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    *end++ = '"';
    for (size_t i = 0; i < ETAG_DIGITS / 2; i++) {
        *end++ = digits[digest[i] >> 4];
        *end++ = digits[digest[i] & 0xf];
    }
    *end++ = '"';
    *end = '\0';
    return true;
}

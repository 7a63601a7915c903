/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

enum { VERSION_3 = 2, LIFETIME_SECONDS = 3600 };

static void require(int is_fine)
{
    if (is_fine)
        return;
    (void)fprintf(stderr, "certificate for the test: cannot be made\n");
    abort();
}

static void add_extension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension = NULL;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    require(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509 *make(EVP_PKEY *key, const char *name)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_NAME_new();

    require(certificate != NULL && subject != NULL
            && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
                                          -1, -1, 0)
                   == 1
            && X509_set_version(certificate, VERSION_3) == 1
            && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1
            && X509_gmtime_adj(X509_getm_notBefore(certificate), -LIFETIME_SECONDS) != NULL
            && X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_SECONDS) != NULL
            && X509_set_subject_name(certificate, subject) == 1
            && X509_set_issuer_name(certificate, subject) == 1
            && X509_set_pubkey(certificate, key) == 1);
    add_extension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(certificate, key, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    return certificate;
}

void certificate_write(const char *certificate_file, const char *key_file, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key == NULL ? NULL : make(key, name);
    FILE *certificate_stream = fopen(certificate_file, "w");
    FILE *key_stream = fopen(key_file, "w");

    require(certificate != NULL && certificate_stream != NULL && key_stream != NULL
            && PEM_write_X509(certificate_stream, certificate) == 1
            && PEM_write_PKCS8PrivateKey(key_stream, key, NULL, NULL, 0, NULL, NULL) == 1);
    require(fclose(certificate_stream) == 0 && fclose(key_stream) == 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

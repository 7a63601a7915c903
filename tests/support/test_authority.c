/* SPDX-License-Identifier: Apache-2.0 */
#include "test_authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOUR = 3600 };

static void require(bool works, const char *what)
{
    if (works)
        return;
    (void)fprintf(stderr, "test_authority: %s\n", what);
    abort();
}

static void extend(X509 *x509, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    require(extension != NULL && X509_add_ext(x509, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

/* Unsigned, with a key of its own. */
static struct test_identity make(const char *common_name, int64_t seconds)
{
    struct test_identity made = { .key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
                                  .x509 = X509_new() };
    X509_NAME *subject = NULL;

    require(made.key != NULL && made.x509 != NULL, "out of memory");
    subject = X509_get_subject_name(made.x509);
    require(X509_set_version(made.x509, X509_VERSION_3) == 1
                && ASN1_INTEGER_set(X509_get_serialNumber(made.x509), 1) == 1
                && X509_gmtime_adj(X509_getm_notBefore(made.x509), -HOUR) != NULL
                && X509_gmtime_adj(X509_getm_notAfter(made.x509), (long)seconds) != NULL
                && X509_set_pubkey(made.x509, made.key) == 1
                && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                              (const unsigned char *)common_name, -1, -1, 0)
                       == 1,
            common_name);
    return made;
}

static void sign(const struct test_identity *certificate, const struct test_identity *authority)
{
    require(X509_set_issuer_name(certificate->x509, X509_get_subject_name(authority->x509)) == 1
                && X509_sign(certificate->x509, authority->key, EVP_sha256()) > 0,
            "cannot sign");
}

struct test_identity test_authority_new(const char *common_name)
{
    struct test_identity made = make(common_name, HOUR);

    extend(made.x509, NID_basic_constraints, "critical,CA:TRUE");
    extend(made.x509, NID_key_usage, "critical,keyCertSign");
    sign(&made, &made);
    return made;
}

struct test_identity test_authority_sign(const struct test_identity *authority,
                                         const char *name,
                                         int64_t seconds)
{
    struct test_identity made = make("server", seconds);

    extend(made.x509, NID_subject_alt_name, name);
    sign(&made, authority);
    return made;
}

void test_identity_write(const struct test_identity *certificate, const char *path)
{
    FILE *file = fopen(path, "wx");

    require(file != NULL && PEM_write_X509(file, certificate->x509) == 1, path);
    require(fclose(file) == 0, path);
}

void test_identity_write_key(const struct test_identity *certificate, const char *path)
{
    FILE *file = fopen(path, "wx");

    require(file != NULL
                && PEM_write_PrivateKey(file, certificate->key, NULL, NULL, 0, NULL, NULL) == 1,
            path);
    require(fclose(file) == 0, path);
}

void test_identity_clear(struct test_identity *certificate)
{
    EVP_PKEY_free(certificate->key);
    X509_free(certificate->x509);
    *certificate = (struct test_identity){ .key = NULL };
}

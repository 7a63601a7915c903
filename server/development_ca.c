/* SPDX-License-Identifier: Apache-2.0 */
#include "development_ca.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "fail.h"
#include "pem.h"
#include "scoped.h"

/* A serial number has at most 20 octets and is positive (RFC 5280 section 4.1.2.2). */
enum { PEM_MAX = 4096, SERIAL_BITS = 159, HOUR = 3600, DAY = 86400 };

static const char authority_name[] = "asapd development CA";

DEFINE_SCOPED(x509, X509 *, X509_free)
DEFINE_SCOPED(bignum, BIGNUM *, BN_free)
DEFINE_SCOPED(extension, X509_EXTENSION *, X509_EXTENSION_free)

struct extension {
    int nid;
    const char *value; /* as in openssl's configuration; x509v3_config(5) */
};

struct profile {
    const char *common_name;
    int64_t days;
    struct extension extensions[6]; /* ended by a zeroed one */
};

static const struct profile authority_profile = {
    authority_name,
    3650,
    { { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
      { NID_key_usage, "critical,keyCertSign,cRLSign" },
      { NID_subject_key_identifier, "hash" } },
};

static const struct profile server_profile = {
    "localhost",
    825,
    { { NID_basic_constraints, "critical,CA:FALSE" },
      { NID_key_usage, "critical,digitalSignature" },
      { NID_ext_key_usage, "serverAuth" },
      { NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1" },
      { NID_authority_key_identifier, "keyid:always" } },
};

/* What OpenSSL says goes no further: nothing that a person could do follows from it. */
static enum asap_code fail_openssl(struct asap_error *err)
{
    ERR_clear_error();
    return fail(err, ASAP_INTERNAL, "OpenSSL cannot make the certificate");
}

static bool set_serial(X509 *certificate)
{
    SCOPED(bignum) BIGNUM *serial = BN_new();

    return serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
           && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
}

static bool set_times(X509 *certificate, int64_t now, int64_t days)
{
    return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now - HOUR)) != NULL
           && ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(now + days * DAY)) != NULL;
}

static bool set_name(X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)text, -1, -1, 0)
           == 1;
}

static bool add_extension(X509 *certificate, X509 *issuer, const struct extension *extension)
{
    SCOPED(extension) X509_EXTENSION *made = NULL;
    X509V3_CTX context = { 0 };

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    made = X509V3_EXT_conf_nid(NULL, &context, extension->nid, extension->value);
    return made != NULL && X509_add_ext(certificate, made, -1) == 1;
}

static bool add_extensions(X509 *certificate, X509 *issuer, const struct extension *extension)
{
    for (; extension->value != NULL; extension++)
        if (!add_extension(certificate, issuer, extension))
            return false;
    return true;
}

/* A certificate without a signature; `issuer` is NULL for one that signs itself. */
static enum asap_code fill_certificate(X509 *certificate,
                                       X509 *issuer,
                                       EVP_PKEY *key,
                                       const struct profile *profile,
                                       int64_t now,
                                       struct asap_error *err)
{
    if (X509_set_version(certificate, X509_VERSION_3) != 1 || !set_serial(certificate)
        || !set_times(certificate, now, profile->days)
        || !set_name(X509_get_subject_name(certificate), profile->common_name)
        || !set_name(X509_get_issuer_name(certificate), authority_name)
        || X509_set_pubkey(certificate, key) != 1
        || !add_extensions(certificate, issuer != NULL ? issuer : certificate, profile->extensions))
        return fail_openssl(err);
    return ASAP_OK;
}

static enum asap_code write_certificate(X509 *certificate,
                                        struct buffer *out,
                                        struct asap_error *err)
{
    SCOPED(bio) BIO *sink = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    long length = 0;

    if (sink == NULL || PEM_write_bio_X509(sink, certificate) != 1)
        return fail_openssl(err);
    length = BIO_get_mem_data(sink, &bytes);
    buffer_append(out, bytes, (size_t)length);
    return buffer_check(out, "the certificate", err);
}

/* Signs by the issuer's key and writes the certificate down. */
static enum asap_code
sign(X509 *certificate, EVP_PKEY *issuer_key, struct buffer *out, struct asap_error *err)
{
    if (X509_sign(certificate, issuer_key, EVP_sha256()) == 0)
        return fail_openssl(err);
    return write_certificate(certificate, out, err);
}

static enum asap_code make(int64_t now,
                           struct development_certificates *out,
                           struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *authority_key = EVP_EC_gen("P-256");
    SCOPED(pkey) EVP_PKEY *key = EVP_EC_gen("P-256");
    SCOPED(x509) X509 *authority = X509_new();
    SCOPED(x509) X509 *certificate = X509_new();

    if (authority_key == NULL || key == NULL || authority == NULL || certificate == NULL)
        return fail_openssl(err);
    TRY(fill_certificate(authority, NULL, authority_key, &authority_profile, now, err));
    TRY(sign(authority, authority_key, &out->authority, err));
    TRY(fill_certificate(certificate, authority, key, &server_profile, now, err));
    TRY(sign(certificate, authority_key, &out->certificate, err));
    return secret_pem_from_key(key, &out->key, err);
}

enum asap_code development_certificates_make(int64_t now,
                                             struct development_certificates *out,
                                             struct asap_error *err)
{
    SCOPED(development_certificates)
    struct development_certificates made = { .authority = BUFFER(PEM_MAX),
                                             .certificate = BUFFER(PEM_MAX) };

    *out = (struct development_certificates){ .key = { 0 } };
    TRY(make(now, &made, err));
    *out = made;
    made = (struct development_certificates){ .key = { 0 } };
    return ASAP_OK;
}

void development_certificates_clear(struct development_certificates *certificates)
{
    buffer_clear(&certificates->authority);
    buffer_clear(&certificates->certificate);
    secret_clear(&certificates->key);
}

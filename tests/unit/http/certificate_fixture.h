/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_CERTIFICATE_FIXTURE_H
#define ASAP_TESTS_CERTIFICATE_FIXTURE_H

#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "fixture.h"
#include "scratch.h"
#include "test_authority.h"

/* A listener that asks its clients for certificates, as they see it. */

enum { PATH = 128, HOUR = 3600, ANSWERED_SIZE = 8192 };

static struct scratch scratch;
static char chain[PATH], key[PATH], authorities[PATH], shown[PATH];
static struct test_identity authority, stranger, listed;
static char answered[ANSWERED_SIZE]; /* the last response's body */

/* Appends to the certificates that the listener trusts. */
static inline void trust(const struct test_identity *identity)
{
    FILE *file = fopen(authorities, "a");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_X509(file, identity->x509), 1);
    ck_assert_int_eq(fclose(file), 0);
}

static inline struct http_listener_options certificate_prepare(void)
{
    struct http_listener_options options;

    scratch_make(&scratch);
    (void)scratch_file(&scratch, "chain.pem", chain, PATH);
    (void)scratch_file(&scratch, "key.pem", key, PATH);
    (void)scratch_file(&scratch, "authorities.pem", authorities, PATH);
    (void)scratch_file(&scratch, "shown.pem", shown, PATH);
    certificate_write(chain, key, "server");
    authority = test_authority_new("authority");
    stranger = test_authority_new("authority");
    listed = test_authority_sign(&stranger, "DNS:client", HOUR);
    ck_assert_int_eq(X509_set_issuer_name(listed.x509, X509_get_subject_name(listed.x509)), 1);
    ck_assert_int_gt(X509_sign(listed.x509, listed.key, EVP_sha256()), 0);
    trust(&authority);
    trust(&listed);
    fixture_prepare();
    options = fixture_options("https://127.0.0.1:0");
    options.certificate_file = chain;
    options.key_file = key;
    options.client_ca_file = authorities;
    return options;
}

static inline void certificate_leave(void)
{
    fixture_leave();
    test_identity_clear(&authority);
    test_identity_clear(&stranger);
    test_identity_clear(&listed);
    scratch_remove(&scratch);
}

static inline size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    const size_t held = strlen(answered);

    (void)context;
    (void)snprintf(answered + held, sizeof answered - held, "%.*s", (int)(size * count), bytes);
    return size * count;
}

/* Shows this certificate, or none. */
static inline CURLcode get(const struct test_identity *identity, long version)
{
    CURL *client = curl_easy_init();
    FILE *file = fopen(shown, "w");
    CURLcode result = CURLE_OK;

    answered[0] = '\0';
    ck_assert(client != NULL && file != NULL);
    (void)curl_easy_setopt(client, CURLOPT_URL, fixture.address);
    (void)curl_easy_setopt(client, CURLOPT_CAINFO, chain);
    (void)curl_easy_setopt(client, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(client, CURLOPT_TIMEOUT, 60L);
    (void)curl_easy_setopt(client, CURLOPT_SSLVERSION, version);
    (void)curl_easy_setopt(client, CURLOPT_WRITEFUNCTION, keep);
    if (identity != NULL) {
        ck_assert_int_eq(PEM_write_X509(file, identity->x509), 1);
        ck_assert_int_eq(PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL), 1);
        (void)curl_easy_setopt(client, CURLOPT_SSLCERT, shown);
        (void)curl_easy_setopt(client, CURLOPT_SSLKEY, shown);
    }
    ck_assert_int_eq(fclose(file), 0);
    result = curl_easy_perform(client);
    curl_easy_cleanup(client);
    return result;
}

/* A certificate for this use only (RFC 5280 section 4.2.1.12). */
static inline struct test_identity sign_for(const struct test_identity *signer, const char *use)
{
    struct test_identity made = test_authority_sign(signer, "DNS:client", HOUR);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, use);

    ck_assert_int_eq(X509_add_ext(made.x509, extension, -1), 1);
    ck_assert_int_gt(X509_sign(made.x509, signer->key, EVP_sha256()), 0);
    X509_EXTENSION_free(extension);
    return made;
}

static const long versions[] = {
    CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2,
    CURL_SSLVERSION_TLSv1_3,
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_certificate.h"
#include "fail.h"

enum { CHAIN_MAX = 8, PEM_MAX = 64 * 1024, KEY_ID_SIZE = 32 };

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
                              ":-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"
                              ":-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305"
                              ":-MAC-ALL:+AEAD:-SIGN-RSA-SHA1:-SIGN-ECDSA-SHA1"
                              ":%SERVER_PRECEDENCE";

struct tls_pair {
    atomic_uint holders;
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned length;
    int64_t ends; /* the certificate that ends first */
    gnutls_privkey_t key;
    gnutls_x509_trust_list_t client_authorities; /* NULL: clients show no certificate */
    bool is_optional;                            /* they need not */
};

struct tls {
    struct tls_files files;
    pthread_mutex_t mutex; /* over `pair`, held for reading a pointer and counting a holder */
    struct tls_pair *pair;
};

/* A file's bytes, wiped when they go: one of the files is a key. */
struct pem {
    unsigned char bytes[PEM_MAX];
    size_t length;
};

static void pem_scope_exit(struct pem *pem)
{
    gnutls_memset(pem->bytes, 0, sizeof pem->bytes);
}

static void close_file(FILE *file)
{
    (void)fclose(file);
}

DEFINE_SCOPED(file, FILE *, close_file)

DEFINE_SCOPED(pair, struct tls_pair *, tls_release)
DEFINE_SCOPED(pubkey, gnutls_pubkey_t, gnutls_pubkey_deinit)
DEFINE_SCOPED(certificate, gnutls_x509_crt_t, gnutls_x509_crt_deinit)

static enum asap_code refuse_file(const char *field, const char *name, struct asap_error *err)
{
    char reason[64] = "";

    if (strerror_r(errno, reason, sizeof reason) != 0)
        (void)snprintf(reason, sizeof reason, "unreadable");
    return fail_field(err, field, "cannot read %s: %s", name, reason);
}

static enum asap_code
read_file(const char *field, const char *name, struct pem *out, struct asap_error *err)
{
    SCOPED(file) FILE *file = NULL;

    if (name == NULL)
        return fail_field(err, field, "an https listener needs a %s",
                          strcmp(field, "key_file") == 0 ? "private key" : "certificate");
    file = fopen(name, "rbe");
    if (file == NULL)
        return refuse_file(field, name, err);
    (void)setvbuf(file, NULL, _IONBF, 0); /* no copy of the key in a stream's buffer */
    out->length = fread(out->bytes, 1, sizeof out->bytes, file);
    if (ferror(file) != 0)
        return refuse_file(field, name, err);
    if (out->length == sizeof out->bytes)
        return fail_field(err, field, "%s is over %d bytes: give a PEM file", name, PEM_MAX - 1);
    return ASAP_OK;
}

/* Long ago when it cannot be told, so that somebody looks. */
static int64_t end_of(const gnutls_pcert_st *parsed)
{
    SCOPED(certificate) gnutls_x509_crt_t certificate = NULL;

    if (gnutls_x509_crt_init(&certificate) < 0
        || gnutls_x509_crt_import(certificate, &parsed->cert, GNUTLS_X509_FMT_DER) < 0)
        return 1;
    return (int64_t)gnutls_x509_crt_get_expiration_time(certificate);
}

static int64_t first_end(const struct tls_pair *pair)
{
    int64_t first = INT64_MAX;

    for (unsigned i = 0; i < pair->length; i++) {
        const int64_t end = end_of(&pair->chain[i]);

        first = end < first ? end : first;
    }
    return first;
}

static enum asap_code read_chain(const char *name, struct tls_pair *pair, struct asap_error *err)
{
    SCOPED(pem) struct pem pem = { .length = 0 };
    gnutls_datum_t text = { 0 };
    unsigned length = CHAIN_MAX;
    int result = 0;

    TRY(read_file("certificate_file", name, &pem, err));
    text = (gnutls_datum_t){ pem.bytes, (unsigned)pem.length };
    result = gnutls_pcert_list_import_x509_raw(pair->chain, &length, &text, GNUTLS_X509_FMT_PEM, 0);
    if (result < 0)
        return fail_field(err, "certificate_file",
                          "%s is no chain of at most %d PEM certificates (%s)", name, CHAIN_MAX,
                          gnutls_strerror(result));
    pair->length = length;
    pair->ends = first_end(pair);
    return ASAP_OK;
}

static enum asap_code read_key(const char *name, struct tls_pair *pair, struct asap_error *err)
{
    SCOPED(pem) struct pem pem = { .length = 0 };
    gnutls_datum_t text = { 0 };
    int result = 0;

    TRY(read_file("key_file", name, &pem, err));
    text = (gnutls_datum_t){ pem.bytes, (unsigned)pem.length };
    if (gnutls_privkey_init(&pair->key) < 0)
        return fail_memory(err);
    result = gnutls_privkey_import_x509_raw(pair->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (result < 0)
        return fail_field(err, "key_file", "%s is no unencrypted private key in PEM (%s)", name,
                          gnutls_strerror(result));
    return ASAP_OK;
}

static enum asap_code read_authorities(const char *name,
                                       struct tls_pair *pair,
                                       struct asap_error *err)
{
    SCOPED(pem) struct pem pem = { .length = 0 };
    gnutls_datum_t text = { 0 };

    if (name == NULL)
        return ASAP_OK;
    TRY(read_file("client_ca_file", name, &pem, err));
    text = (gnutls_datum_t){ pem.bytes, (unsigned)pem.length };
    if (gnutls_x509_trust_list_init(&pair->client_authorities, 0) < 0)
        return fail_memory(err);
    if (gnutls_x509_trust_list_add_trust_mem(pair->client_authorities, &text, NULL,
                                             GNUTLS_X509_FMT_PEM, 0, 0)
        <= 0)
        return fail_field(err, "client_ca_file", "%s holds no PEM certificate", name);
    return ASAP_OK;
}

static bool key_id(gnutls_pubkey_t key, unsigned char id[KEY_ID_SIZE])
{
    size_t size = KEY_ID_SIZE;

    return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, id, &size) == 0
           && size == KEY_ID_SIZE;
}

static bool is_match(const struct tls_pair *pair)
{
    SCOPED(pubkey) gnutls_pubkey_t public = NULL;
    unsigned char of_key[KEY_ID_SIZE] = { 0 };
    unsigned char of_certificate[KEY_ID_SIZE] = { 0 };

    return gnutls_pubkey_init(&public) == 0
           && gnutls_pubkey_import_privkey(public, pair->key, 0, 0) == 0 && key_id(public, of_key)
           && key_id(pair->chain[0].pubkey, of_certificate)
           && memcmp(of_key, of_certificate, sizeof of_key) == 0;
}

static enum asap_code load_pair(const struct tls_files *files,
                                struct tls_pair **out,
                                struct asap_error *err)
{
    SCOPED(pair) struct tls_pair *pair = calloc(1, sizeof *pair);

    *out = NULL;
    if (pair == NULL)
        return fail_memory(err);
    atomic_init(&pair->holders, 1);
    pair->is_optional = files->client_certificate_optional;
    TRY(read_chain(files->certificate_file, pair, err));
    TRY(read_key(files->key_file, pair, err));
    if (!is_match(pair))
        return fail_field(err, "key_file", "%s is not the key of the first certificate in %s",
                          files->key_file, files->certificate_file);
    TRY(read_authorities(files->client_ca_file, pair, err));
    *out = MOVE(pair);
    return ASAP_OK;
}

enum asap_code tls_new(const struct tls_files *files, struct tls **out, struct asap_error *err)
{
    SCOPED(tls) struct tls *tls = calloc(1, sizeof *tls);

    *out = NULL;
    if (tls == NULL)
        return fail_memory(err);
    (void)pthread_mutex_init(&tls->mutex, NULL);
    tls->files = *files;
    TRY(load_pair(files, &tls->pair, err));
    *out = MOVE(tls);
    return ASAP_OK;
}

enum asap_code tls_reload(struct tls *tls, struct asap_error *err)
{
    struct tls_pair *pair = NULL;
    struct tls_pair *old = NULL;

    TRY(load_pair(&tls->files, &pair, err));
    (void)pthread_mutex_lock(&tls->mutex);
    old = tls->pair;
    tls->pair = pair;
    (void)pthread_mutex_unlock(&tls->mutex);
    tls_release(old);
    return ASAP_OK;
}

struct tls_pair *tls_acquire(struct tls *tls)
{
    struct tls_pair *pair = NULL;

    (void)pthread_mutex_lock(&tls->mutex);
    pair = tls->pair;
    (void)atomic_fetch_add(&pair->holders, 1);
    (void)pthread_mutex_unlock(&tls->mutex);
    return pair;
}

int64_t tls_ends(struct tls *tls)
{
    struct tls_pair *pair = tls_acquire(tls);
    const int64_t ends = pair->ends;

    tls_release(pair);
    return ends;
}

void tls_release(struct tls_pair *pair)
{
    if (pair == NULL || atomic_fetch_sub(&pair->holders, 1) != 1)
        return;
    for (unsigned i = 0; i < pair->length; i++)
        gnutls_pcert_deinit(&pair->chain[i]);
    if (pair->key != NULL)
        gnutls_privkey_deinit(pair->key);
    if (pair->client_authorities != NULL)
        gnutls_x509_trust_list_deinit(pair->client_authorities, 1);
    free(pair);
}

void tls_pair_present(struct tls_pair *pair,
                      gnutls_pcert_st **chain,
                      unsigned *length,
                      gnutls_privkey_t *key)
{
    *chain = pair->chain;
    *length = pair->length;
    *key = pair->key;
}

gnutls_certificate_request_t tls_pair_request(const struct tls_pair *pair)
{
    if (pair->client_authorities == NULL)
        return GNUTLS_CERT_IGNORE;
    return pair->is_optional ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_REQUIRE;
}

bool tls_pair_judge_client(const struct tls_pair *pair,
                           gnutls_session_t session,
                           struct http_certificate *out)
{
    return pair->client_authorities != NULL
           && client_certificate_judge(session, pair->client_authorities, out);
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    tls_release(tls->pair);
    (void)pthread_mutex_destroy(&tls->mutex);
    free(tls);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes many keys at once, straight into a database, ten an issuer, and prints their paths:
 *     fill_store DATABASE COUNT [FOLDER]
 * Each is written as FOLDER/KID, too, for a static file server. */
#include <errno.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fail.h"
#include "lifecycle_plan.h"
#include "store_server.h"
#include "vault.h"

enum { KEYS_OF_ISSUER = 10 };

struct filling {
    const char *folder; /* NULL for none */
    int64_t now;
    struct txn txn;
    struct issuer_row issuer; /* the one that is being filled */
};

/* What stands in front of the point of a public key of P-256 (RFC 5480). */
static const unsigned char p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                           0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };

enum { POINT = 65, LINE = 48 };

/* As pem_write_public() would, whose OpenSSL takes longer for it than for making the key. */
static bool write_pem(EVP_PKEY *key, char *out, size_t size)
{
    unsigned char bytes[sizeof p256_head + POINT];
    char lines[2][2 * LINE];
    size_t length = 0;

    memcpy(bytes, p256_head, sizeof p256_head);
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, bytes + sizeof p256_head,
                                        POINT, &length)
        != 1)
        return false;
    (void)EVP_EncodeBlock((unsigned char *)lines[0], bytes, LINE);
    (void)EVP_EncodeBlock((unsigned char *)lines[1], bytes + LINE, (int)sizeof bytes - LINE);
    return snprintf(out, size, "-----BEGIN PUBLIC KEY-----\n%s\n%s\n-----END PUBLIC KEY-----\n",
                    lines[0], lines[1])
           < (int)size;
}

static enum asap_code describe(struct key_row *row, struct asap_error *err)
{
    const struct algorithm *algorithm = algorithm_find("ES256", strlen("ES256"));
    SCOPED(pkey) EVP_PKEY *key = NULL;

    TRY(vault_generate(algorithm, &key, err));
    if (!write_pem(key, row->pem, sizeof row->pem))
        return fail_memory(err);
    (void)snprintf(row->algorithm, sizeof row->algorithm, "%s", algorithm->name);
    return jwk_thumbprint(key, row->thumbprint, err);
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

static enum asap_code write_file(const struct filling *filling,
                                 const struct key_row *row,
                                 struct asap_error *err)
{
    char path[1024];
    FILE *file = NULL;
    size_t written = 0;

    if (filling->folder == NULL)
        return ASAP_OK;
    (void)snprintf(path, sizeof path, "%s/%s", filling->folder, filling->issuer.name);
    if (!make_folder(path))
        return fail(err, ASAP_UNAVAILABLE, "cannot make %.100s: %s", path, strerror(errno));
    (void)snprintf(path, sizeof path, "%s/%s", filling->folder, row->kid);
    file = fopen(path, "w");
    if (file == NULL)
        return fail(err, ASAP_UNAVAILABLE, "cannot write %.100s: %s", path, strerror(errno));
    written = fwrite(row->pem, 1, strlen(row->pem), file);
    if (fclose(file) != 0 || written != strlen(row->pem))
        return fail(err, ASAP_UNAVAILABLE, "cannot write %.100s", path);
    return ASAP_OK;
}

static enum asap_code add_issuer(struct filling *filling, int number, struct asap_error *err)
{
    filling->issuer = (struct issuer_row){ .max_lifetime = 3600,
                                           .create_time = filling->now,
                                           .delete_time = LIFECYCLE_NEVER };
    (void)snprintf(filling->issuer.name, sizeof filling->issuer.name, "bench/%06d", number);
    return store_add_issuer(&filling->txn, &filling->issuer, err);
}

static enum asap_code add_key(struct filling *filling, int number, struct asap_error *err)
{
    struct key_row row = { .issuer_id = filling->issuer.id,
                           .create_time = filling->now,
                           .times = lifecycle_standby(filling->now),
                           .max_lifetime = filling->issuer.max_lifetime };

    row.times.sign_time = filling->now;
    (void)snprintf(row.kid, sizeof row.kid, "%.190s/%d.pem", filling->issuer.name, number);
    TRY(describe(&row, err));
    TRY(store_add_key(&filling->txn, &row, err));
    (void)printf("/%s\n", row.kid);
    return write_file(filling, &row, err);
}

static enum asap_code add_all(struct filling *filling, int count, struct asap_error *err)
{
    for (int i = 0; i < count; i++) {
        if (i % KEYS_OF_ISSUER == 0)
            TRY(add_issuer(filling, i / KEYS_OF_ISSUER, err));
        TRY(add_key(filling, i % KEYS_OF_ISSUER, err));
    }
    return ASAP_OK;
}

static enum asap_code fill(const char *url, int count, const char *folder, struct asap_error *err)
{
    const struct log log = { .stream = stderr, .level = LOG_ERROR };
    struct filling filling = { .folder = folder, .now = (int64_t)time(NULL) };
    struct store *store = NULL;
    enum asap_code code = ASAP_OK;

    TRY(store_open(url, false, &log, &store, err));
    code = txn_begin(&filling.txn, store, err);
    if (code == ASAP_OK)
        code = add_all(&filling, count, err);
    if (code == ASAP_OK)
        code = store_record_change(&filling.txn, filling.now, err);
    if (code == ASAP_OK)
        code = txn_commit(&filling.txn, err);
    txn_rollback(&filling.txn);
    store_close(store);
    return code;
}

int main(int argc, char **argv)
{
    struct asap_error err = { 0 };
    const char *folder = argc == 4 ? argv[3] : NULL;
    char bench[512];

    if (argc < 3 || argc > 4)
        return fprintf(stderr, "usage: fill_store DATABASE COUNT [FOLDER]\n"), 2;
    (void)snprintf(bench, sizeof bench, "%s/bench", folder == NULL ? "" : folder);
    if (folder != NULL && !make_folder(bench))
        return perror(bench), 1;
    if (fill(argv[1], (int)strtol(argv[2], NULL, 10), folder, &err) != ASAP_OK)
        return fprintf(stderr, "fill_store: %s\n", err.message), 1;
    return 0;
}

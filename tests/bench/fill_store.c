/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes many keys at once, straight into a database: fill_store DATABASE COUNT FOLDER
 * also writes each as FOLDER/KID, for a static file server, and all key ids to standard output. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fail.h"
#include "lifecycle_plan.h"
#include "store_server.h"
#include "vault.h"

static enum asap_code describe(struct key_row *row, struct asap_error *err)
{
    const struct algorithm *algorithm = algorithm_find("ES256", strlen("ES256"));
    SCOPED(pkey) EVP_PKEY *key = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);

    TRY(vault_generate(algorithm, &key, err));
    TRY(pem_write_public(key, &pem, err));
    (void)snprintf(row->algorithm, sizeof row->algorithm, "%s", algorithm->name);
    (void)snprintf(row->pem, sizeof row->pem, "%s", pem.bytes);
    return jwk_thumbprint(key, row->thumbprint, err);
}

static enum asap_code write_file(const char *folder,
                                 const struct key_row *row,
                                 struct asap_error *err)
{
    char path[1024];
    FILE *file = NULL;
    size_t written = 0;

    (void)snprintf(path, sizeof path, "%s/%s", folder, row->kid);
    file = fopen(path, "w");
    if (file == NULL)
        return fail(err, ASAP_UNAVAILABLE, "cannot write %.100s: %s", path, strerror(errno));
    written = fwrite(row->pem, 1, strlen(row->pem), file);
    if (fclose(file) != 0 || written != strlen(row->pem))
        return fail(err, ASAP_UNAVAILABLE, "cannot write %.100s", path);
    return ASAP_OK;
}

static enum asap_code add_key(struct txn *txn,
                              const struct issuer_row *issuer,
                              int number,
                              const char *folder,
                              struct asap_error *err)
{
    const int64_t now = (int64_t)time(NULL);
    struct key_row row = { .issuer_id = issuer->id,
                           .create_time = now,
                           .times = lifecycle_standby(now),
                           .max_lifetime = issuer->max_lifetime };

    row.times.sign_time = now;
    (void)snprintf(row.kid, sizeof row.kid, "%.190s/key-%06d.pem", issuer->name, number);
    TRY(describe(&row, err));
    TRY(store_add_key(txn, &row, err));
    (void)printf("/%s\n", row.kid);
    return write_file(folder, &row, err);
}

static enum asap_code fill(const char *url, int count, const char *folder, struct asap_error *err)
{
    const struct log log = { .stream = stderr, .level = LOG_ERROR };
    struct issuer_row issuer = { .name = "bench", .max_lifetime = 3600 };
    struct store *store = NULL;
    struct txn txn = { 0 };
    enum asap_code code = ASAP_OK;

    issuer.create_time = (int64_t)time(NULL);
    issuer.delete_time = LIFECYCLE_NEVER;
    TRY(store_open(url, false, &log, &store, err));
    code = txn_begin(&txn, store, err);
    if (code == ASAP_OK)
        code = store_add_issuer(&txn, &issuer, err);
    for (int i = 0; i < count && code == ASAP_OK; i++)
        code = add_key(&txn, &issuer, i, folder, err);
    if (code == ASAP_OK)
        code = store_record_change(&txn, issuer.create_time, err);
    if (code == ASAP_OK)
        code = txn_commit(&txn, err);
    txn_rollback(&txn);
    store_close(store);
    return code;
}

int main(int argc, char **argv)
{
    struct asap_error err = { 0 };
    char folder[512];

    if (argc != 4)
        return fprintf(stderr, "usage: fill_store DATABASE COUNT FOLDER\n"), 2;
    (void)snprintf(folder, sizeof folder, "%s/bench", argv[3]);
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return perror(folder), 1;
    if (fill(argv[1], (int)strtol(argv[2], NULL, 10), argv[3], &err) != ASAP_OK)
        return fprintf(stderr, "fill_store: %s\n", err.message), 1;
    return 0;
}

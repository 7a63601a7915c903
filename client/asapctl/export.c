/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm.h"
#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_repository.pb-c.h"
#include "codec.h"
#include "export_tree.h"
#include "fail.h"
#include "json.h"
#include "jwk.h"
#include "key_verbs.h"
#include "kid.h"
#include "manifest.h"
#include "pem.h"
#include "show.h"
#include "status_verbs.h"
#include "utc.h"

/* The published keys as files, byte for byte what the server answers to GET.
 * What goes into them is made from the keys anew, and names are checked: a
 * server cannot make this write anything else, nor anywhere else. */

enum { PAGE_SIZE = 1000, KEY_SET_MAX = 1 << 24, KEY_SET_PATH_SIZE = 256 };

struct export
{
    const struct ctl *ctl;
    const struct export_tree *tree; /* NULL: nothing is written */
    json_t *keys;                   /* of the manifest */
    size_t issuers;
    int64_t generation;
    bool has_generation;
};

static const struct ctl_method list_issuers = { "/asap.v1.IssuerAdmin/ListIssuers",
                                                &asap__v1__list_issuers_response__descriptor,
                                                NULL };
static const struct ctl_method list_keys = { "/asap.v1.KeyRepository/ListPublicKeys",
                                             &asap__v1__list_public_keys_response__descriptor,
                                             NULL };

static enum asap_code write_file(const struct export *export,
                                 const char *path,
                                 const struct buffer *bytes,
                                 int64_t modified,
                                 struct asap_error *err)
{
    if (export->tree == NULL)
        return ASAP_OK;
    return export_tree_write(export->tree, path, bytes->bytes, bytes->length, modified, err);
}

/* {"keys":[...]} as the server writes it. */
static enum asap_code write_key_set(const struct export *export,
                                    const char *issuer,
                                    struct buffer *jwks,
                                    struct asap_error *err)
{
    char path[KEY_SET_PATH_SIZE] = "";

    buffer_puts(jwks, "]}\n");
    TRY(buffer_check(jwks, "the key set", err));
    (void)snprintf(path, sizeof path, "%.190s/.well-known/jwks.json", issuer);
    return write_file(export, path, jwks, ctl_now(export->ctl), err);
}

static void add_text(json_t *entry, const char *member, const char *text)
{
    (void)json_object_set_new(entry, member, json_string(text));
}

static void add_time(json_t *entry, const char *member, const Google__Protobuf__Timestamp *time)
{
    char text[UTC_TEXT_SIZE] = "";

    if (time == NULL)
        return;
    utc_format(time->seconds, text);
    add_text(entry, member, text);
}

static enum asap_code list_in_manifest(const struct export *export,
                                       const Asap__V1__PublicKey *key,
                                       const struct buffer *pem,
                                       const char *alias,
                                       struct asap_error *err)
{
    json_t *entry = json_object();
    char digest[SHA256_HEX_SIZE] = "";

    if (entry == NULL || json_array_append_new(export->keys, entry) != 0)
        return fail_memory(err);
    TRY(sha256_hex(pem->bytes, pem->length, digest, err));
    add_text(entry, "keyId", key->key_id);
    add_text(entry, "issuer", key->issuer);
    add_text(entry, "algorithm", key->algorithm);
    if (key->state != ASAP__V1__KEY_STATE__KEY_STATE_UNSPECIFIED)
        add_text(entry, "state", show_key_state(key->state));
    add_text(entry, "alias", alias);
    add_text(entry, "sha256", digest);
    add_time(entry, "publishTime", key->publish_time);
    add_time(entry, "unpublishTime", key->unpublish_time);
    return ASAP_OK;
}

/* Of this issuer, under a name that is one: what a path and a key set are made from. */
static enum asap_code check_name(const Asap__V1__PublicKey *key,
                                 const char *issuer,
                                 struct asap_error *err)
{
    struct kid kid = { 0 };

    TRY(kid_check_registrable(key->key_id, "key_id", err));
    TRY(kid_parse(key->key_id, strlen(key->key_id), &kid, err));
    if (!kid_owned_by(&kid, issuer))
        return fail(err, ASAP_INTERNAL, "the server answers with a key of another issuer, %.128s",
                    key->key_id);
    if (algorithm_find(key->algorithm, strlen(key->algorithm)) == NULL)
        return fail(err, ASAP_INTERNAL,
                    "the server answers with an unknown algorithm of %.128s (is it a newer asapd?)",
                    key->key_id);
    return ASAP_OK;
}

static enum asap_code
read_key(const Asap__V1__PublicKey *key, EVP_PKEY **out, struct buffer *pem, struct asap_error *err)
{
    const size_t length = strlen(key->public_key);

    TRY(pem_read_public(key->public_key, length, out, err));
    TRY(pem_write_public(*out, pem, err));
    if (pem->length != length || memcmp(pem->bytes, key->public_key, length) != 0)
        return fail(err, ASAP_INTERNAL, "the server publishes more than a public key as %.128s",
                    key->key_id);
    return ASAP_OK;
}

/* The time of modification is what the server says in Last-Modified. */
static enum asap_code export_key(const struct export *export,
                                 const Asap__V1__PublicKey *key,
                                 const char *issuer,
                                 struct buffer *jwks,
                                 struct asap_error *err)
{
    SCOPED(pkey) EVP_PKEY *public_key = NULL;
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLISHED_MAX);
    const int64_t modified =
        key->publish_time == NULL ? ctl_now(export->ctl) : key->publish_time->seconds;
    char alias[ALIAS_SIZE] = "";

    TRY(check_name(key, issuer, err));
    TRY(read_key(key, &public_key, &pem, err));
    TRY(alias_name(key->key_id, alias, err));
    TRY(write_file(export, key->key_id, &pem, modified, err));
    TRY(write_file(export, alias, &pem, modified, err));
    TRY(jwk_write(public_key, key->key_id, key->algorithm, jwks, err));
    return list_in_manifest(export, key, &pem, alias, err);
}

static enum asap_code export_issuer(struct export *export,
                                    const char *issuer,
                                    struct asap_error *err)
{
    Asap__V1__ListPublicKeysRequest request = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    SCOPED(buffer) struct buffer jwks = BUFFER(KEY_SET_MAX);
    SCOPED(buffer) struct buffer name = BUFFER(ISSUER_MAX);
    const Asap__V1__ListPublicKeysResponse *list = NULL;

    TRY(issuer_check_registrable(issuer, "issuer", err));
    buffer_puts(&name, issuer);
    TRY(buffer_check(&name, "the issuer", err));
    asap__v1__list_public_keys_request__init(&request);
    request.issuer = name.bytes;
    request.page_size = PAGE_SIZE;
    TRY(ctl_ask_list(export->ctl, &list_keys, &request.base, &message, err));
    list = (const Asap__V1__ListPublicKeysResponse *)message;
    if (list->n_public_keys == 0)
        return ASAP_OK;
    buffer_puts(&jwks, "{\"keys\":[");
    for (size_t i = 0; i < list->n_public_keys; i++) {
        buffer_puts(&jwks, i == 0 ? "" : ",");
        TRY(export_key(export, list->public_keys[i], issuer, &jwks, err));
    }
    export->issuers++;
    return write_key_set(export, issuer, &jwks, err);
}

static enum asap_code export_every_issuer(struct export *export, struct asap_error *err)
{
    Asap__V1__ListIssuersRequest request = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    const Asap__V1__ListIssuersResponse *list = NULL;

    asap__v1__list_issuers_request__init(&request);
    request.page_size = PAGE_SIZE;
    TRY(ctl_ask_list(export->ctl, &list_issuers, &request.base, &message, err));
    list = (const Asap__V1__ListIssuersResponse *)message;
    for (size_t i = 0; i < list->n_issuers; i++)
        TRY(export_issuer(export, list->issuers[i]->name, err));
    return ASAP_OK;
}

/* An issuer that is named and has nothing to export is a slip, unlike one of all. */
static enum asap_code export_issuers(struct export *export, struct asap_error *err)
{
    char *issuers[REPEATED_MAX + 1] = { NULL };
    const size_t count = arguments_values(export->ctl->arguments, OPTION_ISSUER, issuers);

    if (count == 0)
        return export_every_issuer(export, err);
    for (size_t i = 0; i < count; i++) {
        const size_t before = export->issuers;

        TRY(export_issuer(export, issuers[i], err));
        if (export->issuers == before)
            return fail(err, ASAP_NOT_FOUND,
                        "no key of issuer %.128s is published (asapctl issuer list shows what there"
                        " is)",
                        issuers[i]);
    }
    return ASAP_OK;
}

/* Before the keys are read: the files are of this generation, or newer. Whoever may only read keys
 * is not told it. */
static enum asap_code read_generation(struct export *export, struct asap_error *err)
{
    SCOPED(status) Asap__V1__Status *status = NULL;
    const enum asap_code code = status_ask(export->ctl, &status, err);

    if (code == ASAP_PERMISSION_DENIED || code == ASAP_UNAUTHENTICATED)
        return ASAP_OK;
    if (code != ASAP_OK)
        return code;
    export->has_generation = status->generation >= 0;
    if (export->has_generation)
        export->generation = status->generation;
    return ASAP_OK;
}

static enum asap_code make_manifest(const struct export *export,
                                    struct buffer *out,
                                    struct asap_error *err)
{
    SCOPED(json) json_t *manifest = json_object();
    char time[UTC_TEXT_SIZE] = "";
    char generation[24] = "";
    char *text = NULL;

    utc_format(ctl_now(export->ctl), time);
    (void)snprintf(generation, sizeof generation, "%" PRId64, export->generation);
    add_text(manifest, "exportTime", time);
    if (export->has_generation)
        add_text(manifest, "generation", generation);
    (void)json_object_set(manifest, "keys", export->keys);
    text = json_dumps(manifest, JSON_INDENT(2));
    if (text == NULL)
        return fail_memory(err);
    buffer_puts(out, text);
    buffer_puts(out, "\n");
    free(text);
    return buffer_check(out, MANIFEST_NAME, err);
}

static void tell(const struct export *export, const struct buffer *manifest)
{
    const struct ctl *ctl = export->ctl;
    const size_t keys = json_array_size(export->keys);

    if (ctl_wants_json(ctl))
        (void)fwrite(manifest->bytes, 1, manifest->length, ctl->host->out);
    else
        ctl_say(ctl, "exported %zu key%s of %zu issuer%s to %s", keys, keys == 1 ? "" : "s",
                export->issuers, export->issuers == 1 ? "" : "s",
                ctl->arguments->options[OPTION_DIR]);
}

/* The manifest comes last, and so does the name of an issuer that is called like it: a file that is
 * there already is never replaced. */
static enum asap_code export_all(struct export *export,
                                 struct export_tree *tree,
                                 struct asap_error *err)
{
    SCOPED(buffer) struct buffer manifest = BUFFER(MANIFEST_MAX);

    TRY(read_generation(export, err));
    TRY(export_issuers(export, err));
    TRY(make_manifest(export, &manifest, err));
    TRY(write_file(export, MANIFEST_NAME, &manifest, ctl_now(export->ctl), err));
    if (export->tree != NULL) {
        TRY(export_tree_publish(tree, export->generation, err));
        export_tree_tidy(tree);
    }
    tell(export, &manifest);
    return ASAP_OK;
}

enum asap_code key_export(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(export_tree) struct export_tree tree = EXPORT_TREE;
    SCOPED(json) json_t *keys = json_array();
    const bool dry = ctl_has(ctl, OPTION_DRY_RUN);
    struct export export = { .ctl = ctl, .tree = dry ? NULL : &tree, .keys = keys };

    if (keys == NULL)
        return fail_memory(err);
    TRY(export_tree_open(&tree, ctl->arguments->options[OPTION_DIR], err));
    if (!dry)
        TRY(export_tree_begin(&tree, err));
    return export_all(&export, &tree, err);
}

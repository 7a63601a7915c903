/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "asap/v1/key_repository.pb-c.h"
#include "codec.h"
#include "fail.h"
#include "import_tree.h"
#include "json.h"
#include "key_verbs.h"
#include "kid.h"
#include "public_key.h"
#include "publish.h"
#include "show.h"
#include "utc.h"

/* Public keys from a folder. Each file is judged by itself: one that is refused
 * is reported, and the others are published. */

struct import {
    const struct ctl *ctl;
    struct import_tree tree;
    json_t *published; /* key ids */
    json_t *unchanged; /* key ids that were published before */
    json_t *refused;   /* {"file":..., "reason":...} */
};

static inline void import_scope_exit(struct import *import)
{
    import_tree_scope_exit(&import->tree);
    json_decref(import->published);
    json_decref(import->unchanged);
    json_decref(import->refused);
}

static const struct ctl_method get_public_key = { "/asap.v1.KeyRepository/GetPublicKey",
                                                  &asap__v1__public_key__descriptor, NULL };

/* One key on its way to the server. */
struct candidate {
    char kid[KID_MAX + 1];
    char issuer[KID_MAX + 1];
    struct buffer pem;
    const json_t *entry; /* of the manifest, or NULL */
};

static inline void candidate_scope_exit(struct candidate *candidate)
{
    buffer_clear(&candidate->pem);
}

/* Names of files may be any bytes. */
static void keep_printable(char *text)
{
    table_clean(text);
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > '~')
            *text = '?';
}

static enum asap_code
refuse_file(const struct import *import, const char *path, const char *why, struct asap_error *err)
{
    char name[512] = "";
    char reason[sizeof err->message] = "";
    json_t *entry = NULL;

    (void)snprintf(name, sizeof name, "%.500s", path);
    (void)snprintf(reason, sizeof reason, "%s", why);
    keep_printable(name);
    keep_printable(reason);
    (void)fprintf(import->ctl->host->err, "refused %s: %s\n", name, reason);
    entry = json_pack("{s:s, s:s}", "file", name, "reason", reason);
    return json_array_append_new(import->refused, entry) == 0 ? ASAP_OK : fail_memory(err);
}

/* Whether it belongs to one of --issuer, or none were given. */
static bool is_wanted(const struct import *import, const char *path)
{
    char *issuers[REPEATED_MAX + 1] = { NULL };
    const size_t count = arguments_values(import->ctl->arguments, OPTION_ISSUER, issuers);

    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(issuers[i]);

        if (strncmp(path, issuers[i], length) == 0 && path[length] == '/'
            && strchr(path + length + 1, '/') == NULL)
            return true;
    }
    return count == 0;
}

static enum asap_code name_candidate(struct candidate *candidate,
                                     const char *path,
                                     struct asap_error *err)
{
    struct kid kid = { 0 };

    TRY(kid_check_registrable(path, "key_id", err));
    TRY(kid_parse(path, strlen(path), &kid, err));
    (void)snprintf(candidate->kid, sizeof candidate->kid, "%s", path);
    (void)snprintf(candidate->issuer, sizeof candidate->issuer, "%.*s", (int)kid.issuer_length,
                   kid.issuer);
    return ASAP_OK;
}

static enum asap_code check_manifest(const struct import *import,
                                     const struct import_file *file,
                                     struct candidate *candidate,
                                     struct asap_error *err)
{
    if (import->tree.manifest == NULL)
        return ASAP_OK;
    candidate->entry = manifest_find(import->tree.manifest, candidate->kid);
    if (candidate->entry == NULL)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "it is not in %s (remove that file to import without it)", MANIFEST_NAME);
    if (strcmp(manifest_text(candidate->entry, "sha256"), file->digest) != 0)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "it is not the file of which %s tells: its digest differs", MANIFEST_NAME);
    return ASAP_OK;
}

/* What is too large to be served is no key that this repository can have. */
static enum asap_code read_candidate(struct import *import,
                                     struct import_file *file,
                                     struct candidate *candidate,
                                     struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };
    SCOPED(pkey) EVP_PKEY *key = NULL;

    TRY(import_tree_read(&import->tree, file, &text, err));
    TRY(public_key_refuse_private((const char *)text.bytes, text.length, err));
    TRY(name_candidate(candidate, file->path, err));
    TRY(pem_read_public((const char *)text.bytes, text.length, &key, err));
    TRY(pem_write_public(key, &candidate->pem, err));
    TRY(buffer_check(&candidate->pem, "the key", err));
    return check_manifest(import, file, candidate, err);
}

/* *known: the server publishes this key under its id already. */
static enum asap_code find_published(const struct import *import,
                                     struct candidate *candidate,
                                     bool *known,
                                     struct asap_error *err)
{
    Asap__V1__GetPublicKeyRequest request = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    enum asap_code code = ASAP_OK;

    asap__v1__get_public_key_request__init(&request);
    request.key_id = candidate->kid;
    code = ctl_ask(import->ctl, &get_public_key, &request.base, &message, err);
    *known = code == ASAP_OK;
    if (code == ASAP_NOT_FOUND)
        return ASAP_OK;
    if (code == ASAP_OK
        && strcmp(((const Asap__V1__PublicKey *)message)->public_key, candidate->pem.bytes) != 0)
        return fail(err, ASAP_ALREADY_EXISTS, "another key is published under this key id");
    return code;
}

static enum asap_code set_until(const struct import *import,
                                const struct candidate *candidate,
                                Google__Protobuf__Timestamp *held,
                                Asap__V1__PublishKeyRequest *request,
                                struct asap_error *err)
{
    const char *until = manifest_text(candidate->entry, "unpublishTime");

    if (until[0] == '\0')
        return ASAP_OK;
    google__protobuf__timestamp__init(held);
    TRY(time_read_moment(until, ctl_now(import->ctl), TIME_AHEAD, held, err));
    if (held->seconds <= ctl_now(import->ctl))
        return fail(err, ASAP_FAILED_PRECONDITION, "it was to be served until %.32s only", until);
    request->unpublish_time = held;
    return ASAP_OK;
}

static enum asap_code publish(const struct import *import,
                              struct candidate *candidate,
                              struct asap_error *err)
{
    Asap__V1__PublishKeyRequest request = { 0 };
    Google__Protobuf__Timestamp until = { 0 };
    SCOPED(message) ProtobufCMessage *message = NULL;
    char algorithm[32] = "";

    asap__v1__publish_key_request__init(&request);
    TRY(set_until(import, candidate, &until, &request, err));
    (void)snprintf(algorithm, sizeof algorithm, "%.31s",
                   manifest_text(candidate->entry, "algorithm"));
    request.issuer = candidate->issuer;
    request.name = candidate->kid + strlen(candidate->issuer) + 1;
    request.public_key = candidate->pem.bytes;
    request.algorithm = algorithm;
    request.validate_only = ctl_has(import->ctl, OPTION_DRY_RUN);
    TRY(ctl_ask(import->ctl, &publish_method, &request.base, &message, err));
    return publish_check((const Asap__V1__PublishKeyResponse *)message, err);
}

static enum asap_code import_key(struct import *import,
                                 struct import_file *file,
                                 struct asap_error *err)
{
    SCOPED(candidate) struct candidate candidate = { .pem = BUFFER(PEM_PUBLISHED_MAX) };
    bool known = false;

    TRY(read_candidate(import, file, &candidate, err));
    TRY(find_published(import, &candidate, &known, err));
    if (!known)
        TRY(publish(import, &candidate, err));
    (void)json_array_append_new(known ? import->unchanged : import->published,
                                json_string(candidate.kid));
    if (!known && !ctl_wants_json(import->ctl))
        ctl_say(import->ctl, "published %s", candidate.kid);
    return ASAP_OK;
}

/* Jitsi's name for a key has to be that of a key here, and its file the same. */
static enum asap_code check_alias(struct import *import,
                                  struct import_file *alias,
                                  struct asap_error *err)
{
    SCOPED(secret) struct secret text = { 0 };

    TRY(import_tree_read(&import->tree, alias, &text, err));
    TRY(public_key_refuse_private((const char *)text.bytes, text.length, err));
    for (size_t i = 0; i < import->tree.count; i++) {
        const struct import_file *file = &import->tree.files[i];

        if (file->kind != IMPORT_KEY || strcmp(file->alias, alias->path) != 0)
            continue;
        if (file->digest[0] == '\0' || strcmp(file->digest, alias->digest) == 0)
            return ASAP_OK;
        return fail(err, ASAP_INVALID_ARGUMENT, "it is not the key of %.128s, whose alias it is",
                    file->path);
    }
    return fail(err, ASAP_INVALID_ARGUMENT, "it is the alias of no key here");
}

/* The server, and not the file, is at fault: the next one would fare no better. */
static bool is_hopeless(enum asap_code code)
{
    return code == ASAP_UNAVAILABLE || code == ASAP_UNKNOWN || code == ASAP_DEADLINE_EXCEEDED
           || code == ASAP_UNAUTHENTICATED || code == ASAP_INTERNAL || code == ASAP_CANCELED;
}

static enum asap_code import_file(struct import *import,
                                  struct import_file *file,
                                  struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    switch (file->kind) {
    case IMPORT_KEY:
        if (!is_wanted(import, file->path))
            return ASAP_OK;
        code = import_key(import, file, err);
        break;
    case IMPORT_ALIAS:
        code = check_alias(import, file, err);
        break;
    case IMPORT_REFUSED:
    default:
        return refuse_file(import, file->path, file->why, err);
    }
    if (code == ASAP_OK || is_hopeless(code))
        return code;
    return refuse_file(import, file->path, err->message, err);
}

static bool has_file(const struct import *import, const char *path)
{
    for (size_t i = 0; i < import->tree.count; i++)
        if (strcmp(import->tree.files[i].path, path) == 0)
            return true;
    return false;
}

/* Keys that the manifest tells of and that are not there. */
static enum asap_code refuse_missing(const struct import *import, struct asap_error *err)
{
    const json_t *keys = json_object_get(import->tree.manifest, "keys");

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *kid = manifest_text(json_array_get(keys, i), "keyId");

        if (is_wanted(import, kid) && !has_file(import, kid))
            TRY(refuse_file(import, kid, "it is in the manifest, but there is no such file", err));
    }
    return ASAP_OK;
}

/* Aliases come last: by then the digest of each key is known. */
static enum asap_code import_files(struct import *import, struct asap_error *err)
{
    for (size_t i = 0; i < import->tree.count; i++)
        if (import->tree.files[i].kind != IMPORT_ALIAS)
            TRY(import_file(import, &import->tree.files[i], err));
    for (size_t i = 0; i < import->tree.count; i++)
        if (import->tree.files[i].kind == IMPORT_ALIAS)
            TRY(import_file(import, &import->tree.files[i], err));
    return refuse_missing(import, err);
}

static enum asap_code tell_json(const struct import *import, struct asap_error *err)
{
    SCOPED(json)
    json_t *all = json_pack("{s:O, s:O, s:O}", "published", import->published, "unchanged",
                            import->unchanged, "refused", import->refused);

    if (all == NULL || json_dumpf(all, import->ctl->host->out, JSON_COMPACT) != 0)
        return fail_memory(err);
    (void)fputc('\n', import->ctl->host->out);
    return ASAP_OK;
}

static enum asap_code tell(const struct import *import, struct asap_error *err)
{
    if (ctl_wants_json(import->ctl))
        return tell_json(import, err);
    ctl_say(import->ctl, "%zu published, %zu published before, %zu refused",
            json_array_size(import->published), json_array_size(import->unchanged),
            json_array_size(import->refused));
    return ASAP_OK;
}

enum asap_code key_import(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(import)
    struct import import = { .ctl = ctl,
                             .tree = IMPORT_TREE,
                             .published = json_array(),
                             .unchanged = json_array(),
                             .refused = json_array() };

    if (import.published == NULL || import.unchanged == NULL || import.refused == NULL)
        return fail_memory(err);
    TRY(import_tree_open(&import.tree, ctl->arguments->options[OPTION_DIR], err));
    TRY(import_files(&import, err));
    TRY(tell(&import, err));
    return json_array_size(import.refused) == 0 ? ASAP_OK : ctl_answer_no(err);
}

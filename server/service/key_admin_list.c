/* SPDX-License-Identifier: Apache-2.0 */
#include "asap/v1/key_admin.pb-c.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "handlers.h"
#include "page.h"
#include "store_server.h"

/* What administrators see of keys. */

DEFINE_SCOPED(rows, struct key_row *, free)

/* When keys are looked at: not before the latest change, as snapshot_time() has it. */
static enum asap_code find_time(struct txn *txn, int64_t now, int64_t *out, struct asap_error *err)
{
    struct server_row server;

    TRY(store_get_server(txn, &server, err));
    *out = now > server.latest_time ? now : server.latest_time;
    return ASAP_OK;
}

enum asap_code key_admin_get(const struct rpc_call *call,
                             const ProtobufCMessage *in,
                             ProtobufCMessage *out,
                             struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__GetKeyRequest *request = (const Asap__V1__GetKeyRequest *)in;
    SCOPED(txn) struct txn txn = { 0 };
    struct key_row row;
    int64_t now = 0;

    TRY(txn_begin_read(&txn, service->admin.store, err));
    TRY(find_time(&txn, call->now, &now, err));
    TRY(store_get_key(&txn, request->key_id, &row, err));
    return to_key(&row, now, (Asap__V1__Key *)out, err);
}

static bool is_listed(const struct key_row *row, bool show_unpublished, int64_t now)
{
    const enum key_state state = lifecycle_state(&row->times, now);

    return show_unpublished || (state != KEY_RETIRED && state != KEY_REVOKED);
}

/* Where the page after the key `last` begins; it is there, since keys are never deleted. */
static enum asap_code find_page(
    const struct key_row *rows, size_t count, const char *last, size_t *out, struct asap_error *err)
{
    *out = 0;
    if (last[0] == '\0')
        return ASAP_OK;
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].kid, last) == 0) {
            *out = i + 1;
            return ASAP_OK;
        }
    return fail_field(err, "page_token", "this is no page token of this list");
}

/* What a page of an issuer's keys is made from. */
struct key_list {
    const Asap__V1__ListKeysRequest *request;
    const struct service *service;
    const struct key_row *rows;
    size_t count;
    int64_t now;
};

static enum asap_code to_page(const struct key_list *list,
                              Asap__V1__ListKeysResponse *out,
                              struct asap_error *err)
{
    const Asap__V1__ListKeysRequest *request = list->request;
    struct page page;
    void **array = NULL;
    size_t begin = 0;

    TRY(page_begin(list->service, &request->base, request->page_size, &page, err));
    TRY(find_page(list->rows, list->count, page.after, &begin, err));
    TRY(to_array(page.limit, &array, err));
    out->keys = (Asap__V1__Key **)array;
    for (size_t i = begin; i < list->count; i++) {
        if (!is_listed(&list->rows[i], request->show_unpublished, list->now))
            continue;
        if (out->n_keys == page.limit)
            return page_token_write(page.key, page.request, out->keys[page.limit - 1]->key_id,
                                    &out->next_page_token, err);
        TRY(to_new_key(&list->rows[i], list->now, &out->keys[out->n_keys++], err));
    }
    return ASAP_OK;
}

enum asap_code key_admin_list(const struct rpc_call *call,
                              const ProtobufCMessage *in,
                              ProtobufCMessage *out,
                              struct asap_error *err)
{
    const struct service *service = call->service;
    const Asap__V1__ListKeysRequest *request = (const Asap__V1__ListKeysRequest *)in;
    SCOPED(txn) struct txn txn = { 0 };
    SCOPED(rows) struct key_row *rows = NULL;
    struct key_list list = { .request = request, .service = service };
    struct issuer_row issuer;

    TRY(txn_begin_read(&txn, service->admin.store, err));
    TRY(find_time(&txn, call->now, &list.now, err));
    TRY(store_get_issuer(&txn, request->issuer, &issuer, err));
    TRY(store_list_keys(&txn, issuer.id, &rows, &list.count, err));
    txn_rollback(&txn);
    list.rows = rows;
    return to_page(&list, (Asap__V1__ListKeysResponse *)out, err);
}

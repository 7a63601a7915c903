/* SPDX-License-Identifier: Apache-2.0 */
#include "callers.h"

#include <stdlib.h>

#include "caller_set.h"
#include "clock.h"
#include "fail.h"
#include "store_server.h"

struct callers {
    struct current current;
};

DEFINE_SCOPED(callers, struct callers *, free)

enum asap_code callers_new(struct callers **out, struct asap_error *err)
{
    SCOPED(callers) struct callers *callers = calloc(1, sizeof *callers);

    *out = NULL;
    if (callers == NULL || !current_init(&callers->current, "the callers"))
        return fail_memory(err);
    *out = MOVE(callers);
    return ASAP_OK;
}

void callers_free(struct callers *callers)
{
    if (callers == NULL)
        return;
    current_destroy(&callers->current);
    free(callers);
}

/* The item is a set's first member. */
const struct caller_set *callers_acquire(struct callers *callers)
{
    return (const struct caller_set *)current_acquire(&callers->current);
}

void callers_release(struct callers *callers, const struct caller_set *set)
{
    current_release(&callers->current, set == NULL ? NULL : &set->item);
}

static enum asap_code build(struct store *store, struct caller_set **out, struct asap_error *err)
{
    SCOPED(txn) struct txn txn = { 0 };

    *out = NULL;
    TRY(txn_begin_read(&txn, store, err));
    return caller_set_build(&txn, out, err);
}

static enum asap_code reload(struct callers *callers, struct store *store, struct asap_error *err)
{
    struct caller_set *set = NULL;
    struct asap_error cause = { 0 };

    if (build(store, &set, &cause) != ASAP_OK)
        return current_keep(&callers->current, &cause, err);
    current_replace(&callers->current, &set->item, "");
    return ASAP_OK;
}

enum asap_code callers_reload(struct callers *callers, struct store *store, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    current_begin_reload(&callers->current, clock_monotonic_ms());
    code = reload(callers, store, err);
    current_end_reload(&callers->current);
    return code;
}

static enum asap_code refresh(struct callers *callers, struct store *store, struct asap_error *err)
{
    struct asap_error cause = { 0 };
    struct server_row server;

    if (store_read_server(store, &server, &cause) != ASAP_OK)
        return current_keep(&callers->current, &cause, err);
    if (current_is(&callers->current, server.access_generation))
        return ASAP_OK;
    if (current_check_forward(&callers->current, server.access_generation, &cause) != ASAP_OK)
        return current_keep(&callers->current, &cause, err);
    return reload(callers, store, err);
}

enum asap_code callers_refresh(struct callers *callers, struct store *store, struct asap_error *err)
{
    enum asap_code code = ASAP_OK;

    current_begin_reload(&callers->current, clock_monotonic_ms());
    code = refresh(callers, store, err);
    current_end_reload(&callers->current);
    return code;
}

bool callers_problem(struct callers *callers, char *out, size_t size)
{
    return current_problem(&callers->current, out, size);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "caller_set.h"
#include "fail.h"
#include "store_server.h"

enum { FIRST_CAPACITY = 64 };

/* A grant before it has its place among those of its caller. */
struct grant_entry {
    struct known_grant known;
    struct caller_entry *caller;
    int64_t id;
};

struct builder {
    struct caller_set *set;
    size_t caller_capacity, credential_capacity;
    struct grant_entry *grants;
    size_t grant_count, grant_capacity;
};

static void builder_scope_exit(struct builder *builder)
{
    free(builder->grants);
}

/* `array` with room for one more of `size` bytes; NULL without memory, and it stays as it is. */
static void *make_room(void *array, size_t count, size_t *capacity, size_t size)
{
    const size_t wanted = *capacity == 0 ? FIRST_CAPACITY : 2 * *capacity;
    void *grown = NULL;

    if (count < *capacity)
        return array;
    grown = realloc(array, wanted * size);
    if (grown != NULL)
        *capacity = wanted;
    return grown;
}

static enum asap_code add_caller(void *context,
                                 const struct caller_row *row,
                                 struct asap_error *err)
{
    struct builder *builder = context;
    struct caller_set *set = builder->set;
    struct caller_entry *grown =
        make_room(set->callers, set->caller_count, &builder->caller_capacity, sizeof *grown);
    const char *name = arena_copy(&set->texts, row->name);

    if (grown != NULL)
        set->callers = grown;
    if (grown == NULL || name == NULL)
        return fail_memory(err);
    set->callers[set->caller_count++] = (struct caller_entry){
        .known = { .name = name,
                   .is_enabled = row->enabled,
                   .is_deleted = row->delete_time != LIFECYCLE_NEVER },
        .id = row->id,
    };
    return ASAP_OK;
}

static int compare_id(const void *id, const void *place)
{
    const int64_t wanted = *(const int64_t *)id;
    const struct caller_entry *caller = place;

    if (wanted == caller->id)
        return 0;
    return wanted < caller->id ? -1 : 1;
}

/* Callers are visited first, in the order of their ids. */
static enum asap_code find_caller(const struct caller_set *set,
                                  int64_t id,
                                  struct caller_entry **out,
                                  struct asap_error *err)
{
    *out = NULL;
    if (set->caller_count > 0)
        *out =
            bsearch(&id, set->callers, set->caller_count, sizeof(struct caller_entry), compare_id);
    return *out != NULL ? ASAP_OK
                        : fail(err, ASAP_DATA_LOSS,
                               "a credential or grant is of a caller that is missing from the "
                               "database; restore it");
}

static enum asap_code add_credential(void *context,
                                     const struct credential_row *row,
                                     struct asap_error *err)
{
    struct builder *builder = context;
    struct caller_set *set = builder->set;
    struct credential_entry *grown = make_room(set->credentials, set->credential_count,
                                               &builder->credential_capacity, sizeof *grown);
    struct caller_entry *caller = NULL;
    struct credential_entry entry = { .id = row->id };

    if (grown == NULL)
        return fail_memory(err);
    set->credentials = grown;
    TRY(find_caller(set, row->caller_id, &caller, err));
    entry.known = (struct known_credential){
        .credential_id = arena_copy(&set->texts, row->credential_id),
        .kind = (enum credential_kind)row->kind,
        .name = arena_copy(&set->texts, row->name),
        .digest = row->digest[0] == '\0' ? "" : arena_copy(&set->texts, row->digest),
        .expire_time = row->expire_time,
        .revoke_time = row->revoke_time,
        .caller = &caller->known,
    };
    if (entry.known.credential_id == NULL || entry.known.name == NULL || entry.known.digest == NULL)
        return fail_memory(err);
    set->credentials[set->credential_count++] = entry;
    return ASAP_OK;
}

static size_t count_lines(const char *text)
{
    size_t count = 1;

    for (; *text != '\0'; text++)
        count += *text == '\n' ? 1 : 0;
    return count;
}

/* A text of lines as a list; NULL without memory. */
static const char *const *split(struct arena *texts, const char *lines)
{
    static const char *const none[] = { NULL };
    const char **list = NULL;
    char *line = NULL;

    if (lines[0] == '\0')
        return none;
    list = arena_list(texts, count_lines(lines));
    line = arena_copy(texts, lines);
    if (list == NULL || line == NULL)
        return NULL;
    for (size_t i = 0; line != NULL; i++) {
        char *end = strchr(line, '\n');

        list[i] = line;
        if (end != NULL)
            *end = '\0';
        line = end == NULL ? NULL : end + 1;
    }
    return list;
}

/* False without memory. */
static bool copy_grant(struct arena *texts, const struct grant_row *row, struct known_grant *out)
{
    *out = (struct known_grant){
        .grant_id = arena_copy(texts, row->grant_id),
        .verb = (enum verb)row->verb,
        .issuer = arena_copy(texts, row->issuer),
        .audiences = split(texts, row->audiences),
        .subjects = split(texts, row->subjects),
        .claims = split(texts, row->claims),
        .max_lifetime = row->max_lifetime,
        .tokens_per_minute = row->tokens_per_minute,
    };
    return out->grant_id != NULL && out->issuer != NULL && out->audiences != NULL
           && out->subjects != NULL && out->claims != NULL;
}

static enum asap_code add_grant(void *context, const struct grant_row *row, struct asap_error *err)
{
    struct builder *builder = context;
    struct grant_entry *grown =
        make_room(builder->grants, builder->grant_count, &builder->grant_capacity, sizeof *grown);
    struct grant_entry entry = { .id = row->id };

    if (grown == NULL)
        return fail_memory(err);
    builder->grants = grown;
    TRY(find_caller(builder->set, row->caller_id, &entry.caller, err));
    if (!copy_grant(&builder->set->texts, row, &entry.known))
        return fail_memory(err);
    builder->grants[builder->grant_count++] = entry;
    return ASAP_OK;
}

static int compare_numbers(int64_t left, int64_t right)
{
    if (left == right)
        return 0;
    return left < right ? -1 : 1;
}

static int compare_names(const void *left, const void *right)
{
    const struct caller_entry *a = *(struct caller_entry *const *)left;
    const struct caller_entry *b = *(struct caller_entry *const *)right;

    return strcmp(a->known.name, b->known.name);
}

static enum asap_code index_names(struct caller_set *set, struct asap_error *err)
{
    set->by_name = calloc(set->caller_count + 1, sizeof(struct caller_entry *));
    if (set->by_name == NULL)
        return fail_memory(err);
    for (size_t i = 0; i < set->caller_count; i++)
        set->by_name[i] = &set->callers[i];
    qsort(set->by_name, set->caller_count, sizeof(struct caller_entry *), compare_names);
    return ASAP_OK;
}

/* The newest first. */
static int compare_credentials(const void *left, const void *right)
{
    const struct credential_entry *a = left;
    const struct credential_entry *b = right;
    int order = compare_numbers((int64_t)a->known.kind, (int64_t)b->known.kind);

    if (order == 0)
        order = strcmp(a->known.name, b->known.name);
    return order != 0 ? order : compare_numbers(b->id, a->id);
}

static bool prove_the_same(const struct known_credential *left,
                           const struct known_credential *right)
{
    return left->kind == right->kind && strcmp(left->name, right->name) == 0;
}

static void sort_credentials(struct caller_set *set)
{
    struct credential_entry *all = set->credentials;
    const size_t count = set->credential_count;

    if (count == 0)
        return;
    qsort(all, count, sizeof *all, compare_credentials);
    set->credential_count = 1;
    for (size_t i = 1; i < count; i++)
        if (!prove_the_same(&all[i].known, &all[set->credential_count - 1].known))
            all[set->credential_count++] = all[i];
}

static int compare_grants(const void *left, const void *right)
{
    const struct grant_entry *a = left;
    const struct grant_entry *b = right;
    int order = compare_numbers(a->caller->id, b->caller->id);

    if (order == 0)
        order = compare_numbers((int64_t)a->known.verb, (int64_t)b->known.verb);
    if (order == 0)
        order = strcmp(a->known.issuer, b->known.issuer);
    return order != 0 ? order : compare_numbers(a->id, b->id);
}

static enum asap_code place_grants(struct builder *builder, struct asap_error *err)
{
    struct caller_set *set = builder->set;
    const size_t count = builder->grant_count;

    set->grants = calloc(count + 1, sizeof *set->grants);
    if (set->grants == NULL)
        return fail_memory(err);
    if (count > 0)
        qsort(builder->grants, count, sizeof *builder->grants, compare_grants);
    for (size_t i = 0; i < count; i++) {
        struct known_caller *caller = &builder->grants[i].caller->known;

        set->grants[i] = builder->grants[i].known;
        if (caller->grant_count++ == 0)
            caller->grants = &set->grants[i];
    }
    return ASAP_OK;
}

/* The item is a set's first member. */
static void free_item(struct current_item *item)
{
    caller_set_free((struct caller_set *)item);
}

enum asap_code caller_set_build(struct txn *txn, struct caller_set **out, struct asap_error *err)
{
    SCOPED(caller_set) struct caller_set *set = calloc(1, sizeof *set);
    SCOPED(builder) struct builder builder = { .set = set };
    struct server_row server;

    *out = NULL;
    if (set == NULL)
        return fail_memory(err);
    TRY(store_get_server(txn, &server, err));
    set->item = (struct current_item){ .self = &set->item,
                                       .free = free_item,
                                       .generation = server.access_generation };
    TRY(store_each_caller(txn, add_caller, &builder, err));
    TRY(store_each_credential(txn, add_credential, &builder, err));
    TRY(store_each_grant(txn, add_grant, &builder, err));
    sort_credentials(set);
    TRY(index_names(set, err));
    TRY(place_grants(&builder, err));
    *out = MOVE(set);
    return ASAP_OK;
}

void caller_set_free(struct caller_set *set)
{
    if (set == NULL)
        return;
    free(set->callers);
    free(set->by_name);
    free(set->credentials);
    free(set->grants);
    arena_clear(&set->texts);
    free(set);
}

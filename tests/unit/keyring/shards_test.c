/* SPDX-License-Identifier: Apache-2.0 */
#include "shards.h"

#include <stdlib.h>
#include <string.h>

#include "check_main.h"

/* An item is a number; what it is looked for by is a part of it. Few hashes, so that most collide.
 */
struct item {
    int number;
    int version;
    int held;
};

enum { HASHES = 7 };

static uint64_t hash_number(int number)
{
    return (uint64_t)(number % HASHES);
}

static uint64_t hash(const void *item)
{
    return hash_number(((const struct item *)item)->number);
}

static void hold(void *item)
{
    ((struct item *)item)->held++;
}

static void release(void *item)
{
    ((struct item *)item)->held--;
}

static const struct shards_kind kind = { hash, hold, release };

static bool has_number(const void *item, const void *wanted)
{
    return ((const struct item *)item)->number == *(const int *)wanted;
}

static bool is_same_number(const void *item, const void *other)
{
    return ((const struct item *)item)->number == ((const struct item *)other)->number;
}

static struct item *find(const struct shards *shards, int number)
{
    return shards_find(shards, hash_number(number), has_number, &number);
}

START_TEST(an_empty_set_has_nothing)
{
    struct shards_cursor cursor = { 0 };
    struct item item = { .number = 1 };
    struct shards shards;

    shards_init(&shards, &kind);
    ck_assert_ptr_null(find(&shards, 1));
    ck_assert_ptr_null(shards_next(&shards, &cursor));
    ck_assert(shards_remove(&shards, &item));
    ck_assert_uint_eq(shards.count, 0);
    shards_clear(&shards);
    ck_assert_int_eq(item.held, 0);
}
END_TEST

START_TEST(an_item_takes_the_place_of_its_like)
{
    struct item first = { .number = 1 };
    struct item second = { .number = 1, .version = 2 };
    struct shards shards;

    shards_init(&shards, &kind);
    ck_assert(shards_put(&shards, &first, is_same_number));
    ck_assert(shards_put(&shards, &first, is_same_number));
    ck_assert_int_eq(first.held, 1);
    ck_assert(shards_put(&shards, &second, is_same_number));
    ck_assert_ptr_eq(find(&shards, 1), &second);
    ck_assert_uint_eq(shards.count, 1);
    ck_assert_int_eq(first.held, 0);
    ck_assert(shards_remove(&shards, &first));
    ck_assert_ptr_eq(find(&shards, 1), &second);
    shards_clear(&shards);
    ck_assert_int_eq(second.held, 0);
}
END_TEST

START_TEST(a_copy_and_its_original_change_apart)
{
    struct item items[3] = { { .number = 1 }, { .number = 8 }, { .number = 15 } };
    struct shards original;
    struct shards copy;

    shards_init(&original, &kind);
    ck_assert(shards_put(&original, &items[0], is_same_number));
    ck_assert(shards_put(&original, &items[1], is_same_number));
    shards_copy(&copy, &original);
    ck_assert_int_eq(items[0].held, 1);
    ck_assert(shards_remove(&copy, &items[0]));
    ck_assert(shards_put(&original, &items[2], is_same_number));
    ck_assert_ptr_null(find(&copy, 1));
    ck_assert_ptr_null(find(&copy, 15));
    ck_assert_ptr_eq(find(&original, 1), &items[0]);
    ck_assert_ptr_eq(find(&copy, 8), &items[1]);
    shards_clear(&original);
    ck_assert_int_eq(items[0].held, 0);
    ck_assert_int_eq(items[1].held, 1);
    shards_clear(&copy);
    ck_assert_int_eq(items[1].held, 0);
}
END_TEST

enum { NUMBERS = 64, STEPS = 4000, COPIES = 3 };

struct world {
    struct item items[NUMBERS][2];
    struct shards sets[COPIES];
    int expected[COPIES][NUMBERS]; /* the version that the set has; -1 for none */
};

static void assert_set(const struct world *world, int set)
{
    struct shards_cursor cursor = { 0 };
    size_t count = 0;

    for (int i = 0; i < NUMBERS; i++) {
        const struct item *item = find(&world->sets[set], i);

        ck_assert_int_eq(item == NULL ? -1 : item->version, world->expected[set][i]);
        count += item == NULL ? 0 : 1;
    }
    ck_assert_uint_eq(world->sets[set].count, count);
    while (shards_next(&world->sets[set], &cursor) != NULL)
        count--;
    ck_assert_uint_eq(count, 0);
}

static void change(struct world *world, int set)
{
    const int number = rand() % NUMBERS;
    const int version = rand() % 2;

    if (rand() % 2 == 0) {
        ck_assert(shards_put(&world->sets[set], &world->items[number][version], is_same_number));
        world->expected[set][number] = version;
        return;
    }
    ck_assert(shards_remove(&world->sets[set], &world->items[number][version]));
    if (world->expected[set][number] == version)
        world->expected[set][number] = -1;
}

static void copy(struct world *world, int from, int to)
{
    if (from == to)
        return;
    shards_clear(&world->sets[to]);
    shards_copy(&world->sets[to], &world->sets[from]);
    memcpy(world->expected[to], world->expected[from], sizeof world->expected[to]);
}

/* Against an array, by chance. */
START_TEST(sets_that_share_shards_are_each_what_was_done_to_them)
{
    static struct world world;

    srand((unsigned)_i);
    memset(&world, 0, sizeof world);
    memset(world.expected, -1, sizeof world.expected);
    for (int i = 0; i < NUMBERS; i++)
        for (int version = 0; version < 2; version++)
            world.items[i][version] = (struct item){ .number = i, .version = version };
    for (int i = 0; i < COPIES; i++)
        shards_init(&world.sets[i], &kind);
    for (int i = 0; i < STEPS; i++) {
        const int set = rand() % COPIES;

        if (rand() % 20 == 0)
            copy(&world, set, rand() % COPIES);
        change(&world, set);
        assert_set(&world, set);
    }
    for (int i = 0; i < COPIES; i++)
        assert_set(&world, i);
    for (int i = 0; i < COPIES; i++)
        shards_clear(&world.sets[i]);
    for (int i = 0; i < NUMBERS; i++)
        ck_assert_int_eq(world.items[i][0].held + world.items[i][1].held, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shards");
    TCase *tests = tcase_create("shards");

    tcase_add_test(tests, an_empty_set_has_nothing);
    tcase_add_test(tests, an_item_takes_the_place_of_its_like);
    tcase_add_test(tests, a_copy_and_its_original_change_apart);
    tcase_add_loop_test(tests, sets_that_share_shards_are_each_what_was_done_to_them, 1, 6);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "shrink.h"

/* Proves the invariant of the life of keys by random schedules:
 *   asap_simulation [--seed N] [--schedules N]     N schedules, all of which must keep it
 *   asap_simulation --teeth [--schedules N]        each rule left out must break it within N
 *   asap_simulation --schedule K [--whole]         tells schedule K, shrunk if it fails
 *   ... --rule NAME                                with that rule left out */

static const char usage[] =
    "usage: asap_simulation [--seed N] [--schedules N | --schedule K [--whole]"
    " | --teeth] [--rule NAME]\n";

struct options {
    uint64_t seed;
    uint64_t schedules; /* 0: as many as is usual */
    uint64_t schedule;
    bool tells_one, is_whole, has_teeth;
    enum rule broken;
};

enum { USUAL_SCHEDULES = 100000, TEETH_SCHEDULES = 300000 };

static bool read_number(const char *text, uint64_t *out)
{
    char *end = NULL;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0';
}

static bool read_rule(const char *name, enum rule *out)
{
    *out = name == NULL ? RULE_COUNT : rule_find(name);
    return *out != RULE_COUNT;
}

/* One option, and its value if it has one. False: there is none such. */
static bool read_option(struct options *options, char **arguments, int *used)
{
    *used = 1;
    if (strcmp(arguments[0], "--teeth") == 0)
        return options->has_teeth = true;
    if (strcmp(arguments[0], "--whole") == 0)
        return options->is_whole = true;
    *used = 2;
    if (strcmp(arguments[0], "--seed") == 0)
        return read_number(arguments[1], &options->seed);
    if (strcmp(arguments[0], "--schedules") == 0)
        return read_number(arguments[1], &options->schedules);
    if (strcmp(arguments[0], "--rule") == 0)
        return read_rule(arguments[1], &options->broken);
    options->tells_one = true;
    return strcmp(arguments[0], "--schedule") == 0 && read_number(arguments[1], &options->schedule);
}

static bool read_options(struct options *options, char **arguments)
{
    int used = 0;

    for (; *arguments != NULL; arguments += used)
        if (!read_option(options, arguments, &used))
            return false;
    return true;
}

/* What the schedules so far were about: that the invariant holds of nothing says nothing. */
struct tally {
    uint64_t changes, tokens;
};

static bool
holds(const struct schedule *schedule, enum rule broken, struct tally *tally, FILE *trace)
{
    struct world world;

    run_schedule(&world, schedule, broken, trace);
    tally->changes += (uint64_t)world.store.generation;
    tally->tokens += world.minted;
    return !world.has_failed;
}

/* The number of the first schedule that breaks the invariant, or `count`. */
static uint64_t
find_failing(const struct options *options, enum rule broken, uint64_t count, struct tally *tally)
{
    struct schedule schedule;

    for (uint64_t number = 0; number < count; number++) {
        schedule_generate(&schedule, options->seed, number);
        if (!holds(&schedule, broken, tally, NULL))
            return number;
    }
    return count;
}

static int tell(const struct options *options, uint64_t number, enum rule broken)
{
    struct schedule schedule;
    struct tally tally = { 0 };
    bool has_held = false;

    schedule_generate(&schedule, options->seed, number);
    has_held = holds(&schedule, broken, &tally, NULL);
    if (!has_held && !options->is_whole)
        shrink_schedule(&schedule, broken);
    (void)printf("seed %" PRIu64 ", schedule %" PRIu64 ", %zu events; broken rule: %s\n",
                 options->seed, number, schedule.count, rule_row(broken)->name);
    (void)holds(&schedule, broken, &tally, stdout);
    (void)puts(has_held ? "the invariant holds" : "the invariant is BROKEN");
    return has_held ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_all(const struct options *options)
{
    const uint64_t count = options->schedules > 0 ? options->schedules : USUAL_SCHEDULES;
    struct tally tally = { 0 };
    uint64_t number = 0;

    (void)printf("seed %" PRIu64 ", %" PRIu64 " schedules; broken rule: %s\n", options->seed, count,
                 rule_row(options->broken)->breach);
    number = find_failing(options, options->broken, count, &tally);
    if (number < count)
        return tell(options, number, options->broken);
    (void)printf("the invariant holds for %" PRIu64 " tokens and %" PRIu64 " changes\n",
                 tally.tokens, tally.changes);
    return EXIT_SUCCESS;
}

static int run_teeth(const struct options *options)
{
    const uint64_t count = options->schedules > 0 ? options->schedules : TEETH_SCHEDULES;
    int result = EXIT_SUCCESS;

    (void)printf("seed %" PRIu64 ", at most %" PRIu64 " schedules for each rule\n", options->seed,
                 count);
    for (enum rule rule = RULE_NONE + 1; rule < RULE_COUNT; rule++) {
        struct tally tally = { 0 };
        const uint64_t number = find_failing(options, rule, count, &tally);

        (void)printf("%-18s %s: ", rule_row(rule)->name, rule_row(rule)->breach);
        if (number < count) {
            (void)printf("found by schedule %" PRIu64 "\n", number);
        } else {
            (void)puts("NOT FOUND");
            result = EXIT_FAILURE;
        }
    }
    return result;
}

int main(int count, char **arguments)
{
    struct options options = { .seed = 1 };

    if (count < 1 || !read_options(&options, arguments + 1)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    if (options.tells_one)
        return tell(&options, options.schedule, options.broken);
    return options.has_teeth ? run_teeth(&options) : run_all(&options);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>

#include "age_clock.h"
#include "fail.h"
#include "retriever.h"

/* A member that failed is asked last for so long, so that one that hangs does not delay each token
 * whose key another one has. */
enum { PAUSE_SECONDS = 5 };

/* How long after its pause a member is not asked about keys that another one still holds. Longer,
 * and a key that was revoked there lives on here; without it, each key waits for one that hangs. */
enum { STAND_IN_SECONDS = 60 };

struct member {
    struct asap_retriever *retriever;
    _Atomic int64_t paused_until;
};

struct multi_retriever {
    struct asap_retriever base;
    struct asap_clock age_clock;
    bool missing_fails_over;
    size_t count;
    struct member *members;
};

/* What the members asked so far said. If none is final, the first failure is reported. */
struct poll {
    const struct kid *kid;
    EVP_PKEY **out;
    int64_t now;
    enum asap_code code;       /* of the last one asked, and ... */
    struct asap_error said;    /* ... why */
    struct asap_error missing; /* code 0: none said so */
    struct asap_error failed;  /* the same */
};

static bool is_paused(struct member *member, int64_t now)
{
    return now < atomic_load(&member->paused_until);
}

/* Whether the last answer is the answer of all; else it is noted. */
static bool is_final(const struct multi_retriever *self, struct poll *poll)
{
    const enum asap_reason reason = poll->said.reason;
    const bool is_missing = reason == ASAP_REASON_KEY_NOT_FOUND;
    struct asap_error *kept = is_missing ? &poll->missing : &poll->failed;

    if (poll->code == ASAP_OK || (is_missing && !self->missing_fails_over)
        || (!is_missing && reason != ASAP_REASON_KEY_UNAVAILABLE))
        return true;
    if (kept->code == ASAP_OK)
        *kept = poll->said;
    return false;
}

/* Nobody waits for the network here, so that nobody is paused for it. */
static bool is_answered_at_once(struct multi_retriever *self, struct poll *poll)
{
    size_t missing = 0;

    for (size_t i = 0; i < self->count; i++) {
        struct asap_retriever *member = self->members[i].retriever;

        if (is_paused(&self->members[i], poll->now))
            continue;
        poll->code = member->find_cached(member, poll->kid, poll->out, &poll->said);
        if (poll->code == ASAP_OK && *poll->out == NULL)
            return false;
        if (is_final(self, poll))
            return true;
        missing += poll->said.reason == ASAP_REASON_KEY_NOT_FOUND;
    }
    return missing == self->count;
}

static bool has_failed_lately(struct member *member, int64_t now)
{
    const int64_t until = atomic_load(&member->paused_until);

    return until != INT64_MIN && now < until + STAND_IN_SECONDS;
}

/* What an earlier failure of the first ones made others fetch, for as long as that may be why. */
static bool is_held(struct multi_retriever *self, struct poll *poll)
{
    for (size_t i = 0; i < self->count && *poll->out == NULL; i++) {
        struct asap_retriever *member = self->members[i].retriever;

        if (i > 0 && !self->missing_fails_over
            && !has_failed_lately(&self->members[i - 1], poll->now))
            break;
        if (member->peek(member, poll->kid, poll->out, NULL) != ASAP_OK)
            *poll->out = NULL;
    }
    return *poll->out != NULL;
}

static enum asap_code report(const struct poll *poll, struct asap_error *err)
{
    if (poll->code != ASAP_OK && err != NULL)
        *err = poll->said;
    return poll->code;
}

/* ASAP_OK with *poll->out NULL: somebody has to fetch it. */
static enum asap_code find_at_once(struct multi_retriever *self,
                                   struct poll *poll,
                                   struct asap_error *err)
{
    if (is_answered_at_once(self, poll))
        return report(poll, err);
    (void)is_held(self, poll);
    return ASAP_OK;
}

/* The pause begins when the failure is known: one that hangs has taken its time till then. */
static void note_outcome(struct multi_retriever *self, struct member *member, bool has_failed)
{
    const int64_t now = self->age_clock.now(self->age_clock.context);

    atomic_store(&member->paused_until, has_failed ? now + PAUSE_SECONDS : INT64_MIN);
}

static bool is_answered_by(struct multi_retriever *self, struct member *member, struct poll *poll)
{
    bool has_failed = false;

    poll->code = member->retriever->find(member->retriever, poll->kid, poll->out, &poll->said);
    has_failed = poll->code != ASAP_OK && poll->said.reason == ASAP_REASON_KEY_UNAVAILABLE;
    note_outcome(self, member, has_failed);
    return is_final(self, poll);
}

/* Those that are paused come last. */
static bool is_answered(struct multi_retriever *self, struct poll *poll)
{
    bool asked[ASAP_MULTI_MAX] = { false };

    for (size_t i = 0; i < self->count; i++) {
        asked[i] = !is_paused(&self->members[i], poll->now);
        if (asked[i] && is_answered_by(self, &self->members[i], poll))
            return true;
    }
    for (size_t i = 0; i < self->count; i++)
        if (!asked[i] && is_answered_by(self, &self->members[i], poll))
            return true;
    return false;
}

/* A key that one has not may be with one that failed. */
static enum asap_code conclude(const struct poll *poll, struct asap_error *err)
{
    const struct asap_error *said = poll->failed.code != ASAP_OK ? &poll->failed : &poll->missing;

    if (err != NULL)
        *err = *said;
    return said->code;
}

static struct poll poll_of(const struct multi_retriever *self,
                           const struct kid *kid,
                           EVP_PKEY **out)
{
    *out = NULL;
    return (
        struct poll){ .kid = kid, .out = out, .now = self->age_clock.now(self->age_clock.context) };
}

static enum asap_code find_in_all(struct asap_retriever *retriever,
                                  const struct kid *kid,
                                  EVP_PKEY **out,
                                  struct asap_error *err)
{
    struct multi_retriever *self = (struct multi_retriever *)(void *)retriever;
    struct poll poll = poll_of(self, kid, out);

    TRY(find_at_once(self, &poll, err));
    if (*out != NULL)
        return ASAP_OK;
    poll = poll_of(self, kid, out);
    return is_answered(self, &poll) ? report(&poll, err) : conclude(&poll, err);
}

static enum asap_code find_cached_in_all(struct asap_retriever *retriever,
                                         const struct kid *kid,
                                         EVP_PKEY **out,
                                         struct asap_error *err)
{
    struct multi_retriever *self = (struct multi_retriever *)(void *)retriever;
    struct poll poll = poll_of(self, kid, out);

    return find_at_once(self, &poll, err);
}

static enum asap_code peek_in_all(struct asap_retriever *retriever,
                                  const struct kid *kid,
                                  EVP_PKEY **out,
                                  struct asap_error *err)
{
    struct multi_retriever *self = (struct multi_retriever *)(void *)retriever;
    struct poll poll = poll_of(self, kid, out);

    (void)err;
    (void)is_held(self, &poll);
    return ASAP_OK;
}

static void free_multi(struct asap_retriever *retriever)
{
    struct multi_retriever *self = (struct multi_retriever *)(void *)retriever;

    for (size_t i = 0; i < self->count; i++)
        asap_retriever_free(self->members[i].retriever);
    free(self->members);
    free(self);
}

static enum asap_code check_members(struct asap_retriever *const *retrievers,
                                    size_t count,
                                    struct asap_error *err)
{
    if (count == 0 || count > ASAP_MULTI_MAX)
        return fail_field(err, "count", "%zu retrievers were given; give 1 to %d", count,
                          ASAP_MULTI_MAX);
    for (size_t i = 0; i < count; i++)
        if (retrievers[i] == NULL)
            return fail_field(err, "retrievers", "retriever %zu is NULL", i);
    return ASAP_OK;
}

static enum asap_code make_multi(struct asap_retriever *const *retrievers,
                                 size_t count,
                                 const struct asap_multi_options *options,
                                 struct asap_retriever **out,
                                 struct asap_error *err)
{
    static const struct asap_clock none = { .now = NULL };
    struct multi_retriever *self = calloc(1, sizeof *self);
    struct member *members = calloc(count, sizeof *members);

    if (self == NULL || members == NULL) {
        free(self);
        free(members);
        return fail_memory(err);
    }
    self->base = (struct asap_retriever){
        .find = find_in_all,
        .find_cached = find_cached_in_all,
        .peek = peek_in_all,
        .free = free_multi,
    };
    self->age_clock = age_clock_or(options != NULL ? options->age_clock : none, none);
    self->missing_fails_over = options != NULL && options->missing_fails_over;
    self->members = members;
    self->count = count;
    for (size_t i = 0; i < count; i++) {
        members[i].retriever = retrievers[i];
        atomic_init(&members[i].paused_until, INT64_MIN);
    }
    *out = &self->base;
    return ASAP_OK;
}

enum asap_code asap_retriever_multi(struct asap_retriever *const *retrievers,
                                    size_t count,
                                    const struct asap_multi_options *options,
                                    struct asap_retriever **out,
                                    struct asap_error *err)
{
    enum asap_code code = check_members(retrievers, count, err);

    *out = NULL;
    if (code == ASAP_OK)
        code = make_multi(retrievers, count, options, out, err);
    for (size_t i = 0; code != ASAP_OK && i < count; i++)
        asap_retriever_free(retrievers[i]);
    return code;
}

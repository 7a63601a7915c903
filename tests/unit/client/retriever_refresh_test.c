/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_refresh.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_main.h"

/* Renewals that wait to be let through. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_open;
    size_t begun;
    size_t ended;
    char last[KID_MAX + 1];
};

static struct gate gate;
static struct refresher *refresher = NULL;

static void renew(void *context, const struct kid *kid)
{
    struct gate *self = context;

    (void)pthread_mutex_lock(&self->lock);
    self->begun++;
    (void)snprintf(self->last, sizeof self->last, "%.*s", (int)kid->length, kid->text);
    (void)pthread_cond_broadcast(&self->changed);
    while (!self->is_open)
        (void)pthread_cond_wait(&self->changed, &self->lock);
    self->ended++;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
}

static void await(const size_t *count, size_t expected)
{
    (void)pthread_mutex_lock(&gate.lock);
    while (*count < expected)
        (void)pthread_cond_wait(&gate.changed, &gate.lock);
    (void)pthread_mutex_unlock(&gate.lock);
}

static void open_gate(void)
{
    (void)pthread_mutex_lock(&gate.lock);
    gate.is_open = true;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.lock);
}

static bool wish(int number)
{
    char text[16];
    struct kid kid = { .text = text };

    kid.length = (size_t)snprintf(text, sizeof text, "web/%d", number);
    return refresher_wish(refresher, &kid);
}

static void start(void)
{
    struct asap_error err = { 0 };

    gate = (struct gate){ .is_open = false };
    (void)pthread_mutex_init(&gate.lock, NULL);
    (void)pthread_cond_init(&gate.changed, NULL);
    ck_assert_succeeds(refresher_new(renew, &gate, &refresher, &err));
}

static void stop(void)
{
    refresher_free(refresher);
    (void)pthread_cond_destroy(&gate.changed);
    (void)pthread_mutex_destroy(&gate.lock);
}

START_TEST(wishes_are_granted_in_order_and_once)
{
    ck_assert(wish(0));
    await(&gate.begun, 1);
    ck_assert_str_eq(gate.last, "web/0");
    for (int i = 1; i <= REFRESH_QUEUE; i++)
        ck_assert(wish(i));
    ck_assert(wish(1));
    ck_assert(wish(REFRESH_QUEUE));
    ck_assert(!wish(REFRESH_QUEUE + 1));
    open_gate();
    await(&gate.ended, 1 + REFRESH_QUEUE);
    ck_assert_str_eq(gate.last, "web/64");
    ck_assert(wish(REFRESH_QUEUE + 1));
    await(&gate.ended, 2 + REFRESH_QUEUE);
    ck_assert_str_eq(gate.last, "web/65");
}
END_TEST

START_TEST(what_is_queued_is_forgotten_at_the_end)
{
    ck_assert(wish(0));
    await(&gate.begun, 1);
    ck_assert(wish(1));
    open_gate();
    refresher_free(refresher);
    refresher = NULL;
    ck_assert_uint_ge(gate.ended, 1);
    refresher_free(NULL);
}
END_TEST

START_TEST(a_forked_process_has_no_thread_to_renew_anything)
{
    int status = -1;
    pid_t child = 0;

    ck_assert(wish(0));
    await(&gate.begun, 1);
    child = fork();
    if (child == 0) {
        const bool is_taken = wish(0) || wish(1);

        refresher_free(refresher);
        _exit(is_taken ? 1 : 0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    open_gate();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retriever_refresh");
    TCase *wishes = tcase_create("wishes");

    tcase_add_checked_fixture(wishes, start, stop);
    tcase_add_test(wishes, wishes_are_granted_in_order_and_once);
    tcase_add_test(wishes, what_is_queued_is_forgotten_at_the_end);
    tcase_add_test(wishes, a_forked_process_has_no_thread_to_renew_anything);
    suite_add_tcase(suite, wishes);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Verifies the tokens of standard input, one a line, on a loop of libevent that never waits for the
 * repository: it checks with the keys that are at hand, and leaves to threads what needs a fetch.
 * Prints each verdict, in the order in which they are found, and at the end how many were found
 * at once, and the longest time in milliseconds for which the loop did not turn. */
#include <asap/asap.h>

#include <event2/event.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FAILURE = 1, USAGE = 2, TOKEN_SIZE = 8192 + 2, TICK_US = 1000 };

enum { REPOSITORY, CACERT, AUDIENCE, OPTIONS };

static const struct option long_options[] = {
    { "repository", required_argument, NULL, REPOSITORY },
    { "cacert", required_argument, NULL, CACERT },
    { "audience", required_argument, NULL, AUDIENCE },
    { NULL, 0, NULL, 0 },
};

struct service {
    struct event_base *loop;
    struct asap_verifier *verifier;
    struct asap_async *async;
    bool is_at_end;
    int waiting, at_once;
    double last_turn, longest;
};

/* A token that waits for its key. */
struct check {
    struct service *service;
    enum asap_code code;
    struct asap_claims *claims;
    struct asap_error err;
    size_t length;
    char token[];
};

static double now_ms(void)
{
    struct timespec now = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void tell(enum asap_code code, struct asap_claims *claims, const struct asap_error *err)
{
    if (code == ASAP_OK)
        (void)printf("ok %s\n", asap_claims_issuer(claims));
    else
        (void)printf("%s %s\n", code == ASAP_UNAVAILABLE ? "unavailable" : "refused",
                     asap_reason_name(err->reason));
    (void)fflush(stdout);
    asap_claims_free(claims);
}

static void end_if_over(const struct service *service)
{
    if (service->is_at_end && service->waiting == 0)
        (void)event_base_loopbreak(service->loop);
}

/* On a thread of asap_async. */
static void work(void *context)
{
    struct check *check = context;

    check->code = asap_verifier_check(check->service->verifier, check->token, check->length,
                                      &check->claims, &check->err);
}

/* On the loop's thread again. */
static void done(void *context, enum asap_code code)
{
    struct check *check = context;

    if (code == ASAP_OK)
        tell(check->code, check->claims, &check->err);
    check->service->waiting--;
    end_if_over(check->service);
    free(check);
}

static void check_later(struct service *service, const char *token, size_t length)
{
    struct check *check = calloc(1, sizeof *check + length);
    struct asap_error err = { 0 };

    if (check != NULL) {
        check->service = service;
        check->length = length;
        memcpy(check->token, token, length);
        if (asap_async_run(service->async, work, done, check, &err) == ASAP_OK) {
            service->waiting++;
            return;
        }
    }
    free(check);
    (void)puts("unavailable");
}

static void check_token(struct service *service, const char *token, size_t length)
{
    struct asap_claims *claims = NULL;
    struct asap_error err = { 0 };
    const enum asap_code code = asap_verifier_try(service->verifier, token, length, &claims, &err);

    if (code == ASAP_UNAVAILABLE && err.reason == ASAP_REASON_KEY_NOT_CACHED) {
        check_later(service, token, length);
        return;
    }
    service->at_once++;
    tell(code, claims, &err);
}

static void on_line(evutil_socket_t fd, short events, void *context)
{
    struct service *service = context;
    char line[TOKEN_SIZE] = "";

    (void)fd;
    (void)events;
    if (fgets(line, sizeof line, stdin) != NULL) {
        check_token(service, line, strcspn(line, "\n"));
        return;
    }
    service->is_at_end = true;
    end_if_over(service);
}

static void on_answers(evutil_socket_t fd, short events, void *context)
{
    struct service *service = context;

    (void)fd;
    (void)events;
    asap_async_dispatch(service->async);
}

static void on_tick(evutil_socket_t fd, short events, void *context)
{
    struct service *service = context;
    const double now = now_ms();

    (void)fd;
    (void)events;
    if (now - service->last_turn > service->longest)
        service->longest = now - service->last_turn;
    service->last_turn = now;
}

static int serve(struct service *service)
{
    const struct timeval tick = { .tv_usec = TICK_US };
    struct event *events[3] = { NULL };
    int status = EXIT_SUCCESS;

    service->loop = event_base_new();
    if (service->loop == NULL)
        return FAILURE;
    events[0] = event_new(service->loop, 0, EV_READ | EV_PERSIST, on_line, service);
    events[1] = event_new(service->loop, asap_async_fd(service->async), EV_READ | EV_PERSIST,
                          on_answers, service);
    events[2] = event_new(service->loop, -1, EV_PERSIST, on_tick, service);
    for (int i = 0; i < 3; i++)
        if (events[i] == NULL || event_add(events[i], i == 2 ? &tick : NULL) != 0)
            status = FAILURE;
    service->last_turn = now_ms();
    if (status == EXIT_SUCCESS)
        (void)event_base_dispatch(service->loop);
    for (int i = 0; i < 3; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    event_base_free(service->loop);
    (void)printf("%d at once, %.0f ms\n", service->at_once, service->longest);
    return status;
}

int main(int argc, char **argv)
{
    const char *values[OPTIONS] = { NULL };
    struct service service = { 0 };
    struct asap_retriever *keys = NULL;
    struct asap_error err = { 0 };
    int option = 0;
    int status = USAGE;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (option < OPTIONS)
            values[option] = optarg;
    if (values[REPOSITORY] == NULL || values[AUDIENCE] == NULL || optind != argc) {
        (void)fputs("usage: asap-loop --repository URL [--cacert FILE] --audience AUDIENCE"
                    " < TOKENS\n",
                    stderr);
        return status;
    }
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* what stdio held, the loop would not know of */

    const struct asap_https_options https = { .ca_file = values[CACERT] };
    const char *const audiences[] = { values[AUDIENCE], NULL };
    const struct asap_verifier_options rules = { .audiences = audiences };

    if (asap_retriever_https(values[REPOSITORY], &https, &keys, &err) != ASAP_OK
        || asap_verifier_new(keys, &rules, &service.verifier, &err) != ASAP_OK
        || asap_async_new(NULL, &service.async, &err) != ASAP_OK)
        (void)fprintf(stderr, "asap-loop: %s\n", err.message);
    else
        status = serve(&service);
    asap_async_free(service.async);
    asap_verifier_free(service.verifier);
    asap_retriever_free(keys);
    return status;
}

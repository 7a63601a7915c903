/* SPDX-License-Identifier: Apache-2.0 */
#include "mint_call.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <time.h>

#include "codec.h"
#include "copy_text.h"
#include "fail.h"
#include "signer_source.h"
#include "system_clock.h"

enum {
    DEFAULT_TIMEOUT_MS = 5000,
    FIRST_WAIT_MS = 100, /* doubled from one to the next */
    LONGEST_WAIT_MS = 2000,
    MS_PER_SECOND = 1000,
    NANOS_PER_MS = 1000000
};

static int64_t system_elapsed_ms(void *context)
{
    struct timespec now = { 0 };

    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NANOS_PER_MS;
}

static void system_wait_ms(void *context, int64_t ms)
{
    struct timespec left = { .tv_sec = (time_t)(ms / MS_PER_SECOND),
                             .tv_nsec = (long)(ms % MS_PER_SECOND * NANOS_PER_MS) };
    bool was_interrupted = true;

    (void)context;
    while (was_interrupted)
        was_interrupted = nanosleep(&left, &left) != 0 && errno == EINTR;
}

/* Without randomness it is as if all callers were one. */
static uint32_t system_random(void *context)
{
    uint32_t value = 0;

    (void)context;
    return RAND_bytes((unsigned char *)&value, sizeof value) == 1 ? value : 0;
}

const struct mint_waiting mint_waiting_system = { system_elapsed_ms, system_wait_ms, system_random,
                                                  NULL };

static enum asap_code check_options(const struct asap_minter_options *options,
                                    struct asap_error *err)
{
    const struct rpc_endpoint endpoint = { .url = options->server,
                                           .certificate_file = options->certificate_file,
                                           .key_file = options->key_file };

    if (options->server == NULL)
        return fail_field(err, "server", "no server is named (unix:PATH or https://HOST:PORT)");
    if (options->issuer == NULL)
        return fail_field(err, "issuer", "no issuer is named");
    TRY(signer_check_issuer(options->issuer, err));
    if (options->api_key != NULL)
        TRY(rpc_bearer_check(options->api_key, "api_key", err));
    return rpc_endpoint_check(&endpoint, err);
}

enum asap_code mint_service_init(struct mint_service *out,
                                 const struct asap_minter_options *options,
                                 const struct mint_waiting *waiting,
                                 struct asap_error *err)
{
    TRY(check_options(options, err));
    out->waiting = *waiting;
    out->clock = clock_or_system(options->clock);
    out->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;
    TRY(copy_text(options->server, &out->server, err));
    TRY(copy_text(options->ca_file, &out->ca_file, err));
    TRY(copy_text(options->issuer, &out->issuer, err));
    return mint_proof_init(&out->proof, options, err);
}

void mint_service_clear(struct mint_service *service)
{
    free(service->server);
    free(service->ca_file);
    free(service->issuer);
    mint_proof_clear(&service->proof);
    *service = (struct mint_service){ 0 };
}

bool mint_may_pass(enum asap_code code)
{
    return code == ASAP_UNAVAILABLE || code == ASAP_UNKNOWN || code == ASAP_DEADLINE_EXCEEDED;
}

static int64_t now_of(const struct mint_service *service)
{
    return service->clock.now(service->clock.context);
}

static int64_t elapsed_ms(const struct mint_service *service)
{
    return service->waiting.elapsed_ms(service->waiting.context);
}

/* The whole of one try is within `timeout_ms`. */
static enum asap_code try_once(const struct mint_service *service,
                               const ProtobufCMessage *request,
                               int64_t timeout_ms,
                               struct minted *out,
                               int64_t *retry_ms,
                               struct asap_error *err)
{
    struct rpc_endpoint endpoint = { .url = service->server,
                                     .ca_file = service->ca_file,
                                     .timeout_ms = timeout_ms };
    struct rpc_answer answer = { .type = &asap__v1__mint_token_response__descriptor };
    SCOPED(secret) struct secret bearer = { 0 };
    SCOPED(message) ProtobufCMessage *response = NULL;
    const int64_t asked = now_of(service);
    enum asap_code code = mint_proof_present(&service->proof, &endpoint, &bearer, err);

    if (code == ASAP_OK)
        code = rpc_call_for(&endpoint, "/asap.v1.TokenService/MintToken", request, &answer, err);
    response = answer.message;
    *retry_ms = answer.retry_ms;
    if (code != ASAP_OK)
        return code;
    return mint_response_read((const Asap__V1__MintTokenResponse *)(const void *)response,
                              service->issuer, asked, out, err);
}

/* Half of it, or what asapd asks for, is certain; the other half is up to chance. */
static int64_t wait_before(unsigned tries, int64_t asked_ms, uint32_t random)
{
    const int64_t doubled = tries < 8 ? (int64_t)FIRST_WAIT_MS << tries : LONGEST_WAIT_MS;
    const int64_t half = (doubled < LONGEST_WAIT_MS ? doubled : LONGEST_WAIT_MS) / 2;

    return (asked_ms > half ? asked_ms : half) + random % (half + 1);
}

/* False when there is no time left for another try. */
static bool
wait_for_next(const struct mint_service *service, unsigned tries, int64_t asked_ms, int64_t end)
{
    const struct mint_waiting *waiting = &service->waiting;
    const int64_t wait = wait_before(tries, asked_ms, waiting->random(waiting->context));

    if (wait >= end - elapsed_ms(service))
        return false;
    waiting->wait_ms(waiting->context, wait);
    return elapsed_ms(service) < end;
}

enum asap_code mint_call(const struct mint_service *service,
                         const struct asap_token_request *request,
                         bool is_patient,
                         struct minted *out,
                         int64_t *retry_ms,
                         struct asap_error *err)
{
    const int64_t end = elapsed_ms(service) + service->timeout_ms;
    SCOPED(message) ProtobufCMessage *held = NULL;
    Asap__V1__MintTokenRequest *message = NULL;
    enum asap_code code = ASAP_OK;
    unsigned tries = 0;

    *retry_ms = 0;
    TRY(mint_request_new(service->issuer, request, now_of(service), &message, err));
    held = &message->base;
    do {
        code = try_once(service, held, end - elapsed_ms(service), out, retry_ms, err);
    } while (is_patient && mint_may_pass(code) && wait_for_next(service, tries++, *retry_ms, end));
    return code;
}

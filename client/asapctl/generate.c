/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "codec.h"
#include "data_uri.h"
#include "fail.h"
#include "key_pair.h"
#include "key_verbs.h"
#include "private_dir.h"
#include "publish.h"
#include "show.h"
#include "wait.h"

/* A key pair whose private half never leaves this machine. Written to a
 * directory it is on the disk before the public half is published, so that no
 * published key lacks its private one, but under a name that does not sign. */

struct generation {
    const struct algorithm *algorithm;
    char name[KID_SEGMENT_MAX + 1];
    EVP_PKEY *pair;
    struct private_file file;
};

static void generation_scope_exit(struct generation *generation)
{
    EVP_PKEY_free(generation->pair);
    private_file_scope_exit(&generation->file);
}

enum asap_code generate_check(const struct arguments *arguments, struct asap_error *err)
{
    const char *output = arguments->options[OPTION_OUTPUT];
    const bool uri = arguments->options[OPTION_DATA_URI] != NULL;
    const bool folder = arguments->options[OPTION_PRIVATE_DIR] != NULL;

    if (uri == folder)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "key generate needs one of --private-dir DIR and --data-uri%s",
                    uri ? ", not both" : "");
    if (uri && output != NULL && strcmp(output, "json") == 0)
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "--data-uri prints the URI and nothing else (leave --output json out)");
    return ASAP_OK;
}

static const char *private_dir(const struct ctl *ctl)
{
    return ctl->arguments->options[OPTION_PRIVATE_DIR];
}

static const struct algorithm *chosen_algorithm(const struct ctl *ctl)
{
    const char *name = ctl->arguments->options[OPTION_ALGORITHM];

    return name == NULL ? algorithm_at(0) : algorithm_find(name, strlen(name));
}

/* The greatest name signs: a new key must be it. Two names of one second sort by chance, hence a
 * second attempt in the next. */
static enum asap_code choose_name(const struct ctl *ctl,
                                  char out[static KID_SEGMENT_MAX + 1],
                                  struct asap_error *err)
{
    const int64_t start = ctl_now(ctl);
    char last[KID_MAX + 1] = "";

    TRY(key_pair_name(start, out, err));
    if (private_dir(ctl) == NULL)
        return ASAP_OK;
    TRY(private_dir_last(private_dir(ctl), ctl->arguments->operand, last, err));
    if (strcmp(out, last) <= 0) {
        TRY(wait_until(ctl, start + 1, "there is a key of this second", err));
        TRY(key_pair_name(ctl_now(ctl), out, err));
    }
    if (strcmp(out, last) <= 0)
        return fail(err, ASAP_FAILED_PRECONDITION,
                    "%.80s there sorts after every new name, so the new key would never sign"
                    " (check the clock, or rename or remove that file)",
                    last);
    return ASAP_OK;
}

static enum asap_code write_private(const struct ctl *ctl,
                                    struct generation *generation,
                                    struct asap_error *err)
{
    SCOPED(secret) struct secret pem = { 0 };

    if (private_dir(ctl) == NULL || ctl_has(ctl, OPTION_DRY_RUN))
        return ASAP_OK;
    TRY(secret_pem_from_key(generation->pair, &pem, err));
    return private_file_write(&generation->file, private_dir(ctl), ctl->arguments->operand,
                              generation->name, &pem, err);
}

static enum asap_code publish(const struct ctl *ctl,
                              struct generation *generation,
                              ProtobufCMessage **out,
                              struct asap_error *err)
{
    Asap__V1__PublishKeyRequest request = { 0 };
    SCOPED(buffer) struct buffer pem = BUFFER(PEM_PUBLIC_MAX);
    Google__Protobuf__Timestamp until = { 0 };
    char algorithm[16] = "";

    asap__v1__publish_key_request__init(&request);
    TRY(ctl_set_moment(ctl, OPTION_NOT_AFTER, TIME_AHEAD, &until, &request.unpublish_time, err));
    TRY(pem_write_public(generation->pair, &pem, err));
    (void)snprintf(algorithm, sizeof algorithm, "%s", generation->algorithm->name);
    request.issuer = ctl->arguments->operand;
    request.name = generation->name;
    request.public_key = pem.bytes;
    request.algorithm = algorithm;
    request.validate_only = ctl_has(ctl, OPTION_DRY_RUN);
    return ctl_ask(ctl, &publish_method, &request.base, out, err);
}

/* When this machine's clock is ahead of the server's, the server's span counts, not its time. */
static int64_t safe_time(const struct ctl *ctl, const Asap__V1__PublishKeyResponse *response)
{
    const int64_t safe = response->safe_sign_time->seconds;
    const Google__Protobuf__Timestamp *published = response->key->publish_time;
    const int64_t here = published == NULL ? safe : ctl_now(ctl) + safe - published->seconds;

    return here > safe ? here : safe;
}

/* A word that the shell takes as it is, whatever is in it. */
static void print_quoted(const char *text, FILE *out)
{
    (void)fputc('\'', out);
    for (; *text != '\0'; text++)
        if (*text == '\'')
            (void)fputs("'\\''", out);
        else
            (void)fputc(*text, out);
    (void)fputc('\'', out);
}

/* mv NAME.pem.new NAME.pem, to be pasted into a shell. */
static void print_move(const struct generation *generation, FILE *out)
{
    (void)fputs("mv ", out);
    print_quoted(generation->file.waiting, out);
    (void)fputc(' ', out);
    print_quoted(generation->file.path, out);
    (void)fputc('\n', out);
}

static void tell_how_to_finish(const struct ctl *ctl,
                               const struct generation *generation,
                               int64_t time)
{
    FILE *const err = ctl->host->err;
    char text[TIME_TEXT_SIZE] = "";

    if (private_dir(ctl) == NULL) {
        (void)fprintf(err,
                      "the private key is gone; take the public one back:"
                      " asapctl key revoke %s/%s --reason interrupted\n",
                      ctl->arguments->operand, generation->name);
        return;
    }
    time_local(time, text);
    (void)fprintf(err, "the key is published; to let it sign, after %s: ", text);
    print_move(generation, err);
}

/* Whether a failed publication may have been carried out all the same. */
static bool is_outcome_unknown(enum asap_code code)
{
    return code == ASAP_UNKNOWN || code == ASAP_DEADLINE_EXCEEDED || code == ASAP_INTERNAL
           || code == ASAP_DATA_LOSS;
}

/* A published key must not lose its private half: when in doubt it stays. */
static void keep_when_in_doubt(const struct ctl *ctl,
                               struct generation *generation,
                               enum asap_code code)
{
    FILE *const err = ctl->host->err;

    if (!generation->file.provisional || !is_outcome_unknown(code))
        return;
    generation->file.provisional = false;
    (void)fprintf(err,
                  "the private key stays in %s: asapctl key show %s/%s tells whether the public"
                  " one was published; if it was, let it sign: ",
                  generation->file.waiting, ctl->arguments->operand, generation->name);
    print_move(generation, err);
}

static enum asap_code wait_for_verifiers(const struct ctl *ctl,
                                         const struct generation *generation,
                                         const Asap__V1__PublishKeyResponse *response,
                                         struct asap_error *err)
{
    const int64_t time = safe_time(ctl, response);
    enum asap_code code = ASAP_OK;

    if (ctl_has(ctl, OPTION_NOW) || ctl_has(ctl, OPTION_DRY_RUN))
        return ASAP_OK;
    code = wait_until(ctl, time, "published, but verifiers may not know the key yet", err);
    if (code != ASAP_OK)
        tell_how_to_finish(ctl, generation, time);
    return code;
}

static enum asap_code print_uri(const struct ctl *ctl,
                                const struct generation *generation,
                                const Asap__V1__PublishKeyResponse *response,
                                struct asap_error *err)
{
    SCOPED(secret) struct secret uri = { 0 };

    if (ctl_has(ctl, OPTION_DRY_RUN))
        return ctl_print(ctl, &publish_method, &response->base, err);
    TRY(data_uri_from_key(response->key->key_id, generation->pair, &uri, err));
    (void)fwrite(uri.bytes, 1, uri.length, ctl->host->out);
    (void)fputc('\n', ctl->host->out);
    return ASAP_OK;
}

static enum asap_code finish_file(const struct ctl *ctl,
                                  const struct generation *generation,
                                  const Asap__V1__PublishKeyResponse *response,
                                  struct asap_error *err)
{
    const bool dry = ctl_has(ctl, OPTION_DRY_RUN);

    if (!dry)
        TRY(private_file_activate(&generation->file, err));
    TRY(ctl_print(ctl, &publish_method, &response->base, err));
    if (!dry)
        (void)fprintf(ctl->host->err, "the private key is %s\n", generation->file.path);
    return ASAP_OK;
}

static enum asap_code make(const struct ctl *ctl,
                           struct generation *generation,
                           struct asap_error *err)
{
    TRY(issuer_check_registrable(ctl->arguments->operand, "ISSUER", err));
    TRY(choose_name(ctl, generation->name, err));
    TRY(key_pair_generate(generation->algorithm, &generation->pair, err));
    wait_hold_interruptions(ctl);
    return write_private(ctl, generation, err);
}

enum asap_code key_generate(const struct ctl *ctl, struct asap_error *err)
{
    SCOPED(generation) struct generation generation = { .algorithm = chosen_algorithm(ctl) };
    SCOPED(message) ProtobufCMessage *message = NULL;
    const Asap__V1__PublishKeyResponse *response = NULL;
    enum asap_code code = ASAP_OK;

    TRY(make(ctl, &generation, err));
    code = publish(ctl, &generation, &message, err);
    if (code != ASAP_OK) {
        keep_when_in_doubt(ctl, &generation, code);
        return code;
    }
    generation.file.provisional = false;
    response = (const Asap__V1__PublishKeyResponse *)message;
    TRY(publish_check(response, err));
    TRY(wait_for_verifiers(ctl, &generation, response, err));
    return private_dir(ctl) == NULL ? print_uri(ctl, &generation, response, err)
                                    : finish_file(ctl, &generation, response, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A service on libmicrohttpd whose callers show ASAP tokens: GET /hello greets anybody, and whoever
 * shows a token by name; POST /orders is for those with one alone. Serves until its standard input
 * ends; the first line of its output is its port. */
#include <asap/asap.h>
#include <asap/microhttpd.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAILURE = 1, USAGE = 2, THREADS = 8 };

enum { REPOSITORY, CACERT, AUDIENCE, ISSUER, OPTIONS };

static const struct option long_options[] = {
    { "repository", required_argument, NULL, REPOSITORY },
    { "cacert", required_argument, NULL, CACERT },
    { "audience", required_argument, NULL, AUDIENCE },
    { "issuer", required_argument, NULL, ISSUER },
    { NULL, 0, NULL, 0 },
};

/* What is known of a request while its body arrives. */
struct request {
    struct asap_claims *claims; /* NULL: of nobody */
    size_t body_length;
};

static int usage(void)
{
    (void)fputs("usage: asap-guard --repository URL [--cacert FILE] --audience AUDIENCE"
                " [--issuer ISSUER]\n",
                stderr);
    return USAGE;
}

static enum MHD_Result reply(struct MHD_Connection *connection, char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct MHD_Connection *connection, const struct request *request)
{
    char text[512] = "hello, whoever you are\n";
    char *role = NULL;

    if (request->claims == NULL)
        return reply(connection, text);
    if (asap_claims_get_json(request->claims, "role", &role, NULL) != ASAP_OK)
        role = NULL;
    (void)snprintf(text, sizeof text, "hello, %s (role %s, %zu bytes)\n",
                   asap_claims_subject(request->claims), role != NULL ? role : "unknown",
                   request->body_length);
    free(role);
    return reply(connection, text);
}

/* The first call of a request: is it let in? */
static enum MHD_Result begin(struct asap_verifier *verifier,
                             struct MHD_Connection *connection,
                             const char *url,
                             void **slot)
{
    const enum asap_guard_mode mode =
        strcmp(url, "/hello") == 0 ? ASAP_GUARD_OPTIONAL : ASAP_GUARD_REQUIRED;
    struct request *request = calloc(1, sizeof *request);
    enum MHD_Result result = MHD_NO;
    struct asap_error err = { 0 };

    *slot = request; /* freed when the request is over */
    if (request == NULL)
        return MHD_NO;
    if (asap_microhttpd_guard(verifier, mode, connection, &request->claims, &result, &err)
        == ASAP_OK)
        return MHD_YES;
    /* Without the URL, in which a stranger may write lines of his own. */
    (void)fprintf(stderr, "asap-guard: refused: %s\n", err.message);
    return result;
}

static enum MHD_Result handle(void *context,
                              struct MHD_Connection *connection,
                              const char *url,
                              const char *method,
                              const char *version,
                              const char *body,
                              size_t *body_length,
                              void **slot)
{
    struct request *request = *slot;

    (void)method;
    (void)version;
    (void)body;
    if (request == NULL)
        return begin(context, connection, url, slot);
    request->body_length += *body_length;
    if (*body_length == 0)
        return answer(connection, request);
    *body_length = 0;
    return MHD_YES;
}

static void end(void *context,
                struct MHD_Connection *connection,
                void **slot,
                enum MHD_RequestTerminationCode code)
{
    struct request *request = *slot;

    (void)context;
    (void)connection;
    (void)code;
    if (request != NULL)
        asap_claims_free(request->claims);
    free(request);
    *slot = NULL;
}

static int serve(struct asap_verifier *verifier)
{
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL, handle,
                         verifier, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
                         MHD_OPTION_NOTIFY_COMPLETED, end, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *port = NULL;

    if (daemon == NULL) {
        (void)fputs("asap-guard: cannot listen\n", stderr);
        return FAILURE;
    }
    port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    (void)printf("%u\n", port != NULL ? (unsigned)port->port : 0U);
    (void)fflush(stdout);
    while (getchar() != EOF) {
    }
    MHD_stop_daemon(daemon);
    return EXIT_SUCCESS;
}

static int report(const struct asap_error *err)
{
    (void)fprintf(stderr, "asap-guard: %s\n", err->message);
    return err->code == ASAP_INVALID_ARGUMENT ? USAGE : FAILURE;
}

int main(int argc, char **argv)
{
    const char *values[OPTIONS] = { NULL };
    struct asap_retriever *keys = NULL;
    struct asap_verifier *verifier = NULL;
    struct asap_error err = { 0 };
    int option = 0;
    int status = 0;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option >= OPTIONS)
            return usage();
        values[option] = optarg;
    }
    if (values[REPOSITORY] == NULL || values[AUDIENCE] == NULL || optind != argc)
        return usage();

    const struct asap_https_options https = { .ca_file = values[CACERT] };
    const char *const audiences[] = { values[AUDIENCE], NULL };
    const char *const issuers[] = { values[ISSUER], NULL };
    const struct asap_verifier_options rules = {
        .audiences = audiences,
        .issuers = values[ISSUER] != NULL ? issuers : NULL,
    };

    if (asap_retriever_https(values[REPOSITORY], &https, &keys, &err) != ASAP_OK
        || asap_verifier_new(keys, &rules, &verifier, &err) != ASAP_OK)
        status = report(&err);
    else
        status = serve(verifier);
    asap_verifier_free(verifier);
    asap_retriever_free(keys);
    return status;
}

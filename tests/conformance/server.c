/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "connectrpc/conformance/v1/server_compat.pb-c.h"
#include "fail.h"
#include "http.h"
#include "rpc.h"
#include "service.h"

/* The server under test: asapd's HTTP and RPC layers with the suite's methods in place of asapd's.
 * Standard input says what is asked of it, standard output where it listens; it ends at SIGTERM. */

enum { REQUEST_MAX = 1024 * 1024, PREFIX_SIZE = 4, PATH_SIZE = 128, PATIENCE_MS = 60000 };

typedef Connectrpc__Conformance__V1__ServerCompatRequest Request;
typedef Connectrpc__Conformance__V1__ServerCompatResponse Response;

/* The PEM files of a TLS listener, gone once it has read them. */
struct files {
    char directory[PATH_SIZE];
    char certificate[PATH_SIZE * 2], key[PATH_SIZE * 2], client_ca[PATH_SIZE * 2];
};

static _Noreturn void die(const char *why)
{
    (void)fprintf(stderr, "conformance_server: %s\n", why);
    exit(EXIT_FAILURE);
}

static Request *read_request(void)
{
    unsigned char prefix[PREFIX_SIZE];
    unsigned char *bytes = NULL;
    size_t length = 0;
    Request *request = NULL;

    if (fread(prefix, 1, sizeof prefix, stdin) != sizeof prefix)
        die("standard input ends before the request");
    for (size_t i = 0; i < sizeof prefix; i++)
        length = length << 8 | prefix[i];
    bytes = length > REQUEST_MAX ? NULL : malloc(length + 1);
    if (bytes == NULL || fread(bytes, 1, length, stdin) != length)
        die("the request is too long or cut off");
    request = connectrpc__conformance__v1__server_compat_request__unpack(NULL, length, bytes);
    free(bytes);
    if (request == NULL)
        die("the request is malformed");
    return request;
}

static void write_file(const struct files *files,
                       const char *name,
                       const ProtobufCBinaryData *bytes,
                       char path[PATH_SIZE * 2])
{
    FILE *file = NULL;

    (void)snprintf(path, sizeof files->key, "%s/%s", files->directory, name);
    file = fopen(path, "wx");
    if (file == NULL || fwrite(bytes->data, 1, bytes->len, file) != bytes->len || fclose(file) != 0)
        die("cannot write a PEM file");
}

static void write_files(const Request *request, struct files *files)
{
    const char *parent = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */

    if (request->server_creds == NULL)
        die("the request has no certificate for the server");
    (void)snprintf(files->directory, sizeof files->directory, "%s/conformance-XXXXXX",
                   parent == NULL ? "/tmp" : parent);
    if (mkdtemp(files->directory) == NULL)
        die("cannot make a directory");
    write_file(files, "certificate.pem", &request->server_creds->cert, files->certificate);
    write_file(files, "key.pem", &request->server_creds->key, files->key);
    if (request->client_tls_cert.len > 0)
        write_file(files, "client_ca.pem", &request->client_tls_cert, files->client_ca);
}

static void remove_files(const struct files *files)
{
    const char *const paths[] = { files->certificate, files->key, files->client_ca };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i][0] != '\0')
            (void)unlink(paths[i]);
    if (files->directory[0] != '\0')
        (void)rmdir(files->directory);
}

static struct http_listener *listen_as_asked(const Request *request,
                                             const struct http_route *routes,
                                             const struct log *log)
{
    struct files files = { .key = "" };
    struct http_listener_options options = {
        .name = "conformance",
        .address = request->use_tls ? "https://127.0.0.1:0" : "http://127.0.0.1:0",
        .routes = routes,
        .limits = { .connections = 500,
                    .connections_per_address = 500,
                    .header_ms = PATIENCE_MS,
                    .request_ms = PATIENCE_MS,
                    .idle_ms = PATIENCE_MS },
        .threads = 2,
        .workers = 16,
        .log = log,
    };
    struct http_listener *listener = NULL;
    struct asap_error err = { 0 };

    if (request->use_tls) {
        write_files(request, &files);
        options.certificate_file = files.certificate;
        options.key_file = files.key;
        options.client_ca_file = files.client_ca[0] == '\0' ? NULL : files.client_ca;
    }
    if (http_listener_start(&options, &listener, &err) != ASAP_OK)
        die(err.message);
    remove_files(&files);
    return listener;
}

static void write_response(const Request *request, const struct http_listener *listener)
{
    Response response = CONNECTRPC__CONFORMANCE__V1__SERVER_COMPAT_RESPONSE__INIT;
    char host[] = "127.0.0.1";
    const char *port = strrchr(http_listener_address(listener), ':') + 1;
    unsigned char *bytes = NULL;
    size_t length = 0;

    response.host = host;
    response.port = (uint32_t)strtoul(port, NULL, 10);
    if (request->use_tls)
        response.pem_cert = request->server_creds->cert;
    length = connectrpc__conformance__v1__server_compat_response__get_packed_size(&response);
    bytes = malloc(PREFIX_SIZE + length);
    if (bytes == NULL)
        die("out of memory");
    for (size_t i = 0; i < PREFIX_SIZE; i++)
        bytes[i] = (unsigned char)(length >> (8 * (PREFIX_SIZE - 1 - i)));
    (void)connectrpc__conformance__v1__server_compat_response__pack(&response, bytes + PREFIX_SIZE);
    if (fwrite(bytes, 1, PREFIX_SIZE + length, stdout) != PREFIX_SIZE + length
        || fflush(stdout) != 0)
        die("cannot write the response");
    free(bytes);
}

/* The suite asks for services that there are none of, too. */
static bool matches(const char *path)
{
    return path[0] == '/';
}

int main(void)
{
    const struct log log = { .stream = stderr, .level = LOG_WARNING };
    struct rpc_server server = { .methods = conformance_methods,
                                 .types = conformance_types,
                                 .clock = clock_system,
                                 .log = &log };
    struct http_route routes[] = {
        { .matches = matches,
          .handler = rpc_handle,
          .context = &server,
          .takes_chunks = true,
          .on_worker = true,
          .bare_errors = true },
        { .matches = NULL },
    };
    struct http_listener *listener = NULL;
    Request *request = NULL;
    sigset_t ends;
    int received = 0;

    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    request = read_request();
    routes[0].body_limit =
        request->message_receive_limit > 0 ? request->message_receive_limit : HTTP_BODY_MAX;
    listener = listen_as_asked(request, routes, &log);
    write_response(request, listener);
    (void)sigwait(&ends, &received);
    http_listener_free(listener);
    connectrpc__conformance__v1__server_compat_request__free_unpacked(request, NULL);
    return EXIT_SUCCESS;
}

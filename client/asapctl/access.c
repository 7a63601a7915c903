/* SPDX-License-Identifier: Apache-2.0 */
#include "access.h"

#include <string.h>

#include "fail.h"
#include "input.h"

#define DEFAULT_SERVER "unix:/run/asapd/admin.sock"

enum { BEARER_MAX = 8192 };

/* What follows "Bearer ", and where it comes from. */
struct bearer {
    const char *name; /* as messages have it */
    const char *file;
    const char *value;
};

/* An empty variable counts as unset. */
static const char *variable(char *const *environment, const char *name)
{
    const size_t length = strlen(name);

    for (; *environment != NULL; environment++)
        if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '='
            && (*environment)[length + 1] != '\0')
            return *environment + length + 1;
    return NULL;
}

static const char *setting(char *const *environment,
                           const struct arguments *arguments,
                           enum option_id option,
                           const char *name)
{
    const char *value = arguments->options[option];

    return value != NULL ? value : variable(environment, name);
}

/* Printable ASCII without blanks: it goes into a header as it is. */
static bool is_bearer(const char *text)
{
    size_t length = 0;

    while (text[length] > ' ' && text[length] < '\x7f')
        length++;
    return length > 0 && text[length] == '\0';
}

/* The one of them that is given, if any. */
static enum asap_code pick_bearer(const struct bearer *choices,
                                  size_t count,
                                  const struct bearer **out,
                                  struct asap_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        if (choices[i].file == NULL && choices[i].value == NULL)
            continue;
        if (*out != NULL)
            return fail(err, ASAP_INVALID_ARGUMENT,
                        "%s and %s are both given (a call shows one of them: leave one out)",
                        (*out)->name, choices[i].name);
        *out = &choices[i];
    }
    return ASAP_OK;
}

/* An option makes variables of its kind count for nothing. */
static enum asap_code read_bearer(char *const *environment,
                                  const struct arguments *arguments,
                                  struct access *out,
                                  struct asap_error *err)
{
    const struct bearer options[] = {
        { "--api-key-file", arguments->options[OPTION_API_KEY_FILE], NULL },
        { "--token-file", arguments->options[OPTION_TOKEN_FILE], NULL },
    };
    const struct bearer variables[] = {
        { "ASAPCTL_API_KEY_FILE", variable(environment, "ASAPCTL_API_KEY_FILE"), NULL },
        { "ASAPCTL_API_KEY", NULL, variable(environment, "ASAPCTL_API_KEY") },
        { "ASAPCTL_TOKEN", NULL, variable(environment, "ASAPCTL_TOKEN") },
    };
    const struct bearer *chosen = NULL;

    TRY(pick_bearer(options, sizeof options / sizeof options[0], &chosen, err));
    if (chosen == NULL)
        TRY(pick_bearer(variables, sizeof variables / sizeof variables[0], &chosen, err));
    if (chosen == NULL)
        return ASAP_OK;
    if (chosen->value != NULL && !is_bearer(chosen->value))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%s has a blank or a strange character in it (set it to the secret alone)",
                    chosen->name);
    out->bearer_file = chosen->file;
    out->endpoint.bearer = chosen->value;
    return ASAP_OK;
}

enum asap_code access_read(char *const *environment,
                           const struct arguments *arguments,
                           struct access *out,
                           struct asap_error *err)
{
    struct rpc_endpoint *endpoint = &out->endpoint;

    *out = (struct access){ 0 };
    endpoint->url = setting(environment, arguments, OPTION_SERVER, "ASAPCTL_SERVER");
    out->is_given = endpoint->url != NULL;
    if (endpoint->url == NULL)
        endpoint->url = DEFAULT_SERVER;
    endpoint->ca_file = setting(environment, arguments, OPTION_CACERT, "ASAPCTL_CACERT");
    endpoint->certificate_file =
        setting(environment, arguments, OPTION_CERTIFICATE, "ASAPCTL_CERT");
    endpoint->key_file = setting(environment, arguments, OPTION_CERTIFICATE_KEY, "ASAPCTL_KEY");
    if ((endpoint->certificate_file == NULL) != (endpoint->key_file == NULL))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%s is missing: a certificate and its private key go together",
                    endpoint->key_file == NULL ? "--key FILE" : "--cert FILE");
    return read_bearer(environment, arguments, out, err);
}

enum asap_code access_endpoint(const struct access *access,
                               struct rpc_endpoint *out,
                               struct secret *bearer,
                               struct asap_error *err)
{
    *out = access->endpoint;
    if (access->bearer_file == NULL)
        return ASAP_OK;
    TRY(input_read_line(access->bearer_file, NULL, BEARER_MAX, bearer, err));
    if (!is_bearer((const char *)bearer->bytes))
        return fail(err, ASAP_INVALID_ARGUMENT,
                    "%.128s is empty or has more than the secret in it (it is to be one line)",
                    access->bearer_file);
    out->bearer = (const char *)bearer->bytes;
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "fail.h"
#include "request_id.h"
#include "table.h"

enum { OUTPUT_MAX = 1 << 28 };

bool ctl_has(const struct ctl *ctl, enum option_id option)
{
    return ctl->arguments->options[option] != NULL;
}

int64_t ctl_now(const struct ctl *ctl)
{
    return ctl->host->clock->now(ctl->host->clock->context);
}

bool ctl_wants_json(const struct ctl *ctl)
{
    const char *format = ctl->arguments->options[OPTION_OUTPUT];

    return format != NULL && strcmp(format, "json") == 0;
}

enum asap_code ctl_answer_no(struct asap_error *err)
{
    *err = (struct asap_error){ 0 };
    return ASAP_FAILED_PRECONDITION;
}

void ctl_set(const struct ctl *ctl, enum option_id option, char **field)
{
    if (ctl_has(ctl, option))
        *field = ctl->arguments->options[option];
}

enum asap_code ctl_set_duration(const struct ctl *ctl,
                                enum option_id option,
                                Google__Protobuf__Duration *held,
                                Google__Protobuf__Duration **field,
                                struct asap_error *err)
{
    google__protobuf__duration__init(held);
    if (!ctl_has(ctl, option))
        return ASAP_OK;
    *field = held;
    return time_read_duration(ctl->arguments->options[option], &held->seconds, err);
}

enum asap_code ctl_set_moment(const struct ctl *ctl,
                              enum option_id option,
                              enum time_direction direction,
                              Google__Protobuf__Timestamp *held,
                              Google__Protobuf__Timestamp **field,
                              struct asap_error *err)
{
    google__protobuf__timestamp__init(held);
    if (!ctl_has(ctl, option))
        return ASAP_OK;
    *field = held;
    return time_read_moment(ctl->arguments->options[option], ctl_now(ctl), direction, held, err);
}

void ctl_say(const struct ctl *ctl, const char *format, ...)
{
    char line[2048] = "";
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    table_clean(line);
    (void)fprintf(ctl->host->out, "%s%s\n",
                  ctl_has(ctl, OPTION_DRY_RUN) ? "dry run, nothing changed: " : "", line);
}

void ctl_complain(const struct ctl_host *host, const char *format, ...)
{
    char line[1024] = "";
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    table_clean(line);
    (void)fprintf(host->err, "asapctl: %s\n", line);
}

static enum asap_code call(const struct ctl *ctl,
                           const struct ctl_method *method,
                           const ProtobufCMessage *request,
                           ProtobufCMessage **out,
                           struct asap_error *err)
{
    SCOPED(secret) struct secret bearer = { 0 };
    struct rpc_endpoint endpoint = { 0 };

    *out = NULL;
    TRY(access_endpoint(&ctl->access, &endpoint, &bearer, err));
    return ctl->host->call(&endpoint, method->path, request, method->response, out, err);
}

enum asap_code ctl_ask(const struct ctl *ctl,
                       const struct ctl_method *method,
                       ProtobufCMessage *request,
                       ProtobufCMessage **out,
                       struct asap_error *err)
{
    char **const field = request_id_field(request);
    char id[REQUEST_ID_SIZE] = "";
    char *before = NULL;
    enum asap_code code = ASAP_OK;

    if (field == NULL || ctl_has(ctl, OPTION_DRY_RUN))
        return call(ctl, method, request, out, err);
    TRY(request_id_new(id, err));
    before = *field;
    *field = id;
    code = call(ctl, method, request, out, err);
    if (code == ASAP_UNKNOWN)
        code = call(ctl, method, request, out, err);
    *field = before;
    return code;
}

static enum asap_code print_json(const struct ctl *ctl,
                                 const ProtobufCMessage *response,
                                 struct asap_error *err)
{
    SCOPED(buffer) struct buffer json = BUFFER(OUTPUT_MAX);

    TRY(codec_write_json(response, &json, err));
    buffer_puts(&json, "\n");
    TRY(buffer_check(&json, "the response", err));
    (void)fwrite(json.bytes, 1, json.length, ctl->host->out);
    return ASAP_OK;
}

enum asap_code ctl_print(const struct ctl *ctl,
                         const struct ctl_method *method,
                         const ProtobufCMessage *response,
                         struct asap_error *err)
{
    if (ctl_wants_json(ctl))
        return print_json(ctl, response, err);
    return method->view(ctl, response, err);
}

enum asap_code ctl_run(const struct ctl *ctl,
                       const struct ctl_method *method,
                       ProtobufCMessage *request,
                       struct asap_error *err)
{
    SCOPED(message) ProtobufCMessage *response = NULL;

    TRY(ctl_ask(ctl, method, request, &response, err));
    return ctl_print(ctl, method, response, err);
}

static void *member_at(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

static char **string_member(ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    return member_at(message, field->offset);
}

static char **next_page_token(ProtobufCMessage *response)
{
    return string_member(response, "next_page_token");
}

/* The elements of a page are in its first field; they and its token move to `all`. */
static enum asap_code append_page(ProtobufCMessage *all,
                                  ProtobufCMessage *page,
                                  struct asap_error *err)
{
    const ProtobufCFieldDescriptor *field = &all->descriptor->fields[0];
    size_t *count = member_at(all, field->quantifier_offset);
    size_t *more = member_at(page, field->quantifier_offset);
    void ***elements = member_at(all, field->offset);
    void **const *new_elements = member_at(page, field->offset);
    char *const token = *next_page_token(all);
    void **grown = NULL;

    if (*more > 0) {
        grown = realloc(*elements, (*count + *more) * sizeof *grown);
        if (grown == NULL)
            return fail_memory(err);
        (void)memcpy(grown + *count, *new_elements, *more * sizeof *grown);
        *elements = grown;
        *count += *more;
        *more = 0;
    }
    *next_page_token(all) = *next_page_token(page);
    *next_page_token(page) = token;
    return ASAP_OK;
}

enum asap_code ctl_ask_list(const struct ctl *ctl,
                            const struct ctl_method *method,
                            ProtobufCMessage *request,
                            ProtobufCMessage **out,
                            struct asap_error *err)
{
    SCOPED(message) ProtobufCMessage *all = NULL;

    *out = NULL;
    TRY(ctl_ask(ctl, method, request, &all, err));
    while ((*next_page_token(all))[0] != '\0') {
        SCOPED(message) ProtobufCMessage *page = NULL;

        *string_member(request, "page_token") = *next_page_token(all);
        TRY(ctl_ask(ctl, method, request, &page, err));
        if (strcmp(*next_page_token(page), *next_page_token(all)) == 0)
            return fail(err, ASAP_INTERNAL, "the server answers with the same page for ever");
        TRY(append_page(all, page, err));
    }
    *out = MOVE(all);
    return ASAP_OK;
}

enum asap_code ctl_run_list(const struct ctl *ctl,
                            const struct ctl_method *method,
                            ProtobufCMessage *request,
                            struct asap_error *err)
{
    SCOPED(message) ProtobufCMessage *all = NULL;

    TRY(ctl_ask_list(ctl, method, request, &all, err));
    return ctl_print(ctl, method, all, err);
}

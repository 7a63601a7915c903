/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_CTL_H
#define ASAPCTL_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "access.h"
#include "asapctl.h"
#include "google/protobuf/duration.pb-c.h"
#include "parse.h"
#include "time_text.h"

/* One run of a command, and what commands share: calls and output. */

struct ctl {
    const struct ctl_host *host;
    const struct arguments *arguments;
    struct access access;
};

/* A method of the server, and how its response reads as text. */
struct ctl_method {
    const char *path; /* "/asap.v1.KeyAdmin/GetKey" */
    const ProtobufCMessageDescriptor *response;
    enum asap_code (*view)(const struct ctl *ctl,
                           const ProtobufCMessage *response,
                           struct asap_error *err);
};

/* Whether this switch or option was given. */
bool ctl_has(const struct ctl *ctl, enum option_id option);

int64_t ctl_now(const struct ctl *ctl);

/* Calls the method; the caller frees *out with protobuf_c_message_free_unpacked(). A request that
 * changes something goes with an id, and goes again once when the answer got lost. */
ASAP_MUST_CHECK enum asap_code ctl_ask(const struct ctl *ctl,
                                       const struct ctl_method *method,
                                       ProtobufCMessage *request,
                                       ProtobufCMessage **out,
                                       struct asap_error *err);

/* Prints a response, as the user wants it: JSON or the method's view. */
ASAP_MUST_CHECK enum asap_code ctl_print(const struct ctl *ctl,
                                         const struct ctl_method *method,
                                         const ProtobufCMessage *response,
                                         struct asap_error *err);

/* Both in one. */
ASAP_MUST_CHECK enum asap_code ctl_run(const struct ctl *ctl,
                                       const struct ctl_method *method,
                                       ProtobufCMessage *request,
                                       struct asap_error *err);

/* As ctl_ask() and ctl_run(), for a method that answers in pages: follows next_page_token to the
 * end, and makes one response of all of them. Leaves request->page_token undefined. */
ASAP_MUST_CHECK enum asap_code ctl_ask_list(const struct ctl *ctl,
                                            const struct ctl_method *method,
                                            ProtobufCMessage *request,
                                            ProtobufCMessage **out,
                                            struct asap_error *err);
ASAP_MUST_CHECK enum asap_code ctl_run_list(const struct ctl *ctl,
                                            const struct ctl_method *method,
                                            ProtobufCMessage *request,
                                            struct asap_error *err);

/* Ends a command whose answer is no, which is printed already: the exit status says it, too. Leaves
 * *err without a failure to report. */
ASAP_MUST_CHECK enum asap_code ctl_answer_no(struct asap_error *err);

/* Whether --output json was given. */
bool ctl_wants_json(const struct ctl *ctl);

/* Sets a string field of a request to what was given, if it was. */
void ctl_set(const struct ctl *ctl, enum option_id option, char **field);

/* The same for a length of time and a moment; `held` is what the field then points to. */
ASAP_MUST_CHECK enum asap_code ctl_set_duration(const struct ctl *ctl,
                                                enum option_id option,
                                                Google__Protobuf__Duration *held,
                                                Google__Protobuf__Duration **field,
                                                struct asap_error *err);
ASAP_MUST_CHECK enum asap_code ctl_set_moment(const struct ctl *ctl,
                                              enum option_id option,
                                              enum time_direction direction,
                                              Google__Protobuf__Timestamp *held,
                                              Google__Protobuf__Timestamp **field,
                                              struct asap_error *err);

/* A line on standard output that says in front that nothing was done where that is so. */
__attribute__((format(printf, 2, 3))) void ctl_say(const struct ctl *ctl, const char *format, ...);

/* A line on standard error that tells what went wrong; one, whatever the user's words have in
 * them. */
__attribute__((format(printf, 2, 3))) void ctl_complain(const struct ctl_host *host,
                                                        const char *format,
                                                        ...);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_ASAPCTL_H
#define ASAPCTL_ASAPCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "call.h"

/* The admin command as a function of everything it touches. */

/* The time, and waiting for it. */
struct ctl_clock {
    int64_t (*now)(void *context); /* seconds since 1970 */
    /* Returns true once `time` has come, or some time earlier so that the caller can tell how far
     * it is; false when the user ended the wait. */
    bool (*sleep_until)(const struct ctl_clock *clock, int64_t time);
    void *context;
};

/* The system's clock. Its wait works for any clock of about the same speed, and ends with SIGINT
 * and SIGTERM, which stay blocked from then on. */
extern const struct ctl_clock ctl_clock_system;

/* Signature and contract of rpc_call(). */
typedef enum asap_code ctl_call(const struct rpc_endpoint *endpoint,
                                const char *path,
                                const ProtobufCMessage *request,
                                const ProtobufCMessageDescriptor *response,
                                ProtobufCMessage **out,
                                struct asap_error *err);

struct ctl_host {
    const struct ctl_clock *clock;
    ctl_call *call;
    char *const *environment; /* as environ */
    FILE *in;
    FILE *out; /* unbuffered where private keys may be printed */
    FILE *err;
    bool progress; /* `err` is a terminal */
    bool screen;   /* so is `out` */
};

/* The exit status: 0 done, 1 refused or failed, 2 wrong usage. `argv` ends with NULL. */
int asapctl_main(char **argv, const struct ctl_host *host);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_TRACE_H
#define ASAPD_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/* Which request a line of the log, a response or an error belongs to. The request id is of this hop
 * alone, and another thing than the request_id in a message, by which a change is made once. */

enum { REQUEST_ID_MAX = 128, TRACE_ID_LENGTH = 32, PARENT_ID_LENGTH = 16 };

struct trace {
    char request_id[REQUEST_ID_MAX + 1];  /* letters, digits and -_.~:/+=@; */
    char trace_id[TRACE_ID_LENGTH + 1];   /* the caller's, W3C Trace Context; "": none */
    char parent_id[PARENT_ID_LENGTH + 1]; /* what the caller does, of that trace */
};

/* Takes a request id that somebody sent, if it is 1 to REQUEST_ID_MAX of the characters above,
 * which can stand in a header and in a log as they are. False, and nothing changed, if not. */
bool trace_take_request_id(struct trace *trace, const char *text, size_t length);

/* Takes the trace and the parent out of a `traceparent` header (W3C Trace Context, section 3.2).
 * False, and nothing changed, for one that has to be ignored. */
bool trace_take_parent(struct trace *trace, const char *text, size_t length);

#endif

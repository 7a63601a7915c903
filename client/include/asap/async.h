/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_ASYNC_H
#define ASAP_ASYNC_H

#include <stddef.h>

#include <asap/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Threads for what may wait for the network, so that an event loop does not:
 * asap_verifier_check() after asap_verifier_try() has found no key, and
 * asap_signer_sign() of a minter. It fits into any loop that can watch a file
 * descriptor. */
struct asap_async;

/* Zeroed members mean the default. */
struct asap_async_options {
    size_t threads; /* 0: 4; at most 64 */
    size_t waiting; /* jobs that may wait for a thread; 0: 1000 */
};

/* `options` may be NULL. ASAP_INVALID_ARGUMENT: err->field names the option. ASAP_INTERNAL: no
 * threads or file descriptors are to be had. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_async_new(const struct asap_async_options *options,
                                                       struct asap_async **out,
                                                       struct asap_error *err);

/* Runs on a thread of its own, beside others. */
typedef void (*asap_async_work)(void *context);

/* Runs where asap_async_dispatch() is called. ASAP_CANCELED: the work was not begun, since
 * asap_async_free() came first. */
typedef void (*asap_async_done)(void *context, enum asap_code code);

/* Any thread may call it; it does not wait. On ASAP_OK `done` follows exactly once, and `context`
 * must live until then. ASAP_RESOURCE_EXHAUSTED: too many jobs wait, or
 * asap_async_free() has begun; neither is called. */
ASAP_API ASAP_MUST_CHECK enum asap_code asap_async_run(struct asap_async *async,
                                                       asap_async_work work,
                                                       asap_async_done done,
                                                       void *context,
                                                       struct asap_error *err);

/* To be watched, and nothing else: it is readable while asap_async_dispatch() has something to do.
 * It is open as long as `async`. */
ASAP_API int asap_async_fd(const struct asap_async *async);

/* Calls `done` of every job that is over; does not wait. For the loop's thread. */
ASAP_API void asap_async_dispatch(struct asap_async *async);

/* Waits for the jobs that run, cancels the others, and dispatches all of them. Not for `work` or
 * `done` to call. NULL is fine. */
ASAP_API void asap_async_free(struct asap_async *async);

#ifdef __cplusplus
}
#endif

#endif

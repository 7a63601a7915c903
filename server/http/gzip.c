/* SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST /* zlib promises not to write to its input only then */
#include "gzip.h"

#include <limits.h>
#include <stdbool.h>
#include <zlib.h>

#include "fail.h"

enum {
    WINDOW_BITS = 15,
    GZIP_FORMAT = 16, /* added to the window's bits */
    MEMORY_LEVEL = 8,
    CHUNK = 16 * 1024,
};

static void inflater_scope_exit(z_stream *stream)
{
    (void)inflateEnd(stream);
}

static void deflater_scope_exit(z_stream *stream)
{
    (void)deflateEnd(stream);
}

static enum asap_code fail_malformed(struct asap_error *err)
{
    return fail(err, ASAP_INVALID_ARGUMENT, "the request is no valid gzip data");
}

static enum asap_code fail_cap(const struct buffer *out, struct asap_error *err)
{
    return fail(err, ASAP_RESOURCE_EXHAUSTED, "the request is over %zu bytes when it is inflated",
                out->limit);
}

/* After a member's end another may begin. *is_done: that was the last. */
static enum asap_code end_member(z_stream *stream, bool *is_done, struct asap_error *err)
{
    *is_done = stream->avail_in == 0;
    return *is_done || inflateReset(stream) == Z_OK ? ASAP_OK : fail_malformed(err);
}

/* One chunk of output. */
static enum asap_code
inflate_chunk(z_stream *stream, struct buffer *out, bool *is_done, struct asap_error *err)
{
    unsigned char chunk[CHUNK];
    int result = Z_OK;

    stream->next_out = chunk;
    stream->avail_out = sizeof chunk;
    result = inflate(stream, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR)
        return fail_memory(err);
    if (result != Z_OK && result != Z_STREAM_END)
        return fail_malformed(err);
    buffer_append(out, chunk, sizeof chunk - stream->avail_out);
    if (out->failed)
        return fail_cap(out, err);
    return result == Z_STREAM_END ? end_member(stream, is_done, err) : ASAP_OK;
}

enum asap_code
gzip_inflate(const void *bytes, size_t length, struct buffer *out, struct asap_error *err)
{
    SCOPED(inflater) z_stream stream = { .next_in = bytes, .avail_in = (uInt)length };
    bool is_done = false;

    if (length > UINT_MAX)
        return fail_cap(out, err);
    if (inflateInit2(&stream, WINDOW_BITS + GZIP_FORMAT) != Z_OK)
        return fail_memory(err);
    while (!is_done)
        TRY(inflate_chunk(&stream, out, &is_done, err));
    return ASAP_OK;
}

enum asap_code
gzip_deflate(const void *bytes, size_t length, struct buffer *out, struct asap_error *err)
{
    SCOPED(deflater) z_stream stream = { .next_in = bytes, .avail_in = (uInt)length };
    unsigned char chunk[CHUNK];
    int result = Z_OK;

    if (length > UINT_MAX)
        return fail(err, ASAP_RESOURCE_EXHAUSTED, "the response is too long");
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS + GZIP_FORMAT,
                     MEMORY_LEVEL, Z_DEFAULT_STRATEGY)
        != Z_OK)
        return fail_memory(err);
    while (result == Z_OK) {
        stream.next_out = chunk;
        stream.avail_out = sizeof chunk;
        result = deflate(&stream, Z_FINISH);
        buffer_append(out, chunk, sizeof chunk - stream.avail_out);
    }
    TRY(buffer_check(out, "the response", err));
    return result == Z_STREAM_END ? ASAP_OK : fail_memory(err);
}

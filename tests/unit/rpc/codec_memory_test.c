/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with --wrap for the functions below, so that our own allocations can be made to fail;
 * jansson is told to use the same ones. */
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "check_main.h"
#include "codec.h"
#include "codec_test.pb-c.h"

/* Names that the linker prescribes.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* How many more allocations succeed. */
static int left = INT_MAX;

static bool may_allocate(void)
{
    return left > 0 && left-- > 0;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    return may_allocate() ? __real_realloc(old, size) : NULL;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static const char text[] =
    "{\"int64Value\":\"5\",\"doubleValue\":\"1.5\",\"text\":\"x\",\"data\":\"AQID\","
    "\"child\":{\"child\":{\"text\":\"y\"}},\"publishTime\":\"1970-01-01T00:00:01Z\","
    "\"texts\":[\"a\",\"b\"],\"blobs\":[\"AQ==\",\"Ag==\"],\"children\":[{\"data\":\"AA==\"},{}],"
    "\"times\":[\"1970-01-01T00:00:00Z\"],\"chosenChild\":{\"chosenText\":\"z\"}}";

static const char written[] =
    "{\"int64Value\":\"5\",\"doubleValue\":1.5,\"text\":\"x\",\"data\":\"AQID\","
    "\"child\":{\"child\":{\"text\":\"y\"}},\"publishTime\":\"1970-01-01T00:00:01Z\","
    "\"texts\":[\"a\",\"b\"],\"blobs\":[\"AQ==\",\"Ag==\"],\"children\":[{\"data\":\"AA==\"},{}],"
    "\"times\":[\"1970-01-01T00:00:00Z\"],\"chosenChild\":{\"chosenText\":\"z\"}}";

static const char known[] =
    "{\"any\":{\"@type\":\"a/asap.test.Everything\",\"texts\":[\"a\",\"b\"]},"
    "\"anys\":[{\"@type\":\"a/google.protobuf.Any\",\"value\":{}},{}],"
    "\"settings\":{\"a\":[null,{\"b\":\"c\"}],\"d\":1.5},\"value\":null,\"list\":[true,\"x\"],"
    "\"empty\":{},\"updateMask\":\"displayName,owner.name\",\"bytesWrapper\":\"AQ==\","
    "\"stringWrapper\":\"s\",\"keyLabels\":{\"k\":\"v\",\"l\":\"w\"},"
    "\"byNumber\":{\"-5\":{\"text\":\"x\"}},\"byTruth\":{\"true\":\"yes\"},"
    "\"byName\":{\"n\":null},\"chosenValue\":\"z\"}";

static const ProtobufCMessageDescriptor *const types[] = { &asap__test__everything__descriptor,
                                                           &google__protobuf__any__descriptor,
                                                           NULL };

static const struct codec json = { CODEC_JSON, types };
static const struct codec binary = { CODEC_BINARY, NULL };

static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *in, *out;
} messages[] = {
    { &asap__test__everything__descriptor, text, written },
    { &asap__test__known__descriptor, known, known },
};

/* From JSON to the binary form, which is read again and packed into an Any, and back to JSON. */
static enum asap_code travel(int i, struct buffer *out, struct asap_error *err)
{
    SCOPED(message) ProtobufCMessage *message = NULL;
    SCOPED(message) ProtobufCMessage *again = NULL;
    SCOPED(buffer) struct buffer bytes = BUFFER(4096);
    Google__Protobuf__Any *any = NULL;
    enum asap_code code =
        codec_read(&json, messages[i].type, messages[i].in, strlen(messages[i].in), &message, err);

    if (code == ASAP_OK)
        code = codec_write(&binary, message, &bytes, err);
    if (code == ASAP_OK)
        code = codec_read(&binary, messages[i].type, bytes.bytes, bytes.length, &again, err);
    if (code == ASAP_OK)
        code = codec_new_any(again, &any, err);
    if (code == ASAP_OK)
        code = codec_write(&json, again, out, err);
    if (any != NULL)
        protobuf_c_message_free_unpacked(&any->base, NULL);
    return code;
}

/* Reads, writes and compares, with `allocations` to spend. */
static bool survives(int i, int allocations)
{
    struct asap_error err = { 0 };
    SCOPED(buffer) struct buffer out = BUFFER(4096);
    enum asap_code code = ASAP_OK;

    left = allocations;
    code = travel(i, &out, &err);
    left = INT_MAX;
    ck_assert(code != ASAP_OK || strcmp(out.bytes, messages[i].out) == 0);
    ck_assert(code == ASAP_OK || err.message[0] != '\0');
    return code == ASAP_OK;
}

START_TEST(any_allocation_may_fail)
{
    int allocations = 0;

    json_set_alloc_funcs(__wrap_malloc, free);
    while (!survives(_i, allocations))
        allocations++;
    ck_assert_int_gt(allocations, 30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec_memory");
    TCase *memory = tcase_create("memory");

    tcase_add_loop_test(memory, any_allocation_may_fail, 0, COUNT(messages));
    suite_add_tcase(suite, memory);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store_mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "scoped.h"
#include "store_server.h"
#include "transaction.h"
#include "utc.h"

/* "KIND COPY-TIME SIGN-TIME" under this name. */
#define VALUE_NAME "mark"

enum { TEXT_SIZE = 64 };

DEFINE_SCOPED(memory, void *, free)

static const char *const kinds[] = {
    [MARK_NONE] = "none",
    [MARK_COPY] = "copy",
    [MARK_ACCEPTED] = "accepted",
    [MARK_MOVED] = "moved",
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool find_kind(const char *word, size_t length, enum mark_kind *out)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strlen(kinds[i]) != length || strncmp(kinds[i], word, length) != 0)
            continue;
        *out = (enum mark_kind)i;
        return true;
    }
    return false;
}

static bool read_times(const char *text, struct store_mark *out)
{
    char *end = NULL;

    out->copy_time = strtoll(text, &end, 10);
    if (end == text || *end != ' ')
        return false;
    text = end + 1;
    out->sign_time = strtoll(text, &end, 10);
    return end != text && *end == '\0';
}

static bool parse(const void *bytes, size_t length, struct store_mark *out)
{
    char text[TEXT_SIZE] = "";
    size_t word = 0;

    if (length >= sizeof text)
        return false;
    memcpy(text, bytes, length);
    word = strcspn(text, " ");
    return text[word] == ' ' && find_kind(text, word, &out->kind)
           && read_times(text + word + 1, out);
}

enum asap_code store_get_mark(struct txn *txn, struct store_mark *out, struct asap_error *err)
{
    SCOPED(memory) void *bytes = NULL;
    size_t length = 0;
    struct asap_error cause = { 0 };
    const enum asap_code code = store_get_value(txn, VALUE_NAME, &bytes, &length, &cause);

    *out = (struct store_mark){ .kind = MARK_NONE };
    if (code == ASAP_NOT_FOUND)
        return ASAP_OK;
    if (code != ASAP_OK)
        return fail(err, code, "%s", cause.message);
    return parse(bytes, length, out) ? ASAP_OK : transaction_damaged("the mark of copies", err);
}

enum asap_code store_put_mark(struct txn *txn,
                              const struct store_mark *mark,
                              struct asap_error *err)
{
    char text[TEXT_SIZE];

    (void)snprintf(text, sizeof text, "%s %" PRId64 " %" PRId64, kinds[mark->kind], mark->copy_time,
                   mark->sign_time);
    return store_put_value(txn, VALUE_NAME, text, strlen(text), err);
}

enum asap_code store_refuse_copy(const struct store_mark *mark, struct asap_error *err)
{
    char text[UTC_TEXT_SIZE] = "";

    if (mark->kind != MARK_COPY)
        return ASAP_OK;
    utc_format(mark->copy_time, text);
    return fail(err, ASAP_FAILED_PRECONDITION,
                "this is a backup of %s: nothing is signed or changed until an operator has run"
                " asapd check --accept-restore (asapd(8) says what may be lost)",
                text);
}

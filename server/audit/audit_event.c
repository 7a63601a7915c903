/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_event.h"

#include <inttypes.h>
#include <string.h>

#include "codec_text.h"
#include "method.h"

static const struct {
    size_t offset, size;
} texts[] = {
    { offsetof(struct audit_row, caller), AUDIT_CALLER_SIZE },
    { offsetof(struct audit_row, proof), AUDIT_PROOF_SIZE },
    { offsetof(struct audit_row, method), AUDIT_METHOD_SIZE },
    { offsetof(struct audit_row, result), AUDIT_RESULT_SIZE },
    { offsetof(struct audit_row, message), AUDIT_MESSAGE_SIZE },
    { offsetof(struct audit_row, issuer), AUDIT_NAME_SIZE },
    { offsetof(struct audit_row, key_id), AUDIT_NAME_SIZE },
    { offsetof(struct audit_row, token_id), AUDIT_NAME_SIZE },
    { offsetof(struct audit_row, request_id), AUDIT_REQUEST_ID_SIZE },
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* The beginning of a character whose end was cut off. */
static bool is_cut_off(const char *text, size_t length)
{
    const unsigned char first = (unsigned char)text[0];

    if (length > 3 || first < 0xc2 || first > 0xf4)
        return false;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return false;
    return true;
}

static void replace_malformed(char *text)
{
    size_t length = strlen(text);

    for (size_t at = text_utf8_prefix(text, length); at < length;
         at += text_utf8_prefix(text + at, length - at)) {
        if (is_cut_off(text + at, length - at))
            length = at;
        text[at] = at == length ? '\0' : '?';
    }
}

/* Those of ASCII, and U+0080 to U+009F, which some terminals obey, too. */
static void replace_controls(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (*at < ' ' || *at == 0x7f)
            *at = '?';
        if (*at == 0xc2 && at[1] < 0xa0)
            memcpy(at, "??", 2);
    }
}

void event_tidy(struct audit_row *event)
{
    for (size_t i = 0; i < TEXTS; i++) {
        char *text = (char *)event + texts[i].offset;

        text[texts[i].size - 1] = '\0';
        replace_malformed(text);
        replace_controls(text);
    }
    if (event->result[0] == '\0')
        memcpy(event->result, "unknown", sizeof "unknown");
    if (event->proof_kind < RPC_PROOF_NONE || event->proof_kind > RPC_PROOF_UID)
        event->proof_kind = RPC_PROOF_NONE;
    if (event->create_time < 0)
        event->create_time = 0;
}

/* Appends " LENGTH:TEXT". There are nine to an event, and printf took longer for them than the hash
 * over it. */
static void encode_text(const char *text, struct buffer *out)
{
    const size_t length = strlen(text);
    char head[24];
    char *at = head + sizeof head;
    size_t rest = length;

    *--at = ':';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    *--at = ' ';
    buffer_append(out, at, (size_t)(head + sizeof head - at));
    buffer_append(out, text, length);
}

void event_encode(const struct audit_row *event, struct buffer *out)
{
    buffer_printf(out, "%" PRId64 " %" PRId64 " %" PRId64, event->sequence, event->create_time,
                  event->proof_kind);
    for (size_t i = 0; i < TEXTS; i++)
        encode_text((const char *)event + texts[i].offset, out);
}

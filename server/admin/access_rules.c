/* SPDX-License-Identifier: Apache-2.0 */
#include "access_rules.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "codec_text.h"
#include "fail.h"
#include "hex.h"

enum asap_code access_blame(struct asap_error *err, enum asap_code code, const char *field)
{
    if (code != ASAP_OK && err != NULL)
        (void)snprintf(err->field, sizeof err->field, "%s", field);
    return code;
}

/* A name that is too long for one is not worth showing. */
static enum asap_code
check_length(const char *what, const char *name, size_t longest, struct asap_error *err)
{
    if (strlen(name) > longest)
        return fail(err, ASAP_NOT_FOUND, "no %s has a name of more than %zu bytes", what, longest);
    if (name[0] == '\0')
        return fail(err, ASAP_INVALID_ARGUMENT, "name the %s", what);
    return ASAP_OK;
}

static enum asap_code
find_caller(struct txn *txn, const char *name, struct caller_row *out, struct asap_error *err)
{
    TRY(check_length("caller", name, CALLER_NAME_MAX, err));
    return store_get_caller(txn, name, out, err);
}

enum asap_code access_find_caller(struct txn *txn,
                                  const char *name,
                                  const char *field,
                                  struct caller_row *out,
                                  struct asap_error *err)
{
    return access_blame(err, find_caller(txn, name, out, err), field);
}

static enum asap_code
find_issuer(struct txn *txn, const char *name, struct issuer_row *out, struct asap_error *err)
{
    TRY(check_length("issuer", name, ISSUER_MAX, err));
    return store_get_issuer(txn, name, out, err);
}

enum asap_code access_find_issuer(struct txn *txn,
                                  const char *name,
                                  const char *field,
                                  struct issuer_row *out,
                                  struct asap_error *err)
{
    return access_blame(err, find_issuer(txn, name, out, err), field);
}

enum asap_code access_new_id(char out[ACCESS_ID_SIZE], struct asap_error *err)
{
    unsigned char random[(ACCESS_ID_SIZE - 1) / 2] = { 0 };

    if (RAND_bytes(random, sizeof random) != 1)
        return fail(err, ASAP_INTERNAL, "no random bytes to be had");
    hex_write(random, sizeof random, out);
    return ASAP_OK;
}

enum asap_code access_check_id(const char *id, const char *field, struct asap_error *err)
{
    if (strlen(id) != ACCESS_ID_SIZE - 1 || strspn(id, "0123456789abcdef") != ACCESS_ID_SIZE - 1)
        return fail_field(err, field, "an id has %d digits of 0 to 9 and a to f (lists show it)",
                          ACCESS_ID_SIZE - 1);
    return ASAP_OK;
}

/* U+0080 to U+009F are control characters, too; in UTF-8 they begin with this byte. */
static bool is_control(const char *at)
{
    const unsigned char byte = (unsigned char)at[0];

    return byte < ' ' || byte == 0x7f || (byte == 0xc2 && (unsigned char)at[1] < 0xa0);
}

bool access_is_line(const char *text, size_t size)
{
    const size_t length = strlen(text);

    for (const char *at = text; *at != '\0'; at++)
        if (is_control(at))
            return false;
    return length < size && text_utf8_prefix(text, length) == length;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "hex.h"
#include "pem.h"
#include "retriever.h"
#include "retriever_memory.h"

enum { MEMORY_ENTRIES = 1000, SHA256_SIZE = 32 };

struct callback_retriever {
    struct asap_retriever base;
    struct asap_key_source source;
    struct key_memory *memory;
};

/* What the callback wrote. */
struct answer {
    char pem[ASAP_KEY_PEM_SIZE];
    size_t length;
};

/* What anything but ASAP_OK and ASAP_NOT_FOUND says about a key is nothing. */
static enum asap_code judge(const char *key_id,
                            enum asap_code code,
                            const struct asap_error *said,
                            struct asap_error *err)
{
    if (code == ASAP_OK)
        return ASAP_OK;
    if (code == ASAP_NOT_FOUND)
        return refuse(err, ASAP_REASON_KEY_NOT_FOUND, "kid", "the program has no key %.180s",
                      key_id);
    return fail_reason(err, ASAP_UNAVAILABLE, ASAP_REASON_KEY_UNAVAILABLE,
                       "the program cannot find %.90s: %.120s", key_id,
                       said->message[0] != '\0' ? said->message : asap_code_name(code));
}

static enum asap_code ask(struct callback_retriever *self,
                          const struct kid *kid,
                          struct answer *answer,
                          struct asap_error *err)
{
    char key_id[KID_MAX + 1] = "";
    struct asap_error said = { 0 };
    enum asap_code code = ASAP_OK;

    if (kid->length > KID_MAX)
        return refuse(err, ASAP_REASON_KID_GRAMMAR, "kid", "the key id is too long");
    memcpy(key_id, kid->text, kid->length);
    code = self->source.find(self->source.context, key_id, answer->pem, &answer->length, &said);
    TRY(judge(key_id, code, &said, err));
    if (answer->length > sizeof answer->pem)
        return refuse(err, ASAP_REASON_KEY_REFUSED, "",
                      "the program gave %zu bytes for %.90s; a key in PEM has at most %d",
                      answer->length, key_id, ASAP_KEY_PEM_SIZE);
    return ASAP_OK;
}

static enum asap_code tag_of(const struct answer *answer,
                             char out[KEY_TAG_SIZE],
                             struct asap_error *err)
{
    unsigned char digest[SHA256_SIZE] = { 0 };

    if (EVP_Q_digest(NULL, "SHA256", NULL, answer->pem, answer->length, digest, NULL) != 1)
        return fail_memory(err);
    hex_write(digest, sizeof digest, out);
    return ASAP_OK;
}

static enum asap_code read_answer(struct callback_retriever *self,
                                  const struct kid *kid,
                                  const struct answer *answer,
                                  EVP_PKEY **out,
                                  struct asap_error *err)
{
    char tag[KEY_TAG_SIZE] = "";
    enum asap_code code = ASAP_OK;

    TRY(tag_of(answer, tag, err));
    *out = key_memory_find(self->memory, kid, tag);
    if (*out != NULL)
        return ASAP_OK;
    code = pem_read_public(answer->pem, answer->length, out, err);
    if (code != ASAP_OK)
        return code == ASAP_INVALID_ARGUMENT ? fail_as(err, ASAP_UNAUTHENTICATED) : code;
    key_memory_put(self->memory, kid, tag, *out);
    return ASAP_OK;
}

static enum asap_code find_by_callback(struct asap_retriever *retriever,
                                       const struct kid *kid,
                                       EVP_PKEY **out,
                                       struct asap_error *err)
{
    struct callback_retriever *self = (struct callback_retriever *)(void *)retriever;
    struct answer answer = { .length = 0 };

    *out = NULL;
    TRY(ask(self, kid, &answer, err));
    return read_answer(self, kid, &answer, out, err);
}

static void free_callback(struct asap_retriever *retriever)
{
    struct callback_retriever *self = (struct callback_retriever *)(void *)retriever;

    if (self->source.free != NULL)
        self->source.free(self->source.context);
    key_memory_free(self->memory);
    free(self);
}

enum asap_code asap_retriever_callback(const struct asap_key_source *source,
                                       struct asap_retriever **out,
                                       struct asap_error *err)
{
    SCOPED(key_memory) struct key_memory *memory = NULL;
    struct callback_retriever *self = NULL;

    *out = NULL;
    if (source->find == NULL)
        return fail_field(err, "find", "find is missing: which function finds the keys?");
    TRY(key_memory_new(MEMORY_ENTRIES, &memory, err));
    self = calloc(1, sizeof *self);
    if (self == NULL)
        return fail_memory(err);
    self->base = (struct asap_retriever){
        .find = find_by_callback,
        .find_cached = source->never_waits ? find_by_callback : retriever_peek_nothing,
        .peek = retriever_peek_nothing,
        .free = free_callback,
    };
    self->source = *source;
    self->memory = MOVE(memory);
    *out = &self->base;
    return ASAP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asap/v1/token_service.pb-c.h"
#include "chain.h"
#include "codec.h"
#include "policy.h"
#include "rows.h"

/* The parts of a MintToken call that are asapd's own. */

static const struct codec json = { .format = CODEC_JSON };

static const char request_text[] =
    "{\"issuer\":\"payments/service-07\",\"audience\":[\"orders/api\",\"orders/reports\"],"
    "\"lifetime\":\"300s\",\"subject\":\"batch\",\"additionalClaims\":{\"role\":\"reader\"},"
    "\"requestId\":\"4f0c2f64-6f4b-4f0e-9a3b-8d6d6a1c9f11\"}";

struct messages {
    struct side_input input;
    Asap__V1__MintTokenResponse response;
    Google__Protobuf__Timestamp expire_time, refresh_time;
};

void *rows_prepare_messages(const char *algorithm, const struct side_input *input)
{
    struct messages *messages = calloc(1, sizeof *messages);

    (void)algorithm;
    if (messages == NULL)
        return NULL;
    messages->input = *input;
    google__protobuf__timestamp__init(&messages->expire_time);
    google__protobuf__timestamp__init(&messages->refresh_time);
    messages->expire_time.seconds = ROWS_NOW + 300;
    messages->refresh_time.seconds = ROWS_NOW + 240;
    asap__v1__mint_token_response__init(&messages->response);
    messages->response.token = messages->input.token;
    messages->response.key_id = messages->input.key_id;
    messages->response.expire_time = &messages->expire_time;
    messages->response.refresh_time = &messages->refresh_time;
    return messages;
}

static bool read_request(const char *text, size_t length, ProtobufCMessage **out)
{
    return codec_read(&json, &asap__v1__mint_token_request__descriptor, text, length, out, NULL)
           == ASAP_OK;
}

bool rows_read_request(void *prepared)
{
    ProtobufCMessage *request = NULL;
    const bool is_read = read_request(request_text, sizeof request_text - 1, &request);

    (void)prepared;
    protobuf_c_message_free_unpacked(request, NULL);
    return is_read;
}

bool rows_read_request_is_right(void *prepared)
{
    ProtobufCMessage *cut = NULL;

    return rows_read_request(prepared)
           && !read_request(request_text, sizeof request_text - 2, &cut);
}

static bool write_response(const struct messages *messages, struct buffer *out)
{
    return codec_write(&json, &messages->response.base, out, NULL) == ASAP_OK;
}

bool rows_write_response(void *prepared)
{
    struct buffer text = BUFFER(CODEC_SIZE_MAX);
    const bool is_written = write_response(prepared, &text);

    buffer_clear(&text);
    return is_written;
}

bool rows_write_response_is_right(void *prepared)
{
    const struct messages *messages = prepared;
    struct buffer text = BUFFER(CODEC_SIZE_MAX);
    const bool is_right = write_response(messages, &text)
                          && strstr(text.bytes, messages->input.token) != NULL
                          && strstr(text.bytes, "\"refreshTime\":\"2026-11-23T") != NULL;

    buffer_clear(&text);
    return is_right;
}

struct grants {
    struct known_grant grants[ROWS_GRANTS];
    char issuers[ROWS_GRANTS][32];
    struct known_caller caller;
};

static const char *const nothing[] = { NULL };
static const char *const stock[] = { "stock/reports", "stock/api", NULL };
static const char *const orders[] = { "orders/*", NULL };

void *rows_prepare_grants(const char *algorithm, const struct side_input *input)
{
    struct grants *grants = calloc(1, sizeof *grants);

    (void)algorithm, (void)input;
    if (grants == NULL)
        return NULL;
    for (int i = 0; i < ROWS_GRANTS; i++) {
        (void)snprintf(grants->issuers[i], sizeof grants->issuers[i], "payments/service-%02d",
                       i / 10);
        grants->grants[i] = (struct known_grant){
            "g",  VERB_MINT, grants->issuers[i], i % 10 == 9 ? orders : stock, nothing, nothing,
            3600, 0
        };
    }
    grants->caller = (struct known_caller){ "ci", true, false, grants->grants, ROWS_GRANTS };
    return grants;
}

static bool judge(const struct grants *grants, const char *audience)
{
    const char *const audiences[] = { audience, NULL };
    const struct wish wish = { VERB_MINT, "payments/service-07", audiences, 300, "", NULL };
    struct verdict verdict;

    policy_judge(&grants->caller, &wish, "https://asap.example.com", &verdict);
    return verdict.is_allowed;
}

bool rows_judge(void *prepared)
{
    return judge(prepared, "orders/api");
}

bool rows_judge_is_right(void *prepared)
{
    return judge(prepared, "orders/api") && !judge(prepared, "invoices/api");
}

static const struct audit_row event = {
    .sequence = 3,
    .create_time = ROWS_NOW,
    .caller = "ci",
    .proof_kind = 3,
    .proof = "0123456789abcdef",
    .method = "asap.v1.TokenService/MintToken",
    .result = "ok",
    .issuer = "payments/service-07",
    .key_id = "payments/service-07/2026-11-26-033.pem",
    .token_id = "-YTYIo6pRFHx-RfjwXnejmKtbgM",
    .request_id = "4f0c2f64-6f4b-4f0e-9a3b-8d6d6a1c9f11",
};

void *rows_prepare_chain(const char *algorithm, const struct side_input *input)
{
    struct chain *chain = calloc(1, sizeof *chain);
    struct secret key = { 0 };
    enum asap_code code = secret_init(&key, 32, NULL);

    (void)algorithm, (void)input;
    if (chain != NULL && code == ASAP_OK) {
        memset(key.bytes, 7, key.length);
        code = chain_init(chain, &key, NULL);
    }
    secret_clear(&key);
    return code == ASAP_OK ? chain : NULL;
}

bool rows_hash_event(void *prepared)
{
    static const unsigned char previous[AUDIT_HASH_SIZE] = { 1 };
    unsigned char hash[AUDIT_HASH_SIZE];

    return chain_hash(prepared, previous, &event, hash, NULL) == ASAP_OK;
}

bool rows_hash_event_is_right(void *prepared)
{
    unsigned char first[AUDIT_HASH_SIZE] = { 1 };
    unsigned char second[AUDIT_HASH_SIZE] = { 0 };

    return chain_hash(prepared, first, &event, second, NULL) == ASAP_OK
           && chain_hash(prepared, second, &event, first, NULL) == ASAP_OK
           && !chain_is_same_hash(first, second);
}

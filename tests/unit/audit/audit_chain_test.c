/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include <stdio.h>
#include <string.h>

#include "audit_event.h"
#include "base64url.h"
#include "check_main.h"

static struct secret key;
static struct chain chain;

static void make_key(struct secret *secret, int mark)
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(secret_init(secret, 32, &err));
    memset(secret->bytes, mark, secret->length);
}

static void set_up(void)
{
    struct asap_error err = { 0 };

    make_key(&key, 7);
    ck_assert_succeeds(chain_init(&chain, &key, &err));
}

static void tear_down(void)
{
    chain_clear(&chain);
    secret_clear(&key);
}

static struct audit_row new_event(void)
{
    return (struct audit_row){
        .sequence = 3,
        .create_time = 1795440000,
        .caller = "ci",
        .proof_kind = 3,
        .proof = "0123456789abcdef",
        .method = "asap.v1.TokenService/MintToken",
        .result = "ok",
        .message = "m",
        .issuer = "web",
        .key_id = "web/1",
        .token_id = "t",
        .request_id = "r",
    };
}

static void hash_of(const struct audit_row *event, int previous, unsigned char *out)
{
    unsigned char before[AUDIT_HASH_SIZE];
    struct asap_error err = { 0 };

    memset(before, previous, sizeof before);
    ck_assert_succeeds(chain_hash(&chain, before, event, out, &err));
}

static bool hashes_alike(const struct audit_row *one, const struct audit_row *other)
{
    unsigned char hashes[2][AUDIT_HASH_SIZE] = { { 0 } };

    hash_of(one, 1, hashes[0]);
    hash_of(other, 1, hashes[1]);
    return chain_is_same_hash(hashes[0], hashes[1]);
}

#define MEMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct audit_row, name)                                                    \
    }

static const struct {
    const char *name;
    size_t offset;
} members[] = {
    MEMBER(sequence), MEMBER(create_time), MEMBER(caller),   MEMBER(proof_kind),
    MEMBER(proof),    MEMBER(method),      MEMBER(result),   MEMBER(message),
    MEMBER(issuer),   MEMBER(key_id),      MEMBER(token_id), MEMBER(request_id),
};

START_TEST(the_hash_covers_every_member)
{
    const struct audit_row event = new_event();
    struct audit_row other = event;

    ck_assert(hashes_alike(&event, &other));
    ((unsigned char *)&other)[members[_i].offset] ^= 1;
    ck_assert_msg(!hashes_alike(&event, &other), "%s", members[_i].name);
}
END_TEST

/* Each pair would be the same bytes without lengths, or with lengths that texts may imitate. */
static const struct {
    const char *one[3], *other[3];
} pairs[] = {
    { { "ab", "", "" }, { "", "ab", "" } },   { { "a", "b", "" }, { "ab", "", "" } },
    { { "a", "b", "c" }, { "a", "bc", "" } }, { { "a 1:b", "", "" }, { "a", "b", "" } },
    { { "", " 0:", "" }, { "", "", " 0:" } }, { { "", "1:", "" }, { "1:", "", "" } },
};

static struct audit_row event_of(const char *const *texts)
{
    struct audit_row event = new_event();

    (void)snprintf(event.issuer, sizeof event.issuer, "%s", texts[0]);
    (void)snprintf(event.key_id, sizeof event.key_id, "%s", texts[1]);
    (void)snprintf(event.token_id, sizeof event.token_id, "%s", texts[2]);
    return event;
}

START_TEST(text_that_moves_to_the_next_member_is_another_event)
{
    const struct audit_row one = event_of(pairs[_i].one);
    const struct audit_row other = event_of(pairs[_i].other);

    ck_assert(!hashes_alike(&one, &other));
}
END_TEST

START_TEST(what_lies_behind_the_end_of_a_text_does_not_count)
{
    struct audit_row one = new_event();
    const struct audit_row other = new_event();

    one.caller[100] = 'x';
    ck_assert(hashes_alike(&one, &other));
}
END_TEST

START_TEST(the_hash_depends_on_the_one_before_and_on_the_key)
{
    const struct audit_row event = new_event();
    unsigned char hashes[3][AUDIT_HASH_SIZE] = { { 0 } };
    struct asap_error err = { 0 };

    hash_of(&event, 1, hashes[0]);
    hash_of(&event, 2, hashes[1]);
    chain_clear(&chain);
    key.bytes[31] ^= 1;
    ck_assert_succeeds(chain_init(&chain, &key, &err));
    hash_of(&event, 1, hashes[2]);
    ck_assert(!chain_is_same_hash(hashes[0], hashes[1]));
    ck_assert(!chain_is_same_hash(hashes[0], hashes[2]));
}
END_TEST

START_TEST(the_longest_event_has_a_hash)
{
    unsigned char hash[AUDIT_HASH_SIZE];
    struct audit_row event;

    memset(&event, 'x', sizeof event);
    event_tidy(&event);
    event.sequence = INT64_MAX;
    event.create_time = INT64_MAX;
    hash_of(&event, 1, hash);
}
END_TEST

START_TEST(a_short_key_is_refused)
{
    struct asap_error err = { 0 };
    struct chain other;

    key.length = 31;
    ck_assert_int_eq(chain_init(&other, &key, &err), ASAP_INTERNAL);
    key.length = 32;
}
END_TEST

static struct chain_place new_place(int64_t sequence)
{
    struct chain_place place = { .sequence = sequence };

    memset(place.hash, 0xa5, sizeof place.hash);
    return place;
}

static void sign(const struct chain_place *place, char out[AUDIT_HEAD_TEXT_SIZE])
{
    struct asap_error err = { 0 };

    ck_assert_succeeds(chain_write_head(&chain, place, out, &err));
}

static void assert_no_head(const char *text)
{
    struct asap_error err = { 0 };
    struct chain_place place;

    ck_assert_msg(chain_read_head(&chain, text, &place, &err) == ASAP_INVALID_ARGUMENT, "%s", text);
    ck_assert_str_eq(err.field, "head");
}

START_TEST(a_head_is_one_word_and_reads_as_it_was_signed)
{
    static const int64_t sequences[] = { 1, 17, INT64_MAX };
    char text[AUDIT_HEAD_TEXT_SIZE];
    struct asap_error err = { 0 };
    struct chain_place place;

    for (int i = 0; i < COUNT(sequences); i++) {
        const struct chain_place signed_place = new_place(sequences[i]);

        sign(&signed_place, text);
        ck_assert_uint_eq(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789-_."),
                          strlen(text));
        ck_assert_succeeds(chain_read_head(&chain, text, &place, &err));
        ck_assert_int_eq(place.sequence, sequences[i]);
        ck_assert_mem_eq(place.hash, signed_place.hash, AUDIT_HASH_SIZE);
    }
}
END_TEST

START_TEST(a_head_with_one_character_changed_or_missing_is_none)
{
    const struct chain_place place = new_place(17);
    char text[AUDIT_HEAD_TEXT_SIZE];

    sign(&place, text);
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char kept = text[i];

        text[i] = kept == '1' ? '2' : '1';
        assert_no_head(text);
        text[i] = '\0';
        assert_no_head(text);
        text[i] = kept;
    }
}
END_TEST

static const char *const spellings[] = {
    "v1.%s.",    "v1.017.%s", "v1.+17.%s", "v1. 17.%s",   " v1.17.%s",
    "v1.17.%s ", "v1.17.%s.", "V1.17.%s",  "v1.17.%s%%n", "v2.17.%s",
};

START_TEST(a_head_has_one_spelling)
{
    const struct chain_place place = new_place(17);
    char text[AUDIT_HEAD_TEXT_SIZE];
    char other[2 * AUDIT_HEAD_TEXT_SIZE];
    const char *const rest = text + strlen("v1.17.");
    const char *const format = spellings[_i];
    const char *const gap = strstr(format, "%s");

    sign(&place, text);
    (void)snprintf(other, sizeof other, "%.*s%s%s", (int)(gap - format), format, rest, gap + 2);
    assert_no_head(other);
}
END_TEST

START_TEST(a_very_long_word_is_no_head)
{
    char text[4 * AUDIT_HEAD_TEXT_SIZE];

    memset(text, 'A', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_no_head(text);
    memcpy(text, "v1.1.", 5);
    assert_no_head(text);
}
END_TEST

START_TEST(a_head_of_another_key_is_none)
{
    const struct chain_place place = new_place(17);
    char text[AUDIT_HEAD_TEXT_SIZE];
    struct asap_error err = { 0 };

    sign(&place, text);
    chain_clear(&chain);
    key.bytes[0] ^= 1;
    ck_assert_succeeds(chain_init(&chain, &key, &err));
    assert_no_head(text);
}
END_TEST

static bool is_genuine(const struct audit_head_row *row)
{
    struct asap_error err = { 0 };
    bool genuine = false;

    ck_assert_succeeds(chain_check_checkpoint(&chain, row, &genuine, &err));
    return genuine;
}

START_TEST(a_checkpoint_is_genuine_until_it_is_altered)
{
    const struct chain_place place = new_place(17);
    struct audit_head_row row = { 0 };
    struct audit_head_row altered;
    struct asap_error err = { 0 };

    ck_assert(is_genuine(&row));
    ck_assert_succeeds(chain_set_checkpoint(&chain, &place, &row, &err));
    ck_assert(is_genuine(&row));
    altered = row;
    altered.checkpoint_sequence++;
    ck_assert(!is_genuine(&altered));
    altered = row;
    altered.checkpoint_hash[31] ^= 1;
    ck_assert(!is_genuine(&altered));
    altered = row;
    altered.checkpoint_mac[31] ^= 1;
    ck_assert(!is_genuine(&altered));
    altered = row;
    altered.has_checkpoint = false;
    ck_assert(!is_genuine(&altered));
    altered.checkpoint_sequence = 0;
    ck_assert(!is_genuine(&altered));
}
END_TEST

/* A head is public: its MAC must not make a checkpoint. */
START_TEST(what_signs_a_head_does_not_sign_a_checkpoint)
{
    const struct chain_place place = new_place(17);
    struct audit_head_row row = { 0 };
    char text[AUDIT_HEAD_TEXT_SIZE];
    SCOPED(buffer) struct buffer mac = BUFFER(AUDIT_HASH_SIZE);
    struct asap_error err = { 0 };

    sign(&place, text);
    ck_assert_succeeds(
        base64url_decode(strrchr(text, '.') + 1, strlen(strrchr(text, '.') + 1), &mac, &err));
    ck_assert_succeeds(chain_set_checkpoint(&chain, &place, &row, &err));
    ck_assert_mem_ne(mac.bytes, row.checkpoint_mac, AUDIT_HASH_SIZE);
}
END_TEST

static const struct {
    const char *text, *wanted;
} texts[] = {
    { "", "" },
    { "plain", "plain" },
    { "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
    { "\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91" },
    { "a\nb\tc\x1b[2J\x7f", "a?b?c?[2J?" },
    { "a\xc2\x9b"
      "b",
      "a??b" },
    { "a\xc2\xa0"
      "b",
      "a\xc2\xa0"
      "b" },
    { "a\xff"
      "b",
      "a?b" },
    { "a\x80", "a?" },
    { "a\xc3", "a" },
    { "a\xf0\x9f\x94", "a" },
    { "a\xf0\x9f"
      "b",
      "a??b" },
    { "a\xed\xa0\x80"
      "b",
      "a???b" },
    { "\xc0\xaf", "??" },
    { "\xff\xff", "??" },
};

START_TEST(what_no_log_can_hold_is_replaced)
{
    struct audit_row event = new_event();

    (void)snprintf(event.message, sizeof event.message, "%s", texts[_i].text);
    event_tidy(&event);
    ck_assert_str_eq(event.message, texts[_i].wanted);
}
END_TEST

START_TEST(a_text_without_an_end_is_cut_between_characters)
{
    struct audit_row event = new_event();

    memset(event.caller, 'x', sizeof event.caller);
    for (size_t i = 1; i + 1 < sizeof event.request_id; i += 2)
        memcpy(event.request_id + i, "\xc3\xbc", 2);
    event_tidy(&event);
    ck_assert_uint_eq(strlen(event.caller), AUDIT_CALLER_SIZE - 1);
    ck_assert_uint_eq(strlen(event.request_id), AUDIT_REQUEST_ID_SIZE - 2);
    ck_assert_str_eq(event.proof, "0123456789abcdef");
}
END_TEST

START_TEST(numbers_that_no_log_takes_are_put_right)
{
    static const int64_t kinds[][2] = { { -1, 0 }, { 0, 0 }, { 4, 4 }, { 5, 0 } };
    struct audit_row event = new_event();

    for (int i = 0; i < COUNT(kinds); i++) {
        event.proof_kind = kinds[i][0];
        event_tidy(&event);
        ck_assert_int_eq(event.proof_kind, kinds[i][1]);
    }
    event.create_time = -5;
    event.result[0] = '\0';
    event_tidy(&event);
    ck_assert_int_eq(event.create_time, 0);
    ck_assert_str_eq(event.result, "unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit chain");
    TCase *cases = tcase_create("chain");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, the_hash_covers_every_member, 0, COUNT(members));
    tcase_add_loop_test(cases, text_that_moves_to_the_next_member_is_another_event, 0,
                        COUNT(pairs));
    tcase_add_test(cases, what_lies_behind_the_end_of_a_text_does_not_count);
    tcase_add_test(cases, the_hash_depends_on_the_one_before_and_on_the_key);
    tcase_add_test(cases, the_longest_event_has_a_hash);
    tcase_add_test(cases, a_short_key_is_refused);
    tcase_add_test(cases, a_head_is_one_word_and_reads_as_it_was_signed);
    tcase_add_test(cases, a_head_with_one_character_changed_or_missing_is_none);
    tcase_add_loop_test(cases, a_head_has_one_spelling, 0, COUNT(spellings));
    tcase_add_test(cases, a_very_long_word_is_no_head);
    tcase_add_test(cases, a_head_of_another_key_is_none);
    tcase_add_test(cases, a_checkpoint_is_genuine_until_it_is_altered);
    tcase_add_test(cases, what_signs_a_head_does_not_sign_a_checkpoint);
    tcase_add_loop_test(cases, what_no_log_can_hold_is_replaced, 0, COUNT(texts));
    tcase_add_test(cases, a_text_without_an_end_is_cut_between_characters);
    tcase_add_test(cases, numbers_that_no_log_takes_are_put_right);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}

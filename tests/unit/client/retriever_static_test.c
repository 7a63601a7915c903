/* SPDX-License-Identifier: Apache-2.0 */
#include "retriever_fixture.h"

static char pem_weak[1024];

static void make_pems(void)
{
    SCOPED(buffer) struct buffer text = BUFFER(1000);
    SCOPED(pkey) EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    struct asap_error err = { 0 };

    make_pem(pem_a, sizeof pem_a);
    make_pem(pem_b, sizeof pem_b);
    ck_assert_succeeds(pem_write_public(weak, &text, &err));
    (void)snprintf(pem_weak, sizeof pem_weak, "%s", text.bytes);
}

static void free_retriever(void)
{
    asap_retriever_free(retriever);
    retriever = NULL;
}

/* Static keys */

START_TEST(the_keys_that_were_given_are_found_and_no_others)
{
    const struct asap_static_key keys[] = { { "web/b", pem_b }, { "web/api/a", pem_a } };
    struct asap_error err = { 0 };

    ck_assert_succeeds(asap_retriever_static(keys, 2, &retriever, &err));
    ck_assert_int_eq(find("web/api/a", pem_a), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/b", pem_b), ASAP_REASON_NONE);
    ck_assert_int_eq(find_held("web/b", pem_b), ASAP_REASON_NONE);
    ck_assert_int_eq(find("web/c", NULL), ASAP_REASON_KEY_NOT_FOUND);
    ck_assert_int_eq(find_held("web/bb", NULL), ASAP_REASON_KEY_NOT_FOUND);
}
END_TEST

static const struct {
    struct asap_static_key second;
    const char *field;
} bad_keys[] = {
    { { "web/a", pem_b }, "keys" },
    { { NULL, pem_b }, "keys[1].key_id" },
    { { "web/../b", pem_b }, "keys[1].key_id" },
    { { "web/b", NULL }, "keys[1].pem" },
    { { "web/b", "no key" }, "keys[1].pem" },
    { { "web/b", pem_weak }, "keys[1].pem" },
};

START_TEST(a_bad_static_key_is_named)
{
    const struct asap_static_key keys[] = { { "web/a", pem_a }, bad_keys[_i].second };
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_retriever_static(keys, 2, &retriever, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_null(retriever);
    ck_assert_str_eq(err.field, bad_keys[_i].field);
    ck_assert_int_eq(asap_retriever_static(keys, 0, &retriever, &err), ASAP_INVALID_ARGUMENT);
}
END_TEST

/* The caller's own */

struct source {
    enum asap_code code;
    const char *pem;
    size_t length; /* 0: of the PEM */
    const char *message;
    char asked[64];
    int calls;
    int frees;
};

static struct source source;

static enum asap_code find_in_source(void *context,
                                     const char *key_id,
                                     char pem[ASAP_KEY_PEM_SIZE],
                                     size_t *pem_length,
                                     struct asap_error *err)
{
    struct source *self = context;

    self->calls++;
    (void)snprintf(self->asked, sizeof self->asked, "%s", key_id);
    (void)snprintf(err->message, sizeof err->message, "%s", self->message);
    if (self->code == ASAP_OK) {
        (void)snprintf(pem, ASAP_KEY_PEM_SIZE, "%s", self->pem);
        *pem_length = self->length > 0 ? self->length : strlen(self->pem);
    }
    return self->code;
}

static void free_source(void *context)
{
    ((struct source *)context)->frees++;
}

static void open_source(bool never_waits)
{
    const struct asap_key_source given = { find_in_source, &source, free_source, never_waits };
    struct asap_error err = { 0 };

    source = (struct source){ .pem = pem_a, .message = "" };
    ck_assert_succeeds(asap_retriever_callback(&given, &retriever, &err));
}

START_TEST(a_callback_is_asked_each_time_and_freed_once)
{
    open_source(false);
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    ck_assert_str_eq(source.asked, "web/a");
    ck_assert_int_eq(find("web/a", pem_a), ASAP_REASON_NONE);
    source.pem = pem_b;
    ck_assert_int_eq(find("web/a", pem_b), ASAP_REASON_NONE);
    ck_assert_int_eq(source.calls, 3);
    source.pem = "no key";
    ck_assert_int_eq(find("web/a", pem_b), ASAP_REASON_KEY_REFUSED);
    source.pem = pem_weak;
    ck_assert_int_eq(find("web/a", pem_weak), ASAP_REASON_KEY_REFUSED);
    source.length = ASAP_KEY_PEM_SIZE + 1;
    ck_assert_int_eq(find("web/a", pem_b), ASAP_REASON_KEY_REFUSED);
    ck_assert_int_eq(source.frees, 0);
    free_retriever();
    ck_assert_int_eq(source.frees, 1);
}
END_TEST

START_TEST(an_event_loop_asks_only_a_callback_that_never_waits)
{
    open_source(_i == 1);
    ck_assert_int_eq(find_held("web/a", _i == 1 ? pem_a : NULL), ASAP_REASON_NONE);
    ck_assert_int_eq(source.calls, _i);
}
END_TEST

START_TEST(what_a_callback_says_is_a_missing_key_or_a_failure)
{
    struct asap_error err = { 0 };
    EVP_PKEY *key = NULL;

    open_source(false);
    source.code = ASAP_NOT_FOUND;
    ck_assert_int_eq(find("web/a", NULL), ASAP_REASON_KEY_NOT_FOUND);
    source.code = ASAP_UNAUTHENTICATED;
    ck_assert_int_eq(find("web/a", NULL), ASAP_REASON_KEY_UNAVAILABLE);
    source.code = ASAP_INTERNAL;
    source.message = "the database is down";
    ck_assert_int_eq(find_into("web/a", &key, &err), ASAP_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "the database is down"));
}
END_TEST

START_TEST(a_callback_without_a_function_is_refused)
{
    const struct asap_key_source none = { .free = free_source };
    struct asap_error err = { 0 };

    ck_assert_int_eq(asap_retriever_callback(&none, &retriever, &err), ASAP_INVALID_ARGUMENT);
    ck_assert_str_eq(err.field, "find");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retriever_static");
    TCase *given = tcase_create("static");
    TCase *callbacks = tcase_create("callback");

    tcase_add_checked_fixture(given, make_pems, free_retriever);
    tcase_add_test(given, the_keys_that_were_given_are_found_and_no_others);
    tcase_add_loop_test(given, a_bad_static_key_is_named, 0, COUNT(bad_keys));
    tcase_add_checked_fixture(callbacks, make_pems, free_retriever);
    tcase_add_test(callbacks, a_callback_is_asked_each_time_and_freed_once);
    tcase_add_loop_test(callbacks, an_event_loop_asks_only_a_callback_that_never_waits, 0, 2);
    tcase_add_test(callbacks, what_a_callback_says_is_a_missing_key_or_a_failure);
    tcase_add_test(callbacks, a_callback_without_a_function_is_refused);
    suite_add_tcase(suite, given);
    suite_add_tcase(suite, callbacks);
    return check_main(suite);
}

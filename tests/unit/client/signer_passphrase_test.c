/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <sys/stat.h>

#include "scratch.h"
#include "signer_fixture.h"

enum { TEXT_MAX = 16384 };

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };

static enum asap_code from_pem(const struct buffer *pem,
                               struct asked *asked,
                               struct asap_signer **out,
                               struct asap_error *err)
{
    const struct asap_signer_options options = { .passphrase = passphrase_from(asked) };

    return asap_signer_from_pem("web/key", pem->bytes, pem->length, &options, out, err);
}

START_TEST(takes_every_form_of_a_key_and_asks_once_where_it_is_encrypted)
{
    SCOPED(pkey) EVP_PKEY *key = new_key(kinds[_i]);

    for (enum form form = PKCS8; form < FORMS; form++) {
        SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
        SCOPED(asap_signer) struct asap_signer *signer = NULL;
        struct asked asked = { .passphrase = PASSPHRASE };
        struct asap_error err = { 0 };

        if (strcmp(kinds[_i], "ED25519") == 0 && form % 2 == TRADITIONAL)
            continue; /* it has no older form */
        write_pem(key, form, &pem);
        ck_assert_succeeds(from_pem(&pem, &asked, &signer, &err));
        ck_assert_int_eq(asked.times, form == PKCS8 || form == TRADITIONAL ? 0 : 1);
        check_signs_with(signer, key, "web/key");
    }
}
END_TEST

static const struct {
    const char *why, *passphrase, *message;
} wrong[] = {
    { "none", NULL, "there is no passphrase" },
    { "another", "sesame", "is its passphrase right" },
    { "an empty one", "", "is its passphrase right" },
};

START_TEST(refuses_a_key_without_the_right_passphrase)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");

    for (enum form form = PKCS8_ENCRYPTED; form < FORMS; form++) {
        SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
        struct asap_signer *signer = NULL;
        struct asked asked = { .passphrase = wrong[_i].passphrase };
        struct asap_error err = { 0 };

        write_pem(key, form, &pem);
        ck_assert_int_eq(from_pem(&pem, &asked, &signer, &err), ASAP_INVALID_ARGUMENT);
        ck_assert_ptr_null(signer);
        ck_assert_int_eq(asked.times, 1);
        ck_assert_int_eq(err.reason, ASAP_REASON_KEY_REFUSED);
        ck_assert_msg(strstr(err.message, wrong[_i].message) != NULL, "%s: %s", wrong[_i].why,
                      err.message);
        ck_assert_uint_eq(ERR_peek_error(), 0);
    }
}
END_TEST

START_TEST(says_that_a_key_is_encrypted_when_nobody_can_be_asked)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
    const struct asap_signer_options options = { .algorithm = NULL };
    const struct asap_signer_options *const none[] = { NULL, &options };
    struct asap_signer *signer = NULL;

    write_pem(key, PKCS8_ENCRYPTED, &pem);
    for (int i = 0; i < COUNT(none); i++) {
        struct asap_error err = { 0 };

        ck_assert_int_eq(
            asap_signer_from_pem("web/key", pem.bytes, pem.length, none[i], &signer, &err),
            ASAP_INVALID_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(err.message, "is encrypted and there is no passphrase"));
    }
}
END_TEST

/* Claims to have written more than there is room for. */
static int boast(char *out, size_t size, void *context)
{
    (void)context;
    memset(out, 'a', size);
    return (int)size + 1;
}

START_TEST(trusts_no_length_beyond_the_room_it_gave)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("ED25519");
    SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
    const struct asap_signer_options options = { .passphrase = { .read = boast } };
    struct asap_signer *signer = NULL;
    struct asap_error err = { 0 };

    write_pem(key, PKCS8_ENCRYPTED, &pem);
    ck_assert_int_eq(
        asap_signer_from_pem("web/key", pem.bytes, pem.length, &options, &signer, &err),
        ASAP_INVALID_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "there is no passphrase"));
}
END_TEST

START_TEST(asks_for_the_passphrase_of_a_key_in_a_directory)
{
    SCOPED(pkey) EVP_PKEY *key = new_key("P-256");
    SCOPED(buffer) struct buffer pem = BUFFER(TEXT_MAX);
    SCOPED(asap_signer) struct asap_signer *signer = NULL;
    struct asked asked = { .passphrase = PASSPHRASE };
    const struct asap_signer_options options = { .passphrase = passphrase_from(&asked) };
    struct scratch root, folder;
    struct asap_error err = { 0 };
    char path[256];
    FILE *file = NULL;

    scratch_make(&root);
    (void)scratch_file(&root, "web", folder.path, sizeof folder.path);
    ck_assert_int_eq(mkdir(folder.path, 0700), 0);
    file = fopen(scratch_file(&folder, "key.pem", path, sizeof path), "wb");
    ck_assert_ptr_nonnull(file);
    write_pem(key, PKCS8_ENCRYPTED, &pem);
    ck_assert_uint_eq(fwrite(pem.bytes, 1, pem.length, file), pem.length);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_succeeds(asap_signer_from_directory(root.path, "web", &options, &signer, &err));
    check_signs_with(signer, key, "web/key.pem");
    check_signs_with(signer, key, "web/key.pem");
    ck_assert_int_eq(asked.times, 1);
    scratch_remove(&folder);
    scratch_remove(&root);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signer_passphrase");
    TCase *tests = tcase_create("signer_passphrase");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, takes_every_form_of_a_key_and_asks_once_where_it_is_encrypted, 0,
                        COUNT(kinds));
    tcase_add_loop_test(tests, refuses_a_key_without_the_right_passphrase, 0, COUNT(wrong));
    tcase_add_test(tests, says_that_a_key_is_encrypted_when_nobody_can_be_asked);
    tcase_add_test(tests, trusts_no_length_beyond_the_room_it_gave);
    tcase_add_test(tests, asks_for_the_passphrase_of_a_key_in_a_directory);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "algorithm.h"

#include "check_main.h"
#include "test_keys.h"

/* Which key each algorithm takes; all other keys of the table must not fit. */
static const struct {
    const char *name;
    const char *key;
    size_t coordinate;
    bool pss;
    bool extension;
} expected[] = {
    { "RS256", "RSA", 0, false, false },    { "RS384", "RSA", 0, false, false },
    { "RS512", "RSA", 0, false, false },    { "PS256", "RSA", 0, true, false },
    { "PS384", "RSA", 0, true, false },     { "PS512", "RSA", 0, true, false },
    { "ES256", "P-256", 32, false, false }, { "ES384", "P-384", 48, false, false },
    { "ES512", "P-521", 66, false, false }, { "EdDSA", "ED25519", 0, false, true },
};

static const struct {
    const char *kind;
    const char *default_algorithm;
} keys[] = {
    { "RSA", "RS256" },     { "P-256", "ES256" },  { "P-384", "ES384" }, { "P-521", "ES512" },
    { "ED25519", "EdDSA" }, { "secp256k1", NULL }, { "P-224", NULL },    { "X25519", NULL },
};

START_TEST(lists_the_nine_and_the_extension_in_order)
{
    const struct algorithm *row = algorithm_at((size_t)_i);

    ck_assert_ptr_nonnull(row);
    ck_assert_str_eq(row->name, expected[_i].name);
    ck_assert_uint_eq(row->coordinate, expected[_i].coordinate);
    ck_assert_int_eq(row->pss, expected[_i].pss);
    ck_assert_int_eq(row->extension, expected[_i].extension);
    ck_assert_ptr_eq(algorithm_find(row->name, strlen(row->name)), row);
    ck_assert_ptr_null(algorithm_at(sizeof expected / sizeof *expected));
}
END_TEST

static const char *const unknown[] = {
    "",      "none",  "None",    "NONE", "nOnE",    "noNe",   "HS256",  "HS384",
    "HS512", "rs256", "Rs256",   "RS25", "RS2566",  "RS256 ", " RS256", "ES256K",
    "eddsa", "EDDSA", "Ed25519", "RS1",  "PS256\n", "RSA",
};

START_TEST(knows_no_other_name)
{
    ck_assert_msg(algorithm_find(unknown[_i], strlen(unknown[_i])) == NULL, "found %s",
                  unknown[_i]);
}
END_TEST

START_TEST(compares_the_length_too)
{
    ck_assert_ptr_null(algorithm_find("RS256\0", 6));
    ck_assert_ptr_null(algorithm_find("RS256", 4));
    ck_assert_ptr_nonnull(algorithm_find("RS256x", 5));
}
END_TEST

START_TEST(fits_a_key_by_type_and_curve_only)
{
    EVP_PKEY *key = new_key(keys[_i].kind);
    const struct algorithm *row = NULL;

    for (size_t i = 0; (row = algorithm_at(i)) != NULL; i++)
        ck_assert_msg(algorithm_fits(row, key) == (strcmp(expected[i].key, keys[_i].kind) == 0),
                      "%s and a key of kind %s", row->name, keys[_i].kind);
    row = algorithm_default_for(key);
    ck_assert_pstr_eq(row == NULL ? NULL : row->name, keys[_i].default_algorithm);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(does_not_take_a_key_that_is_for_pss_only)
{
    EVP_PKEY *key = new_key("RSA-PSS");

    ck_assert_ptr_null(algorithm_default_for(key));
    EVP_PKEY_free(key);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("algorithm");
    TCase *all = tcase_create("all");

    tcase_add_loop_test(all, lists_the_nine_and_the_extension_in_order, 0, COUNT(expected));
    tcase_add_loop_test(all, knows_no_other_name, 0, COUNT(unknown));
    tcase_add_test(all, compares_the_length_too);
    tcase_add_loop_test(all, fits_a_key_by_type_and_curve_only, 0, COUNT(keys));
    tcase_add_test(all, does_not_take_a_key_that_is_for_pss_only);
    suite_add_tcase(suite, all);
    return check_main(suite);
}

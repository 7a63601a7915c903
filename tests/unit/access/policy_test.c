/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stdio.h>
#include <string.h>

#include "check_main.h"

#define OWN "https://asap.example.com"

static const char *const none[] = { NULL };
static const char *const orders[] = { "orders/api", NULL };
static const char *const below_orders[] = { "orders/*", NULL };
static const char *const stock[] = { "stock", NULL };
static const char *const people[] = { "alice", "bob", NULL };
static const char *const names[] = { "scope", NULL };

/* By verb, then issuer, as known_caller_grants() wants them. */
static const struct known_grant grants[] = {
    { "g1", VERB_MINT, "billing", orders, none, none, 60, 0 },
    { "g2", VERB_MINT, "billing", stock, people, names, 600, 0 },
    { "g3", VERB_MINT, "web", below_orders, none, none, 0, 0 },
    { "g4", VERB_PUBLISH, "web", none, none, none, 0, 0 },
};
static const struct known_grant all[] = { { "g5", VERB_ADMIN, "", none, none, none, 0, 0 } };

static const struct known_caller ci = { "ci", true, false, grants, COUNT(grants) };
static const struct known_caller root = { "root", true, false, all, COUNT(all) };

#define LIST(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

static const struct {
    const char *why;
    struct wish wish;
    const char *grant; /* NULL: denied */
    enum asap_reason reason;
} wishes[] = {
    { "the first grant", { VERB_MINT, "billing", LIST("orders/api"), 60, "", NULL }, "g1", 0 },
    { "the second", { VERB_MINT, "billing", LIST("stock"), 600, NULL, NULL }, "g2", 0 },
    { "the issuer as subject", { VERB_MINT, "web", LIST("orders/a"), 9, "web", NULL }, "g3", 0 },
    { "a subject", { VERB_MINT, "billing", LIST("stock"), 1, "bob", NULL }, "g2", 0 },
    { "a claim", { VERB_MINT, "billing", LIST("stock"), 1, "", LIST("scope") }, "g2", 0 },
    { "no limit of its own", { VERB_MINT, "web", LIST("orders/a"), 3600, "", NULL }, "g3", 0 },
    { "two audiences", { VERB_MINT, "web", LIST("orders/a", "orders/b"), 9, "", NULL }, "g3", 0 },
    { "another verb", { VERB_PUBLISH, "web", NULL, 0, NULL, NULL }, "g4", 0 },
    { "no audience", { VERB_MINT, "web", none, 9, "", NULL }, NULL, ASAP_REASON_GRANT_AUDIENCE },
    { "no list of audiences",
      { VERB_MINT, "web", NULL, 9, "", NULL },
      NULL,
      ASAP_REASON_GRANT_AUDIENCE },
    { "a verb for another issuer",
      { VERB_PUBLISH, "billing", NULL, 0, NULL, NULL },
      NULL,
      ASAP_REASON_NO_GRANT },
    { "a verb without grant",
      { VERB_ROTATE, "web", NULL, 0, NULL, NULL },
      NULL,
      ASAP_REASON_NO_GRANT },
    { "an issuer without grant",
      { VERB_MINT, "secret", LIST("stock"), 1, "", NULL },
      NULL,
      ASAP_REASON_NO_GRANT },
    { "an issuer below",
      { VERB_MINT, "web/api", LIST("orders/a"), 1, "", NULL },
      NULL,
      ASAP_REASON_NO_GRANT },
    { "no issuer", { VERB_MINT, "", LIST("stock"), 1, "", NULL }, NULL, ASAP_REASON_NO_GRANT },
    { "administration", { VERB_ADMIN, "", NULL, 0, NULL, NULL }, NULL, ASAP_REASON_NOT_ADMIN },
    { "two audiences of two grants",
      { VERB_MINT, "billing", LIST("orders/api", "stock"), 1, "", NULL },
      NULL,
      ASAP_REASON_GRANT_AUDIENCE },
    { "one of two audiences",
      { VERB_MINT, "web", LIST("orders/a", "stock"), 1, "", NULL },
      NULL,
      ASAP_REASON_GRANT_AUDIENCE },
    { "a second too long",
      { VERB_MINT, "billing", LIST("orders/api"), 61, "", NULL },
      NULL,
      ASAP_REASON_GRANT_LIFETIME },
    { "the subject of another grant",
      { VERB_MINT, "billing", LIST("orders/api"), 60, "bob", NULL },
      NULL,
      ASAP_REASON_GRANT_SUBJECT },
    { "an unknown subject",
      { VERB_MINT, "billing", LIST("stock"), 60, "carol", NULL },
      NULL,
      ASAP_REASON_GRANT_SUBJECT },
    { "the claim of another grant",
      { VERB_MINT, "billing", LIST("orders/api"), 60, "", LIST("scope") },
      NULL,
      ASAP_REASON_GRANT_CLAIM },
    { "a second claim",
      { VERB_MINT, "billing", LIST("stock"), 60, "alice", LIST("scope", "role") },
      NULL,
      ASAP_REASON_GRANT_CLAIM },
    { "too long, of the closer grant",
      { VERB_MINT, "billing", LIST("stock"), 601, "carol", LIST("role") },
      NULL,
      ASAP_REASON_GRANT_LIFETIME },
};

START_TEST(a_wish_is_allowed_by_one_grant_or_denied_for_the_reason_of_the_closest)
{
    struct verdict verdict;

    policy_judge(&ci, &wishes[_i].wish, OWN, &verdict);
    ck_assert_msg(verdict.is_allowed == (wishes[_i].grant != NULL), "%s: %s", wishes[_i].why,
                  verdict.message);
    ck_assert_msg(verdict.reason == wishes[_i].reason, "%s: %s", wishes[_i].why,
                  asap_reason_name(verdict.reason));
    ck_assert_int_eq(verdict.message[0] == '\0', verdict.is_allowed);
    if (verdict.is_allowed)
        ck_assert_str_eq(verdict.grant->grant_id, wishes[_i].grant);
    else
        ck_assert_ptr_null(verdict.grant);
}
END_TEST

static const struct {
    const char *pattern, *audience;
    bool is_allowed;
} audiences[] = {
    { "orders/*", "orders/api", true },
    { "orders/*", "orders/api/v2", true },
    { "orders/*", "orders/\xc3\xbc", true },
    { "orders/*", "orders/a.b", true },
    { "orders/*", "orders", false },
    { "orders/*", "orders/", false },
    { "orders/*", "orders//api", false },
    { "orders/*", "orders/api/", false },
    { "orders/*", "orders/api//v2", false },
    { "orders/*", "orders/..", false },
    { "orders/*", "orders/api/../../stock", false },
    { "orders/*", "orders/.", false },
    { "orders/*", "orders/*", false },
    { "orders/*", "orders/a*", false },
    { "orders/*", "orders/a\nb", false },
    { "orders/*", "orders/a\x7f", false },
    { "orders/*", "Orders/api", false },
    { "orders/*", "order/api", false },
    { "orders/*", "ordersx/api", false },
    { "orders/*", "stock/orders/api", false },
    { "orders/*", "", false },
    { "orders/v2/*", "orders/v2/api", true },
    { "orders/v2/*", "orders/v1/api", false },
    { "orders/v2/*", "orders/v2", false },
    { "https://orders.example.com/*", "https://orders.example.com/api", true },
    { "https://orders.example.com/*", "https://orders.example.com", false },
    { "https://orders.example.com/*", "https://orders.example.com.evil.example/api", false },
    { "orders/api", "orders/api", true },
    { "orders/api", "orders/api/", false },
    { "orders/api", "orders/ap", false },
    { "orders/api", "orders/api/v2", false },
    { "orders/", "orders/", true },
    { "orders/", "orders", false },
    { "orders/", "orders/api", false },
    { "*", "orders", false },   /* none of these is registered; if one were, it must not */
    { "/*", "/orders", false }, /* open everything */
    { "", "", true },
    { "", "orders", false },
    { "orders*", "orders1", false },
    { "*/api", "orders/api", false },
};

static bool allows(const char *pattern, const char *audience, const char *own_audience)
{
    const char *const patterns[] = { "other", pattern, NULL };
    const char *const wished[] = { audience, NULL };
    const struct known_grant grant = { "g1", VERB_MINT, "web", patterns, none, none, 0, 0 };
    const struct known_caller caller = { "ci", true, false, &grant, 1 };
    const struct wish wish = { VERB_MINT, "web", wished, 60, "", NULL };
    struct verdict verdict;

    policy_judge(&caller, &wish, own_audience, &verdict);
    return verdict.is_allowed;
}

START_TEST(an_audience_is_exact_or_below_a_star)
{
    ck_assert_msg(allows(audiences[_i].pattern, audiences[_i].audience, OWN)
                      == audiences[_i].is_allowed,
                  "%s for %s", audiences[_i].pattern, audiences[_i].audience);
}
END_TEST

START_TEST(a_star_never_covers_the_server_itself)
{
    ck_assert(!allows("platform/*", "platform/asapd", "platform/asapd"));
    ck_assert(allows("platform/*", "platform/asapd2", "platform/asapd"));
    ck_assert(allows("platform/*", "platform/asapd", NULL));
    ck_assert(allows("platform/asapd", "platform/asapd", "platform/asapd"));
}
END_TEST

static const struct {
    const char *text;
    bool is_pattern;
} patterns[] = {
    { "orders", true },
    { "orders/api", true },
    { "orders/", true },
    { "orders/*", true },
    { "a/*", true },
    { "orders/v2/*", true },
    { "https://orders.example.com/*", true },
    { "urn:example:orders", true },
    { "b\xc3\xbc"
      "cher/*",
      true },
    { "\xf0\x9f\x98\x80", true },
    { "", false },
    { "*", false },
    { "/*", false },
    { "//*", false },
    { "https://*", false },
    { "orders//*", false },
    { "orders*", false },
    { "orders/a*", false },
    { "orders/**", false },
    { "orders/*/api", false },
    { "*/api", false },
    { "*/*", false },
    { "orders/*/", false },
    { "orders\n", false },
    { "orders\tapi", false },
    { "orders\x7f", false },
    { "b\xfc"
      "cher",
      false },
    { "b\xc3", false },
    { "\xc0\xaf", false },
    { "\xed\xa0\x80", false },
};

START_TEST(a_pattern_has_a_star_at_its_end_only)
{
    ck_assert_msg(policy_is_audience_pattern(patterns[_i].text) == patterns[_i].is_pattern, "%s",
                  patterns[_i].text);
}
END_TEST

START_TEST(a_pattern_has_at_most_255_bytes)
{
    char text[300];

    memset(text, 'a', sizeof text);
    text[255] = '\0';
    ck_assert(policy_is_audience_pattern(text));
    text[255] = 'a';
    text[256] = '\0';
    ck_assert(!policy_is_audience_pattern(text));
}
END_TEST

static const struct wish anything[] = {
    { VERB_MINT, "secret", LIST(OWN), 3600, "carol", LIST("role") },
    { VERB_PUBLISH, "secret", NULL, 0, NULL, NULL },
    { VERB_ROTATE, "secret", NULL, 0, NULL, NULL },
    { VERB_ADMIN, "", NULL, 0, NULL, NULL },
};

START_TEST(an_administrator_may_do_everything)
{
    struct verdict verdict;

    policy_judge(&root, &anything[_i], OWN, &verdict);
    ck_assert(verdict.is_allowed);
    ck_assert_ptr_null(verdict.grant);
    ck_assert(policy_is_admin(&root));
    ck_assert(!policy_is_admin(&ci));
}
END_TEST

static const struct {
    bool is_enabled, is_deleted;
    enum asap_reason reason;
} left_out[] = {
    { false, false, ASAP_REASON_CALLER_DISABLED },
    { true, true, ASAP_REASON_CALLER_DELETED },
    { false, true, ASAP_REASON_CALLER_DELETED },
};

START_TEST(who_is_not_let_in_may_do_nothing)
{
    struct known_caller caller = root;
    struct verdict verdict;

    caller.is_enabled = left_out[_i].is_enabled;
    caller.is_deleted = left_out[_i].is_deleted;
    for (size_t i = 0; i < (size_t)COUNT(anything); i++) {
        policy_judge(&caller, &anything[i], OWN, &verdict);
        ck_assert(!verdict.is_allowed);
        ck_assert_int_eq(verdict.reason, left_out[_i].reason);
    }
    ck_assert(!policy_is_admin(&caller));
}
END_TEST

START_TEST(nobody_may_do_anything)
{
    struct verdict verdict;

    policy_judge(NULL, &anything[_i], OWN, &verdict);
    ck_assert(!verdict.is_allowed);
    ck_assert_str_ne(verdict.message, "");
    ck_assert(!policy_is_admin(NULL));
}
END_TEST

START_TEST(a_denial_is_the_same_whatever_others_may_do)
{
    const struct wish wish = { VERB_MINT, "secret", stock, 60, "", NULL };
    const struct known_caller newcomer = { "ci", true, false, NULL, 0 };
    struct verdict with_grants;
    struct verdict without;

    policy_judge(&ci, &wish, OWN, &with_grants);
    policy_judge(&newcomer, &wish, OWN, &without);
    ck_assert_int_eq(with_grants.reason, without.reason);
    ck_assert_str_eq(with_grants.message, without.message);
    ck_assert_str_eq(without.message,
                     "ci has no grant to mint tokens of issuer secret; ask an administrator for "
                     "one");
    for (size_t i = 0; i < (size_t)COUNT(grants); i++) {
        ck_assert_ptr_null(strstr(with_grants.message, grants[i].issuer));
        ck_assert_ptr_null(strstr(with_grants.message, grants[i].grant_id));
    }
}
END_TEST

static const struct {
    struct wish wish;
    const char *message;
} messages[] = {
    { { VERB_MINT, "billing", LIST("orders/api"), 61, "", NULL },
      "grant g1 is for tokens of at most 60 s, not 61 s; ask for a shorter lifetime" },
    { { VERB_MINT, "billing", LIST("stock"), 60, "carol", NULL },
      "grant g2 is not for subject carol; leave it out or ask an administrator" },
    { { VERB_MINT, "billing", LIST("stock"), 60, "", LIST("role") },
      "grant g2 is not for the additional claim role; leave it out or ask an administrator" },
    { { VERB_MINT, "web", LIST("orders/a", "stock"), 60, "", NULL },
      "no grant of ci for issuer web is for audience stock; ask an administrator for one" },
    { { VERB_MINT, "billing", LIST("stock", "orders/api"), 60, "", NULL },
      "no grant of ci for issuer billing is for all of these audiences; ask for fewer, or an "
      "administrator for one" },
    { { VERB_MINT, "web", none, 60, "", NULL },
      "no audience is named; name the service that the token is for" },
    { { VERB_MINT, "web", LIST(OWN), 60, "", NULL },
      "audience https://asap.example.com is this server, for which a grant has to name it; ask an "
      "administrator" },
    { { VERB_ADMIN, "", NULL, 0, NULL, NULL },
      "this is for administrators, and ci is none; ask one" },
};

START_TEST(a_denial_says_what_to_do)
{
    struct verdict verdict;

    policy_judge(&ci, &messages[_i].wish, OWN, &verdict);
    ck_assert_str_eq(verdict.message, messages[_i].message);
}
END_TEST

START_TEST(of_grants_equally_close_the_oldest_is_named)
{
    static const struct known_grant alike[] = {
        { "g1", VERB_MINT, "web", stock, none, none, 1, 0 },
        { "g2", VERB_MINT, "web", orders, none, none, 60, 0 },
        { "g3", VERB_MINT, "web", orders, none, none, 60, 0 },
    };
    const struct known_caller caller = { "ci", true, false, alike, COUNT(alike) };
    const struct wish wish = { VERB_MINT, "web", orders, 61, "", NULL };
    struct verdict verdict;

    policy_judge(&caller, &wish, OWN, &verdict);
    ck_assert(strncmp(verdict.message, "grant g2 ", 9) == 0);
}
END_TEST

START_TEST(a_long_text_is_cut_between_characters)
{
    char issuer[600] = "x";
    const struct wish wish = { VERB_MINT, issuer, stock, 60, "", NULL };
    struct verdict verdict;

    for (size_t i = 1; i + 2 < sizeof issuer; i += 2)
        memcpy(issuer + i, "\xc3\xbc", 3);
    policy_judge(&ci, &wish, OWN, &verdict);
    ck_assert_uint_lt(strlen(verdict.message), sizeof verdict.message - 1);
    ck_assert_msg(strstr(verdict.message, "\xc3\xbc; ask an administrator for one") != NULL, "%s",
                  verdict.message);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("policy");
    TCase *judging = tcase_create("judging");
    TCase *form = tcase_create("patterns");

    tcase_add_loop_test(judging,
                        a_wish_is_allowed_by_one_grant_or_denied_for_the_reason_of_the_closest, 0,
                        COUNT(wishes));
    tcase_add_loop_test(judging, an_audience_is_exact_or_below_a_star, 0, COUNT(audiences));
    tcase_add_test(judging, a_star_never_covers_the_server_itself);
    tcase_add_loop_test(judging, an_administrator_may_do_everything, 0, COUNT(anything));
    tcase_add_loop_test(judging, who_is_not_let_in_may_do_nothing, 0, COUNT(left_out));
    tcase_add_loop_test(judging, nobody_may_do_anything, 0, COUNT(anything));
    tcase_add_test(judging, a_denial_is_the_same_whatever_others_may_do);
    tcase_add_loop_test(judging, a_denial_says_what_to_do, 0, COUNT(messages));
    tcase_add_test(judging, of_grants_equally_close_the_oldest_is_named);
    tcase_add_test(judging, a_long_text_is_cut_between_characters);
    suite_add_tcase(suite, judging);
    tcase_add_loop_test(form, a_pattern_has_a_star_at_its_end_only, 0, COUNT(patterns));
    tcase_add_test(form, a_pattern_has_at_most_255_bytes);
    suite_add_tcase(suite, form);
    return check_main(suite);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "asap/v1/audit_log.pb-c.h"
#include "asap/v1/caller_admin.pb-c.h"
#include "asap/v1/issuer_admin.pb-c.h"
#include "asap/v1/key_admin.pb-c.h"
#include "asap/v1/key_repository.pb-c.h"
#include "asap/v1/server.pb-c.h"
#include "asap/v1/token_service.pb-c.h"
#include "check_main.h"
#include "service.h"

/* The method table against the contract. */

static const ProtobufCServiceDescriptor *const services[] = {
    &asap__v1__audit_log__descriptor,      &asap__v1__caller_admin__descriptor,
    &asap__v1__issuer_admin__descriptor,   &asap__v1__key_admin__descriptor,
    &asap__v1__key_repository__descriptor, &asap__v1__server__descriptor,
    &asap__v1__token_service__descriptor,
};

static size_t count_rows(void)
{
    size_t count = 0;

    while (service_methods[count].path != NULL)
        count++;
    return count;
}

static const struct rpc_method *find_row(const ProtobufCServiceDescriptor *service,
                                         const ProtobufCMethodDescriptor *method)
{
    char path[128];

    (void)snprintf(path, sizeof path, "/%s/%s", service->name, method->name);
    for (const struct rpc_method *row = service_methods; row->path != NULL; row++)
        if (strcmp(row->path, path) == 0)
            return row;
    ck_abort_msg("%s has no row", path);
}

START_TEST(every_method_of_a_service_has_a_row_with_its_types)
{
    const ProtobufCServiceDescriptor *service = services[_i];

    ck_assert_uint_gt(service->n_methods, 0);
    for (unsigned i = 0; i < service->n_methods; i++) {
        const ProtobufCMethodDescriptor *method = &service->methods[i];
        const struct rpc_method *row = find_row(service, method);

        ck_assert_msg(row->request == method->input, "%s", row->path);
        ck_assert_msg(row->response == method->output, "%s", row->path);
        ck_assert_msg(row->handler != NULL, "%s", row->path);
    }
}
END_TEST

START_TEST(no_row_is_beyond_the_contract_or_there_twice)
{
    size_t methods = 0;

    for (int i = 0; i < COUNT(services); i++)
        methods += services[i]->n_methods;
    ck_assert_uint_eq(count_rows(), methods);
}
END_TEST

/* The methods that anybody reaches; who else reaches what is in service_test.c. */
START_TEST(only_the_repository_is_open_to_everybody)
{
    for (const struct rpc_method *row = service_methods; row->path != NULL; row++) {
        const bool is_open = strncmp(row->path, "/asap.v1.KeyRepository/", 23) == 0;

        ck_assert_msg((row->role == RPC_ANYBODY) == is_open, "%s", row->path);
    }
}
END_TEST

static void has_field(const struct rpc_method *row, const char *field, bool expected)
{
    const bool has = protobuf_c_message_descriptor_get_field_by_name(row->request, field) != NULL;

    ck_assert_msg(has == expected, "%s: %s", row->path, field);
}

START_TEST(what_changes_something_can_be_validated_and_sent_again)
{
    for (const struct rpc_method *row = service_methods; row->path != NULL; row++) {
        const bool verifies = strcmp(row->path, "/asap.v1.TokenService/VerifyToken") == 0;

        has_field(row, "validate_only", !row->no_side_effects && !verifies);
        has_field(row, "request_id", !row->no_side_effects && !verifies);
    }
}
END_TEST

START_TEST(every_list_has_pages)
{
    for (const struct rpc_method *row = service_methods; row->path != NULL; row++) {
        const bool lists = strncmp(strrchr(row->path, '/'), "/List", 5) == 0;

        has_field(row, "page_size", lists);
        has_field(row, "page_token", lists);
        ck_assert_msg(
            !lists
                || protobuf_c_message_descriptor_get_field_by_name(row->response, "next_page_token")
                       != NULL,
            "%s", row->path);
    }
}
END_TEST

/* What changes something is recorded, and nothing else but what is minted. */
START_TEST(what_changes_something_is_recorded)
{
    for (const struct rpc_method *row = service_methods; row->path != NULL; row++) {
        const bool changes =
            protobuf_c_message_descriptor_get_field_by_name(row->request, "validate_only") != NULL;

        ck_assert_msg(row->is_audited == changes, "%s", row->path);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("methods");
    TCase *tests = tcase_create("contract");

    tcase_add_loop_test(tests, every_method_of_a_service_has_a_row_with_its_types, 0,
                        COUNT(services));
    tcase_add_test(tests, no_row_is_beyond_the_contract_or_there_twice);
    tcase_add_test(tests, only_the_repository_is_open_to_everybody);
    tcase_add_test(tests, what_changes_something_is_recorded);
    tcase_add_test(tests, what_changes_something_can_be_validated_and_sent_again);
    tcase_add_test(tests, every_list_has_pages);
    suite_add_tcase(suite, tests);
    return check_main(suite);
}

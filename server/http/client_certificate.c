/* SPDX-License-Identifier: Apache-2.0 */
#include "client_certificate.h"

#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <string.h>

#include "scoped.h"

enum { CHAIN_MAX = 8 };

#define SUBJECT_ALT_NAME "2.5.29.17"

DEFINE_SCOPED(names, gnutls_subject_alt_names_t, gnutls_subject_alt_names_deinit)

/* The chain of a client. */
struct shown {
    gnutls_x509_crt_t chain[CHAIN_MAX];
    unsigned length;
};

static void shown_scope_exit(struct shown *shown)
{
    for (unsigned i = 0; i < shown->length; i++)
        gnutls_x509_crt_deinit(shown->chain[i]);
}

static bool read_chain(const gnutls_datum_t *der, unsigned length, struct shown *out)
{
    if (length > CHAIN_MAX)
        return false;
    while (out->length < length) {
        const unsigned at = out->length;

        if (gnutls_x509_crt_init(&out->chain[at]) < 0)
            return false;
        out->length++;
        if (gnutls_x509_crt_import(out->chain[at], &der[at], GNUTLS_X509_FMT_DER) < 0)
            return false;
    }
    return true;
}

static void say(struct http_certificate *out, const char *problem)
{
    (void)snprintf(out->problem, sizeof out->problem, "the client certificate %s", problem);
}

/* The first row that applies: whose certificate it is comes before what it says. */
static void say_status(unsigned status, struct http_certificate *out)
{
    static const struct {
        unsigned status;
        const char *problem;
    } known[] = {
        { GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA | GNUTLS_CERT_SIGNATURE_FAILURE,
          "is not from an authority in client_ca_file" },
        { GNUTLS_CERT_EXPIRED, "has expired" },
        { GNUTLS_CERT_NOT_ACTIVATED, "is not yet valid" },
        { GNUTLS_CERT_PURPOSE_MISMATCH, "is not for TLS clients" },
        { GNUTLS_CERT_INSECURE_ALGORITHM, "is signed by an insecure algorithm" },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if ((status & known[i].status) != 0) {
            say(out, known[i].problem);
            return;
        }
    say(out, "is not valid");
}

static bool is_name(const gnutls_datum_t *text)
{
    for (unsigned i = 0; i < text->size; i++)
        if (text->data[i] <= ' ' || text->data[i] > '~')
            return false;
    return text->size > 0 && text->size < HTTP_NAME_SIZE;
}

/* DNS compares without regard to case. */
static void copy_lower(char *out, const gnutls_datum_t *text)
{
    for (unsigned i = 0; i < text->size; i++) {
        const unsigned char byte = text->data[i];

        out[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    }
}

static void add_name(unsigned type, const gnutls_datum_t *text, struct http_certificate *out)
{
    const bool is_dns = type == GNUTLS_SAN_DNSNAME;
    char *name = out->names[out->name_count].text;

    if ((!is_dns && type != GNUTLS_SAN_URI) || !is_name(text)
        || (is_dns && memchr(text->data, '*', text->size) != NULL))
        return;
    if (is_dns)
        copy_lower(name, text);
    else
        memcpy(name, text->data, text->size);
    name[text->size] = '\0';
    out->names[out->name_count].kind = is_dns ? HTTP_NAME_DNS : HTTP_NAME_URI;
    out->name_count++;
}

/* False when they are malformed; to have none is fine. */
static bool read_names(gnutls_x509_crt_t certificate, struct http_certificate *out)
{
    SCOPED(names) gnutls_subject_alt_names_t names = NULL;
    gnutls_datum_t der = { 0 };
    gnutls_datum_t text = { 0 };
    unsigned type = 0;
    int result =
        gnutls_x509_crt_get_extension_by_oid2(certificate, SUBJECT_ALT_NAME, 0, &der, NULL);

    if (result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return true;
    if (result >= 0)
        result = gnutls_subject_alt_names_init(&names);
    if (result >= 0)
        result = gnutls_x509_ext_import_subject_alt_names(&der, names, 0);
    gnutls_free(der.data);
    for (unsigned i = 0; result >= 0 && out->name_count < HTTP_NAMES_MAX; i++) {
        result = gnutls_subject_alt_names_get(names, i, &type, &text, NULL);
        if (result >= 0)
            add_name(type, &text, out);
    }
    return result >= 0 || result == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

static bool verify(gnutls_x509_trust_list_t authorities, struct shown *shown, unsigned *status)
{
    static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st wanted = { .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose };

    return gnutls_x509_trust_list_verify_crt2(authorities, shown->chain, shown->length, &wanted, 1,
                                              0, status, NULL)
           == 0;
}

bool client_certificate_judge(gnutls_session_t session,
                              gnutls_x509_trust_list_t authorities,
                              struct http_certificate *out)
{
    SCOPED(shown) struct shown shown = { .length = 0 };
    unsigned length = 0;
    unsigned status = 0;
    const gnutls_datum_t *der = gnutls_certificate_get_peers(session, &length);

    if (der == NULL || length == 0)
        return false;
    if (!read_chain(der, length, &shown) || !read_names(shown.chain[0], out)) {
        say(out, "is malformed");
        return true;
    }
    out->not_after = gnutls_x509_crt_get_expiration_time(shown.chain[0]);
    if (!verify(authorities, &shown, &status))
        say(out, "cannot be checked");
    else if (status != 0)
        say_status(status, out);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPCTL_KEY_LIST_H
#define ASAPCTL_KEY_LIST_H

#include "asap/v1/key_admin.pb-c.h"
#include "ctl.h"

/* The keys of an issuer, and what they mean together. */

/* Asks for the published keys of `issuer`, oldest first, and with `all` for those that are retired
 * or revoked, too; the caller frees *out as after ctl_ask(). */
ASAP_MUST_CHECK enum asap_code key_list_ask(const struct ctl *ctl,
                                            char *issuer,
                                            bool all,
                                            Asap__V1__ListKeysResponse **out,
                                            struct asap_error *err);

/* What is worth knowing of them; everything points into the list. */
struct key_overview {
    /* Signs: the managed one, or else the newest external one; NULL: none does. */
    const Asap__V1__Key *active;
    const Asap__V1__Key *next; /* changes its state first; NULL: none will */
    size_t active_count;
    size_t standby_count;
};

struct key_overview key_list_overview(const Asap__V1__ListKeysResponse *list);

bool key_list_is_managed(const Asap__V1__Key *key);

/* "active in 14m", "-" when nothing is planned. */
void key_list_next(const Asap__V1__Key *key, int64_t now, char out[static TIME_TEXT_SIZE]);

static inline void key_list_free(Asap__V1__ListKeysResponse *list)
{
    asap__v1__list_keys_response__free_unpacked(list, NULL);
}

DEFINE_SCOPED(key_list, Asap__V1__ListKeysResponse *, key_list_free)

#endif

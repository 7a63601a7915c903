/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAPD_ROW_CHECK_H
#define ASAPD_ROW_CHECK_H

#include <openssl/evp.h>

#include "store.h"

/* Whether a key's row is what was once written: ASAP_DATA_LOSS when it is not. */

/* The digest answers for kid and PEM. */
ASAP_MUST_CHECK enum asap_code row_check_digest(const struct key_row *row, struct asap_error *err);

/* The PEM is a key of the row's algorithm and thumbprint. The caller frees *out with
 * EVP_PKEY_free(). */
ASAP_MUST_CHECK enum asap_code row_check_key(const struct key_row *row,
                                             EVP_PKEY **out,
                                             struct asap_error *err);

#endif

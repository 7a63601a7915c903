/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_TESTS_CERTIFICATE_H
#define ASAP_TESTS_CERTIFICATE_H

/* Writes a new P-256 key and its self-signed certificate for localhost and 127.0.0.1, whose common
 * name is `name`, as PEM. Aborts the test when it cannot. */
void certificate_write(const char *certificate_file, const char *key_file, const char *name);

#endif

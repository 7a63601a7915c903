/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASAP_H
#define ASAP_H

/* libasap: sign, mint and verify ASAP tokens, fetch public keys. With libcurl
 * there is asap/curl.h beside it, with libmicrohttpd asap/microhttpd.h. */
#include <asap/async.h>
#include <asap/claims.h>
#include <asap/clock.h>
#include <asap/error.h>
#include <asap/minter.h>
#include <asap/retriever.h>
#include <asap/signer.h>
#include <asap/verifier.h>

#endif

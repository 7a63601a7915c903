# SPDX-License-Identifier: Apache-2.0
"""The goals, and the words for each figure."""

from collections import namedtuple

# `figure` of side `ours`, divided by that of side `reference`; <= or >= `goal`.
Goal = namedtuple("Goal", "title figure ours reference relation goal")

GOALS = (
    Goal("CPU per key download / nginx static (sendfile off)",
         "download-http", "asapd", "nginx", "<=", 0.95),
    Goal("CPU per key download / nginx return 200",
         "download-http", "asapd", "nginx-return", "<=", 1.1),
    Goal("CPU per key download over TLS / nginx static",
         "download-https", "asapd", "nginx", "<=", 1.0),
    Goal("mint RS256 by the library, rate / openssl speed",
         "lib-mint-RS256", "libasap", "openssl", ">=", 0.98),
    Goal("mint ES256 by the library, rate / openssl speed",
         "lib-mint-ES256", "libasap", "openssl", ">=", 0.90),
    Goal("mint EdDSA by the library, rate / openssl speed",
         "lib-mint-EdDSA", "libasap", "openssl", ">=", 0.95),
    Goal("mint RS256 over HTTPS, one worker, rate / openssl speed",
         "mint-https-RS256", "asapd", "openssl", ">=", 0.90),
    Goal("mint ES256 over HTTP, rate / zitadel/oidc (Go)",
         "mint-http-ES256", "asapd", "zitadel", ">=", 3),
    Goal("mint ES256 over HTTP, rate / ory/fosite (Go)",
         "mint-http-ES256", "asapd", "fosite", ">=", 3),
    Goal("mint ES256 over HTTP, rate / oidc-provider (node)",
         "mint-http-ES256", "asapd", "oidc-provider", ">=", 3),
    Goal("p99 of key downloads while minting at full rate / without",
         "download-p99", "while-minting", "alone", "<=", 10),
    Goal("verify RS256, key cached, time / raw verify",
         "lib-verify-RS256", "libasap", "openssl", "<=", 1.25),
    Goal("verify ES256, key cached, time / raw verify",
         "lib-verify-ES256", "libasap", "openssl", "<=", 1.08),
    Goal("verify EdDSA, key cached, time / raw verify",
         "lib-verify-EdDSA", "libasap", "openssl", "<=", 1.05),
    Goal("verify RS256, time / cjose, which checks no claims",
         "lib-verify-RS256", "libasap", "cjose", "<=", 1.0),
    Goal("verify ES256, time / cjose, which checks no claims",
         "lib-verify-ES256", "libasap", "cjose", "<=", 1.0),
    Goal("verify RS256, libjwt's time / ours",
         "lib-verify-RS256", "libjwt", "libasap", ">=", 17),
    Goal("verify RS256, the Python library's time / ours",
         "peer-verify-RS256", "python", "libasap", ">=", 4.5),
    Goal("verify RS256, jsonwebtoken's time / ours",
         "peer-verify-RS256", "jsonwebtoken", "libasap", ">=", 2),
    Goal("import an RSA key, PEM_read_bio_PUBKEY's time / ours",
         "lib-import-RSA", "openssl", "libasap", ">=", 50),
    Goal("import an EC key, PEM_read_bio_PUBKEY's time / ours",
         "lib-import-EC", "openssl", "libasap", ">=", 15),
    Goal("import an Ed25519 key, PEM_read_bio_PUBKEY's time / ours",
         "lib-import-Ed25519", "openssl", "libasap", ">=", 50),
)

# Goals for a figure itself, not for a ratio.
Limit = namedtuple("Limit", "title figure side relation goal unit")

LIMITS = (
    Limit("memory per published key beside its bytes, of 1,000,000",
          "grow-keys-memory", "1000000", "<=", 307, "B"),
    Limit("one key changed among 1,000,000: until visible",
          "grow-keys-change", "1000000", "<=", 10, "ms"),
)

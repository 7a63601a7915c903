/* SPDX-License-Identifier: Apache-2.0 */
#include "command_tables.h"
#include "key_verbs.h"
#include "value_check.h"

static const struct ctl_option rotate_options[] = {
    { "expected", "KID", "change nothing unless this key is active", NULL, OPTION_EXPECTED,
      USE_OPTIONAL },
    { "wait", NULL, "wait until the next key signs", NULL, OPTION_WAIT, USE_OPTIONAL },
    { "mirror", "URL", "wait until this copy of the repository serves the keys", check_mirror,
      OPTION_MIRROR, USE_REPEATED },
    { "timeout", "TIME", "how long to wait for mirrors; 10m unless given", check_duration,
      OPTION_TIMEOUT, USE_OPTIONAL },
    { "all-due", NULL, "rotate every issuer whose rotation is overdue", NULL, OPTION_ALL_DUE,
      USE_OPTIONAL },
    { "emergency", NULL, "revoke the active key at once", NULL, OPTION_EMERGENCY, USE_OPTIONAL },
    { "reason", "TEXT", "why, for the record, with --emergency", check_text, OPTION_REASON,
      USE_OPTIONAL },
    { "accept-misses", NULL, "sign at once, with a key that caches may not know", NULL,
      OPTION_ACCEPT_MISSES, USE_OPTIONAL },
    { "store-compromised", NULL, "revoke the standbys, too", NULL, OPTION_STORE_COMPROMISED,
      USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

#define OPTION_ROW_NOT_AFTER                                                                       \
    {                                                                                              \
        "not-after", "TIME",                                                                       \
            "serve it until then: 90d, or 2026-11-23T13:15:00Z; without end unless given",         \
            check_moment, OPTION_NOT_AFTER, USE_OPTIONAL                                           \
    }

static const struct ctl_option publish_options[] = {
    { "public-key", "FILE", "the public key or its certificate, in PEM; - is standard input", NULL,
      OPTION_PUBLIC_KEY, USE_REQUIRED },
    { "name", "NAME", "last part of its key id; made from the time unless given", NULL, OPTION_NAME,
      USE_OPTIONAL },
    { "algorithm", "ALG", "of its tokens; as fits the key unless given", check_algorithm,
      OPTION_ALGORITHM, USE_OPTIONAL },
    OPTION_ROW_NOT_AFTER,
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option list_options[] = {
    { "all", NULL, "keys that are retired or revoked, too", NULL, OPTION_ALL, USE_OPTIONAL },
    OPTION_ROW_END,
};

static const struct ctl_option retire_options[] = {
    { "sign-until", "TIME", "when its service stops signing: 2h, or a moment; now unless given",
      check_moment, OPTION_SIGN_UNTIL, USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option revoke_options[] = {
    { "reason", "TEXT", "why, for the record", check_text, OPTION_REASON, USE_REQUIRED },
    { "force", NULL, "also if it is the last key of its issuer", NULL, OPTION_FORCE, USE_OPTIONAL },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option generate_options[] = {
    { "private-dir", "DIR", "write DIR/ISSUER/NAME.pem when it may sign", NULL, OPTION_PRIVATE_DIR,
      USE_OPTIONAL },
    { "data-uri", NULL, "print a data: URI with the private key when it may sign", NULL,
      OPTION_DATA_URI, USE_OPTIONAL },
    { "algorithm", "ALG", "RS256 unless given", check_algorithm, OPTION_ALGORITHM, USE_OPTIONAL },
    { "now", NULL, "do not wait until every verifier can know the key", NULL, OPTION_NOW,
      USE_OPTIONAL },
    OPTION_ROW_NOT_AFTER,
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option export_options[] = {
    { "dir", "DIR", "a symbolic link that is made, or moved to the new files", check_text,
      OPTION_DIR, USE_REQUIRED },
    { "issuer", "ISSUER", "only the keys of this one; several may be given", check_text,
      OPTION_ISSUER, USE_REPEATED },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

static const struct ctl_option import_options[] = {
    { "dir", "DIR", "public keys as DIR/ISSUER/NAME, such as key export writes", check_text,
      OPTION_DIR, USE_REQUIRED },
    { "issuer", "ISSUER", "only the keys of this one; several may be given", check_text,
      OPTION_ISSUER, USE_REPEATED },
    OPTION_ROW_DRY_RUN,
    OPTION_ROW_END,
};

const struct command key_commands[] = {
    { "key", "rotate", "[ISSUER]", key_rotate, "let the next key take over signing",
      "cannot rotate", rotate_options, rotate_check },
    { "key", "publish", "ISSUER", key_publish, "publish a public key made elsewhere",
      "cannot publish a key of", publish_options, NULL },
    { "key", "list", "ISSUER", key_list, "list the keys of an issuer", "cannot list the keys of",
      list_options, NULL },
    { "key", "show", "KID", key_show, "show one key", "cannot show key", ctl_no_options, NULL },
    { "key", "retire", "KID", key_retire, "let an external key end when its tokens have",
      "cannot retire key", retire_options, NULL },
    { "key", "revoke", "KID", key_revoke, "stop publishing a key, at once and for ever",
      "cannot revoke key", revoke_options, NULL },
    { "key", "generate", "ISSUER", key_generate, "make a key pair here, publish its public half",
      "cannot generate a key of", generate_options, generate_check },
    { "key", "export", NULL, key_export, "write the published keys as files for a web server",
      "cannot export keys", export_options, NULL },
    { "key", "import", NULL, key_import, "publish the public keys of a folder",
      "cannot import keys", import_options, NULL },
    COMMAND_END,
};

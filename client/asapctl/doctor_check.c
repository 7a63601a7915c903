/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct doctor_check checks[] = {
    { "server", doctor_server,
      "start asapd, or mend what its log and /readyz name; --server says where it is",
      DOCTOR_SERVER, true },
    { "server-clock", doctor_server_clock,
      "set the clock of the server or that of this machine right, by NTP", DOCTOR_SERVER, true },
    { "issuers", doctor_known,
      "give --server, or --issuer for each issuer whose keys are to be looked for", DOCTOR_SERVER,
      false },
    { "active", doctor_active,
      "asapctl key list shows what comes next; asapctl key rotate ISSUER, or the log says why not",
      DOCTOR_ISSUER, true },
    { "standbys", doctor_standbys,
      "the server's log says why it made none; asapctl key rotate ISSUER makes one", DOCTOR_ISSUER,
      false },
    { "rotation", doctor_rotation, "asapctl key rotate --all-due; the log says why asapd did not",
      DOCTOR_ISSUER, false },

    { "connect", doctor_connect, "check the URL, DNS, the firewall, and that the server runs",
      DOCTOR_REPOSITORY, true },
    { "tls", doctor_tls,
      "serve a certificate that is valid now and names this host, with its whole chain, by TLS 1.2 "
      "or later; --cacert names an authority of your own",
      DOCTOR_REPOSITORY, true },
    { "certificate", doctor_certificate, "renew it, and have the server read it again (SIGHUP)",
      DOCTOR_REPOSITORY, false },
    { "redirect", doctor_redirect,
      "verifiers follow no redirects: give them the URL that this leads to, or serve the keys here",
      DOCTOR_REPOSITORY, true },
    { "miss", doctor_miss,
      "answer 404 where there is no key: turn off fallback pages, error pages and logins on this "
      "path",
      DOCTOR_REPOSITORY, true },
    { "miss-kept", doctor_miss_kept,
      "let no cache keep a 404, or a new key stays unknown: in nginx, no proxy_cache_valid for 404 "
      "or any",
      DOCTOR_REPOSITORY, true },
    { "miss-no-store", doctor_miss_header,
      "send Cache-Control: no-store with a 404, or caches may keep it as they like",
      DOCTOR_REPOSITORY, false },
    { "clock", doctor_clock,
      "set the clock of that server or that of this machine right, by NTP; send Date",
      DOCTOR_REPOSITORY, true },
    { "in-step", doctor_in_step,
      "run the export (asapctl key export) again, and see why its timer did not", DOCTOR_REPOSITORY,
      false },

    { "base-path", doctor_base_path,
      "leave the path out of the URL, or have the proxy take it off the path that it passes on",
      DOCTOR_KEY, true },
    { "served", doctor_served,
      "fill the mirror again, have the proxy pass every path on, and put asapd's base_path into "
      "the URL",
      DOCTOR_KEY, true },
    { "content-type", doctor_type,
      "send Content-Type: application/x-pem-file, as deploy/nginx/export.conf does", DOCTOR_KEY,
      true },
    { "bytes", doctor_bytes,
      "fill the mirror again; if it still differs, find out who changed the key, and whether it is "
      "in use",
      DOCTOR_KEY, true },
    { "form", doctor_form, "publish the key again: asapctl key publish tells what is wrong with it",
      DOCTOR_KEY, true },
    { "cache-control", doctor_freshness,
      "send what asapd sends: public, max-age of at most max_age, and stale-... of at most stale",
      DOCTOR_KEY, true },
    { "age", doctor_age,
      "have the cache in front keep to max-age: it hands out keys that should be asked for again",
      DOCTOR_KEY, true },
    { "revalidation", doctor_revalidation,
      "pass ETag and If-None-Match on, so that a key that has not changed is not sent again",
      DOCTOR_SAMPLE, false },
    { "compression", doctor_compression,
      "do not compress keys: it makes their ETag weak or drops it (in nginx, gzip off)",
      DOCTOR_SAMPLE, false },
    { "alias", doctor_alias,
      "serve the SHA-256 of each key id with .pem behind it, too: Jitsi and Prosody ask for that",
      DOCTOR_SAMPLE, false },
    { "key-set", doctor_key_set,
      "serve ISSUER/.well-known/jwks.json, as application/jwk-set+json or application/json",
      DOCTOR_KEY_SET, false },
    { "key-set-keys", doctor_key_set_keys,
      "fill the mirror again: its key set is of another time than the keys", DOCTOR_KEY_SET, true },
    { "gone", doctor_gone,
      "fill the mirror again and purge the cache: verifiers still trust a key that is revoked or "
      "retired",
      DOCTOR_GONE, true },
};

enum { CHECKS = sizeof checks / sizeof checks[0] };

_Static_assert(sizeof checks <= DOCTOR_CHECKS_MAX * sizeof checks[0],
               "the tallies of a visit have room for each check");

const struct doctor_check *doctor_check_at(size_t index)
{
    return index < CHECKS ? &checks[index] : NULL;
}

enum doctor_verdict doctor_well(char seen[static DOCTOR_TEXT_SIZE], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(seen, DOCTOR_TEXT_SIZE, format, arguments);
    va_end(arguments);
    return DOCTOR_WELL;
}

enum doctor_verdict doctor_ill(char seen[static DOCTOR_TEXT_SIZE], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(seen, DOCTOR_TEXT_SIZE, format, arguments);
    va_end(arguments);
    return DOCTOR_ILL;
}

bool doctor_is_type(const struct probe *answer, const char *type)
{
    const size_t length = strlen(type);

    return strncasecmp(answer->type, type, length) == 0
           && strchr("; \t", answer->type[length]) != NULL;
}

static bool says_hit(const char *state)
{
    static const char *const words[] = { "HIT", "STALE", "UPDATING", "REVALIDATED", "hit" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(state, words[i]) != NULL)
            return true;
    return false;
}

/* An Age, a word of its own, or the name of a request that was answered before. */
bool doctor_is_from_cache(const struct probe *first, const struct probe *second)
{
    return (second->headers.age.given && second->headers.age.seconds > 0)
           || says_hit(second->cache_state)
           || (second->request_id[0] != '\0' && strcmp(first->request_id, second->request_id) == 0);
}

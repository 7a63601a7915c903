# SPDX-License-Identifier: Apache-2.0
"""How callers prove who they are, each over its real transport."""

import json
import os
import ssl
import unittest

from authority import Authority
from harness import BUILD, ServerTest, main, run

SIGN = os.path.join(BUILD, "client/examples/asap-sign")
SPIFFE = "spiffe://example.org/ci"
WHO = "TokenService/VerifyToken"  # open to everybody who is somebody
NOBODY_ASKS = {"token": "nonsense-of-some-length", "audiences": ["a"]}


class Authentication(ServerTest):
    def assertKnown(self, answer):
        """The call got past the gate: its token is what is wrong."""
        self.assertFails(answer, 400, "invalid_argument", "TOKEN_FORM")

    def ask(self, **options):
        return self.server.rpc(WHO, NOBODY_ASKS, **options)

    def last_event(self):
        return self.server.local_rpc("AuditLog/ListEvents", {"pageSize": 1000}).json["events"][-1]

    def deny(self, **options):
        """Has a denial recorded, and returns the event: it says who the server takes it for."""
        answer = self.server.rpc("Server/GetStatus", {}, **options)
        self.assertFails(answer, 403, "permission_denied", "NOT_ADMIN")
        return self.last_event()


class Nobody(Authentication):
    def test_without_proof_nobody_gets_in_and_nothing_is_recorded(self):
        answer = self.ask()
        self.assertFails(answer, 401, "unauthenticated", "NO_PROOF")
        self.assertEqual(answer["WWW-Authenticate"], "Bearer")
        self.assertNotIn("events", self.server.local_rpc("AuditLog/ListEvents", {}).json)

    def test_keys_are_everybodys_whatever_is_shown(self):
        answer = self.server.rpc("KeyRepository/GetPublicKey", {"keyId": "a/b"}, bearer="nonsense")
        self.assertFails(answer, 404, "not_found")

    def test_what_is_no_proof_is_refused(self):
        for header in ("Basic dXNlcjpwYXNz", "Bearer", "Bearer  x", "bearer\tx", "Token x"):
            self.assertFails(self.ask(headers={"Authorization": header}), 401, "unauthenticated",
                             "PROOF_MALFORMED")


class ApiKeys(Authentication):
    def test_a_key_is_its_callers_until_it_is_revoked(self):
        key = self.new_caller("ci")
        self.assertRegex(key, r"^asapk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$")
        self.assertKnown(self.ask(bearer=key))
        event = self.deny(bearer=key)
        self.assertEqual((event["caller"], event["proofKind"]), ("ci", "PROOF_KIND_API_KEY"))
        self.server.ctl("credential", "revoke", event["proof"])
        self.assertFails(self.ask(bearer=key), 401, "unauthenticated", "CREDENTIAL_REVOKED")
        event = self.last_event()
        self.assertEqual((event["caller"], event["result"]), ("ci", "unauthenticated"))

    def test_two_keys_live_while_one_replaces_the_other(self):
        first = self.new_caller("ci")
        second = self.server.ctl("credential", "create", "ci", "--api-key").strip()
        third = self.server.ctl_raw("credential", "create", "ci", "--api-key")
        self.assertEqual(third.returncode, 1)
        for key in (first, second):
            self.assertKnown(self.ask(bearer=key))

    def test_a_key_expires(self):
        self.server.ctl("caller", "create", "ci")
        key = self.server.ctl("credential", "create", "ci", "--api-key", "--expires", "1h").strip()
        self.assertKnown(self.ask(bearer=key))
        self.server.set_clock(3601)
        self.assertFails(self.ask(bearer=key), 401, "unauthenticated", "CREDENTIAL_EXPIRED")

    def test_a_wrong_secret_is_as_unknown_as_a_wrong_name(self):
        key = self.new_caller("ci")
        wrong_secret = key[:-1] + ("A" if key[-1] != "A" else "Q")
        wrong_name = "asapk_0123456789abcdef_" + key[-43:]
        messages = {self.assertFails(self.ask(bearer=k), 401, "unauthenticated",
                                     "CREDENTIAL_UNKNOWN") for k in (wrong_secret, wrong_name)}
        self.assertEqual(len(messages), 1)

    def test_a_caller_is_disabled_and_let_in_again(self):
        key = self.new_caller("ci")
        self.server.ctl("caller", "update", "ci", "--disable")
        self.assertFails(self.ask(bearer=key), 401, "unauthenticated", "CALLER_DISABLED")
        self.assertEqual(self.last_event()["caller"], "ci")
        self.server.ctl("caller", "update", "ci", "--enable")
        self.assertKnown(self.ask(bearer=key))

    def test_a_deleted_caller_is_told_so_and_its_name_stays_taken(self):
        key = self.new_caller("ci")
        self.server.ctl("caller", "delete", "ci")
        self.assertFails(self.ask(bearer=key), 401, "unauthenticated", "CALLER_DELETED")
        self.assertEqual(self.server.ctl_raw("caller", "create", "ci").returncode, 1)

    def test_only_a_hash_of_a_key_is_stored(self):
        key = self.new_caller("ci")
        self.server.stop()
        for name in os.listdir(self.server.dir):
            with open(self.server.path(name), "rb") as file:
                self.assertNotIn(key[-43:].encode(), file.read(), name)
        self.assertNotIn(key[-43:], self.server.log())

    def test_a_key_is_shown_once(self):
        self.server.ctl("caller", "create", "ci")
        request = {"caller": "ci", "apiKey": {}, "requestId": "once"}
        create = "CallerAdmin/CreateCredential"
        first = self.server.local_rpc(create, request).json
        again = self.server.local_rpc(create, request).json
        self.assertEqual(first["credential"], again["credential"])
        self.assertTrue(first["apiKey"])
        self.assertNotIn("apiKey", again)


class Tokens(Authentication):
    """ASAP tokens of the caller's own, whose keys are published here."""

    def setUp(self):
        super().setUp()
        self.keys = os.path.join(self.server.root, "private")
        self.server.ctl("issuer", "create", "team/api", "--external")
        self.server.ctl("key", "generate", "team/api", "--private-dir", self.keys, "--now",
                        "--algorithm", "ES256")
        self.server.ctl("caller", "create", "team")
        self.server.ctl("credential", "create", "team", "--issuer", "team/api")

    def token(self, audience="asapd", *options):
        done = run(SIGN, "--private-dir", self.keys, "--issuer", "team/api", "--audience",
                   audience, *options, env=self.server.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_a_token_for_this_service_is_its_issuers(self):
        token = self.token()
        self.assertKnown(self.ask(bearer=token))
        self.assertKnown(self.ask(bearer=token))
        event = self.deny(bearer=token)
        self.assertEqual((event["caller"], event["proofKind"]), ("team", "PROOF_KIND_TOKEN"))
        self.assertRegex(event["proof"], r"^team/api/.*\.pem$")

    def test_a_token_for_somebody_else_is_refused(self):
        self.assertFails(self.ask(bearer=self.token("orders/api")), 401, "unauthenticated",
                         "AUDIENCE")

    def test_a_token_is_refused_before_and_after_its_time(self):
        token = self.token()
        self.server.set_clock(60 + 31)
        self.assertFails(self.ask(bearer=token), 401, "unauthenticated", "EXPIRED")
        self.server.set_clock(-600)
        answer = self.ask(bearer=token)
        self.assertIn(answer.json["details"][0]["debug"]["reason"],
                      ("ISSUED_IN_FUTURE", "NOT_YET_VALID"))

    def test_a_token_of_a_key_that_was_revoked_is_refused(self):
        token = self.token()
        self.server.ctl("key", "revoke", self.active_key("team/api"), "--reason", "a test",
                        "--force")
        self.assertFails(self.ask(bearer=token), 401, "unauthenticated", "KEY_NOT_FOUND")

    def test_an_issuer_that_is_no_caller_is_unknown(self):
        self.server.ctl("caller", "delete", "team")
        self.server.ctl("issuer", "create", "other/api", "--external")
        self.server.ctl("key", "generate", "other/api", "--private-dir", self.keys, "--now")
        done = run(SIGN, "--private-dir", self.keys, "--issuer", "other/api", "--audience",
                   "asapd", env=self.server.environment)
        self.assertFails(self.ask(bearer=done.stdout.strip()), 401, "unauthenticated",
                         "CREDENTIAL_UNKNOWN")
        self.assertFails(self.ask(bearer=self.token()), 401, "unauthenticated", "CALLER_DELETED")

    def test_the_message_never_has_the_token(self):
        token = self.token("orders/api")
        answer = self.ask(bearer=token)
        self.assertNotIn(token.split(".")[2], json.dumps(answer.json))
        self.assertNotIn(token.split(".")[2], self.server.log())


class Certificates(Authentication):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.server.root, "ours")
        self.server.stop()
        self.server.start("--client-ca-file", self.authority.ca)
        self.server.ctl("caller", "create", "ci")
        self.server.ctl("credential", "create", "ci", "--certificate-uri", SPIFFE)
        self.server.ctl("credential", "create", "ci", "--certificate-dns", "ci.example.org")

    def test_a_certificate_is_known_by_its_uri_or_dns_name(self):
        for name in ("URI:" + SPIFFE, "DNS:ci.example.org", "DNS:other.example.org,URI:" + SPIFFE):
            certificate = self.authority.issue("good", name)
            self.assertKnown(self.ask(certificate=certificate))
            event = self.deny(certificate=certificate)
            self.assertEqual((event["caller"], event["proofKind"]),
                             ("ci", "PROOF_KIND_CERTIFICATE"))

    def test_nobody_needs_one(self):
        self.assertEqual(self.server.get("/no/key").status, 404)
        self.assertKnown(self.ask(bearer=self.new_caller("other")))
        self.assertFails(self.ask(), 401, "unauthenticated", "NO_PROOF")

    def test_one_that_names_nobody_shows_nothing(self):
        stranger = self.authority.issue("stranger", "DNS:stranger.example.org")
        self.assertFails(self.ask(certificate=stranger), 401, "unauthenticated", "NO_PROOF")
        self.assertEqual(self.server.rpc("KeyRepository/GetPublicKey", {"keyId": "a/b"},
                                         certificate=stranger).status, 404)

    def test_a_certificate_of_another_authority_is_refused(self):
        theirs = Authority(self.server.root, "theirs").issue("bad", "URI:" + SPIFFE)
        message = self.assertFails(self.ask(certificate=theirs), 401, "unauthenticated",
                                   "CERTIFICATE")
        self.assertIn("authority", message)

    def test_a_certificate_that_has_expired_is_refused(self):
        old = self.authority.issue("old", "URI:" + SPIFFE, "-days", "-1")
        message = self.assertFails(self.ask(certificate=old), 401, "unauthenticated",
                                   "CERTIFICATE")
        self.assertIn("expired", message)

    def test_one_that_expires_while_its_connection_lasts_is_refused(self):
        certificate = self.authority.issue("good", "URI:" + SPIFFE)
        self.assertKnown(self.ask(certificate=certificate))
        self.server.set_clock(31 * 86400)  # TLS goes by the real one
        message = self.assertFails(self.ask(certificate=certificate), 401, "unauthenticated",
                                   "CERTIFICATE")
        self.assertIn("expired", message)

    def test_a_certificate_for_servers_is_refused(self):
        server = self.authority.issue("server", "URI:" + SPIFFE, usage="serverAuth")
        self.assertFails(self.ask(certificate=server), 401, "unauthenticated", "CERTIFICATE")

    def test_a_revoked_credential_of_a_certificate_is_refused(self):
        certificate = self.authority.issue("good", "URI:" + SPIFFE)
        self.server.ctl("credential", "revoke", self.deny(certificate=certificate)["proof"])
        self.assertFails(self.ask(certificate=certificate), 401, "unauthenticated",
                         "CREDENTIAL_REVOKED")

    def test_two_proofs_are_one_too_many(self):
        certificate = self.authority.issue("good", "URI:" + SPIFFE)
        key = self.new_caller("other")
        own = self.server.ctl("credential", "create", "ci", "--api-key").strip()
        for bearer in (key, own):
            self.assertFails(self.ask(certificate=certificate, bearer=bearer), 401,
                             "unauthenticated", "TWO_PROOFS")


class Users(Authentication):
    settings = ("--admin-socket-mode", "0666")

    def test_root_and_the_user_of_the_daemon_are_administrators(self):
        self.assertEqual(self.server.local_rpc("Server/GetStatus", {}).status, 200)

    def test_an_administrator_with_another_proof_is_refused(self):
        key = self.new_caller("ci")
        answer = self.server.local_rpc(WHO, NOBODY_ASKS, {"Authorization": "Bearer " + key})
        self.assertFails(answer, 401, "unauthenticated", "TWO_PROOFS")

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_another_user_is_a_caller_by_its_number(self):
        os.chmod(self.server.root, 0o755)
        os.chmod(self.server.dir, 0o711)
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.server.ctl("caller", "create", "job")
        mint = ("curl", "--silent", "--unix-socket", self.server.path("admin.sock"),
                "-H", "Content-Type: application/json",
                "-d", '{"issuer":"payments/api","audience":["orders/api"]}',
                "http://localhost/asap.v1.TokenService/MintToken")

        def mint_as_nobody():
            return json.loads(run(*mint, user=65534, group=65534, extra_groups=[]).stdout)

        self.assertEqual(mint_as_nobody()["code"], "unauthenticated")
        self.server.ctl("credential", "create", "job", "--uid", "65534")
        self.assertEqual(mint_as_nobody()["code"], "permission_denied")
        self.server.ctl("grant", "create", "job", "--verb", "mint", "--issuer", "payments/api",
                        "--audience", "orders/api")
        self.assertTrue(mint_as_nobody()["token"])
        event = self.last_event()
        self.assertEqual((event["caller"], event["proofKind"], event["result"]),
                         ("job", "PROOF_KIND_UID", "ok"))


class SocketMode(Authentication):
    def test_the_socket_is_its_owners_unless_the_settings_say_otherwise(self):
        mode = os.stat(self.server.path("admin.sock")).st_mode & 0o777
        self.assertEqual(mode, 0o600)
        self.server.stop()
        self.server.start("--admin-socket-mode", "0660")
        self.assertEqual(os.stat(self.server.path("admin.sock")).st_mode & 0o777, 0o660)


class Protocol(Authentication):
    """The same over TLS 1.2, whose handshake asks for certificates in another way."""

    def test_tls_1_2_shows_certificates_as_well(self):
        authority = Authority(self.server.root, "ours")
        self.server.stop()
        self.server.start("--client-ca-file", authority.ca)
        self.server.ctl("caller", "create", "ci")
        self.server.ctl("credential", "create", "ci", "--certificate-uri", SPIFFE)
        plain = self.server.tls

        def old_tls():
            context = plain()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            return context

        self.server.tls = old_tls
        self.assertKnown(self.ask(certificate=authority.issue("good", "URI:" + SPIFFE)))
        self.assertFails(self.ask(), 401, "unauthenticated", "NO_PROOF")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""libasap's minter, by its example program, against a real asapd."""

import calendar
import os
import shutil
import subprocess
import time
import unittest

from authority import Authority
from harness import BUILD, PATIENCE, ServerTest, main, run, until

MINT = os.path.join(BUILD, "client/examples/asap-mint")
VERIFY = os.path.join(BUILD, "client/examples/asap-verify")
GRANT = ("--verb", "mint", "--issuer", "payments/api", "--audience", "orders/*")
SPIFFE = "spiffe://example.org/ci"
NOBODY = 65534
REFUSED, USAGE, UNAVAILABLE = 1, 2, 3


class MinterTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")

    def arguments(self, *proof, audience="orders/api"):
        return (MINT, "--server", self.server.url, "--cacert", self.server.path("ca.pem"),
                "--issuer", "payments/api", "--audience", audience, *proof)

    def mint(self, *proof, **options):
        return run(*self.arguments(*proof, **options))

    def new_key_file(self, *grant):
        path = os.path.join(self.server.root, "ci.key")
        key = self.new_caller("ci", *grant)
        with open(path, "w", encoding="ascii") as file:
            file.write(key + "\n")
        return path

    def assertGood(self, minted):
        """A verifier takes the token that was printed."""
        self.assertEqual(minted.returncode, 0, minted.stderr)
        verified = run(VERIFY, "--repository", self.server.url, "--cacert",
                       self.server.path("ca.pem"), "--audience", "orders/api",
                       input=minted.stdout)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("payments/api", verified.stdout)

    def assertReported(self, minted, status, *words):
        self.assertEqual((minted.returncode, minted.stdout), (status, ""), minted.stderr)
        for word in words:
            self.assertIn(word, minted.stderr)

    def mints(self):
        """The audit log's events of minting."""
        events = self.server.ctl_json("audit", "list").get("events", [])
        return [e for e in events if e["method"] == "asap.v1.TokenService/MintToken"]

    def assertMintedBy(self, proof_kind):
        self.assertEqual([(e["caller"], e["proofKind"], e["result"]) for e in self.mints()],
                         [("ci", proof_kind, "ok")])


class Proofs(MinterTest):
    def test_an_api_key_in_a_file(self):
        self.assertGood(self.mint("--api-key-file", self.new_key_file(*GRANT)))
        self.assertMintedBy("PROOF_KIND_API_KEY")

    def test_a_client_certificate(self):
        authority = Authority(self.server.root, "ours")
        self.server.stop()
        self.server.start("--client-ca-file", authority.ca)
        self.server.ctl("caller", "create", "ci")
        self.server.ctl("credential", "create", "ci", "--certificate-uri", SPIFFE)
        self.server.ctl("grant", "create", "ci", *GRANT)
        certificate = authority.issue("good", "URI:" + SPIFFE)
        self.assertGood(self.mint("--cert", certificate))
        self.assertMintedBy("PROOF_KIND_CERTIFICATE")
        self.assertGood(self.mint("--cert", certificate, "--key", authority.at("good.key")))

    def test_a_token_of_the_callers_own(self):
        keys = os.path.join(self.server.root, "private")
        self.server.ctl("issuer", "create", "team/api", "--external")
        self.server.ctl("key", "generate", "team/api", "--private-dir", keys, "--now")
        self.server.ctl("caller", "create", "ci")
        self.server.ctl("credential", "create", "ci", "--issuer", "team/api")
        self.server.ctl("grant", "create", "ci", *GRANT)
        own = ("--private-dir", keys, "--caller-issuer", "team/api")
        self.assertGood(self.mint(*own))
        self.assertMintedBy("PROOF_KIND_TOKEN")
        self.server.ctl("key", "revoke", self.active_key("team/api"), "--reason", "a test", "--force")
        self.assertReported(self.mint(*own), REFUSED, "KEY_NOT_FOUND")

    def test_just_one_of_them(self):
        key = self.new_key_file(*GRANT)
        self.assertReported(self.mint(), USAGE, "none of")
        self.assertReported(self.mint("--api-key-file", key, "--cert", key), USAGE,
                            "more than one")
        self.assertReported(self.mint("--private-dir", self.server.root), USAGE, "usage")
        self.assertEqual(self.mints(), [])


class LocalUser(MinterTest):
    settings = ("--admin-socket-mode", "0666")

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_a_user_of_this_machine(self):
        os.chmod(self.server.root, 0o755)
        os.chmod(self.server.dir, 0o711)
        # The build tree may be closed to others; the program needs nothing but its library.
        program = shutil.copy(MINT, self.server.root)
        library = os.path.join(self.server.root, "libasap.so.0")
        shutil.copy(os.path.join(BUILD, "client/src/libasap.so.0"), library)
        self.server.ctl("caller", "create", "ci")
        self.server.ctl("grant", "create", "ci", *GRANT)

        def mint_as_nobody():
            return run(program, "--server", "unix:" + self.server.path("admin.sock"), "--issuer",
                       "payments/api", "--audience", "orders/api", user=NOBODY, group=NOBODY,
                       extra_groups=[],
                       env=dict(os.environ, LD_LIBRARY_PATH=self.server.root))

        self.assertReported(mint_as_nobody(), REFUSED, "NO_PROOF")
        self.server.ctl("credential", "create", "ci", "--uid", str(NOBODY))
        self.assertGood(mint_as_nobody())
        self.assertMintedBy("PROOF_KIND_UID")


class Refusals(MinterTest):
    def test_what_is_denied_is_reported_and_asked_for_once(self):
        key = self.new_key_file(*GRANT)
        denied = self.mint("--api-key-file", key, audience="billing/api")
        self.assertReported(denied, REFUSED, "GRANT_AUDIENCE", "billing/api")
        event, = self.mints()
        self.assertEqual((event["caller"], event["result"]), ("ci", "permission_denied"))
        self.assertIn(event["message"], denied.stderr)

    def test_a_key_that_was_revoked_is_reported_and_shown_once(self):
        key = self.new_key_file(*GRANT)
        credential, = self.server.ctl_json("caller", "show", "ci")["credentials"]
        self.server.ctl("credential", "revoke", credential["credentialId"])
        self.assertReported(self.mint("--api-key-file", key), REFUSED, "CREDENTIAL_REVOKED")
        self.assertEqual([e["result"] for e in self.mints()], ["unauthenticated"])


class EmergencyGap(MinterTest):
    """The active key is revoked, and its successor may not sign yet."""

    def setUp(self):
        super().setUp()
        self.key = self.new_key_file(*GRANT)
        self.server.ctl("key", "revoke", self.active_key("payments/api"), "--reason", "a test", "--force")

    def results(self):
        return [e["result"] for e in self.mints()]

    def seconds_left(self):
        """Until the successor signs, by the real clock."""
        keys = self.server.ctl_json("key", "list", "payments/api")["keys"]
        begin = min(k["signTime"] for k in keys if "signTime" in k)
        return calendar.timegm(time.strptime(begin[:19], "%Y-%m-%dT%H:%M:%S")) - time.time()

    def test_one_that_is_longer_than_its_patience_is_reported_at_once(self):
        answer = self.mint("--api-key-file", self.key)
        self.assertReported(answer, UNAVAILABLE, "NO_SIGNING_KEY")
        self.assertEqual(self.results(), ["unavailable"])
        self.server.set_clock(22)
        self.assertGood(self.mint("--api-key-file", self.key))

    def test_a_short_one_is_waited_for(self):
        self.server.set_clock(int(self.seconds_left()) - 3)
        with subprocess.Popen(self.arguments("--api-key-file", self.key), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as minter:
            until(lambda: self.results() == ["unavailable"], "the first answer")
            self.server.set_clock(25)
            output, errors = minter.communicate(timeout=PATIENCE)
        self.assertEqual(minter.returncode, 0, errors)
        self.assertEqual(self.results(), ["unavailable", "ok"])
        self.assertGood(subprocess.CompletedProcess((), 0, output, ""))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Tokens between the unmodified atlassian-jwt-auth and asapd's TokenService."""

import os
import sys

import atlassian_jwt_auth
from atlassian_jwt_auth.exceptions import PublicKeyRetrieverException
from atlassian_jwt_auth.key import HTTPSPublicKeyRetriever

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
from harness import ServerTest, main  # noqa: E402

MINT = "TokenService/MintToken"
VERIFY = "TokenService/VerifyToken"
AUDIENCE = "orders/api"
ALGORITHMS = ("RS256", "ES256", "PS256", "ES384")


class TokenInterop(ServerTest):
    @staticmethod
    def forget_keys():
        """Makes verifiers of this process start anew: they share one cache."""
        HTTPSPublicKeyRetriever._class_session = None

    def python_verify(self, token):
        """The claims of a token that the library takes for good."""
        verifier = atlassian_jwt_auth.JWTAuthVerifier(HTTPSPublicKeyRetriever(self.server.url))
        return verifier.verify_jwt(token, AUDIENCE, leeway=60, verify=self.server.path("ca.pem"))


class Minted(TokenInterop):
    """What asapd mints, the library verifies."""

    def setUp(self):
        super().setUp()
        self.key = self.new_caller("ci")

    def new_issuer(self, name, algorithm):
        self.server.ctl("issuer", "create", name, "--algorithm", algorithm)
        self.server.ctl("grant", "create", "ci", "--verb", "mint", "--issuer", name,
                        "--audience", "orders/*", "--subject", "batch", "--claim", "role")

    def mint(self, issuer, **changes):
        request = {"issuer": issuer, "audience": [AUDIENCE], **changes}
        answer = self.server.rpc(MINT, request, bearer=self.key)
        self.assertEqual(answer.status, 200, answer.json)
        return answer.json

    def test_each_algorithm(self):
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                issuer = "payments/" + algorithm.lower()
                self.new_issuer(issuer, algorithm)
                claims = self.python_verify(self.mint(issuer)["token"])
                self.assertEqual((claims["iss"], claims["sub"]), (issuer, issuer))

    def test_further_claims_and_audiences(self):
        self.new_issuer("payments/api", "ES256")
        minted = self.mint("payments/api", audience=["orders/other", AUDIENCE], lifetime="30s",
                           additionalClaims={"role": {"name": "reader", "level": 3}})
        claims = self.python_verify(minted["token"])
        self.assertEqual(claims["role"], {"name": "reader", "level": 3})
        self.assertEqual(claims["aud"], ["orders/other", AUDIENCE])
        self.assertEqual(claims["exp"] - claims["iat"], 30)

    def test_another_audience_is_refused(self):
        self.new_issuer("payments/api", "ES256")
        token = self.mint("payments/api", audience=["orders/other"])["token"]
        with self.assertRaisesRegex(Exception, "(?i)audience"):
            self.python_verify(token)

    def test_through_a_rotation(self):
        self.new_issuer("payments/api", "ES256")
        before = self.mint("payments/api")
        self.python_verify(before["token"])
        plan = self.server.ctl_json("key", "rotate", "payments/api")
        self.assertEqual(self.mint("payments/api")["keyId"], before["keyId"])

        self.server.set_clock(25)
        after = self.mint("payments/api")
        self.assertEqual(after["keyId"], plan["incoming"]["keyId"])
        self.assertNotEqual(after["keyId"], before["keyId"])
        for prepare in (lambda: None, self.forget_keys):
            prepare()
            for token in (before["token"], after["token"]):
                self.assertEqual(self.python_verify(token)["iss"], "payments/api")

    def test_not_after_a_revocation(self):
        self.new_issuer("payments/api", "ES256")
        minted = self.mint("payments/api")
        self.python_verify(minted["token"])
        self.server.ctl("key", "revoke", minted["keyId"], "--reason", "a test")
        self.forget_keys()
        with self.assertRaises(PublicKeyRetrieverException):
            self.python_verify(minted["token"])


class Shown(TokenInterop):
    """What the library signs for asapd says who calls; what it signs for others asapd verifies."""

    def setUp(self):
        super().setUp()
        self.keys = os.path.join(self.server.root, "private")
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.server.ctl("caller", "create", "team")
        self.server.ctl("grant", "create", "team", "--verb", "mint", "--issuer", "payments/api",
                        "--audience", "orders/*")

    def sign(self, algorithm, audience):
        """A token by the library, of a new issuer whose tokens prove the caller."""
        issuer = "team/" + algorithm.lower()
        self.server.ctl("issuer", "create", issuer, "--external")
        self.server.ctl("key", "generate", issuer, "--algorithm", algorithm, "--private-dir",
                        self.keys, "--now")
        self.server.ctl("credential", "create", "team", "--issuer", issuer)
        signer = atlassian_jwt_auth.create_signer_from_file_private_key_repository(
            issuer, self.keys, algorithm=algorithm)
        token = signer.generate_jwt(audience)
        return token.decode("ascii") if isinstance(token, bytes) else token

    def mint(self, bearer):
        return self.server.rpc(MINT, {"issuer": "payments/api", "audience": [AUDIENCE]},
                               bearer=bearer)

    def test_a_token_for_asapd_is_its_callers_proof(self):
        for algorithm in ALGORITHMS:
            with self.subTest(algorithm):
                minted = self.mint(self.sign(algorithm, "asapd"))
                self.assertEqual(minted.status, 200, minted.json)
                self.assertEqual(self.python_verify(minted.json["token"])["iss"], "payments/api")
                event = self.server.ctl_json("audit", "list")["events"][-1]
                self.assertEqual((event["caller"], event["proofKind"], event["result"]),
                                 ("team", "PROOF_KIND_TOKEN", "ok"))
                self.assertTrue(event["proof"].startswith("team/" + algorithm.lower() + "/"))

    def test_a_token_for_somebody_else_proves_nothing(self):
        answer = self.mint(self.sign("ES256", AUDIENCE))
        self.assertFails(answer, 401, "unauthenticated", "AUDIENCE")

    def test_asapd_verifies_what_the_library_signs(self):
        proof = self.sign("ES256", "asapd")
        for algorithm in ("RS256", "PS256", "ES384"):
            with self.subTest(algorithm):
                token = self.sign(algorithm, AUDIENCE)
                answer = self.server.rpc(VERIFY, {"token": token, "audiences": [AUDIENCE]},
                                         bearer=proof)
                self.assertEqual(answer.status, 200, answer.json)
                self.assertEqual(answer.json["issuer"], "team/" + algorithm.lower())


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""The unmodified atlassian-jwt-auth against exported keys behind nginx, and no asapd."""

import os
import sys

import atlassian_jwt_auth
from atlassian_jwt_auth.exceptions import PublicKeyRetrieverException
from atlassian_jwt_auth.key import HTTPSPublicKeyRetriever

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
from harness import ServerTest, main  # noqa: E402
from nginx import Mirror  # noqa: E402

AUDIENCE = "orders/api"


class ExportTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.private = os.path.join(self.server.root, "private")
        self.exported = os.path.join(self.server.root, "keys")
        self.server.ctl("issuer", "create", "payments/api", "--external")

    def export(self):
        self.server.ctl("key", "export", "--dir", self.exported)

    def generate(self, algorithm):
        self.server.ctl("key", "generate", "payments/api", "--algorithm", algorithm,
                        "--private-dir", self.private, "--now")

    def token(self, algorithm):
        signer = atlassian_jwt_auth.create_signer_from_file_private_key_repository(
            "payments/api", self.private, algorithm=algorithm)
        return signer.generate_jwt(AUDIENCE)

    def mirror(self):
        mirror = Mirror(self.server, self.exported)
        self.addCleanup(mirror.close)
        return mirror

    def verify(self, retriever, token):
        verifier = atlassian_jwt_auth.JWTAuthVerifier(retriever)
        return verifier.verify_jwt(token, AUDIENCE, leeway=5, verify=self.server.path("ca.pem"))

    def test_python_verifies_every_algorithm(self):
        tokens = []
        for algorithm in ("RS256", "ES256", "PS512"):
            self.generate(algorithm)
            tokens.append(self.token(algorithm))
        self.export()
        retriever = HTTPSPublicKeyRetriever(self.mirror().url)
        self.server.stop()
        for token in tokens:
            self.assertEqual(self.verify(retriever, token)["iss"], "payments/api")

    def test_python_finds_a_key_once_it_is_exported(self):
        self.export()
        retriever = HTTPSPublicKeyRetriever(self.mirror().url)
        self.generate("ES256")
        token = self.token("ES256")
        with self.assertRaises(PublicKeyRetrieverException):
            self.verify(retriever, token)
        self.export()
        self.assertEqual(self.verify(retriever, token)["iss"], "payments/api")


if __name__ == "__main__":
    main()

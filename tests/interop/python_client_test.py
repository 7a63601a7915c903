# SPDX-License-Identifier: Apache-2.0
"""The unmodified atlassian-jwt-auth against a real asapd, asapctl and libasap."""

import os
import subprocess
import sys
import threading
import time
import unittest

import atlassian_jwt_auth
from atlassian_jwt_auth.exceptions import PublicKeyRetrieverException
from atlassian_jwt_auth.key import (DataUriPrivateKeyRetriever, FilePrivateKeyRetriever,
                                    HTTPSMultiRepositoryPublicKeyRetriever,
                                    HTTPSPublicKeyRetriever)
from atlassian_jwt_auth.signer import JWTAuthSigner

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration"))
from harness import ASAPCTL, BUILD, ServerTest, main, run, until  # noqa: E402

SIGN = os.path.join(BUILD, "client/examples/asap-sign")
VERIFY = os.path.join(BUILD, "client/examples/asap-verify")
AUDIENCE = "orders/api"


class InteropTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.ca = self.server.path("ca.pem")
        self.keys = os.path.join(self.server.root, "private")
        self.server.ctl("issuer", "create", "payments/api", "--external")

    @property
    def repository(self):
        return self.server.url

    def python_verify(self, token, retriever=None):
        verifier = atlassian_jwt_auth.JWTAuthVerifier(
            retriever or HTTPSPublicKeyRetriever(self.repository))
        return verifier.verify_jwt(token, AUDIENCE, leeway=5, verify=self.ca)

    def asap_verify(self, token):
        if isinstance(token, bytes):
            token = token.decode("ascii")
        return run(VERIFY, "--repository", self.repository, "--cacert", self.ca,
                   "--audience", AUDIENCE, input=token)

    def asap_sign(self, *arguments):
        done = run(SIGN, "--audience", AUDIENCE, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def generate(self, algorithm, *arguments):
        return self.server.ctl("key", "generate", "payments/api", "--algorithm", algorithm,
                               *arguments)

    def python_signer(self, algorithm):
        return atlassian_jwt_auth.create_signer_from_file_private_key_repository(
            "payments/api", self.keys, algorithm=algorithm)


class Tokens(InteropTest):
    def test_python_accepts_what_libasap_signs(self):
        for algorithm in ("RS256", "ES256", "PS512"):
            with self.subTest(algorithm):
                keys = os.path.join(self.server.root, algorithm)
                self.generate(algorithm, "--private-dir", keys, "--now")
                token = self.asap_sign("--private-dir", keys, "--issuer", "payments/api",
                                       "--algorithm", algorithm)
                claims = self.python_verify(token)
                self.assertEqual((claims["iss"], claims["sub"]), ("payments/api", "payments/api"))

    def test_libasap_accepts_what_python_signs(self):
        for algorithm in ("RS256", "ES256", "PS512"):
            with self.subTest(algorithm):
                keys = os.path.join(self.server.root, algorithm)
                self.generate(algorithm, "--private-dir", keys, "--now")
                signer = atlassian_jwt_auth.create_signer_from_file_private_key_repository(
                    "payments/api", keys, algorithm=algorithm)
                verified = self.asap_verify(signer.generate_jwt(AUDIENCE))
                self.assertEqual(verified.returncode, 0, verified.stderr)
                self.assertIn("payments/api", verified.stdout)

    def test_libasap_refuses_another_audience(self):
        self.generate("ES256", "--private-dir", self.keys, "--now")
        refused = self.asap_verify(self.python_signer("ES256").generate_jwt("someone/else"))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("aud", refused.stderr)

    def test_python_reads_the_data_uri(self):
        uri = self.generate("RS256", "--data-uri", "--now").strip()
        signer = JWTAuthSigner("payments/api", DataUriPrivateKeyRetriever(uri), algorithm="RS256")
        token = signer.generate_jwt(AUDIENCE)
        self.assertEqual(self.python_verify(token)["iss"], "payments/api")
        self.assertEqual(self.asap_verify(token).returncode, 0)

    def test_python_reads_the_private_key_directory(self):
        self.generate("RS256", "--private-dir", self.keys, "--now")
        self.generate("RS256", "--private-dir", self.keys, "--now")
        kid, _ = FilePrivateKeyRetriever(self.keys).load("payments/api")
        names = sorted(os.listdir(os.path.join(self.keys, "payments/api")))
        self.assertEqual(kid.key_id, "payments/api/" + names[-1])
        self.python_verify(self.python_signer("RS256").generate_jwt(AUDIENCE))

    def test_python_verifies_a_key_that_openssl_made_and_asapctl_published(self):
        private = os.path.join(self.server.root, "key.pem")
        public = os.path.join(self.server.root, "public.pem")
        for command in (["openssl", "genrsa", "-out", private, "2048"],
                        ["openssl", "rsa", "-in", private, "-pubout", "-out", public]):
            subprocess.run(command, check=True, capture_output=True)
        self.server.ctl("key", "publish", "payments/api", "--name", "own+key.pem",
                        "--public-key", public)
        with open(private, encoding="ascii") as file:
            signer = atlassian_jwt_auth.create_signer(
                "payments/api", "payments/api/own+key.pem", file.read())
        self.python_verify(signer.generate_jwt(AUDIENCE))

    def test_an_unknown_and_a_revoked_key_are_refused(self):
        self.generate("ES256", "--private-dir", self.keys, "--now")
        token = self.python_signer("ES256").generate_jwt(AUDIENCE)
        kid, _ = FilePrivateKeyRetriever(self.keys).load("payments/api")
        self.server.ctl("key", "revoke", kid.key_id, "--reason", "a test", "--force")
        with self.assertRaises(PublicKeyRetrieverException):
            self.python_verify(token)
        refused = self.asap_verify(token)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("KEY_NOT_FOUND", refused.stderr)

    def test_python_fails_over_from_a_dead_repository(self):
        self.generate("ES256", "--private-dir", self.keys, "--now")
        retriever = HTTPSMultiRepositoryPublicKeyRetriever(
            ["https://127.0.0.1:1", self.repository])
        self.python_verify(self.python_signer("ES256").generate_jwt(AUDIENCE), retriever)

    def test_python_revalidates_and_reuses_its_cache(self):
        self.generate("ES256", "--private-dir", self.keys, "--now")
        kid, _ = FilePrivateKeyRetriever(self.keys).load("payments/api")
        session = HTTPSPublicKeyRetriever(self.repository)._session
        url = self.repository + "/" + kid.key_id
        headers = {"accept": "application/x-pem-file"}
        first = session.get(url, headers=headers, verify=self.ca)
        second = session.get(url, headers=headers, verify=self.ca)
        self.assertFalse(first.from_cache)
        self.assertTrue(second.from_cache)
        self.assertEqual(first.text, second.text)


class BasePath(InteropTest):
    settings = ("--base-path", "/some/keys")

    @property
    def repository(self):
        return self.server.url + "/some/keys"

    def test_tokens_verify_against_a_repository_with_a_base_path(self):
        self.generate("ES256", "--private-dir", self.keys, "--now")
        token = self.python_signer("ES256").generate_jwt(AUDIENCE)
        self.assertEqual(self.python_verify(token)["iss"], "payments/api")
        verified = self.asap_verify(token)
        self.assertEqual(verified.returncode, 0, verified.stderr)


class Rotation(InteropTest):
    """A service signs on and on while its key is replaced; verifiers with a cache, without one
    and with a fresh one each time never miss a key."""

    def verify_everywhere(self, token):
        self.python_verify(token)
        verified = self.asap_verify(token)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_no_verification_fails_through_a_rotation(self):
        self.generate("ES256", "--private-dir", self.keys, "--now")
        first, _ = FilePrivateKeyRetriever(self.keys).load("payments/api")
        stop, failures, used = threading.Event(), [], set()

        def sign_and_verify():
            while not stop.is_set():
                kid, _ = FilePrivateKeyRetriever(self.keys).load("payments/api")
                used.add(kid.key_id)
                try:
                    self.verify_everywhere(self.python_signer("ES256").generate_jwt(AUDIENCE))
                except Exception as error:  # pylint: disable=broad-except
                    failures.append(error)

        service = threading.Thread(target=sign_and_verify)
        service.start()
        try:
            waiting = subprocess.Popen(
                [ASAPCTL, "key", "generate", "payments/api", "--algorithm", "ES256",
                 "--private-dir", self.keys],
                env=dict(self.server.environment,
                         ASAPCTL_SERVER="unix:" + self.server.path("admin.sock")),
                stdout=subprocess.DEVNULL)
            folder = os.path.join(self.keys, "payments/api")
            until(lambda: any(n.endswith(".new") for n in os.listdir(folder)),
                  "the new key to be written")
            until(lambda: len(self.server.ctl_json("key", "list", "payments/api")["keys"]) == 2,
                  "the new key to be published")
            self.assertIsNone(waiting.poll())
            self.assertEqual(used, {first.key_id})
            self.server.set_clock(30)
            self.assertEqual(waiting.wait(timeout=60), 0)
            until(lambda: len(used) == 2, "the new key to sign")
            until(lambda: len(used) == 2 and service.is_alive(), "another token")
        finally:
            stop.set()
            service.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    main()

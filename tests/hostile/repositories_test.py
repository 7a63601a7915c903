# SPDX-License-Identifier: Apache-2.0
"""The rules for keys and repositories in security.md (V11, V20 to V22, V31 to V36): libasap's
verifier and asapctl token verify before a repository that means harm; and no such key gets into
asapd."""

import base64
import http.server
import os
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../integration"))

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519  # noqa: E402

from harness import PATIENCE, Server, run  # noqa: E402
import tokens  # noqa: E402
from tokens_test import VERDICT  # noqa: E402

PEM = "application/x-pem-file"
REFUSED = "unauthenticated KEY_REFUSED"
MISSING = "unauthenticated KEY_NOT_FOUND"
UNAVAILABLE = "unavailable KEY_UNAVAILABLE"
DAY = 86400


def public_pem(key):
    return key.public_bytes(serialization.Encoding.PEM,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def armour(der, label=b"PUBLIC KEY"):
    lines = base64.encodebytes(der).replace(b"\n", b"")
    body = b"\n".join(lines[i:i + 64] for i in range(0, len(lines), 64))
    return b"-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, body, label)


def der_of(pem):
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True,
                          check=True).stdout


class Repository(http.server.BaseHTTPRequestHandler):
    """Answers with what the test has put into server.answer: status, headers, body."""

    def do_GET(self):
        self.server.asked.append(self.path)
        status, headers, body = self.server.answer
        if status is None:  # says nothing
            self.server.gate.wait(PATIENCE)
            return
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if body is None:
                while True:  # without an end
                    self.wfile.write(b"x" * 1000)
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Library:
    """hostile_verdict, which keeps its cache from token to token."""

    def __init__(self, url, ca, environment):
        self.process = subprocess.Popen([VERDICT, url, ca, "orders"],
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE,
                                        text=True,
                                        env=environment)

    def ask(self, token):
        self.process.stdin.write(token.encode().hex() + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.communicate(timeout=PATIENCE)


server = None
maker = None


def setUpModule():
    global server, maker
    server = Server()
    server.start()
    server.ctl("issuer", "create", "web/api", "--external")
    maker = tokens.Maker("repositories", int(time.time()))


def tearDownModule():
    server.close()


class HostileTest(unittest.TestCase):

    def setUp(self):
        self.repository = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repository)
        self.repository.asked = []
        self.repository.gate = threading.Event()
        self.good = public_pem(maker.keys["p256"].public_key())
        self.serve()
        threading.Thread(target=self.repository.serve_forever, daemon=True).start()
        self.addCleanup(self.repository.server_close)
        self.addCleanup(self.repository.shutdown)
        self.addCleanup(self.repository.gate.set)
        self.url = f"http://127.0.0.1:{self.repository.server_port}"
        maker.now = int(time.time())
        server.set_clock(0)

    def serve(self, body=None, status=200, type_=PEM, headers=(), endless=False):
        types = [] if type_ is None else [("Content-Type", type_)]
        body = None if endless else self.good if body is None else body
        self.repository.answer = (status, [*types, *headers], body)

    def library(self, environment=(), url=None):
        library = Library(url or self.url, server.path("ca.pem"), {
            **server.environment,
            **dict(environment)
        })
        self.addCleanup(library.close)
        return library

    def verdicts(self, token=None):
        """What both say, which has to be the same."""
        token = token or maker.good()
        library = self.library().ask(token)
        done = server.ctl_raw("token",
                              "verify",
                              "--audience",
                              "orders",
                              "--repository",
                              self.url,
                              input=token)
        start = "asapctl: the token is not accepted: "
        ctl = "OK" if done.returncode == 0 else done.stderr[len(start):].split(":")[0]
        self.assertEqual(library.split(" ")[-1], ctl, done.stderr)
        return library


class Requests(HostileTest):

    def test_v11_a_forged_token_that_makes_its_verifier_fetch(self):
        for token in (maker.compact(maker.header(alg="none"), maker.claims()),
                      maker.compact(maker.header(kid="web/../api/p256"), maker.claims()),
                      maker.compact(maker.header(jku=self.url), maker.claims()),
                      maker.good(iss="shop"), maker.good(exp=maker.now - 100, iat=maker.now - 200),
                      maker.good(aud="shop"), maker.good(exp=maker.now + DAY), maker.good(sub="x")):
            self.assertRegex(self.verdicts(token), r"\Aunauthenticated ")
        self.assertEqual(self.repository.asked, [])
        self.assertEqual(self.verdicts(), "OK")
        self.assertEqual(self.repository.asked, 2 * ["/web/api/p256"])


class Keys(HostileTest):

    def check(self, what, pem):
        """Refused by those who verify, and by asapd."""
        with self.subTest(what):
            self.serve(pem)
            self.assertEqual(self.verdicts(), REFUSED)
            done = server.ctl_raw("key",
                                  "publish",
                                  "web/api",
                                  "--public-key",
                                  "-",
                                  "--name",
                                  "bad",
                                  input=pem.decode("latin-1"))
            self.assertNotEqual(done.returncode, 0)
            self.assertEqual(server.get("/web/api/bad").status, 404)

    def accept(self, what, pem, alg="ES256"):
        with self.subTest(what):
            self.serve(pem)
            header = maker.header(alg=alg)
            self.assertEqual(self.verdicts(maker.compact(header, maker.claims(), alg)), "OK")

    def test_v20_a_key_that_is_read_in_different_ways(self):
        good, der = self.good, der_of(self.good)
        other = public_pem(maker.keys["stranger"].public_key())
        self.accept("as it should be", good)
        self.accept("white space around it", b"\n \r\n" + good + b"\n\n")
        for what, pem in (("two keys", good + other), ("the same key twice",
                                                       good + good), ("text before", b"x\n" + good),
                          ("text behind", good + b"x"), ("a comment", b"Comment: x\n" + good),
                          ("nothing", b""), ("a page", b"<html></html>"), ("no PEM", der),
                          ("half of it", good[:100]), ("no end", good.rsplit(b"-----END", 1)[0]),
                          ("bytes behind in the DER",
                           armour(der + b"\0")), ("a SEQUENCE that is longer",
                                                  armour(bytes([der[0], der[1] + 1]) + der[2:])),
                          ("a length in two bytes",
                           armour(bytes([der[0], 0x81, der[1]]) + der[2:])), ("no DER",
                                                                              armour(b"x" * 91)),
                          ("DER of nothing",
                           armour(b"")), ("headers in the PEM",
                                          good.replace(b"-----\n", b"-----\nA: b\n\n",
                                                       1)), ("a NUL",
                                                             good[:60] + b"\0" + good[61:]),
                          ("another label", good.replace(b"PUBLIC KEY", b"RSA PUBLIC KEY"))):
            self.check(what, pem)

    def test_v21_a_key_that_is_weak_or_of_another_kind(self):
        for alg, name in (("ES256", "p256"), ("ES384", "p384"), ("ES512", "p521"), ("RS256", "rsa"),
                          ("PS512", "rsa")):
            self.accept(alg, public_pem(maker.keys[name].public_key()), alg)
        der = der_of(self.good)
        explicit = openssl("pkey",
                           "-pubout",
                           given=openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                                         "ec_paramgen_curve:P-256", "-pkeyopt",
                                         "ec_param_enc:explicit"))
        edwards = bytes.fromhex("302a300506032b6570032100")
        for what, pem in (("RSA of 1024 bits",
                           public_pem(rsa.generate_private_key(65537, 1024).public_key())),
                          ("an exponent of 3",
                           public_pem(rsa.generate_private_key(3, 2048).public_key())),
                          ("an even modulus", armour(
                              self.rsa_der(2**2047 + 2))), ("RSA of 16384 bits",
                                                            armour(self.rsa_der(2**16383 + 1))),
                          ("P-224", public_pem(
                              ec.generate_private_key(ec.SECP224R1()).public_key())),
                          ("secp256k1",
                           public_pem(ec.generate_private_key(
                               ec.SECP256K1()).public_key())), ("explicit parameters", explicit),
                          ("a point that is not on the curve",
                           armour(der[:-1] + bytes([der[-1] ^ 1]))),
                          ("a point of zeros", armour(der[:-64] + bytes(64))),
                          ("X25519", public_pem(x25519.X25519PrivateKey.generate().public_key())),
                          ("Ed448", public_pem(ed448.Ed448PrivateKey.generate().public_key())),
                          ("DSA", public_pem(dsa.generate_private_key(2048).public_key())),
                          ("RSA-PSS",
                           openssl("pkey",
                                   "-pubout",
                                   given=openssl("genpkey", "-algorithm", "RSA-PSS"))),
                          ("Ed25519 of small order",
                           armour(edwards + b"\1" + bytes(31))), ("Ed25519 of zero",
                                                                  armour(edwards + bytes(32)))):
            self.check(what, pem)

    @staticmethod
    def rsa_der(modulus):
        """A public key with a modulus that no generator makes."""

        def tlv(tag, body):
            length = len(body)
            if length < 128:
                return bytes([tag, length]) + body
            size = (length.bit_length() + 7) // 8
            return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + body

        def integer(value):
            return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))

        algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
        return tlv(0x30, algorithm + tlv(3, b"\0" + tlv(0x30, integer(modulus) + integer(65537))))

    def test_v22_a_private_key_or_certificate_in_its_place(self):
        self.accept("a public key", self.good)
        key = maker.keys["p256"]
        private = [
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
            for form in (serialization.PrivateFormat.PKCS8,
                         serialization.PrivateFormat.TraditionalOpenSSL)
        ]
        for what, pem in (("PKCS8", private[0]), ("SEC1", private[1]), ("both",
                                                                        self.good + private[0]),
                          ("a certificate's label", self.good.replace(b"PUBLIC KEY",
                                                                      b"CERTIFICATE")),
                          ("a private key's label", self.good.replace(b"PUBLIC KEY",
                                                                      b"PRIVATE KEY"))):
            self.check(what, pem)
        path = os.path.join(server.root, "own.key")
        with open(path, "wb") as file:
            file.write(private[0])
        self.serve(openssl("req", "-x509", "-key", path, "-subj", "/CN=web", "-days", "1"))
        self.assertEqual(self.verdicts(), REFUSED)


class Answers(HostileTest):

    def test_v31_an_outage_that_makes_tokens_bad_or_revoked_keys_good(self):
        library = self.library()
        for status in (500, 502, 503, 429, 401):
            self.serve(b"", status)
            self.assertEqual(library.ask(maker.good()), UNAVAILABLE, status)
        self.serve(status=None)
        self.assertEqual(library.ask(maker.good()), UNAVAILABLE)
        self.repository.gate.set()
        self.serve(headers=[("Cache-Control", "max-age=0, stale-if-error=60")])
        self.assertEqual(library.ask(maker.good()), "OK", "an outage was remembered")
        self.serve(b"", 500)
        self.assertEqual(library.ask(maker.good()), "OK", "inside stale-if-error")
        server.set_clock(70)
        maker.now += 70
        self.assertEqual(library.ask(maker.good()), UNAVAILABLE, "past stale-if-error")
        self.serve()
        self.assertEqual(library.ask(maker.good()), "OK")
        for status in (403, 404, 410):
            self.serve(b"", status)
            self.assertEqual(self.verdicts(), MISSING)

    def test_v31_a_key_that_is_withdrawn(self):
        for status in (404, 410):
            self.serve(headers=[("Cache-Control", "max-age=0, stale-if-error=3600")])
            library = self.library()
            self.assertEqual(library.ask(maker.good()), "OK")
            self.serve(b"", status)
            self.assertEqual(library.ask(maker.good()), MISSING)

    def test_v32_a_repository_that_sends_elsewhere(self):
        there = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repository)
        there.asked, there.answer = [], self.repository.answer
        threading.Thread(target=there.serve_forever, daemon=True).start()
        self.addCleanup(there.server_close)
        self.addCleanup(there.shutdown)
        self.assertEqual(self.verdicts(), "OK")
        for status in (301, 302, 303, 307, 308):
            target = f"http://127.0.0.1:{there.server_port}/web/api/p256"
            self.serve(b"", status, headers=[("Location", target)])
            self.assertEqual(self.verdicts(), UNAVAILABLE, status)
        self.assertEqual(there.asked, [])

    def test_v32_an_environment_that_has_a_proxy(self):
        nowhere = "http://127.0.0.1:1"
        environment = {
            name: nowhere
            for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
        }
        self.assertEqual(self.library(environment).ask(maker.good()), "OK")

    def test_v32_a_repository_of_another_authority_or_without_tls(self):
        with open(server.path("ca.pem"), encoding="ascii") as file:
            self.assertIn("CERTIFICATE", file.read())
        own = os.path.join(server.root, "other.pem")
        with open(own, "wb") as file:
            file.write(
                openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.devnull,
                        "-subj", "/CN=localhost", "-days", "1"))
        for ca, verdict in ((own, UNAVAILABLE), (server.path("ca.pem"), MISSING)):
            library = Library(server.url, ca, server.environment)
            self.addCleanup(library.close)
            self.assertEqual(library.ask(maker.good()), verdict)
        for url in ("http://repository.example", "ftp://127.0.0.1", "file:///etc",
                    "https://a@b.example"):
            done = run(VERDICT, url, server.path("ca.pem"), "orders", input="")
            self.assertEqual(done.returncode, 1, url)

    def test_v33_an_answer_without_an_end(self):
        self.assertEqual(self.verdicts(), "OK")
        self.serve(self.good + b"\n" * (4096 - len(self.good)))
        self.assertEqual(self.verdicts(), "OK")
        for what, options in (("4097 bytes", {
                "body": self.good + b"\n" * (4097 - len(self.good))
        }), ("a megabyte", {
                "body": b"x" * 2**20
        }), ("no end", {
                "endless": True
        })):
            self.serve(**options)
            self.assertEqual(self.verdicts(), REFUSED, what)
        for count, size in ((1, 9000), (90, 100), (9, 1000)):
            self.serve(headers=[(f"X-{i}", "x" * size) for i in range(count)])
            self.assertEqual(self.verdicts(), UNAVAILABLE)

    def test_v34_an_answer_that_is_no_key(self):
        for type_ in (PEM, "Application/X-PEM-File", PEM + "; charset=us-ascii", PEM + ";x=y"):
            self.serve(type_=type_)
            self.assertEqual(self.verdicts(), "OK", type_)
        for type_ in (None, "", "text/plain", "text/html", PEM + "x", "application/x-pem",
                      "x" + PEM, "application/json", "*/*"):
            self.serve(type_=type_)
            self.assertEqual(self.verdicts(), REFUSED, type_)
        self.serve(headers=[("Content-Type", "text/html")])
        self.assertEqual(self.verdicts(), REFUSED, "two types")
        for status in (201, 203, 204, 206, 304):
            self.serve(b"" if status in (204, 304) else None, status)
            self.assertNotEqual(self.verdicts(), "OK", status)

    def test_v36_a_mirror_that_still_has_a_withdrawn_key(self):
        mirror = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repository)
        mirror.asked, mirror.answer = [], self.repository.answer
        threading.Thread(target=mirror.serve_forever, daemon=True).start()
        self.addCleanup(mirror.server_close)
        self.addCleanup(mirror.shutdown)
        both = f"{self.url},http://127.0.0.1:{mirror.server_port}"
        for status in (500, 503, 429, 301):
            self.serve(b"", status)
            self.assertEqual(self.library(url=both).ask(maker.good()), "OK", status)
        self.assertEqual(len(mirror.asked), 4)
        for answer, verdict in (({
                "body": b"",
                "status": 404
        }, MISSING), ({
                "body": b"",
                "status": 410
        }, MISSING), ({
                "body": b"x"
        }, REFUSED)):
            self.serve(**answer)
            self.assertEqual(self.library(url=both).ask(maker.good()), verdict)
        self.assertEqual(len(mirror.asked), 4)

    def asked_after(self, seconds, *headers):
        """How often a key that was received with these is asked for, the second time so late."""
        self.serve(headers=headers)
        self.repository.asked.clear()
        maker.now = int(time.time())
        server.set_clock(0)
        library = self.library()
        self.assertEqual(library.ask(maker.good()), "OK", headers)
        server.set_clock(seconds)
        maker.now += seconds
        self.assertEqual(library.ask(maker.good()), "OK", headers)
        return len(self.repository.asked)

    def test_v35_a_key_that_is_to_be_kept_for_ever(self):

        def control(value):
            return ("Cache-Control", value)

        self.assertEqual(self.asked_after(30, control("max-age=600")), 1)
        self.assertEqual(self.asked_after(700, control("max-age=600")), 2)
        for value in ("max-age=31536000", "max-age=99999999999999999999",
                      "max-age=2147483648, immutable", "public, max-age=18446744073709551616"):
            self.assertEqual(self.asked_after(DAY + 10, control(value)), 2, value)
        for value in ("max-age=0", "no-store", "no-cache", "max-age=-1"):
            self.assertEqual(self.asked_after(10, control(value)), 2, value)
        self.assertEqual(self.asked_after(600, control("max-age=600"), ("Age", "590")), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)

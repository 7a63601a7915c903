# SPDX-License-Identifier: Apache-2.0
"""Which algorithms the ASAP libraries of others, as published, and we have in common: their tokens
with our verifiers, and our tokens, signed by libasap or minted by asapd, with theirs, which fetch
the keys from a real asapd over TLS. Prints the matrix that the README shows, and compares them.

    matrix_test.py BUILD-DIRECTORY

The directory has what matrix/*/build.sh made. A client of ours is a program around one library: of
each line of its standard input, a JSON object with a member "do", it writes one with "answer", the
token that it signed or the issuer whom it believes, or with "error"."""

import base64
import json
import os
import re
import subprocess
import sys
import textwrap
import time
import unittest
import urllib.parse
from collections import namedtuple

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
from harness import BUILD, Server, ServerTest, main, run  # noqa: E402

CLIENTS = sys.argv.pop(1)
README = os.path.join(HERE, "..", "..", "README.md")
AUDIENCE = "orders/api"
FAMILIES = {family: tuple(family + bits for bits in ("256", "384", "512"))
            for family in ("RS", "PS", "ES")}
ALGORITHMS = tuple(name for names in FAMILIES.values() for name in names) + ("EdDSA",)

# One line of the matrix. Its version is what the pattern finds in the file that pins it.
Library = namedtuple("Library", "name pinned command signs")


def python(mode, name, package="atlassian-jwt-auth", signs=False):
    return Library(name, ("requirements.txt", package + r"==(\S+)"),
                   [sys.executable, os.path.join(HERE, "matrix/client.py"), mode], signs)


def node(package):
    return Library(f"Node {package} {{}}", ("matrix/node/package.json", package + r'": "([^"]+)'),
                   ["node", os.path.join(CLIENTS, "node/client.js"), package], True)


def go(major, pinned):
    return Library("Go go-asap {}", ("matrix/go/go.mod", pinned),
                   [os.path.join(CLIENTS, "go/go_asap_" + major)], True)


JAVA_PATH = os.pathsep.join(os.path.join(CLIENTS, "java", part) for part in ("", "lib/*"))

LIBRARIES = {
    "requests": python("requests", "Python atlassian-jwt-auth {} requests", signs=True),
    "aiohttp": python("aiohttp", "Python atlassian-jwt-auth {} aiohttp", signs=True),
    "flask": python("flask", "Python atlassian-jwt-auth {} Flask"),
    "django": python("django", "Python atlassian-jwt-auth {} Django"),
    "wsgi": python("wsgi", "Python atlassian-jwt-auth {} WSGI"),
    "go": go("v2", r"/go-asap/v2 (\S+)"),
    "old_go": go("v1", r"/go-asap (v0\.0\.0-\d{8})"),
    "java": Library("Java com.atlassian.asap {}",
                    ("matrix/java/pom.xml", r"<asap.version>([^<]+)"),
                    ["java", "-cp", JAVA_PATH, "Client"], True),
    "node": node("jwt-authentication"),
    "pyjwt": python("pyjwt", "Python PyJWT {} (JWK Set)", "PyJWT", signs=True),
    "jose": node("jose")._replace(name="Node jose {} (JWK Set)"),
}


def name_of(library):
    file, pattern = library.pinned
    with open(os.path.join(HERE, file), encoding="utf-8") as pins:
        return library.name.format(re.search(pattern, pins.read()).group(1))


class Client:
    """The program around one library, for as long as a test asks it."""

    def __init__(self, library, ca_file, **environment):
        self.process = subprocess.Popen(
            library.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, SSL_CERT_FILE=ca_file, NODE_EXTRA_CA_CERTS=ca_file,
                     **environment))

    def ask(self, do, **question):
        """Its answer, or None and the error."""
        self.process.stdin.write(json.dumps({"do": do, **question}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the client ended; its reasons are above")
        said = json.loads(line)
        return said.get("answer"), said

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Parties:
    """One asapd, and for each algorithm an issuer that signs and one whose tokens asapd mints."""

    def __init__(self, server):
        self.server = server
        self.ca_file = self.server.path("ca.pem")
        self.keys = {}
        server.ctl("caller", "create", "ci")
        self.minter = server.ctl("credential", "create", "ci", "--api-key").strip()
        for algorithm in ALGORITHMS:
            self.keys[algorithm] = self.new_key("signed/" + algorithm.lower(), algorithm)
            minted = "minted/" + algorithm.lower()
            server.ctl("issuer", "create", minted, "--algorithm", algorithm)
            server.ctl("grant", "create", "ci", "--verb", "mint", "--issuer", minted,
                       "--audience", AUDIENCE)

    def new_key(self, issuer, algorithm):
        self.server.ctl("issuer", "create", issuer, "--external")
        uri = self.server.ctl("key", "generate", issuer, "--algorithm", algorithm,
                              "--data-uri", "--now").strip()
        kid, der = re.fullmatch("data:application/pkcs8;kid=(.+);base64,(.+)", uri).groups()
        pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *textwrap.wrap(der, 64),
                         "-----END PRIVATE KEY-----", ""])
        path = os.path.join(self.server.root, issuer.replace("/", "_") + ".pem")
        with open(path, "w", encoding="ascii") as private:
            private.write(pem)
        return {"issuer": issuer, "kid": urllib.parse.unquote(kid), "algorithm": algorithm,
                "path": path, "pem": pem, "private_key": uri}

    @staticmethod
    def sign_with(key, audience=AUDIENCE):
        signed = run(os.path.join(BUILD, "client/examples/asap-sign"), "--key", key["path"],
                     "--key-id", key["kid"], "--audience", audience,
                     "--algorithm", key["algorithm"])
        if signed.returncode != 0:
            raise AssertionError(signed.stderr)
        return signed.stdout.strip()

    def sign(self, algorithm, audience=AUDIENCE):
        """What libasap signs."""
        key = self.keys[algorithm]
        return key["issuer"], self.sign_with(key, audience)

    def mint(self, algorithm):
        """What asapd mints."""
        issuer = "minted/" + algorithm.lower()
        minted = self.server.rpc("TokenService/MintToken",
                                 {"issuer": issuer, "audience": [AUDIENCE]}, bearer=self.minter)
        return issuer, minted.json["token"]

    def verify(self, token, algorithm):
        """What libasap and asapd say of a token; they must agree. For EdDSA it is asapd's word
        alone: libasap takes it only where its user permits it, and asap-verify does not."""
        checked = run(os.path.join(BUILD, "client/examples/asap-verify"), "--repository",
                      self.server.url, "--cacert", self.ca_file, "--audience", AUDIENCE,
                      input=token)
        asked = self.server.local_rpc("TokenService/VerifyToken",
                                      {"token": token, "audiences": [AUDIENCE]})
        if algorithm != "EdDSA" and (checked.returncode == 0) != (asked.status == 200):
            raise AssertionError(f"libasap and asapd differ: {checked.stderr} {asked.json}")
        return asked.status == 200, asked.json

    def client(self, name, **environment):
        return Client(LIBRARIES[name], self.ca_file, **environment)

    def question(self, issuer, algorithm, token):
        return {"issuer": issuer, "algorithm": algorithm, "token": token, "audience": AUDIENCE,
                "repository": self.server.url,
                "jwks": f"{self.server.url}/{issuer}/.well-known/jwks.json"}

    def believes(self, client, issuer, algorithm, token):
        answer, said = client.ask("verify", **self.question(issuer, algorithm, token))
        if answer not in (None, issuer):
            raise AssertionError(f"{token} is of {issuer}, not of {answer}")
        return answer == issuer, said


def cell(algorithms):
    """Algorithms in few words: RS* is all three of the family."""
    words = []
    for family, names in FAMILIES.items():
        common = [name for name in names if name in algorithms]
        words += [family + "*"] if len(common) == len(names) else common
    words += [name for name in ("EdDSA",) if name in algorithms]
    return " ".join(words) or "none"


LINE = "{:44}{:19}{:19}{}"
TITLE = LINE.format("", "we verify what", "it verifies what", "it verifies what")
HEADER = LINE.format("", "it signs", "libasap signs", "asapd mints")


def setUpModule():  # pylint: disable=invalid-name
    server = Server()
    unittest.addModuleCleanup(server.close)
    MatrixTest.parties = Parties(server.start())


class MatrixTest(ServerTest):
    """All tests share the server: twenty key pairs take their time."""

    def setUp(self):
        self.server = self.parties.server

    def client(self, name, **environment):
        client = self.parties.client(name, **environment)
        self.addCleanup(client.close)
        return client


class Matrix(MatrixTest):
    def verified_by_us(self, client, algorithm):
        token, said = client.ask("sign", audience=AUDIENCE, **self.parties.keys[algorithm])
        if token is None:
            return False, said
        return self.parties.verify(token, algorithm)

    def column(self, what, row):
        """The cell of the algorithms with which something succeeds, and why not with the rest."""
        passed = []
        for algorithm in ALGORITHMS:
            success, reason = what(algorithm)
            if success:
                passed.append(algorithm)
            else:
                print(f"  {row}: {algorithm}: {reason}".rstrip())
        return cell(passed)

    def line(self, name, library):
        client, row = self.client(name), name_of(library)
        theirs = "-"
        if library.signs:
            theirs = self.column(lambda a: self.verified_by_us(client, a), row + " signs")
        ours = [self.column(lambda a, make=make: self.parties.believes(client, *self.made(make, a)),
                            f"{row} verifies what is {done}")
                for make, done in ((self.parties.sign, "signed"), (self.parties.mint, "minted"))]
        return LINE.format(row, theirs, *ours)

    @staticmethod
    def made(make, algorithm):
        issuer, token = make(algorithm)
        return issuer, algorithm, token

    def test_the_readme_shows_what_passes(self):
        lines = [TITLE, HEADER] + [self.line(*item) for item in LIBRARIES.items()]
        matrix = "\n".join("    " + line.rstrip() for line in lines)
        print(matrix)
        with open(README, encoding="utf-8") as readme:
            self.assertIn("\n" + matrix + "\n", readme.read())

    def test_each_library_refuses_what_it_must(self):
        """Otherwise what it accepts says nothing."""
        issuer, good = self.parties.sign("RS256")
        _, elsewhere = self.parties.sign("RS256", "someone/else")
        stranger = good.split(".")
        stranger[2] = self.parties.sign("RS256", "x")[1].split(".")[2]
        for name in LIBRARIES:
            with self.subTest(name):
                client = self.client(name)
                for token in (elsewhere, ".".join(stranger)):
                    self.assertFalse(self.parties.believes(client, issuer, "RS256", token)[0])
                self.assertTrue(self.parties.believes(client, issuer, "RS256", good)[0])


def pss(salt):
    return padding.PSS(padding.MGF1(hashes.SHA256()), salt)


class Defects(MatrixTest):
    """What users of a library run into, with any key server. When one of these fails, others have
    mended something, and the README says so no longer."""

    def claims(self, algorithm, **changes):
        key, now = self.parties.keys[algorithm], int(time.time())
        claims = {"iss": key["issuer"], "sub": key["issuer"], "aud": AUDIENCE, "jti": "once",
                  "iat": now, "exp": now + 60, **changes}
        return key["issuer"], jwt.encode(claims, key["pem"], algorithm, headers={"kid": key["kid"]})

    def unknown(self):
        """A token whose key is revoked."""
        key = self.parties.new_key("unknown/issuer", "ES256")
        self.server.ctl("key", "revoke", key["kid"], "--reason", "a test", "--force")
        return key["issuer"], self.parties.sign_with(key)

    def test_python_loses_the_status_of_an_unknown_key(self):
        issuer, token = self.unknown()
        _, said = self.parties.believes(self.client("requests"), issuer, "ES256", token)
        self.assertIn("PublicKeyRetrieverException", said["error"])
        self.assertIn("404", said["error"])
        self.assertIsNone(said["status"])
        for name in ("flask", "django", "wsgi"):
            with self.subTest(name):
                _, said = self.parties.believes(self.client(name), issuer, "ES256", token)
                self.assertEqual(said["error"], "ValueError: status 500")

    def test_node_takes_tomorrows_token_once_a_leeway_is_set(self):
        now = int(time.time()) + 86400
        issuer, token = self.claims("RS256", iat=now, exp=now + 60)
        careful = self.client("node")
        careless = self.client("node", ASAP_SERVER_LEEWAY_SECONDS="30")
        self.assertFalse(self.parties.believes(careful, issuer, "RS256", token)[0])
        self.assertTrue(self.parties.believes(careless, issuer, "RS256", token)[0])
        self.assertFalse(self.parties.verify(token, "RS256")[0])

    def signature(self, client, algorithm):
        """What a library signs, and the signature."""
        token, _ = client.ask("sign", audience=AUDIENCE, **self.parties.keys[algorithm])
        signed, signature = token.rsplit(".", 1)
        return signed.encode(), base64.urlsafe_b64decode(signature + "==")

    def test_go_signs_elliptic_curves_in_der(self):
        for name in ("go", "old_go"):
            with self.subTest(name):
                _, signature = self.signature(self.client(name), "ES256")
                self.assertEqual(signature[:1], b"\x30")
                self.assertNotEqual(len(signature), 64)

    def test_go_salts_as_no_other_verifier_expects(self):
        key = serialization.load_pem_private_key(
            self.parties.keys["PS256"]["pem"].encode(), None).public_key()
        for name in ("go", "old_go"):
            with self.subTest(name):
                signed, signature = self.signature(self.client(name), "PS256")
                key.verify(signature, signed, pss(padding.PSS.MAX_LENGTH), hashes.SHA256())
                with self.assertRaises(InvalidSignature):
                    key.verify(signature, signed, pss(padding.PSS.DIGEST_LENGTH), hashes.SHA256())

    def test_old_go_panics_at_pss(self):
        issuer, token = self.parties.sign("PS256")
        _, said = self.parties.believes(self.client("old_go"), issuer, "PS256", token)
        self.assertIn("panic", said["error"])

    def test_private_keys_are_read_in_one_form_only(self):
        for name, algorithm, read, unread in (("go", "RS256", "private_key", "pem"),
                                              ("old_go", "RS256", "private_key", "pem"),
                                              ("node", "ES256", "pem", "private_key")):
            with self.subTest(name):
                key, client = self.parties.keys[algorithm], self.client(name)
                for form, succeeds in ((read, True), (unread, False)):
                    either = dict(key, pem=key[form], private_key=key[form])
                    token, _ = client.ask("sign", audience=AUDIENCE, **either)
                    self.assertEqual(token is not None, succeeds)


if __name__ == "__main__":
    main()

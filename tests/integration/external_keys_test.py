# SPDX-License-Identifier: Apache-2.0
"""Public keys that others made: published from a key, from a certificate, from a folder."""

import json
import os
import shutil
import subprocess

from harness import BUILD, Server, ServerTest, main, run

VERIFY = os.path.join(BUILD, "client/examples/asap-verify")
HOUR = 3600


def openssl(*arguments, text=None):
    return subprocess.run(["openssl", *arguments], input=text, text=True, capture_output=True,
                          check=True).stdout


def new_pair():
    """A private key and its public half."""
    private = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    return private, openssl("pkey", "-pubout", text=private)


class ExternalTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "web", "--external")
        self.folder = os.path.join(self.server.root, "in")

    def write(self, path, text):
        path = os.path.join(self.server.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def put(self, path, text):
        """A file of the folder to import."""
        return self.write("in/" + path, text)

    def load(self, *options, server=None):
        """Exit status and result of an import."""
        done = (server or self.server).ctl_raw("key", "import", "--dir", self.folder,
                                               "--output", "json", *options)
        if not done.stdout:
            return done.returncode, done.stderr
        result = json.loads(done.stdout)
        result["refused"] = {r["file"]: r["reason"] for r in result["refused"]}
        return done.returncode, result

    def served(self, kid):
        answer = self.server.get("/" + kid)
        return answer.body.decode() if answer.status == 200 else None


class Certificates(ExternalTest):
    def certificate(self, key, *options):
        path = self.write("own.key", key)
        return openssl("req", "-x509", "-key", path, "-subj", "/CN=web", *options)

    def test_the_key_of_a_certificate_is_published_and_verifies_tokens(self):
        private, public = new_pair()
        path = self.write("own.pem", self.certificate(private, "-days", "1"))
        done = self.server.ctl_raw("key", "publish", "web", "--public-key", path, "--name", "own")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("taking the key out of the certificate", done.stderr)
        self.assertEqual(self.served("web/own"), public)
        token = self.server.ctl("token", "sign", "--audience", "orders", "--key",
                                os.path.join(self.server.root, "own.key"), "--key-id", "web/own")
        verified = run(VERIFY, "--repository", self.server.url, "--cacert",
                       self.server.path("ca.pem"), "--audience", "orders", input=token.strip())
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_a_certificate_gets_no_weak_key_in(self):
        weak = openssl("genrsa", "1024")
        path = self.write("weak.pem", self.certificate(weak))
        refused = self.server.ctl_raw("key", "publish", "web", "--public-key", path)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("1024 bits", refused.stderr)

    def test_one_certificate_is_wanted(self):
        private, _ = new_pair()
        path = self.write("two.pem", 2 * self.certificate(private))
        refused = self.server.ctl_raw("key", "publish", "web", "--public-key", path)
        self.assertIn("2 certificates", refused.stderr)

    def test_a_private_key_beside_its_certificate_is_refused_and_not_sent(self):
        private, _ = new_pair()
        path = self.write("both.pem", self.certificate(private) + private)
        events = len(self.server.ctl_json("audit", "list").get("events", []))
        refused = self.server.ctl_raw("key", "publish", "web", "--public-key", path)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not sent anywhere", refused.stderr)
        self.assertEqual(len(self.server.ctl_json("audit", "list").get("events", [])), events)


class Ends(ExternalTest):
    def test_a_key_is_served_until_the_time_that_was_given(self):
        _, public = new_pair()
        path = self.write("own.pem", public)
        done = self.server.ctl("key", "publish", "web", "--public-key", path, "--name", "own",
                               "--not-after", "1h")
        self.assertIn("it is served until", done)
        self.server.ctl("key", "generate", "web", "--algorithm", "ES256", "--private-dir",
                        self.folder, "--now", "--not-after", "2h")
        self.assertEqual(self.served("web/own"), public)
        generated = self.server.ctl_json("key", "list", "web")["keys"][1]["keyId"]
        self.server.set_clock(HOUR + 60)
        self.assertIsNone(self.served("web/own"))
        self.assertIsNotNone(self.served(generated))
        self.server.set_clock(2 * HOUR + 60)
        self.assertIsNone(self.served(generated))

    def test_an_export_carries_the_end_over(self):
        path = self.write("own.pem", new_pair()[1])
        self.server.ctl("key", "publish", "web", "--public-key", path, "--name", "own",
                        "--not-after", "1h")
        self.server.ctl("key", "export", "--dir", self.folder)
        other = Server()
        self.addCleanup(other.close)
        other.start()
        other.ctl("issuer", "create", "web", "--external")
        self.assertEqual(self.load(server=other)[0], 0)
        self.assertEqual(other.ctl_json("key", "show", "web/own")["unpublishTime"],
                         self.server.ctl_json("key", "show", "web/own")["unpublishTime"])


class Import(ExternalTest):
    def test_a_folder_made_by_hand_is_published(self):
        _, public = new_pair()
        _, other = new_pair()
        self.put("web/one", public)
        self.put("web/two.pem", other)
        self.assertEqual(self.load("--dry-run")[1]["published"], ["web/one", "web/two.pem"])
        self.assertIsNone(self.served("web/one"))
        self.assertEqual(self.load(), (0, {"published": ["web/one", "web/two.pem"],
                                           "unchanged": [], "refused": {}}))
        self.assertEqual((self.served("web/one"), self.served("web/two.pem")), (public, other))
        self.assertEqual(self.load(), (0, {"published": [], "refused": {},
                                           "unchanged": ["web/one", "web/two.pem"]}))

    def test_each_file_that_is_refused_is_told_with_the_reason(self):
        private, public = new_pair()
        _, other = new_pair()
        good = self.put("web/good", public)
        weak = openssl("pkey", "-pubout", text=openssl("genrsa", "1024"))
        for path, text in (("web/private", private), ("web/weak", weak), ("web/a b", other),
                           ("web/large", other + " " * 20000), ("web/empty", ""),
                           ("other/key", other), ("stray.pem", other), ("0" * 64 + ".pem", other),
                           (".git/config", "x"), ("web/.hidden", other), ("web/twice", public)):
            self.put(path, text)
        os.symlink(good, os.path.join(self.folder, "web/link"))
        os.symlink(os.path.dirname(good), os.path.join(self.folder, "link"))
        os.mkfifo(os.path.join(self.folder, "web/pipe"))
        status, result = self.load()
        self.assertEqual((status, result["published"]), (1, ["web/good"]))
        for path, reason in {"web/private": "private key", "web/weak": "1024 bits",
                             "web/a b": "", "web/large": "over 16384 bytes",
                             "web/empty": "not a public key", "other/key": "issuer",
                             "stray.pem": "no issuer's folder", "0" * 64 + ".pem": "of no key here",
                             ".git": "begins with a dot", "web/.hidden": "begin with a dot",
                             "web/twice": "used before", "web/link": "symbolic link",
                             "link": "symbolic link", "web/pipe": "no file"}.items():
            self.assertIn(reason, result["refused"].pop(path), path)
        self.assertEqual(result["refused"], {})

    def test_only_the_issuers_that_are_named(self):
        self.server.ctl("issuer", "create", "shop", "--external")
        self.put("web/one", new_pair()[1])
        self.put("shop/one", new_pair()[1])
        self.assertEqual(self.load("--issuer", "shop")[1]["published"], ["shop/one"])
        self.assertIsNone(self.served("web/one"))

    def test_another_key_under_a_published_id_is_refused(self):
        self.put("web/one", new_pair()[1])
        self.load()
        self.put("web/one", new_pair()[1])
        status, result = self.load()
        self.assertEqual((status, list(result["refused"])), (1, ["web/one"]))
        self.assertIn("another key", result["refused"]["web/one"])

    def test_a_revoked_key_does_not_come_back(self):
        self.put("web/one", new_pair()[1])
        self.put("web/two", new_pair()[1])
        self.load()
        self.server.ctl("key", "revoke", "web/one", "--reason", "a test")
        status, result = self.load()
        self.assertEqual((status, result["published"], list(result["refused"])),
                         (1, [], ["web/one"]))

    def test_without_a_server_nothing_is_said_to_be_refused(self):
        self.put("web/one", new_pair()[1])
        self.server.stop()
        status, message = self.load()
        self.assertEqual(status, 1)
        self.assertTrue(message.startswith("asapctl: cannot import keys: "), message)


class Exported(ExternalTest):
    """From one server to another."""

    def setUp(self):
        super().setUp()
        self.private = os.path.join(self.server.root, "private")
        for algorithm in ("PS256", "ES256"):
            self.server.ctl("key", "generate", "web", "--algorithm", algorithm,
                            "--private-dir", self.private, "--now")
        self.server.ctl("key", "export", "--dir", self.folder)
        self.kids = [k["keyId"] for k in self.server.ctl_json("key", "list", "web")["keys"]]
        self.other = Server()
        self.addCleanup(self.other.close)
        self.other.start()

    def make_own(self):
        """The folder as one that may be changed."""
        copy = os.path.join(self.server.root, "copy")
        shutil.copytree(self.folder, copy)
        self.folder = copy

    def test_an_export_is_imported_as_it_was(self):
        status, result = self.load(server=self.other)
        self.assertEqual((status, sorted(result["refused"])), (1, sorted(self.kids)))
        self.assertIsNotNone(result["refused"][self.kids[0]])
        self.other.ctl("issuer", "create", "web", "--external")
        status, result = self.load(server=self.other)
        self.assertEqual((status, sorted(result["published"])), (0, sorted(self.kids)), result)
        for path in (*self.kids, "web/.well-known/jwks.json"):
            self.assertEqual(self.other.get("/" + path).body, self.server.get("/" + path).body)

    def test_what_differs_from_the_manifest_is_refused(self):
        self.make_own()
        self.other.ctl("issuer", "create", "web", "--external")
        self.put("../copy/web/more", new_pair()[1])
        with open(os.path.join(self.folder, self.kids[0]), "w", encoding="ascii") as file:
            file.write(new_pair()[1])
        os.unlink(os.path.join(self.folder, self.kids[1]))
        status, result = self.load(server=self.other)
        self.assertEqual((status, result["published"]), (1, []))
        self.assertIn("digest differs", result["refused"][self.kids[0]])
        self.assertIn("no such file", result["refused"][self.kids[1]])
        self.assertIn("not in manifest.json", result["refused"]["web/more"])
        self.assertEqual(len(result["refused"]), 5, "the two aliases, too")

    def test_what_may_no_longer_be_served_is_not_published(self):
        self.make_own()
        self.other.ctl("issuer", "create", "web", "--external")
        path = os.path.join(self.folder, "manifest.json")
        with open(path, encoding="ascii") as file:
            manifest = json.load(file)
        manifest["keys"][0]["unpublishTime"] = "2001-01-01T00:00:00Z"
        with open(path, "w", encoding="ascii") as file:
            json.dump(manifest, file)
        _, result = self.load(server=self.other)
        self.assertIn("until 2001", result["refused"][manifest["keys"][0]["keyId"]])

    def test_a_broken_manifest_imports_nothing(self):
        self.make_own()
        with open(os.path.join(self.folder, "manifest.json"), "a", encoding="ascii") as file:
            file.write("x")
        status, message = self.load(server=self.other)
        self.assertEqual(status, 1)
        self.assertIn("manifest.json", message)


if __name__ == "__main__":
    main()

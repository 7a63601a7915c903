# SPDX-License-Identifier: Apache-2.0
"""Every command of asapctl against a real asapd, over the admin socket."""

import base64
import json
import os
import pwd
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import unittest
import urllib.parse

from harness import ASAPCTL, PATIENCE, Server, ServerTest, main, run, until

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "EdDSA")


def seconds(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) - time.timezone


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, check=True,
                          capture_output=True).stdout


def new_private(*arguments):
    """A private key in PEM; P-256 unless told otherwise."""
    return openssl("genpkey", *(arguments or ("-algorithm", "EC",
                                              "-pkeyopt", "ec_paramgen_curve:P-256")))


def public_of(private, *arguments):
    return openssl("pkey", "-pubout", *arguments, given=private)


class CtlTest(ServerTest):
    def ctl(self, *arguments):
        return self.server.ctl(*arguments)

    def json(self, *arguments):
        return self.server.ctl_json(*arguments)

    def keys(self, issuer):
        return self.json("key", "list", issuer, "--all").get("keys", [])

    def state(self, kid):
        return self.json("key", "show", kid)["state"]

    def everything(self):
        """All that a refused command must leave as it was."""
        issuers = self.json("issuer", "list").get("issuers", [])
        return issuers, [self.keys(i["name"]) for i in issuers]

    def write(self, name, content):
        path = os.path.join(self.server.root, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def refuse(self, *arguments, status=1):
        """Runs what must fail with one line, and returns that line."""
        done = self.server.ctl_raw(*arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), arguments)
        self.assertRegex(done.stderr, r"\Aasapctl: [^\n]+\n\Z")
        return done.stderr.rstrip("\n")

    def refuse_unchanged(self, *arguments):
        before = self.everything()
        line = self.refuse(*arguments)
        self.assertEqual(self.everything(), before)
        return line

    def external(self, name="orders/web"):
        self.ctl("issuer", "create", name, "--external")
        return name

    def managed(self, name="payments/api"):
        self.ctl("issuer", "create", name, "--algorithm", "ES256")
        return name


class Issuers(CtlTest):
    def test_an_issuer_is_managed_and_of_rs256_unless_told_otherwise(self):
        self.ctl("issuer", "create", "payments/api")
        shown = self.json("issuer", "show", "payments/api")
        self.assertEqual({n: shown[n] for n in ("name", "kind", "algorithm")},
                         {"name": "payments/api", "kind": "ISSUER_KIND_MANAGED",
                          "algorithm": "RS256"})
        self.assertLessEqual(abs(seconds(shown["createTime"]) - time.time()), PATIENCE)
        keys = self.keys("payments/api")
        self.assertEqual([k["state"] for k in keys],
                         ["KEY_STATE_ACTIVE", "KEY_STATE_STANDBY", "KEY_STATE_STANDBY"])
        self.assertEqual({k["algorithm"] for k in keys}, {"RS256"})
        text = self.ctl("issuer", "show", "payments/api")
        for row in (r"^issuer +payments/api$", r"^kind +managed$", r"^algorithm +RS256$",
                    r"^token lifetime +\d+[smh]$", r"^created .+ ago\)$|^created .+\(now\)$"):
            self.assertRegex(text, re.compile(row, re.M))

    def test_each_algorithm_makes_keys_of_its_own(self):
        for number, algorithm in enumerate(ALGORITHMS):
            issuer = "alg/n%d" % number
            self.ctl("issuer", "create", issuer, "--algorithm", algorithm)
            self.assertEqual({k["algorithm"] for k in self.keys(issuer)}, {algorithm})

    def test_an_external_issuer_has_no_keys_and_no_algorithm(self):
        self.external()
        shown = self.json("issuer", "show", "orders/web")
        self.assertEqual(shown["kind"], "ISSUER_KIND_EXTERNAL")
        self.assertNotIn("algorithm", shown)
        self.assertIn("no published keys", self.ctl("key", "list", "orders/web"))
        self.assertIn("external issuer has no algorithm",
                      self.refuse_unchanged("issuer", "create", "a", "--external",
                                            "--algorithm", "ES256"))

    def test_the_lifetime_of_tokens_has_a_bound(self):
        for text, value in (("20", "20s"), ("20s", "20s"), ("1m", "60s")):
            self.ctl("issuer", "create", "life/n" + text, "--external",
                     "--max-token-lifetime", text)
            shown = self.json("issuer", "show", "life/n" + text)
            self.assertEqual(shown["maxTokenLifetime"], value)
        self.assertIn("max_token_lifetime",
                      self.refuse_unchanged("issuer", "create", "a", "--max-token-lifetime", "2h"))
        for text in ("0", "x", "10x", "-1", "1.5m"):
            self.assertIn("no length of time",
                          self.refuse("issuer", "create", "a", "--max-token-lifetime=" + text,
                                      status=2))

    def test_an_issuer_that_could_speak_for_another_is_refused_with_the_reason(self):
        self.external("payments/api")
        for name in ("payments", "payments/api/x"):
            line = self.refuse_unchanged("issuer", "create", name, "--external")
            self.assertTrue(line.startswith("asapctl: cannot create issuer %s: " % name), line)
            self.assertIn("payments/api are path prefixes of one another, so one could speak for"
                          " the other (choose another name)", line)
        self.external("payments/apix")

    def test_a_name_is_never_used_twice(self):
        self.external()
        self.assertIn("the issuer orders/web exists",
                      self.refuse_unchanged("issuer", "create", "orders/web"))

    def test_a_name_outside_the_grammar_is_refused(self):
        for name in ("a..b", ".a", "a//b", "/a", "a/", "a b", "a\nb", "caf\xe9", "asap.v1",
                     "a" * 65, "/".join(["a" * 60] * 5)):
            line = self.refuse("issuer", "create", name)
            self.assertIn("name", line.split(": ", 2)[2], name)
        self.assertEqual(self.everything(), ([], []))

    def test_a_dry_run_changes_nothing(self):
        before = self.everything()
        text = self.ctl("issuer", "create", "payments/api", "--algorithm", "ES256", "--dry-run")
        self.assertTrue(text.startswith("dry run, nothing changed: "), text)
        self.assertEqual(self.everything(), before)
        self.managed()
        self.refuse("issuer", "create", "payments/api", "--dry-run")

    def test_the_list_is_by_name(self):
        self.assertIn("no issuers yet", self.ctl("issuer", "list"))
        for name in ("b", "a/c", "a/b"):
            self.external(name)
        rows = self.ctl("issuer", "list").splitlines()
        self.assertEqual(rows[0].split(), ["ISSUER", "KIND", "ALGORITHM", "LIFETIME", "CREATED",
                                           "EVERY", "NEXT", "ROTATION"])
        self.assertEqual([row.split()[0] for row in rows[1:]], ["a/b", "a/c", "b"])

    def test_a_list_of_several_pages_is_one_list(self):
        # asapctl asks for a thousand at a time: those beyond are written to the database.
        self.assertEqual(self.server.stop(), 0)
        names = ["many/n%04d" % number for number in range(2345)]
        with sqlite3.connect(self.server.path("asapd.db")) as connection:
            connection.executemany(
                "INSERT INTO issuer (name, managed, algorithm, max_lifetime, create_time)"
                " VALUES (?, 0, '', 60, 1790000000)", [(n,) for n in names])
        connection.close()
        self.server.start()
        listed = self.json("issuer", "list")
        self.assertEqual([i["name"] for i in listed["issuers"]], names)
        self.assertNotIn("nextPageToken", listed)
        self.assertEqual(len(self.ctl("issuer", "list").splitlines()), len(names) + 1)

    def test_an_unknown_issuer_is_told(self):
        for command in (("issuer", "show"), ("key", "list"), ("key", "rotate")):
            self.assertIn("there is no issuer nobody", self.refuse(*command, "nobody"))


class Rotation(CtlTest):
    def setUp(self):
        super().setUp()
        self.issuer = self.managed()
        self.first = self.active_key(self.issuer)

    def test_a_rotation_plans_a_timeline_and_says_so_again(self):
        plan = self.json("key", "rotate", self.issuer)
        self.assertEqual(plan["outgoing"]["keyId"], self.first)
        self.assertEqual(plan["outgoing"]["signUntil"], plan["incoming"]["signTime"])
        self.assertGreater(seconds(plan["outgoing"]["unpublishTime"]),
                           seconds(plan["outgoing"]["signUntil"]) + 60)
        self.assertGreater(seconds(plan["incoming"]["signTime"]), time.time())
        self.assertEqual(len(plan["standbys"]), 2)
        self.assertNotIn(plan["incoming"]["keyId"], [k["keyId"] for k in plan["standbys"]])
        self.assertNotIn("alreadyPlanned", plan)
        before = self.everything()
        again = self.json("key", "rotate", self.issuer)
        self.assertEqual(again.pop("alreadyPlanned"), True)
        self.assertEqual(again, plan)
        self.assertEqual(self.everything(), before)

    def test_the_text_is_the_timeline(self):
        text = self.ctl("key", "rotate", self.issuer)
        self.assertTrue(text.startswith("rotation planned:\n"), text)
        for event, count in (("starts signing", 1), ("stops signing", 1),
                             ("is published until", 1), ("stands by from", 2)):
            self.assertEqual(text.count(event), count, event)
        self.assertRegex(text, re.escape(self.first) + r" +stops signing .+ \(in \d+[sm]\)")
        self.assertTrue(self.ctl("key", "rotate", self.issuer).startswith("nothing to do"))

    def test_a_dry_run_shows_the_plan_and_changes_nothing(self):
        before = self.everything()
        text = self.ctl("key", "rotate", self.issuer, "--dry-run")
        self.assertTrue(text.startswith("dry run, nothing changed: rotation planned"), text)
        self.assertEqual(self.everything(), before)
        self.assertNotIn("alreadyPlanned", self.json("key", "rotate", self.issuer))

    def test_the_clock_carries_the_plan_out(self):
        plan = self.json("key", "rotate", self.issuer)
        incoming = plan["incoming"]["keyId"]
        at = lambda text: self.server.set_clock(seconds(text) - int(time.time()) + 1)
        at(plan["incoming"]["signTime"])
        self.assertEqual((self.state(self.first), self.state(incoming)),
                         ("KEY_STATE_RETIRING", "KEY_STATE_ACTIVE"))
        self.assertEqual(self.active_key(self.issuer), incoming)
        at(plan["outgoing"]["unpublishTime"])
        self.assertEqual(self.state(self.first), "KEY_STATE_RETIRED")
        listed = [k["keyId"] for k in self.json("key", "list", self.issuer)["keys"]]
        self.assertNotIn(self.first, listed)
        self.assertIn(self.first, [k["keyId"] for k in self.keys(self.issuer)])
        self.assertEqual(self.json("key", "rotate", self.issuer)["outgoing"]["keyId"], incoming)

    def test_a_rotation_that_was_carried_out_is_not_made_again_by_a_retry(self):
        arguments = ("key", "rotate", self.issuer, "--expected", self.first)
        plan = self.json(*arguments)
        self.server.set_clock(seconds(plan["incoming"]["signTime"]) - int(time.time()) + 1)
        again = self.json(*arguments)
        self.assertTrue(again["alreadyPlanned"])
        self.assertEqual(again["incoming"]["keyId"], plan["incoming"]["keyId"])
        self.assertEqual(len(self.keys(self.issuer)), 4)

    def test_what_cannot_be_rotated_is_refused(self):
        self.external()
        for arguments, words in (
                (("orders/web",), "external issuer"),
                ((self.issuer, "--expected", self.issuer + "/none"), "expected_key_id")):
            self.assertIn(words, self.refuse_unchanged("key", "rotate", *arguments))


class Publication(CtlTest):
    def setUp(self):
        super().setUp()
        self.issuer = self.external()
        self.private = new_private()
        self.public = public_of(self.private)
        self.path = self.write("public.pem", self.public)

    def test_a_key_is_published_and_the_text_says_when_to_sign(self):
        text = self.ctl("key", "publish", self.issuer, "--public-key", self.path,
                        "--name", "mine.pem")
        self.assertRegex(text, r"\Apublished orders/web/mine\.pem \(ES256\)\n"
                               r"sign with it from .+ \(in \d+s\) on: .+\n\Z")
        key = self.json("key", "show", "orders/web/mine.pem")
        self.assertEqual((key["publicKey"].encode(), key["kind"], key["state"]),
                         (self.public, "KEY_KIND_EXTERNAL", "KEY_STATE_ACTIVE"))
        self.assertEqual(self.server.get("/orders/web/mine.pem").body, self.public)

    def test_a_name_is_made_from_the_time_unless_given(self):
        kid = self.json("key", "publish", self.issuer, "--public-key", self.path)["key"]["keyId"]
        self.assertRegex(kid, r"\Aorders/web/\d{8}T\d{6}Z-[0-9a-f]{6}\.pem\Z")

    def test_a_key_may_come_from_standard_input(self):
        done = self.server.ctl_raw("key", "publish", self.issuer, "--public-key", "-",
                                   "--name", "piped", input=self.public.decode())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.state("orders/web/piped"), "KEY_STATE_ACTIVE")

    def test_the_algorithm_must_fit_the_key(self):
        rsa = self.write("rsa.pem", public_of(new_private("-algorithm", "RSA")))
        for name, algorithm in (("a", "PS384"), ("b", None)):
            extra = ("--algorithm", algorithm) if algorithm else ()
            if name == "b":
                rsa = self.write("rsa2.pem", public_of(new_private("-algorithm", "RSA")))
            key = self.json("key", "publish", self.issuer, "--public-key", rsa, "--name", name,
                            *extra)["key"]
            self.assertEqual(key["algorithm"], algorithm or "RS256")
        line = self.refuse_unchanged("key", "publish", self.issuer, "--public-key", self.path,
                                     "--algorithm", "RS256")
        self.assertIn("RS256 does not fit", line)

    def test_a_dry_run_publishes_nothing(self):
        before = self.everything()
        self.assertIn("dry run", self.ctl("key", "publish", self.issuer, "--dry-run",
                                          "--public-key", self.path))
        self.assertEqual(self.everything(), before)

    def explicit(self):
        return public_of(self.private, "-ec_param_enc", "explicit")

    def test_what_is_no_good_public_key_is_refused_each_in_its_own_words(self):
        lines = set()
        for content, words in (
                (self.private, "this is a private key: it was not sent anywhere"),
                (self.explicit(), "explicit parameters (name its curve: openssl ec"),
                (public_of(new_private("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")),
                 "the RSA key has 1024 bits (use 2048"),
                (b"garbage\n", "not a public key (one block"),
                (self.public * 2, "not one whole PUBLIC KEY block (give one"),
                (self.public[:120], "not one whole PUBLIC KEY block (give one"),
                (b"", "not a public key (one block"),
                (b"\0" * 20000, "is longer than 16384 bytes (is it the right"),
                (b"-----BEGIN PUBLIC KEY-----\n" + b"QUFB" * 1500
                 + b"\n-----END PUBLIC KEY-----\n", "over 4096 bytes (no supported key"),
                (public_of(new_private("-algorithm", "X25519")), "(use RSA, EC on P-256")):
            path = self.write("bad.pem", content)
            line = self.refuse_unchanged("key", "publish", self.issuer, "--public-key", path)
            self.assertRegex(line, r"\Aasapctl: cannot publish a key of orders/web: .+\(.+\)\Z")
            self.assertIn(words, line)
            self.assertNotIn("QUFB", line)
            lines.add(line)
        self.assertGreaterEqual(len(lines), 8)

    def test_a_private_key_is_not_sent_nor_shown(self):
        path = self.write("private.pem", self.private)
        line = self.refuse("key", "publish", self.issuer, "--public-key", path)
        self.assertNotIn(self.private.splitlines()[1].decode(), line)
        self.assertNotIn("PublishKey", self.server.log())

    def test_a_key_or_a_name_is_never_used_again(self):
        self.external("other")
        publish = ("key", "publish")
        self.ctl(*publish, self.issuer, "--public-key", self.path, "--name", "one")
        line = self.refuse_unchanged(*publish, "other", "--public-key", self.path)
        self.assertIn("used before, by another issuer (make a new key pair)", line)
        fresh = self.write("fresh.pem", public_of(new_private()))
        line = self.refuse_unchanged(*publish, self.issuer, "--public-key", fresh,
                                     "--name", "one")
        self.assertIn("orders/web/one was used before, and is never used again (choose", line)
        self.ctl("key", "revoke", "orders/web/one", "--reason", "test", "--force")
        self.refuse_unchanged(*publish, self.issuer, "--public-key", self.path, "--name", "two")
        self.refuse_unchanged(*publish, self.issuer, "--public-key", fresh, "--name", "one")

    def test_a_bad_name_or_file_is_refused(self):
        for name in ("a/b", "..", "-a", ".a", "a b", "a" * 65):
            self.assertIn("name", self.refuse_unchanged(
                "key", "publish", self.issuer, "--public-key", self.path, "--name=" + name))
        self.assertIn("cannot be opened (does it exist", self.refuse(
            "key", "publish", self.issuer, "--public-key", self.path + "x"))
        self.assertIn("cannot be read", self.refuse(
            "key", "publish", self.issuer, "--public-key", self.server.root))


class Revocation(CtlTest):
    def setUp(self):
        super().setUp()
        self.issuer = self.managed()

    def revoke(self, kid, *options):
        return self.json("key", "revoke", kid, "--reason", "lost; a test", *options)

    def states(self):
        return sorted(k["state"] for k in self.json("key", "list", self.issuer)["keys"])

    def test_an_active_key_has_a_successor(self):
        kid = self.active_key(self.issuer)
        text = self.ctl("key", "revoke", kid, "--reason", "lost", "--dry-run")
        self.assertTrue(text.startswith("dry run, nothing changed: revoked " + kid), text)
        self.assertEqual(self.state(kid), "KEY_STATE_ACTIVE")
        text = self.ctl("key", "revoke", kid, "--reason", "lost")
        self.assertRegex(text, r"\Arevoked \S+\ncaches may trust it until .+ \(in \d+s\)\n"
                               r"payments/api/\S+ signs from .+ on\n\Z")
        self.assertEqual(self.server.get("/" + kid).status, 404)
        shown = self.ctl("key", "show", kid)
        self.assertRegex(shown, re.compile("^state +revoked$", re.M))
        self.assertRegex(shown, re.compile("^reason +lost$", re.M))
        self.assertEqual(self.states(), ["KEY_STATE_STANDBY"] * 3)
        successor = re.search(r"^(\S+) signs from", text, re.M).group(1)
        sign_time = seconds(self.json("key", "show", successor)["signTime"])
        self.server.set_clock(sign_time - int(time.time()) + 1)
        self.assertEqual(self.active_key(self.issuer), successor)

    def test_a_standby_is_replaced(self):
        standby = self.keys(self.issuer)[2]["keyId"]
        answer = self.revoke(standby)
        self.assertNotIn("successor", answer)
        self.assertEqual(answer["key"]["revokeReason"], "lost; a test")
        self.assertEqual(self.states(), ["KEY_STATE_ACTIVE"] + ["KEY_STATE_STANDBY"] * 2)

    def test_a_promotion_is_planned_anew(self):
        first = self.active_key(self.issuer)
        plan = self.json("key", "rotate", self.issuer)
        answer = self.revoke(plan["incoming"]["keyId"])
        self.assertEqual(answer["successor"]["keyId"], plan["standbys"][0]["keyId"])
        self.assertEqual(self.state(first), "KEY_STATE_ACTIVE")
        again = self.json("key", "rotate", self.issuer)
        self.assertEqual(again["incoming"]["keyId"], answer["successor"]["keyId"])
        self.assertEqual(len(again["standbys"]), 2)

    def test_an_external_key_is_gone_at_once(self):
        self.external()
        path = self.write("public.pem", public_of(new_private()))
        self.ctl("key", "publish", "orders/web", "--public-key", path, "--name", "k")
        answer = self.revoke("orders/web/k", "--force")
        self.assertEqual(answer["key"]["state"], "KEY_STATE_REVOKED")
        self.assertGreater(seconds(answer["trustedUntil"]), seconds(answer["key"]["revokeTime"]))
        self.assertEqual(self.server.get("/orders/web/k").status, 404)
        self.assertIn("--all shows", self.ctl("key", "list", "orders/web"))
        self.assertIn("revoked", self.ctl("key", "list", "orders/web", "--all"))

    def test_revoking_twice_changes_nothing(self):
        kid = self.keys(self.issuer)[1]["keyId"]
        first = self.revoke(kid)
        before = self.everything()
        second = self.json("key", "revoke", kid, "--reason", "another")
        self.assertEqual(second["key"], first["key"])
        self.assertEqual(self.everything(), before)

    def test_what_cannot_be_revoked_is_refused(self):
        for kid, words in ((self.issuer + "/none", "there is no key"),
                           ("nobody/none", "there is no issuer"), ("x", "key_id")):
            self.assertIn(words, self.refuse_unchanged("key", "revoke", kid, "--reason", "x"))
        kid = self.keys(self.issuer)[1]["keyId"]
        self.assertIn("reason", self.refuse_unchanged("key", "revoke", kid,
                                                      "--reason", "x" * 256))
        for arguments in ((), ("--reason", "")):
            self.assertIn("--reason", self.refuse("key", "revoke", kid, *arguments, status=2))


class Shown(CtlTest):
    def test_a_list_tells_what_comes_next(self):
        self.managed()
        rows = self.ctl("key", "list", "payments/api").splitlines()
        self.assertEqual(rows[0].split(), ["KEY", "ID", "STATE", "KIND", "ALGORITHM", "CREATED",
                                           "NEXT"])
        self.assertEqual([row.split()[1:4] for row in rows[1:]],
                         [["active", "managed", "ES256"]] + [["standby", "managed", "ES256"]] * 2)
        self.ctl("key", "rotate", "payments/api")
        text = self.ctl("key", "list", "payments/api")
        self.assertRegex(text, r"active .+ retiring in \d+s")
        self.assertRegex(text, r"standby .+ active in \d+s")

    def test_one_key_shows_its_life_and_its_public_half(self):
        self.managed()
        kid = self.active_key("payments/api")
        self.ctl("key", "rotate", "payments/api")
        text = self.ctl("key", "show", kid)
        for label in ("key id", "issuer", "kind", "state", "next", "algorithm", "thumbprint",
                      "created", "published from", "signs from", "signs until",
                      "published until"):
            self.assertRegex(text, re.compile("^%s +[^ ]" % label, re.M))
        self.assertIn("-----BEGIN PUBLIC KEY-----", text)
        self.assertIn("there is no key payments/api/x", self.refuse("key", "show",
                                                                    "payments/api/x"))

    def test_json_is_the_response_in_one_line_of_lower_camel_names(self):
        self.managed()
        for arguments in (("issuer", "list"), ("issuer", "show", "payments/api"),
                          ("key", "list", "payments/api"), ("key", "rotate", "payments/api"),
                          ("status",)):
            text = self.ctl(*arguments, "--output", "json")
            self.assertEqual(text.count("\n"), 1, arguments)
            for name in re.findall(r'"(\w+)":', text):
                self.assertRegex(name, r"\A[a-z]+([A-Z][a-z]+)*\Z")
            json.loads(text)

    def test_status_tells_how_the_server_is(self):
        self.managed()
        answer = self.json("status")
        self.assertEqual(answer["publishedKeyCount"], "3")
        self.assertRegex(answer["version"], r"\A\d+\.\d+\.\d+")
        self.assertLessEqual(abs(seconds(answer["currentTime"]) - time.time()), PATIENCE)
        self.assertNotIn("problems", answer)
        text = self.ctl("status")
        for row in (r"^server +unix:", r"^version +\d", r"^published keys +3$",
                    r"^problems +none$"):
            self.assertRegex(text, re.compile(row, re.M))


class Generation(CtlTest):
    def setUp(self):
        super().setUp()
        self.issuer = self.external()
        self.dir = os.path.join(self.server.root, "private")
        self.folder = os.path.join(self.dir, "orders/web")

    def files(self):
        return sorted(os.listdir(self.folder)) if os.path.isdir(self.folder) else []

    def generate(self, *options):
        """Starts asapctl, which waits for the lead to pass."""
        environment = dict(self.server.environment,
                           ASAPCTL_SERVER="unix:" + self.server.path("admin.sock"))
        process = subprocess.Popen(
            [ASAPCTL, "key", "generate", self.issuer, "--algorithm", "ES256", *options],
            env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def published(self):
        return [k["keyId"] for k in self.json("key", "list", self.issuer).get("keys", [])]

    def mode(self, *names):
        return stat.S_IMODE(os.stat(os.path.join(self.dir, *names)).st_mode)

    def test_a_key_waits_under_a_name_that_does_not_sign_until_verifiers_know_it(self):
        process = self.generate("--private-dir", self.dir)
        until(self.published, "the key to be published")
        self.assertEqual([n[-8:] for n in self.files()], [".pem.new"])
        name = self.files()[0][:-4]
        self.assertEqual(self.published(), ["orders/web/" + name])
        self.assertIsNone(process.poll())
        self.server.set_clock(60)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, self.files()), (0, [name]), err)
        self.assertIn("published orders/web/" + name, out)
        self.assertIn("waiting until", err)
        self.assertIn(os.path.join(self.folder, name), err)
        self.assertEqual((self.mode(), self.mode("orders"), self.mode("orders/web"),
                          self.mode("orders/web", name)), (0o700, 0o700, 0o700, 0o600))
        with open(os.path.join(self.folder, name), "rb") as file:
            private = file.read()
        self.assertEqual(public_of(private), self.server.get("/orders/web/" + name).body)

    def test_each_new_name_sorts_last(self):
        for _ in range(3):
            self.ctl("key", "generate", self.issuer, "--private-dir", self.dir, "--now",
                     "--algorithm", "ES256")
        self.assertEqual(["orders/web/" + n for n in self.files()], self.published())

    def test_a_file_that_would_go_on_signing_is_an_error(self):
        os.makedirs(self.folder)
        with open(os.path.join(self.folder, "zzz.pem"), "w", encoding="ascii"):
            pass
        line = self.server.ctl_raw("key", "generate", self.issuer, "--private-dir", self.dir,
                                   "--now")
        self.assertEqual(line.returncode, 1)
        self.assertIn("zzz.pem there sorts after every new name", line.stderr)
        self.assertEqual((self.files(), self.published()), (["zzz.pem"], []))

    def test_a_key_that_cannot_be_published_leaves_nothing(self):
        for issuer in ("nobody", "orders/other"):
            self.assertIn("there is no issuer " + issuer,
                          self.refuse("key", "generate", issuer, "--private-dir", self.dir,
                                      "--algorithm", "ES256"))
        self.assertFalse(os.path.exists(self.dir))
        os.makedirs(self.folder)
        self.server.stop()
        self.assertIn("is asapd running,",
                      self.refuse("key", "generate", self.issuer, "--private-dir", self.dir,
                                  "--algorithm", "ES256"))
        self.assertEqual(self.files(), [])

    def test_an_interrupted_wait_leaves_the_key_and_says_how_to_finish(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            before = self.files()
            process = self.generate("--private-dir", self.dir)
            until(lambda: len(self.files()) > len(before), "the private key to be written")
            process.send_signal(how)
            _, err = process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 1, err)
            (waiting,) = set(self.files()) - set(before)
            self.assertTrue(waiting.endswith(".pem.new"))
            self.assertIn("interrupted", err)
            command = re.search(r"mv '(\S+)' '(\S+)'", err)
            self.assertEqual(command.group(1), os.path.join(self.folder, waiting))
            self.assertEqual(command.group(2) + ".new", command.group(1))
            self.assertIn("orders/web/" + waiting[:-4], self.published())

    def test_a_data_uri_comes_after_the_wait_and_has_the_private_key(self):
        process = self.generate("--data-uri")
        until(self.published, "the key to be published")
        self.server.set_clock(60)
        out, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0)
        kid, der = re.fullmatch(r"data:application/pkcs8;kid=([^;]+);base64,(\S+)\n",
                                out).groups()
        kid = urllib.parse.unquote(kid)
        self.assertEqual([kid], self.published())
        public = openssl("pkey", "-inform", "DER", "-pubout", given=base64.b64decode(der))
        self.assertEqual(public, self.server.get("/" + kid).body)

    def test_each_algorithm_makes_a_pair(self):
        for algorithm in ALGORITHMS:
            self.ctl("key", "generate", self.issuer, "--data-uri", "--now",
                     "--algorithm", algorithm)
        keys = self.json("key", "list", self.issuer)["keys"]
        self.assertEqual([k["algorithm"] for k in keys], list(ALGORITHMS))

    def test_a_dry_run_writes_and_publishes_nothing(self):
        for where in (("--private-dir", self.dir), ("--data-uri",)):
            text = self.ctl("key", "generate", self.issuer, *where, "--dry-run")
            self.assertTrue(text.startswith("dry run"), text)
            self.assertNotIn("pkcs8", text)
        self.assertEqual(self.published(), [])
        self.assertFalse(os.path.exists(self.dir))

    def test_exactly_one_place_must_be_named(self):
        for where in ((), ("--data-uri", "--private-dir", self.dir),
                      ("--data-uri", "--output", "json")):
            self.assertIn("--data-uri", self.refuse("key", "generate", self.issuer, *where,
                                                    status=2))


COMMANDS = {
    "issuer create": ("external", "algorithm", "max-token-lifetime", "rotation-period", "dry-run"),
    "issuer list": (),
    "issuer show": (),
    "issuer update": ("algorithm", "max-token-lifetime", "rotation-period", "dry-run"),
    "issuer delete": ("force", "dry-run"),
    "key rotate": ("expected", "wait", "mirror", "timeout", "all-due", "emergency", "reason",
                   "accept-misses", "store-compromised", "dry-run"),
    "key publish": ("public-key", "name", "algorithm", "not-after", "dry-run"),
    "key export": ("dir", "issuer", "dry-run"),
    "key import": ("dir", "issuer", "dry-run"),
    "key list": ("all",),
    "key show": (),
    "key retire": ("sign-until", "dry-run"),
    "key revoke": ("reason", "force", "dry-run"),
    "key generate": ("private-dir", "data-uri", "algorithm", "now", "not-after", "dry-run"),
    "caller create": ("description", "dry-run"),
    "caller list": (),
    "caller show": (),
    "caller update": ("description", "enable", "disable", "dry-run"),
    "caller delete": ("dry-run",),
    "credential create": ("api-key", "issuer", "certificate-uri", "certificate-dns", "uid",
                          "expires", "dry-run"),
    "credential revoke": ("dry-run",),
    "grant create": ("verb", "issuer", "audience", "max-lifetime", "subject", "claim",
                     "tokens-per-minute", "dry-run"),
    "grant list": ("caller",),
    "grant delete": ("dry-run",),
    "grant test": ("caller", "verb", "issuer", "audience", "lifetime", "subject"),
    "token mint": ("audience", "lifetime", "subject", "claims", "dry-run"),
    "token sign": ("audience", "key", "key-id", "private-dir", "issuer", "algorithm", "lifetime",
                   "subject", "claims"),
    "token verify": ("audience", "repository", "issuer", "subject", "leeway"),
    "token decode": (),
    "audit list": ("caller", "issuer", "since", "until", "follow"),
    "audit verify": ("head",),
    "status": ("watch",),
    "doctor": ("repository", "issuer"),
}
GLOBAL = ("server", "cacert", "api-key-file", "token-file", "cert", "key", "output", "help",
          "version")


class Usage(unittest.TestCase):
    """What needs no server."""

    def test_help_at_every_level_names_everything(self):
        top = run(ASAPCTL, "--help")
        self.assertEqual(top.returncode, 0)
        for command, options in COMMANDS.items():
            self.assertIn("  " + command, top.stdout)
            noun = run(ASAPCTL, command.split()[0], "--help")
            self.assertEqual(noun.returncode, 0)
            self.assertIn(command, noun.stdout)
            for flag in ("--help", "-h"):
                shown = run(ASAPCTL, *command.split(), flag)
                self.assertEqual((shown.returncode, shown.stderr), (0, ""))
                named = re.findall(r"^  --([a-z-]+)", shown.stdout, re.M)
                shared = [name for name in GLOBAL if name not in options]
                self.assertEqual(named, [*options, *shared], command)

    def test_version(self):
        shown = run(ASAPCTL, "--version")
        self.assertEqual(shown.returncode, 0)
        self.assertRegex(shown.stdout, r"\Aasapctl \d+\.\d+\.\d+\n\Z")

    def test_wrong_usage_names_the_nearest_and_exits_with_2(self):
        for arguments, words in (
                ((), "--help"), (("kye", "list"), "did you mean key?"),
                (("key", "lst", "x"), "did you mean key list?"),
                (("key", "list", "x", "--al"), "did you mean --all?"),
                (("issuer", "create", "x", "--algoritm", "RS256"), "did you mean --algorithm?"),
                (("issuer", "create", "x", "--algorithm", "RS265"), "did you mean RS256?"),
                (("key",), "verb is missing"), (("key", "list"), "ISSUER is missing"),
                (("key", "list", ""), "ISSUER is missing"),
                (("key", "list", "x", "y"), "unexpected argument y"),
                (("key", "publish", "x"), "--public-key FILE"),
                (("key", "list", "x", "--output"), "needs a value"),
                (("key", "list", "x", "--output", "yaml"), "table or json"),
                (("key", "list", "x", "--all=1"), "takes no value"),
                (("ke\ny",), "unknown command")):
            done = run(ASAPCTL, *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertRegex(done.stderr, r"\Aasapctl: [^\n]+\n\Z")
            self.assertIn(words, done.stderr)


class Tokens(CtlTest):
    """Signed here, verified against the keys of the real repository."""

    def setUp(self):
        super().setUp()
        self.issuer = self.external()
        self.folder = os.path.join(self.server.root, "keys")
        self.ctl("key", "generate", self.issuer, "--private-dir", self.folder, "--now",
                 "--algorithm", "ES256")

    def sign(self, *options):
        return self.ctl("token", "sign", "--private-dir", self.folder, "--issuer", self.issuer,
                        "--audience", "billing/api", *options)

    def verify(self, token, *options, audience="billing/api"):
        return self.server.ctl_raw("token", "verify", "--repository", self.server.url,
                                   "--cacert", self.server.path("ca.pem"),
                                   "--audience", audience, *options, input=token)

    def test_a_token_of_a_published_key_is_accepted(self):
        done = self.verify(self.sign("--claims", '{"role":"reader"}'), "--output", "json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        claims = json.loads(done.stdout)
        self.assertEqual((claims["iss"], claims["aud"], claims["role"]),
                         (self.issuer, "billing/api", "reader"))

    def test_a_token_that_breaks_a_rule_is_refused_by_the_name_of_the_rule(self):
        done = self.verify(self.sign(), audience="orders/api")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Aasapctl: the token is not accepted: AUDIENCE: [^\n]+\n\Z")

    def test_a_token_of_a_revoked_key_is_refused(self):
        token = self.sign()
        kid = self.keys(self.issuer)[0]["keyId"]
        self.ctl("key", "revoke", kid, "--reason", "a test", "--force")
        done = self.verify(token)
        self.assertEqual(done.returncode, 1)
        self.assertIn("KEY_NOT_FOUND", done.stderr)


class Unreachable(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def refuse(self, *words, **options):
        done = self.server.ctl_raw("issuer", "list", **options)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aasapctl: cannot list the issuers: cannot reach asapd at"
                                      r" unix:/\S+: [^\n]+ \([^\n]+\)\n\Z")
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_socket_that_is_missing(self):
        self.refuse("no such file", "is asapd running,")

    def test_a_socket_that_nobody_listens_on(self):
        with socket.socket(socket.AF_UNIX) as left_over:
            left_over.bind(self.server.path("admin.sock"))
        self.refuse("connection refused", "is asapd running,")

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_a_socket_of_another_user(self):
        self.server.start()
        nobody = pwd.getpwnam("nobody")
        os.chmod(self.server.root, 0o755)
        self.refuse("permission denied", "as the user of asapd, or as root",
                    user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])

    def test_an_address_that_is_none(self):
        for address, words in (("http://x", "unix:PATH"), ("admin.sock", "unix:PATH"),
                               ("", "unix:PATH"), ("unix:", "lacks the path")):
            done = self.server.ctl_raw("issuer", "list", "--server", address)
            self.assertEqual(done.returncode, 1, address)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Every rule for tokens in security.md (V1 to V30): the rows of tokens.py before libasap's
verifier, VerifyToken, the endpoint for auth_request and asapctl token verify, which have to agree.

ASAP_HOSTILE_SEED=N repeats a run; the seed of each is printed."""

import collections
import concurrent.futures
import os
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../integration"))

from harness import BUILD, PATIENCE, Server, reason_of  # noqa: E402
import tokens  # noqa: E402

VERDICT = os.path.join(BUILD, "tests/hostile/hostile_verdict")
SEED = os.environ.get("ASAP_HOSTILE_SEED") or str(random.SystemRandom().randrange(10**9))
AUTH = "/.well-known/asap/auth?profile=hostile"

# What each rule is against. V30 is below; those of keys and repositories are in
# repositories_test.py.
THREATS = {
    "V1": "a_token_of_a_size_that_costs_or_ends_early",
    "V2": "a_token_that_parsers_take_apart_in_different_ways",
    "V3": "a_header_or_signature_that_costs",
    "V4": "two_texts_of_one_token",
    "V5": "json_that_parsers_read_in_different_ways",
    "V6": "json_that_costs",
    "V7": "a_token_that_chooses_its_algorithm",
    "V8": "a_token_without_a_key",
    "V9": "another_kind_of_token",
    "V10": "a_token_that_brings_its_own_key_or_rules",
    "V11": "a_key_id_that_climbs_out_of_the_repository",
    "V12": "an_issuer_who_speaks_for_another",
    "V13": "a_subject_that_is_claimed",
    "V14": "a_token_for_another_service",
    "V15": "a_token_without_a_name_to_remember_it_by",
    "V16": "times_that_are_no_times",
    "V17": "a_token_that_lives_for_ever",
    "V18": "a_token_from_the_future",
    "V19": "a_token_from_the_past",
    "V23": "a_key_used_with_an_algorithm_that_is_not_its_own",
    "V24": "a_signature_of_another_length",
    "V25": "a_signature_of_numbers_out_of_range",
    "V26": "a_signature_with_another_padding",
    "V27": "a_signature_that_is_none",
    "V28": "a_signature_made_from_another",
    "V29": "any_character_of_a_token_changed",
}

server = None
made_at = int(time.time())
rows = []
counting = collections.Counter()


def setUpModule():
    """One asapd with an external issuer, whose keys the generator made."""
    global server
    server = Server("--auth-profile", "hostile audience=orders leeway=30s")
    server.start()
    folder = os.path.join(server.root, "hostile")
    os.mkdir(folder)
    print("ASAP_HOSTILE_SEED=" + SEED, file=sys.stderr)
    maker = tokens.Maker(SEED, made_at)
    maker.write_keys(folder)
    server.ctl("issuer", "create", "web/api", "--external")
    for name in ("rsa", "p256", "p384", "p521", "ed"):
        server.ctl("key", "publish", "web/api", "--public-key", os.path.join(folder, name + ".pem"),
                   "--name", name)
    server.ctl("issuer", "create", "shop", "--external")
    server.ctl("key", "publish", "shop", "--public-key", os.path.join(folder, "stranger.pem"),
               "--name", "key")
    rows.extend(maker.all())


def tearDownModule():
    server.close()
    print(f"{sum(counting.values())} verdicts: {dict(counting)}", file=sys.stderr)


def library(row_list, *options):
    done = subprocess.run(
        [VERDICT, server.url, server.path("ca.pem"), "orders", *options],
        input="".join(row["token"] + "\n" for row in row_list),
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        env=server.environment)
    verdicts = done.stdout.splitlines()
    if done.returncode != 0 or len(verdicts) != len(row_list):
        raise AssertionError(done.stderr)
    return ["" if v == "OK" else v for v in verdicts]


def text(row):
    return bytes.fromhex(row["token"]).decode("utf-8")


def rpc(row):
    answer = server.local_rpc("TokenService/VerifyToken", {
        "token": text(row),
        "audiences": ["orders"],
        "leeway": "30s"
    })
    if answer.status == 200:
        return ""
    code = answer.json["code"]
    return ("unauthenticated " if code == "invalid_argument" else code + " ") + str(
        reason_of(answer))


def asapctl(row):
    done = server.ctl_raw("token",
                          "verify",
                          "--audience",
                          "orders",
                          "--repository",
                          server.url,
                          "--cacert",
                          server.path("ca.pem"),
                          input=text(row))
    if done.returncode == 0:
        return ""
    start = "asapctl: the token is not accepted: "
    if not done.stderr.startswith(start) or done.stdout:
        return done.stderr
    reason = done.stderr[len(start):].split(":")[0]
    return ("unavailable " if reason == "KEY_UNAVAILABLE" else "unauthenticated ") + reason


def auth(row):
    return server.request("GET", AUTH, {"Authorization": ("Bearer " + text(row)).encode("utf-8")})


class Rules(unittest.TestCase):

    def setUp(self):
        """However long it takes, it is the moment at which the tokens were made."""
        server.set_clock(made_at - int(time.time()))

    def check(self, name, row, verdict, expected):
        counting[name] += 1
        wanted = "unauthenticated " + expected if expected else ""
        if expected == "*":
            self.assertRegex(verdict, r"\Aunauthenticated [A-Z_0-9]+\Z", (name, row["what"]))
        else:
            self.assertEqual(verdict, wanted, (name, row["what"]))

    def check_rule(self, rule):
        mine = [row for row in rows if row["rule"] == rule]
        self.assertTrue(any(row["reason"] == "" for row in mine), "none is accepted")
        self.assertTrue(any(row["reason"] != "" for row in mine), "none is refused")
        verdicts = library(mine)
        for row, verdict in zip(mine, verdicts):
            self.check("libasap", row, verdict, row["reason"])
        sendable = [(row, verdict) for row, verdict in zip(mine, verdicts) if not row.get("raw")]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            by_ctl = list(pool.map(asapctl, [row for row, _ in sendable]))
        for (row, verdict), ctl in zip(sendable, by_ctl):
            self.check("asapctl", row, ctl, row["reason"])
            self.assertEqual(ctl, verdict, row["what"])
            self.check_asapd(row, verdict)

    def check_asapd(self, row, verdict):
        by_rpc = rpc(row)
        self.check("VerifyToken", row, by_rpc, row["reason"])
        self.assertEqual(by_rpc, verdict, row["what"])
        self.check_auth(row, row["reason"])

    def check_auth(self, row, expected):
        counting["auth"] += 1
        answer = auth(row)
        self.assertEqual(answer.status, 401 if expected else 204, ("auth", row["what"]))
        if expected:
            self.assertEqual(answer["WWW-Authenticate"], 'Bearer error="invalid_token"')
            self.assertIn(b"invalid_token", answer.body)
            self.assertNotIn(expected.encode() if expected != "*" else b"token's", answer.body)
        else:
            self.assertEqual(answer["X-ASAP-Issuer"], "web/api")


def add_rule(rule, threat):

    def test(self):
        self.check_rule(rule)

    name = f"test_v{int(rule[1:]):02}_{threat}"
    test.__name__ = name
    setattr(Rules, name, test)


for each in THREATS.items():
    add_rule(*each)


class Whole(unittest.TestCase):

    def setUp(self):
        server.set_clock(made_at - int(time.time()))

    def test_there_are_hundreds_and_no_rule_is_without(self):
        self.assertGreaterEqual(sum(row["reason"] != "" for row in rows), 300)
        self.assertEqual({row["rule"] for row in rows}, set(THREATS))

    def test_v07_an_extension_is_refused_by_a_library_that_was_not_told(self):
        told = [row for row in rows if row["rule"] == "V7" and row["reason"] == ""]
        verdicts = dict(zip((row["what"] for row in told), library(told, "--strict")))
        self.assertEqual({what for what, verdict in verdicts.items() if verdict}, {"EdDSA"})
        self.assertEqual(verdicts["EdDSA"], "unauthenticated ALGORITHM")

    def test_v30_an_acceptance_does_not_outlive_the_token(self):
        row = next(row for row in rows if row["what"] == "ES256 by its key")
        for verdict in (library([row])[0], rpc(row), asapctl(row)):
            self.assertEqual(verdict, "")
        self.assertEqual(auth(row).status, 204)
        server.set_clock(made_at + 700 - int(time.time()))
        for verdict in (library([row])[0], rpc(row), asapctl(row)):
            self.assertEqual(verdict, "unauthenticated EXPIRED")
        self.assertEqual(auth(row).status, 401)


if __name__ == "__main__":
    unittest.main(verbosity=2)

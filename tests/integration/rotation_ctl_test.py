# SPDX-License-Identifier: Apache-2.0
"""asapctl takes a real asapd through rotations: planned, watched, on copies, due, in emergencies."""

import json
import os
import re
import signal
import subprocess
import time

from harness import ASAPCTL, PATIENCE, ServerTest, main, until

LEAD = 21  # of the demo configuration
SOON = 60  # on a clock so much ahead what was planned now has happened


def seconds(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) - time.timezone


class RotationTest(ServerTest):
    issuer = "payments/api"

    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", self.issuer, "--algorithm", "ES256")
        self.first = self.active_key(self.issuer)

    def keys(self, issuer=None):
        listed = self.server.ctl_json("key", "list", issuer or self.issuer, "--all")
        return {k["keyId"]: k for k in listed["keys"]}

    def state(self, kid):
        return self.keys()[kid]["state"]

    def in_state(self, state):
        return {kid for kid, key in self.keys().items() if key["state"] == "KEY_STATE_" + state}

    def is_planned(self):
        return "signUntil" in self.keys()[self.first]

    def begin(self, *arguments):
        """Starts asapctl, which goes on for a while."""
        environment = dict(self.server.environment,
                           ASAPCTL_SERVER="unix:" + self.server.path("admin.sock"))
        process = subprocess.Popen([ASAPCTL, *arguments], env=environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def fail_ctl(self, *arguments):
        done = self.server.ctl_raw(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def mint(self, issuer=None):
        return self.server.ctl_raw("token", "mint", issuer or self.issuer, "--audience", "orders",
                                   "--output", "json")


class Waiting(RotationTest):
    def test_a_wait_ends_when_the_next_key_signs(self):
        process = self.begin("key", "rotate", self.issuer, "--wait")
        until(self.is_planned, "the rotation to be planned")
        self.assertIsNone(process.poll())
        self.server.set_clock(SOON)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        second = self.active_key(self.issuer)
        self.assertEqual(self.state(self.first), "KEY_STATE_RETIRING")
        for event in ("starts signing", "stops signing", "is published until",
                      "may be trusted by caches until", "stands by from"):
            self.assertIn(event, out)
        self.assertRegex(err, "waiting until " + re.escape(second) + " signs: ")
        self.assertTrue(err.endswith(second + " signs now\n"), err)
        self.assertNotIn("\r", err)
        self.assertEqual(json.loads(self.mint().stdout)["keyId"], second)

    def test_an_interrupted_wait_says_that_the_rotation_goes_on_and_it_does(self):
        process = self.begin("key", "rotate", self.issuer, "--wait", "--output", "json")
        self.assertIn("waiting until ", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1, err)
        incoming = json.loads(out)["incoming"]["keyId"]
        self.assertIn("interrupted while waiting; the rotation goes on: " + incoming, err)
        self.server.set_clock(SOON)
        self.assertEqual(self.active_key(self.issuer), incoming)

    def test_a_server_that_restarts_meanwhile_is_waited_for(self):
        process = self.begin("key", "rotate", self.issuer, "--wait")
        until(self.is_planned, "the rotation to be planned")
        self.server.stop()
        self.server.set_clock(SOON)
        self.server.start()
        _, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, err)


class Mirrors(RotationTest):
    def rotate(self, *urls):
        mirrors = [word for url in urls for word in ("--mirror", url)]
        return self.server.ctl_raw("key", "rotate", self.issuer, *mirrors, "--timeout", "2s",
                                   "--cacert", self.server.path("ca.pem"))

    def test_the_repository_itself_will_do(self):
        done = self.rotate(self.server.url)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stderr.endswith("every mirror serves the new keys\n"))

    def test_what_each_mirror_lacks_is_told(self):
        empty = self.server.url + "/empty"
        done = self.rotate(self.server.url, empty)
        self.assertEqual(done.returncode, 1)
        standing = self.in_state("STANDBY")
        self.assertEqual(len(standing), 3)
        for kid in standing:
            self.assertIn(f"{empty} lacks {kid}: ", done.stderr)
        self.assertEqual(done.stderr.count(" lacks "), 3)
        self.assertIn("the rotation goes on: ", done.stderr)
        self.assertTrue(self.is_planned())

    def test_a_mirror_that_is_not_trusted_has_nothing(self):
        done = self.server.ctl_raw("key", "rotate", self.issuer, "--mirror", self.server.url,
                                   "--timeout", "1s")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("is its authority in the CA file?"), 3)


class Emergencies(RotationTest):
    def emergency(self, *options):
        return self.server.ctl("key", "rotate", self.issuer, "--emergency", "--reason", "leaked",
                               *options)

    def test_the_key_is_gone_at_once_and_nothing_is_minted_until_the_next_is_known(self):
        text = self.emergency()
        self.assertTrue(text.startswith("emergency rotation:\n"), text)
        self.assertRegex(text, re.escape(self.first) + r" +is revoked ")
        self.assertRegex(text, "caches may trust " + re.escape(self.first) + r" until \d{4}-")
        self.assertRegex(text, r"nothing is minted until \d{4}-")
        self.assertEqual(self.state(self.first), "KEY_STATE_REVOKED")
        self.assertEqual(self.keys()[self.first]["revokeReason"], "leaked")
        until(lambda: self.server.get("/" + self.first).status == 404, "the key to be gone")
        self.assertEqual(self.mint().returncode, 1)
        self.assertIn("no managed key signs", self.server.ctl("status"))
        self.server.set_clock(SOON)
        second = self.active_key(self.issuer)
        self.assertEqual(json.loads(self.mint().stdout)["keyId"], second)
        self.assertNotIn("warning", self.server.ctl("status"))

    def test_it_can_be_waited_for(self):
        process = self.begin("key", "rotate", self.issuer, "--emergency", "--reason", "leaked",
                             "--wait", "--output", "json")
        until(lambda: self.state(self.first) == "KEY_STATE_REVOKED", "the revocation")
        self.server.set_clock(SOON)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        answer = json.loads(out)
        self.assertEqual(answer["outgoing"]["keyId"], self.first)
        self.assertGreater(seconds(answer["trustedUntil"]),
                           seconds(answer["outgoing"]["revokeTime"]))
        self.assertEqual(answer["incoming"]["keyId"], self.active_key(self.issuer))

    def test_misses_may_be_accepted(self):
        text = self.emergency("--accept-misses")
        second = self.active_key(self.issuer)
        self.assertIn(second + " signs at once\n", text)
        self.assertNotIn("nothing is minted", text)

    def test_a_store_that_was_read_has_no_key_left(self):
        before = set(self.keys())
        self.emergency("--store-compromised")
        self.assertEqual(self.in_state("REVOKED"), before)
        self.assertTrue(self.in_state("STANDBY"))
        self.server.set_clock(SOON)
        self.assertNotIn(self.active_key(self.issuer), before)

    def test_a_dry_run_changes_nothing(self):
        before = self.keys()
        text = self.emergency("--dry-run")
        self.assertTrue(text.startswith("dry run, nothing changed: emergency rotation:\n"), text)
        self.assertIn("caches may trust " + self.first, text)
        self.assertEqual(self.keys(), before)


class Policies(RotationTest):
    def test_an_issuer_is_updated_and_shows_its_next_rotation(self):
        text = self.server.ctl("issuer", "update", self.issuer, "--rotation-period", "2d",
                               "--max-token-lifetime", "30s")
        self.assertEqual(text, f"updated issuer {self.issuer} (managed, ES256, tokens live at most"
                               " 30s, rotated every 2d)\n")
        text = self.server.ctl("issuer", "show", self.issuer)
        self.assertRegex(text, r"rotated every +2d\n")
        self.assertRegex(text, r"next rotation +in (47h|2d)\n")
        self.assertRegex(self.server.ctl("issuer", "list"), r" 2d +in (47h|2d)\n")
        self.server.ctl("issuer", "update", self.issuer, "--rotation-period", "never")
        self.assertNotIn("rotationPeriod", self.server.ctl_json("issuer", "show", self.issuer))

    def test_what_is_due_is_rotated_by_whoever_is_first(self):
        self.assertEqual(self.server.ctl("key", "rotate", "--all-due"), "no rotation is due\n")
        self.server.ctl("issuer", "create", "orders/api", "--algorithm", "ES256",
                        "--rotation-period", "1h")
        before = self.active_key("orders/api")
        self.server.set_clock(3600 + LEAD)
        self.server.ctl("key", "rotate", "--all-due")
        self.assertIn("signUntil", self.keys("orders/api")[before])
        self.assertFalse(self.is_planned())

    def test_an_algorithm_is_that_of_the_next_keys(self):
        self.server.ctl("issuer", "update", self.issuer, "--algorithm", "EdDSA")
        algorithms = {kid: self.keys()[kid]["algorithm"] for kid in self.in_state("STANDBY")}
        self.assertEqual(set(algorithms.values()), {"EdDSA"})
        self.assertEqual(self.keys()[self.first]["algorithm"], "ES256")

    def test_an_issuer_is_deleted_only_by_force_while_its_keys_are_published(self):
        self.fail_ctl("issuer", "delete", self.issuer)
        self.assertEqual(self.active_key(self.issuer), self.first)
        text = self.server.ctl("issuer", "delete", self.issuer, "--force")
        self.assertTrue(text.startswith(f"deleted issuer {self.issuer} ("), text)
        self.assertRegex(text, r"\ncaches may trust its keys until \d{4}-")
        self.assertEqual(self.server.ctl("issuer", "list"),
                         "no issuers yet (asapctl issuer create NAME makes one)\n")


class External(RotationTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "orders/web", "--external")
        self.server.ctl("key", "generate", "orders/web", "--algorithm", "ES256", "--now",
                        "--private-dir", os.path.join(self.server.root, "private"))
        (self.kid,) = self.keys("orders/web")

    def test_a_key_is_retired_and_the_status_warns_of_its_end(self):
        self.assertNotIn("warning", self.server.ctl("status"))
        text = self.server.ctl("key", "retire", self.kid, "--sign-until", "1h")
        self.assertTrue(text.startswith(f"retired {self.kid}\nsign with it until "), text)
        self.assertRegex(text, r"\nit is published until \d{4}-.* \(in \d+[mh]\)\n$")
        self.assertRegex(self.server.ctl("status"), f"warning: {re.escape(self.kid)} ends in ")

    def test_the_last_key_is_revoked_only_by_force(self):
        self.assertIn("force", self.fail_ctl("key", "revoke", self.kid, "--reason", "lost"))
        self.assertEqual(self.keys("orders/web")[self.kid]["state"], "KEY_STATE_ACTIVE")
        self.server.ctl("key", "revoke", self.kid, "--reason", "lost", "--force")
        self.assertEqual(self.keys("orders/web")[self.kid]["state"], "KEY_STATE_REVOKED")


class Status(RotationTest):
    def test_the_status_is_the_whole_repository(self):
        self.server.ctl("issuer", "create", "orders/web", "--external")
        text = self.server.ctl("status")
        name = self.first.rsplit("/", 1)[1]
        for row in (r"^difference +none$", r"^published keys +3$", r"^problems +none$",
                    r"^ISSUER +KIND +ACTIVE KEY +AGE +STANDBYS +NEXT +NEXT ROTATION$",
                    rf"^payments/api +managed +{re.escape(name)} +\S.* 2 +- +-$",
                    r"^orders/web +external +- +- +0 +- +-$"):
            self.assertRegex(text, re.compile(row, re.M))
        self.server.ctl("key", "rotate", self.issuer)
        self.assertRegex(self.server.ctl("status"), r" 3 +(active|retiring) in \d+s +-\n")

    def test_a_watch_shows_what_happens_until_it_is_interrupted(self):
        process = self.begin("status", "--watch", "1s")
        lines = iter(process.stdout.readline, "")
        self.assertTrue(next(lines).startswith("server "))
        self.server.ctl("key", "rotate", self.issuer)
        self.assertTrue(any("payments/api" in line and " in " in line for line in lines))
        process.send_signal(signal.SIGTERM)
        rest, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, err), (0, ""))
        self.assertNotIn("\033", rest)


if __name__ == "__main__":
    main()

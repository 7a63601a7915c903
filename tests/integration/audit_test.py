# SPDX-License-Identifier: Apache-2.0
"""The audit log of a real asapd: what is in it, and what is found when somebody changes it."""

import json
import os
import re
import signal
import sqlite3
import subprocess

from harness import ASAPCTL, PATIENCE, ServerTest, main, until


class AuditTest(ServerTest):
    def change(self, *statements):
        """Behind the server's back."""
        self.server.stop()
        with sqlite3.connect(self.server.path("asapd.db")) as database:
            for statement in statements:
                database.execute(statement)
        database.close()
        self.server.start()

    def fill(self, count=6):
        for number in range(count):
            self.server.ctl("caller", "create", "caller-%d" % number)

    def verify(self, *options):
        done = self.server.ctl_raw("audit", "verify", *options)
        return done.returncode, done.stdout + done.stderr

    def head(self):
        return self.server.ctl_json("audit", "verify")["head"]

    def events(self, *options):
        return self.server.ctl_json("audit", "list", *options).get("events", [])


class Recording(AuditTest):
    def test_each_change_says_who_how_what_and_with_what_result(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        active = self.active_key("payments/api")
        plan = self.server.ctl_json("key", "rotate", "payments/api")
        self.server.ctl("key", "revoke", active, "--reason", "a test")
        self.server.ctl_raw("issuer", "create", "payments/api")
        rows = [(e["method"].split(".")[-1], e["result"], e.get("issuer"), e.get("keyId"))
                for e in self.events()]
        self.assertEqual(rows, [("IssuerAdmin/CreateIssuer", "ok", "payments/api", None),
                                ("KeyAdmin/RotateKey", "ok", "payments/api",
                                 plan["incoming"]["keyId"]),
                                ("KeyAdmin/RevokeKey", "ok", "payments/api", active),
                                ("IssuerAdmin/CreateIssuer", "already_exists", "payments/api",
                                 None)])
        for event in self.events():
            self.assertEqual((event["caller"], event["proofKind"]),
                             ("uid:%d" % os.geteuid(), "PROOF_KIND_UID"))
            self.assertTrue(event["requestId"])
        self.assertEqual([e["sequence"] for e in self.events()], ["1", "2", "3", "4"])

    def test_what_is_only_checked_or_read_is_not_recorded(self):
        self.server.ctl("issuer", "create", "payments/api", "--dry-run")
        self.server.ctl("issuer", "list")
        self.server.ctl("status")
        self.assertEqual(self.events(), [])

    def test_a_repetition_of_a_change_is_recorded_once(self):
        request = {"name": "ci", "requestId": "once"}
        for _ in range(3):
            self.server.local_rpc("CallerAdmin/CreateCaller", request)
        self.assertEqual(len(self.events()), 1)

    def test_it_is_listed_by_caller_issuer_and_time(self):
        self.server.ctl("issuer", "create", "a/a", "--external")
        self.server.ctl("issuer", "create", "b/b", "--external")
        key = self.new_caller("ci")
        self.server.rpc("IssuerAdmin/ListIssuers", {}, bearer=key)
        self.assertEqual([e["issuer"] for e in self.events("--issuer", "b/b")], ["b/b"])
        self.assertEqual([e["result"] for e in self.events("--caller", "ci")],
                         ["permission_denied"])
        self.server.set_clock(3600)
        self.server.ctl("issuer", "create", "c/c", "--external")
        self.assertEqual([e["issuer"] for e in self.events("--since", "30m")], ["c/c"])

    def test_it_can_be_followed(self):
        self.fill(2)
        environment = dict(self.server.environment,
                           ASAPCTL_SERVER="unix:" + self.server.path("admin.sock"))
        with subprocess.Popen([ASAPCTL, "audit", "list", "--follow", "--output", "json"],
                              stdout=subprocess.PIPE, text=True, env=environment) as follower:
            first = [json.loads(follower.stdout.readline())["sequence"] for _ in range(2)]
            self.server.ctl("caller", "create", "later")
            first.append(json.loads(follower.stdout.readline())["sequence"])
            follower.send_signal(signal.SIGINT)
            follower.wait(timeout=PATIENCE)
        self.assertEqual(first, ["1", "2", "3"])


class Tampering(AuditTest):
    def setUp(self):
        super().setUp()
        self.fill()

    def assertBroken(self, sequence, *options):
        status, text = self.verify(*options)
        self.assertEqual(status, 1, text)
        self.assertRegex(text, r"\b%d\b" % sequence)

    def test_what_nobody_touched_is_intact_also_after_a_restart(self):
        self.assertEqual(self.verify()[0], 0)
        self.change()
        status, text = self.verify()
        self.assertEqual(status, 0, text)
        self.assertIn("intact", text)

    def test_an_altered_event_is_named(self):
        self.change("UPDATE audit_event SET caller = 'mallory' WHERE sequence = 3")
        self.assertBroken(3)

    def test_a_removed_event_is_named(self):
        self.change("DELETE FROM audit_event WHERE sequence = 4")
        self.assertBroken(4)

    def test_events_that_changed_places_are_named(self):
        self.change("UPDATE audit_event SET sequence = 99 WHERE sequence = 2",
                    "UPDATE audit_event SET sequence = 2 WHERE sequence = 3",
                    "UPDATE audit_event SET sequence = 3 WHERE sequence = 99")
        self.assertBroken(2)

    def test_a_tail_that_was_cut_is_found_by_an_earlier_head(self):
        head = self.head()
        self.change(
            "DELETE FROM audit_event WHERE sequence > 4",
            "UPDATE audit_head SET sequence = 4, chain_hash ="
            " (SELECT chain_hash FROM audit_event WHERE sequence = 4)")
        self.assertEqual(self.verify()[0], 0)
        self.assertBroken(6, "--head", head)

    def test_a_log_that_was_emptied_is_found_by_an_earlier_head(self):
        head = self.head()
        self.change("DELETE FROM audit_event",
                    "UPDATE audit_head SET sequence = 0, chain_hash = zeroblob(32)")
        self.assertBroken(6, "--head", head)

    def test_a_head_that_is_none_is_refused(self):
        status, text = self.verify("--head", "v1.6.AAAA.AAAA")
        self.assertEqual(status, 1)
        self.assertIn("head", text)

    def test_the_old_end_cannot_be_cut_off_by_hand(self):
        self.change(
            "UPDATE audit_head SET checkpoint_sequence = 2, checkpoint_hash ="
            " (SELECT chain_hash FROM audit_event WHERE sequence = 2), checkpoint_mac ="
            " zeroblob(32)",
            "DELETE FROM audit_event WHERE sequence <= 2")
        status, text = self.verify()
        self.assertEqual(status, 1, text)

    def test_the_log_of_the_daemon_has_heads_that_prove_it(self):
        self.server.stop()
        self.server.start()
        until(lambda: "audit head" in self.server.log(), "a head in the log")
        head = re.search(r"audit head (\S+)", self.server.log()).group(1)
        self.fill_more()
        status, text = self.verify("--head", head)
        self.assertEqual(status, 0, text)

    def fill_more(self):
        self.server.ctl("caller", "create", "one-more")


class Retention(AuditTest):
    settings = ("--audit-retention", "1d")

    def test_old_events_go_and_the_rest_stays_verifiable(self):
        self.fill(3)
        old_head = self.head()
        self.server.stop()
        self.server.set_clock(3 * 24 * 3600)
        self.server.start()
        self.server.ctl("caller", "create", "later")
        self.server.stop()
        self.server.start()
        left = self.events()
        self.assertGreater(int(left[0]["sequence"]), 2)
        self.assertIn("asapd", {e["caller"] for e in left})
        status, text = self.verify()
        self.assertEqual(status, 0, text)
        status, text = self.verify("--head", old_head)
        self.assertEqual(status, 0, text)


if __name__ == "__main__":
    main()

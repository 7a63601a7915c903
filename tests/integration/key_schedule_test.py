# SPDX-License-Identifier: Apache-2.0
"""What a real asapd does to keys by itself."""

import copy
import os
import signal
import sqlite3
import tempfile

from harness import ServerTest, main, until

ISSUER = "payments/api"
PERIOD = 60  # seconds; the demo's lead is 21


class KeySchedule(ServerTest):
    def setUp(self):
        super().setUp()
        self.ask("IssuerAdmin/CreateIssuer", name=ISSUER, algorithm="ES256",
                 rotationPeriod="%ds" % PERIOD)
        self.first = self.active_key(ISSUER)

    def ask(self, method, **request):
        answer = self.server.local_rpc(method, request)
        self.assertEqual(answer.status, 200, answer.json)
        return answer.json

    def mint(self):
        return self.ask("TokenService/MintToken", issuer=ISSUER, audience=["orders/api"])

    def private_keys(self):
        database = sqlite3.connect(self.server.path("asapd.db"))
        try:
            return database.execute("SELECT count(*) FROM sealed_key").fetchone()[0]
        finally:
            database.close()

    def rotated(self):
        return self.active_key(ISSUER) != self.first

    def test_keys_rotate_when_their_period_is_over_and_tokens_stay_good(self):
        self.server.set_clock(PERIOD - 10)
        token = self.mint()["token"]
        self.assertFalse(self.rotated())
        self.server.set_clock(PERIOD)
        until(self.rotated, "a rotation by itself")
        self.assertEqual(self.ask("TokenService/VerifyToken", token=token,
                                  audiences=["orders/api"])["keyId"], self.first)
        self.assertNotEqual(self.mint()["keyId"], self.first)
        events = self.ask("AuditLog/ListEvents", caller="asapd")["events"]
        self.assertEqual([(e["method"], e["issuer"]) for e in events],
                         [("asap.v1.KeyAdmin/RotateKey", ISSUER)])

    def test_a_rotation_that_was_missed_happens_at_the_start(self):
        self.server.stop()
        self.server.set_clock(10 * PERIOD)
        self.server.start()
        until(self.rotated, "the rotation that was missed")

    def test_of_two_daemons_on_one_database_one_rotates_though_either_is_killed(self):
        other = copy.copy(self.server)
        other.root, other.process, other.addresses = tempfile.mkdtemp(prefix="asap"), None, {}
        self.addCleanup(other.close)
        other.start("--admin-listen", "unix:" + os.path.join(other.root, "admin.sock"))
        for turn in range(1, 5):
            self.server.set_clock(turn * (PERIOD + 1))
            if turn % 2 == 0:
                other.stop(signal.SIGKILL)
                other.start("--admin-listen", "unix:" + os.path.join(other.root, "admin.sock"))
            until(self.rotated, "a rotation by itself")
            self.first = self.active_key(ISSUER)
        events = self.ask("AuditLog/ListEvents", caller="asapd")["events"]
        self.assertEqual([e["method"] for e in events if e["method"].endswith("RotateKey")],
                         ["asap.v1.KeyAdmin/RotateKey"] * 4)
        self.assertEqual((self.server.stop(), other.stop()), (0, 0))

    def test_private_keys_go_with_their_retired_keys(self):
        self.assertEqual(self.private_keys(), 3)
        self.server.set_clock(PERIOD)
        until(self.rotated, "a rotation by itself")
        self.assertEqual(self.private_keys(), 4)
        self.ask("IssuerAdmin/UpdateIssuer", name=ISSUER, rotationPeriod="0s")
        self.server.set_clock(10 * PERIOD)
        until(lambda: self.private_keys() == 3, "the destruction of a private key")
        self.assertEqual(self.server.get("/" + self.first).status, 404)


if __name__ == "__main__":
    main()

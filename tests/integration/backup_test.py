# SPDX-License-Identifier: Apache-2.0
"""Backups that a real asapd makes while it serves, and what becomes of them when they are restored."""

import os
import shutil
import sqlite3
import stat
import subprocess
import threading

from harness import ASAPD, ServerTest, main, run, until

ISSUER = "payments/api"
LEAD = 21  # seconds, of --demo
DELAYS = (0, 0.01, 0.02, 0.05, 0.1, 0.2)  # seconds until a command is killed


class BackupTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", ISSUER, "--algorithm", "ES256")
        self.config = self.server.path("asapd.conf")
        self.database = self.server.path("asapd.db")
        self.backup = os.path.join(self.server.root, "backup")

    def asapd(self, command, *arguments):
        done = self.server.asapd(command, "--config", self.config, *arguments)
        return done.returncode, done.stdout + done.stderr

    def kill_after(self, delay, command, *arguments):
        """Kills the command unless it ends before that."""
        process = subprocess.Popen([ASAPD, command, "--config", self.config, *arguments],
                                   env=self.server.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()

    def back_up(self):
        status, said = self.asapd("backup", self.backup)
        self.assertEqual(status, 0, said)

    def mint(self):
        return self.server.local_rpc("TokenService/MintToken",
                                     {"issuer": ISSUER, "audience": ["orders/api"]})

    def served(self):
        """What is served under each key id."""
        keys = self.server.ctl_json("key", "list", ISSUER)["keys"]
        return {k["keyId"]: self.server.get("/" + k["keyId"]).body for k in keys}

    def lose_database(self):
        self.server.stop()
        for name in os.listdir(self.server.dir):
            if name.startswith("asapd.db"):
                os.unlink(self.server.path(name))

    def restore(self):
        self.lose_database()
        status, said = self.asapd("restore", self.backup)
        self.assertEqual(status, 0, said)
        return said

    def accept(self, *flags):
        return self.asapd("check", "--accept-restore", *flags)

    def query(self, path, text):
        database = sqlite3.connect(path)
        try:
            return database.execute(text).fetchall()
        finally:
            database.close()


class Backup(BackupTest):
    def test_it_is_one_file_for_its_owner_and_holds_what_was_there(self):
        self.mint()
        self.back_up()
        self.assertEqual(stat.S_IMODE(os.stat(self.backup).st_mode), 0o600)
        self.assertEqual([n for n in os.listdir(self.server.root) if n.startswith("backup")],
                         ["backup"])
        for table in ("issuer", "key", "sealed_key", "audit_event", "audit_head"):
            rows = "SELECT * FROM " + table
            self.assertEqual(self.query(self.backup, rows), self.query(self.database, rows))
        with open(self.server.path("kek"), encoding="ascii") as file:
            kek = file.read().strip()
        with open(self.backup, "rb") as file:
            content = file.read()
        self.assertNotIn(kek.encode(), content)
        self.assertNotIn(bytes.fromhex(kek), content)

    def test_a_file_that_exists_is_left_alone(self):
        with open(self.backup, "w", encoding="ascii") as file:
            file.write("precious")
        status, said = self.asapd("backup", self.backup)
        self.assertEqual(status, 1)
        self.assertIn("nothing is overwritten", said)
        with open(self.backup, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_while_it_is_made_tokens_are_minted_and_each_one_is_whole_in_it_or_not_there(self):
        stopping, answers = threading.Event(), []

        def mint_on():
            while not stopping.is_set():
                answers.append(self.mint().status)

        thread = threading.Thread(target=mint_on)
        thread.start()
        try:
            for turn in range(5):
                self.backup = os.path.join(self.server.root, "backup-%d" % turn)
                self.back_up()
        finally:
            stopping.set()
            thread.join()
        self.assertEqual(set(answers), {200})
        events, head = (self.query(self.backup, "SELECT %s FROM %s" % what)[0][0]
                        for what in (("count(*)", "audit_event"), ("sequence", "audit_head")))
        self.assertEqual(events, head)
        self.assertGreater(events, 1)

    def test_one_that_is_killed_leaves_no_backup_and_the_server_unharmed(self):
        for delay in DELAYS:
            self.kill_after(delay, "backup", self.backup)
            if os.path.exists(self.backup):
                status, said = self.asapd("check", "--database", "sqlite:" + self.backup)
                self.assertEqual(status, 0, said)
                os.unlink(self.backup)
        self.assertEqual(self.mint().status, 200)
        self.back_up()

    def test_of_a_database_with_a_damaged_private_key_it_says_so_and_is_made_all_the_same(self):
        self.server.stop()
        with sqlite3.connect(self.database) as database:
            database.execute("UPDATE sealed_key SET content = zeroblob(100)"
                             " WHERE key_id = (SELECT min(key_id) FROM sealed_key)")
        database.close()
        status, said = self.asapd("backup", self.backup)
        self.assertEqual(status, 1)
        self.assertIn("problem: the sealed private key of " + ISSUER, said)
        self.assertTrue(os.path.exists(self.backup))


class Restore(BackupTest):
    def test_what_was_published_is_served_to_the_byte_and_nothing_is_signed_or_changed(self):
        before = self.served()
        self.back_up()
        self.server.ctl("issuer", "create", "later/api", "--algorithm", "ES256")
        self.restore()
        self.server.start()
        self.assertEqual(self.served(), before)
        answer = self.mint()
        self.assertEqual((answer.status, answer.json["code"]), (400, "failed_precondition"))
        self.assertIn("asapd check --accept-restore", answer.json["message"])
        for call in (("issuer", "create", "other/api"), ("key", "rotate", ISSUER),
                     ("caller", "create", "ci")):
            refused = self.server.ctl_raw(*call)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("asapd check --accept-restore", refused.stderr)
        self.assertEqual(self.server.ctl_raw("issuer", "show", "later/api").returncode, 1)
        self.assertIn("accept-restore", self.server.ctl("status"))
        self.assertIn("accept-restore", self.server.ops("/readyz").body.decode())

    def test_no_rotation_by_period_happens_before_it_is_accepted(self):
        self.server.ctl("issuer", "update", ISSUER, "--rotation-period", "60s")
        self.back_up()
        active = self.active_key(ISSUER)
        self.restore()
        self.server.set_clock(100)
        self.server.start()
        until(lambda: "audit head" in self.server.log(), "a beat")
        self.assertEqual(self.active_key(ISSUER), active)
        self.server.stop()
        self.assertEqual(self.accept()[0], 0)
        self.server.start()
        until(lambda: self.active_key(ISSUER) != active, "the rotation that was missed")

    def test_its_audit_log_is_not_shortened_before_it_is_accepted(self):
        self.back_up()
        self.restore()
        self.server.set_clock(10000)
        self.server.start("--audit-retention", "60s")
        self.mint()
        self.assertEqual(self.server.ctl_json("audit", "list")["events"][0]["sequence"], "1")
        self.server.stop()
        self.assertEqual(self.accept()[0], 0)
        self.server.start("--audit-retention", "60s")
        until(lambda: self.server.ctl_json("audit", "list")["events"][0]["sequence"] != "1",
              "old events to be removed")

    def test_accepted_it_signs_when_it_was_served_for_the_lead(self):
        self.back_up()
        self.restore()
        status, said = self.accept()
        self.assertEqual(status, 0, said)
        self.server.set_clock(1000)
        self.server.start()
        answer = self.mint()
        self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"))
        self.assertIn("Retry-After", answer.headers)
        self.server.set_clock(1000 + LEAD - 2)
        self.assertEqual(self.mint().status, 503)
        self.server.set_clock(1000 + LEAD + 2)
        self.assertEqual(self.mint().status, 200)
        self.assertEqual(self.server.ctl_raw("issuer", "create", "other/api").returncode, 0)
        self.server.stop()
        self.server.start()
        self.assertEqual(self.mint().status, 200)

    def test_with_accept_misses_it_signs_at_once_also_when_that_is_said_later(self):
        self.back_up()
        self.restore()
        self.assertIn("does not sign before", self.asapd("check")[1])
        self.assertEqual(self.accept()[0], 0)
        self.server.start()
        self.assertEqual(self.mint().status, 503)
        self.assertIn("which signs from", self.asapd("check")[1])
        self.server.stop()
        self.assertEqual(self.accept("--accept-misses")[0], 0)
        self.assertEqual(self.accept("--accept-misses")[0], 1)
        self.server.start()
        self.assertEqual(self.mint().status, 200)

    def test_it_is_accepted_once_and_by_nobody_while_the_server_runs(self):
        self.assertIn("in use", self.accept()[1])
        self.back_up()
        self.restore()
        self.server.start()
        status, said = self.accept()
        self.assertEqual(status, 1)
        self.assertIn("stop asapd first", said)
        self.server.stop()
        self.assertEqual(self.accept()[0], 0)
        status, said = self.accept()
        self.assertEqual(status, 1)
        self.assertIn("nothing is to be accepted", said)

    def test_a_backup_that_is_moved_into_place_by_hand_does_not_sign_either(self):
        self.back_up()
        self.lose_database()
        shutil.move(self.backup, self.database)
        self.server.start()
        self.assertEqual(self.mint().status, 400)

    def test_generations_go_on_beyond_all_that_were_given_out(self):
        self.back_up()
        for number in range(3):
            self.server.ctl("issuer", "create", "later/%d" % number, "--external")
        before = int(self.server.ctl_json("status")["generation"])
        self.restore()
        self.server.start()
        self.assertGreater(int(self.server.ctl_json("status")["generation"]), before)

    def test_the_audit_log_goes_on_from_the_backup_and_says_that_it_does(self):
        self.back_up()
        self.server.ctl("caller", "create", "lost")
        head = self.server.ctl_json("audit", "verify")["head"]
        self.restore()
        self.assertEqual(self.accept("--accept-misses")[0], 0)
        self.server.start()
        self.mint()
        self.assertEqual(self.server.ctl_raw("audit", "verify").returncode, 0)
        methods = [e["method"] for e in self.server.ctl_json("audit", "list")["events"]]
        self.assertIn("asap.v1.Server/AcceptRestore", methods)
        self.assertEqual(self.server.ctl_raw("audit", "verify", "--head", head).returncode, 1)

    def test_nothing_is_overwritten_and_no_server_left_behind(self):
        self.back_up()
        status, said = self.asapd("restore", self.backup)
        self.assertEqual((status, "a server listens" in said), (1, True), said)
        self.server.stop()
        status, said = self.asapd("restore", self.backup)
        self.assertEqual((status, "asapd.db exists" in said), (1, True), said)
        os.unlink(self.database)
        with open(self.database + "-wal", "wb"):
            pass
        status, said = self.asapd("restore", self.backup)
        self.assertEqual((status, "asapd.db-wal exists" in said), (1, True), said)
        os.unlink(self.database + "-wal")
        self.assertEqual(self.asapd("restore", self.backup)[0], 0)

    def test_a_backup_that_is_damaged_or_no_backup_is_refused_and_leaves_nothing(self):
        self.back_up()
        self.lose_database()
        with open(self.backup, "rb") as file:
            good = file.read()
        page = 4096
        damaged = bytearray(good)
        middle = len(good) // page // 2 * page
        damaged[middle:middle + page] = os.urandom(page)
        for content in (bytes(damaged), good[:len(good) // 2], b"no database", b""):
            with open(self.backup, "wb") as file:
                file.write(content)
            status, said = self.asapd("restore", self.backup)
            self.assertEqual(status, 1, said)
            self.assertEqual([n for n in os.listdir(self.server.dir) if n.startswith("asapd.db")],
                             [])

    def test_one_row_of_another_database_makes_a_backup_a_damaged_one(self):
        self.back_up()
        self.lose_database()
        with sqlite3.connect(self.backup) as database:
            database.execute("UPDATE audit_event SET message = 'forged' WHERE sequence = 1")
        database.close()
        status, said = self.asapd("restore", self.backup)
        self.assertEqual(status, 1)
        self.assertIn("the audit log was altered", said)

    def test_the_only_backup_there_is_can_be_restored_despite_a_problem(self):
        self.server.ctl("issuer", "create", "web/api", "--algorithm", "ES256")
        self.server.stop()
        with sqlite3.connect(self.database) as database:
            database.execute("UPDATE sealed_key SET content = zeroblob(100) WHERE key_id = 4")
        database.close()
        self.assertEqual(self.asapd("backup", self.backup)[0], 1)
        self.server.start()
        self.lose_database()
        self.assertEqual(self.asapd("restore", self.backup)[0], 1)
        self.assertFalse(os.path.exists(self.database))
        self.assertEqual(self.asapd("restore", self.backup, "--despite-problems")[0], 1)
        self.assertIn("nothing was accepted", self.accept("--accept-misses")[1])
        self.assertIn("accepted the copy",
                      self.accept("--accept-misses", "--despite-problems")[1])
        self.server.start()
        self.assertEqual(self.mint().status, 200)

    def test_it_needs_the_kek_of_the_backup(self):
        self.back_up()
        self.lose_database()
        os.unlink(self.server.path("kek"))
        other = os.path.join(self.server.root, "other")
        self.assertEqual(run(ASAPD, "init", "--dir", other,
                             env=self.server.environment).returncode, 0)
        shutil.copy(os.path.join(other, "kek"), self.server.path("kek"))
        status, said = self.asapd("restore", self.backup)
        self.assertEqual(status, 1)
        self.assertIn("made with another", said)

    def test_one_that_is_killed_leaves_the_place_empty_or_the_whole_database(self):
        self.back_up()
        for delay in DELAYS:
            self.lose_database()
            self.kill_after(delay, "restore", self.backup)
            if os.path.exists(self.database):
                self.assertEqual(self.asapd("check")[0], 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""A database of a real asapd from one KEK to another."""

import os
import pty
import shutil
import signal
import sqlite3
import stat
import subprocess
import tempfile
import termios

from harness import ASAPD, ServerTest, main, until

ISSUERS = 25
KEYS = 3 * ISSUERS  # more than one transaction takes


class Rekey(ServerTest):
    def setUp(self):
        super().setUp()
        self.kek = self.server.path("kek")
        self.next = self.server.path("kek.new")
        self.config = self.server.path("asapd.conf")
        for number in range(ISSUERS):
            answer = self.server.local_rpc("IssuerAdmin/CreateIssuer",
                                           {"name": "issuer/%d" % number, "algorithm": "ES256"})
            self.assertEqual(answer.status, 200)

    def command(self, *arguments):
        done = self.server.asapd(*arguments[:1], "--config", self.config, *arguments[1:])
        return done.returncode, done.stdout + done.stderr

    def rekey(self, path=None):
        return self.command("rekey", "--new-kek", path or self.next)

    def query(self, text, path=None):
        database = sqlite3.connect(path or self.server.path("asapd.db"))
        try:
            return [row[0] for row in database.execute(text)]
        finally:
            database.close()

    def kek_ids(self):
        return set(self.query("SELECT hex(substr(content, 2, 8)) FROM sealed_key UNION "
                              "SELECT hex(substr(content, 2, 8)) FROM server_value"
                              " WHERE name <> 'mark'"))

    def mint_all(self):
        for number in range(ISSUERS):
            answer = self.server.local_rpc("TokenService/MintToken", {
                "issuer": "issuer/%d" % number, "audience": ["orders/api"]})
            self.assertEqual(answer.status, 200, answer.json)

    def serve_with(self, kek):
        self.server.start("--kek-file", kek)
        self.mint_all()
        self.assertEqual(self.server.ctl_raw("audit", "verify").returncode, 0)
        self.server.stop()

    def test_afterwards_the_new_kek_opens_all_and_the_old_one_nothing(self):
        head = self.server.ctl_json("audit", "verify")["head"]
        self.server.stop()
        before = self.kek_ids()
        status, said = self.rekey()
        self.assertEqual(status, 0, said)
        self.assertIn("sealed %d private keys" % KEYS, said)
        self.assertEqual(stat.S_IMODE(os.stat(self.next).st_mode), 0o400)
        self.assertEqual((len(self.kek_ids()), self.kek_ids() & before), (1, set()))
        self.assertEqual(self.command("check")[0], 1)
        self.server.start(expect_ready=False)
        self.assertEqual(self.server.process.wait(timeout=60), 1)
        self.assertIn("restore the KEK", self.server.log())
        os.replace(self.next, self.kek)
        self.assertEqual(self.command("check")[0], 0)
        self.server.start()
        self.mint_all()
        self.assertEqual(self.server.ctl_raw("audit", "verify", "--head", head).returncode, 0)
        self.assertIn("Server/Rekey", self.server.ctl("audit", "list", "--caller", "asapd"))

    def test_nobody_rekeys_beside_a_server(self):
        status, said = self.rekey()
        self.assertEqual(status, 1)
        self.assertIn("stop asapd first", said)
        self.assertFalse(os.path.exists(self.next))
        self.mint_all()

    def leave_half_done(self, rows):
        """As a rekey that was interrupted, with so many rows still under the old KEK."""
        database = self.server.path("asapd.db")
        shutil.copy(database, database + ".before")
        self.assertEqual(self.rekey()[0], 0)
        mixed = sqlite3.connect(database)
        mixed.execute("ATTACH ? AS earlier", (database + ".before",))
        mixed.execute("INSERT INTO server_value SELECT 'kek_check_next', content"
                      " FROM server_value WHERE name = 'kek_check'")
        mixed.execute("REPLACE INTO server_value SELECT * FROM earlier.server_value")
        mixed.execute("REPLACE INTO sealed_key SELECT * FROM earlier.sealed_key LIMIT ?", (rows,))
        mixed.commit()
        mixed.close()

    def count_changed(self, old, path=None):
        return self.query("SELECT count(*) FROM sealed_key"
                          " WHERE hex(substr(content, 2, 8)) <> '%s'" % old, path)[0]

    def count_committed(self, old):
        """While another process has locked the database: what is left if that one is killed. The
        journal, copied last, undoes what it had not committed."""
        database = self.server.path("asapd.db")
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "copy")
            for suffix in ("", "-journal"):
                if os.path.exists(database + suffix):
                    shutil.copy(database + suffix, copy + suffix)
            try:
                return self.count_changed(old, copy)
            except sqlite3.DatabaseError:
                return 0  # half of it was copied before a commit, and half after it

    def kill_after_a_transaction(self, old):
        """Kills it where it would tell that it has changed some keys: its terminal takes nothing,
        so that it stops there. Returns how many are changed."""
        before = self.count_changed(old)
        terminal, inner = pty.openpty()
        termios.tcflow(inner, termios.TCOOFF)
        process = subprocess.Popen([ASAPD, "rekey", "--config", self.config,
                                    "--new-kek", self.next], env=self.server.environment,
                                   stdout=subprocess.DEVNULL, stderr=inner)
        try:
            until(lambda: process.poll() is not None or self.count_committed(old) > before,
                  "no key was changed")
        finally:
            process.kill()
            status = process.wait()
            os.close(inner)
            os.close(terminal)
        self.assertEqual(status, -signal.SIGKILL)
        return self.count_changed(old)

    def assert_half_done(self):
        self.assertIn("asapd rekey was interrupted", self.command("check")[1])
        self.assert_unserved(self.kek)
        self.assert_unserved(self.next)

    def test_killed_after_any_transaction_it_goes_on_and_meanwhile_nothing_is_served(self):
        self.server.stop()
        old, = self.kek_ids()
        self.leave_half_done(KEYS)
        changed = [0]
        while changed[-1] < KEYS:
            self.assert_half_done()
            changed.append(self.kill_after_a_transaction(old))
        self.assertGreater(len(changed), 2, changed)
        self.assert_half_done()
        status, said = self.rekey()
        self.assertEqual((status, "sealed 0 private keys" in said), (0, True), said)
        self.assertEqual((len(self.kek_ids()), self.kek_ids() & {old}), (1, set()))
        self.serve_with(self.next)

    def assert_unserved(self, kek):
        done = self.server.asapd("serve", "--config", self.config, "--kek-file", kek)
        self.assertEqual(done.returncode, 1)
        self.assertIn("asapd rekey was interrupted", done.stderr)

    def test_one_that_is_half_done_is_finished_with_the_same_keks_only(self):
        self.server.stop()
        other = self.server.path("kek.other")
        self.leave_half_done(40)
        status, said = self.rekey(other)
        self.assertEqual((status, "another new KEK was interrupted" in said), (1, True), said)
        status, said = self.command("rekey", "--kek-file", other, "--new-kek", self.next)
        self.assertEqual((status, "is to be the KEK" in said), (1, True), said)
        status, said = self.rekey()
        self.assertEqual((status, "sealed 40 private keys" in said), (0, True), said)
        status, said = self.rekey()
        self.assertEqual((status, "already" in said), (0, True), said)
        self.serve_with(self.next)

    def test_a_key_that_does_not_open_stops_it_before_it_begins(self):
        self.server.stop()
        database = sqlite3.connect(self.server.path("asapd.db"))
        with database:
            database.execute("UPDATE sealed_key SET content = zeroblob(100)"
                             " WHERE key_id = (SELECT max(key_id) FROM sealed_key)")
        database.close()
        before = self.kek_ids()
        status, said = self.rekey()
        self.assertEqual((status, "does not open" in said), (1, True), said)
        self.assertEqual(self.kek_ids(), before)
        self.serve_with(self.kek)

    def test_the_new_kek_is_another_one(self):
        self.server.stop()
        status, said = self.rekey(self.kek)
        self.assertEqual((status, "is the one in kek_file" in said), (1, True), said)
        self.serve_with(self.kek)


if __name__ == "__main__":
    main()

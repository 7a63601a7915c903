# SPDX-License-Identifier: Apache-2.0
"""A database of a real asapd from one KEK to another."""

import os
import shutil
import signal
import sqlite3
import stat
import subprocess

from harness import ASAPD, ServerTest, main

ISSUERS = 25  # of three keys each: more than one transaction takes
LATER = 1.04  # times as late as the one before comes each kill
TRIES = 20  # with a new KEK each, until a kill has come while the change was half done


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

    def query(self, text):
        database = sqlite3.connect(self.server.path("asapd.db"))
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
        self.assertIn("sealed %d private keys" % (3 * ISSUERS), said)
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

    def kill_until_done(self):
        """Each kill comes a little later than the one before; how many left it half done."""
        half_done, delay = 0, 0.02
        while True:
            process = subprocess.Popen([ASAPD, "rekey", "--config", self.config,
                                        "--new-kek", self.next], env=self.server.environment,
                                       stdout=subprocess.DEVNULL)
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
            status = process.wait()
            if status != -signal.SIGKILL:
                self.assertEqual(status, 0)
                return half_done
            delay *= LATER
            if self.query("SELECT count(*) FROM server_value WHERE name = 'kek_check_next'") == [1]:
                half_done += 1
                self.assertIn("asapd rekey was interrupted", self.command("check")[1])
                self.assert_unserved(self.kek)
                self.assert_unserved(self.next)

    def test_killed_at_any_moment_it_goes_on_and_meanwhile_nothing_is_served(self):
        self.server.stop()
        for _ in range(TRIES):
            if self.kill_until_done() > 0:
                break
            os.replace(self.next, self.kek)
        else:
            self.fail("no kill came while it was half done")
        self.assertEqual(len(self.kek_ids()), 1)
        self.serve_with(self.next)

    def assert_unserved(self, kek):
        done = self.server.asapd("serve", "--config", self.config, "--kek-file", kek)
        self.assertEqual(done.returncode, 1)
        self.assertIn("asapd rekey was interrupted", done.stderr)

    def test_one_that_is_half_done_is_finished_with_the_same_keks_only(self):
        self.server.stop()
        other = self.server.path("kek.other")
        database = self.server.path("asapd.db")
        shutil.copy(database, database + ".before")
        self.assertEqual(self.rekey()[0], 0)
        mixed = sqlite3.connect(database)
        mixed.execute("ATTACH ? AS earlier", (database + ".before",))
        mixed.execute("INSERT INTO server_value SELECT 'kek_check_next', content"
                      " FROM server_value WHERE name = 'kek_check'")
        mixed.execute("REPLACE INTO server_value SELECT * FROM earlier.server_value")
        mixed.execute("REPLACE INTO sealed_key SELECT * FROM earlier.sealed_key LIMIT 40")
        mixed.commit()
        mixed.close()
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

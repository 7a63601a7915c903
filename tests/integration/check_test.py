# SPDX-License-Identifier: Apache-2.0
"""What asapd check finds in the database of a real asapd."""

import hashlib
import os
import signal
import sqlite3

from harness import ServerTest, main

ISSUER = "payments/api"

# What somebody may do to a database behind the server's back, and what is said of it.
DAMAGES = (
    ("UPDATE key SET pem = replace(pem, 'A', 'B') WHERE id = 1", "is damaged"),
    ("UPDATE key SET thumbprint = 'x' || substr(thumbprint, 2) WHERE id = 1",
     "the key has another thumbprint"),
    ("UPDATE key SET algorithm = 'ES384' WHERE id = 1", "does not open"),
    ("UPDATE sealed_key SET content = (SELECT content FROM sealed_key WHERE key_id = 2)"
     " WHERE key_id = 1", "does not open"),
    ("UPDATE sealed_key SET content = CAST(substr(content, 1, 60) || x'00' || substr(content, 62)"
     " AS BLOB)", "does not open"),
    ("DELETE FROM sealed_key WHERE key_id = 1", "its private key is missing"),
    ("UPDATE key SET sign_time = publish_time WHERE id = 2", "both sign at"),
    ("UPDATE key SET revoke_time = create_time WHERE id = 3", "1 standbys instead of 2"),
    ("UPDATE key SET sign_until = create_time + 9000 WHERE id = 1", "and none has a date"),
    ("DELETE FROM audit_event WHERE sequence = 1", "event 1 is missing"),
    ("UPDATE audit_event SET message = 'forged' WHERE sequence = 2",
     "event 2 is not as it was recorded"),
    ("UPDATE audit_head SET sequence = 0", "the audit log was altered"),
    ("PRAGMA foreign_keys = OFF; DELETE FROM issuer WHERE id = 1", "refers to none of issuer"),
    ("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'key_by_issuer'",
     "the database is damaged"),
    ("UPDATE server_value SET content = zeroblob(60) WHERE name = 'kek_check'",
     "the database is damaged"),
)


class Check(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", ISSUER, "--algorithm", "ES256")
        self.server.ctl("issuer", "create", "web", "--external")
        self.database = self.server.path("asapd.db")

    def check(self, *flags):
        done = self.server.asapd("check", "--config", self.server.path("asapd.conf"), *flags)
        return done.returncode, done.stdout + done.stderr

    def test_a_good_database_has_no_problems_while_it_is_served_and_after(self):
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("private keys: 3 open", said)
        self.assertIn("2 events, all as recorded", said)
        self.assertIn("2 issuers with 3 keys", said)
        self.server.ctl("key", "rotate", ISSUER)
        self.assertEqual(self.check()[0], 0)
        self.server.stop()
        self.assertEqual(self.check()[0], 0)

    def test_a_server_that_was_killed_leaves_a_database_without_problems(self):
        self.server.ctl("key", "rotate", ISSUER)
        self.server.stop(signal.SIGKILL)
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.server.start()
        self.server.ctl("status")

    def test_what_a_killed_command_left_half_written_is_told_and_migrate_undoes_it(self):
        self.server.stop()
        child = os.fork()
        if child == 0:
            database = sqlite3.connect(self.database, isolation_level=None)
            for statement in ("PRAGMA journal_mode = DELETE", "PRAGMA cache_size = 1", "BEGIN",
                              "UPDATE key SET revoke_reason = 'half done'",
                              "UPDATE sealed_key SET content = zeroblob(16384)"):
                database.execute(statement)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(child, 0)
        status, said = self.check()
        self.assertEqual((status, "asapd migrate" in said), (1, True), said)
        done = self.server.asapd("migrate", "--config", self.server.path("asapd.conf"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.check()[0], 0)

    def test_the_gap_of_an_emergency_is_told_and_is_no_problem(self):
        self.server.ctl("key", "rotate", ISSUER, "--emergency", "--reason", "a test")
        status, said = self.check()
        self.assertEqual(status, 0, said)
        self.assertIn("an emergency", said)

    def test_it_writes_nothing(self):
        self.server.stop()
        with open(self.database, "rb") as file:
            before = file.read()
        self.check()
        with open(self.database, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_each_damage_is_named(self):
        self.server.stop()
        with open(self.database, "rb") as file:
            good = file.read()
        for statements, finding in DAMAGES:
            with self.subTest(statements):
                for name in os.listdir(self.server.dir):
                    if name.startswith("asapd.db"):
                        os.unlink(self.server.path(name))
                with open(self.database, "wb") as file:
                    file.write(good)
                os.chmod(self.database, 0o600)
                database = sqlite3.connect(self.database)
                database.executescript(statements)
                database.close()
                status, said = self.check()
                self.assertEqual(status, 1, said)
                self.assertIn(finding, said)
                self.assertIn("nothing was accepted" if "problem:" in said else "asapd:",
                              self.check("--accept-restore")[1])

    def test_a_private_key_of_another_public_key_is_told(self):
        self.server.ctl("key", "generate", "web", "--algorithm", "ES256", "--now", "--private-dir",
                        os.path.join(self.server.root, "private"))
        self.server.stop()
        with sqlite3.connect(self.database) as database:
            (kid,), = database.execute("SELECT kid FROM key WHERE id = 1")
            (pem, thumbprint), = database.execute("SELECT pem, thumbprint FROM key"
                                                  " WHERE managed = 0")
            database.execute("DELETE FROM key WHERE managed = 0")
            database.execute("UPDATE key SET pem = ?, thumbprint = ?, digest = ? WHERE id = 1",
                             (pem, thumbprint,
                              hashlib.sha256(("%s\n%s" % (kid, pem)).encode()).hexdigest()))
        database.close()
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("the private key of %s is not the one of its public key" % kid, said)
        self.assertEqual(said.count("problem:"), 1, said)

    def test_a_wrong_kek_file_is_said_to_be_one(self):
        other = os.path.join(self.server.root, "other")
        self.server.asapd("init", "--dir", other)
        status, said = self.check("--kek-file", os.path.join(other, "kek"))
        self.assertEqual(status, 1)
        self.assertIn("made with another one", said)

    def test_help_teaches_and_wrong_usage_is_told(self):
        for command in ("check", "backup", "restore", "rekey", "copy", "migrate"):
            done = self.server.asapd(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("usage: asapd " + command, done.stdout)
            done = self.server.asapd(command, "--accept-resore")
            self.assertEqual(done.returncode, 2, command)
        for command in ("backup", "restore", "rekey", "copy"):
            self.assertEqual(self.server.asapd(command).returncode, 2, command)
        self.assertIn("did you mean --accept-restore?",
                      self.server.asapd("check", "--accept-resore").stderr)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""The databases that earlier versions have left (tests/upgrade) in a real asapd of this one."""

import json
import os
import re
import sqlite3
import subprocess
import time

from harness import ASAPD, Server, main
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
STORED = os.path.join(HERE, "../upgrade")
MIGRATIONS = os.path.join(HERE, "../../migrations/sqlite")
STORED_VERSIONS = sorted(name for name in os.listdir(STORED) if re.fullmatch("[0-9]{4}", name))
NEWEST = len(os.listdir(MIGRATIONS))
# Came with the next one: only a database whose migration broke off there has it for its newest.
NEVER_ALONE = {3: "0002"}
VERSIONS = sorted(STORED_VERSIONS + ["%04d" % version for version in NEVER_ALONE])
DELAYS = (0, 0.01, 0.02, 0.03, 0.05, 0.1)  # seconds until a migration is killed


class Upgrade(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.database = self.server.path("asapd.db")
        self.config = self.server.path("asapd.conf")

    def migrate_by_hand(self, version):
        """From the schema before."""
        name, = (n for n in os.listdir(MIGRATIONS) if n.startswith(version))
        with open(os.path.join(MIGRATIONS, name), encoding="utf-8") as file:
            script = file.read()
        database = sqlite3.connect(self.database)
        database.executescript(script + "PRAGMA user_version = %d;" % int(version))
        database.close()

    def lay_out(self, version):
        """The stored database in the place of the server's, at the time of when it was stored."""
        if int(version) in NEVER_ALONE:
            self.lay_out(NEVER_ALONE[int(version)])
            self.migrate_by_hand(version)
            return
        for name in os.listdir(self.server.dir):
            if name.startswith("asapd.db") or name == "kek":
                os.unlink(self.server.path(name))
        folder = os.path.join(STORED, version)
        with open(os.path.join(folder, "database.sql"), encoding="utf-8") as file:
            script = file.read()
        database = sqlite3.connect(self.database)
        database.executescript(script)
        database.close()
        os.chmod(self.database, 0o600)
        with open(os.path.join(folder, "kek"), encoding="ascii") as file:
            kek = file.read()
        with open(self.server.path("kek"), "w", encoding="ascii") as file:
            file.write(kek)
        os.chmod(self.server.path("kek"), 0o400)
        with open(os.path.join(folder, "kept.json"), encoding="utf-8") as file:
            self.kept = json.load(file)
        self.server.set_clock(self.kept["now"] - int(time.time()))

    def command(self, name, *arguments):
        done = self.server.asapd(name, "--config", self.config, *arguments)
        return done.returncode, done.stdout + done.stderr

    def schema(self):
        database = sqlite3.connect(self.database)
        try:
            return database.execute("PRAGMA user_version").fetchone()[0]
        finally:
            database.close()

    def assert_served(self):
        """All that was published, to the byte; and tokens."""
        for kid, pem in self.kept["served"].items():
            self.assertEqual(self.server.get("/" + kid).body.decode(), pem)
        for issuer in self.kept["issuers"]:
            answer = self.server.local_rpc("TokenService/MintToken",
                                           {"issuer": issuer, "audience": ["test/api"]})
            self.assertEqual(answer.status, 200, answer.json)
            checked = self.server.local_rpc("TokenService/VerifyToken", {
                "token": answer.json["token"], "audiences": ["test/api"]})
            self.assertEqual(checked.status, 200, checked.json)
        if "api_key" in self.kept:
            answer = self.server.rpc("TokenService/MintToken", {
                "issuer": "orders", "audience": ["test/api"]}, bearer=self.kept["api_key"])
            self.assertEqual(answer.status, 200, answer.json)
        self.assertEqual(self.server.ctl_raw("audit", "verify").returncode, 0)

    def assert_checked(self):
        status, said = self.command("check")
        self.assertEqual(status, 0, said)

    def test_every_schema_that_a_version_had_is_stored(self):
        self.assertEqual([int(name) for name in STORED_VERSIONS],
                         [n for n in range(1, NEWEST + 1) if n not in NEVER_ALONE],
                         "tests/upgrade/store.py stores one")

    def test_each_is_migrated_once_and_served_to_the_byte(self):
        for version in VERSIONS:
            with self.subTest(version):
                self.lay_out(version)
                self.assertEqual(self.schema(), int(version))
                self.server.start()
                applied = re.findall(r"applied migration (\d+)_", self.server.log())
                self.assertEqual([int(n) for n in applied],
                                 list(range(int(version) + 1, NEWEST + 1)))
                self.assert_served()
                self.assert_checked()
                self.server.stop()
                self.server.start()
                self.assertNotIn("applied migration", self.server.log())
                self.server.ctl("issuer", "create", "after/upgrade", "--algorithm", "ES256")
                self.server.stop()
                self.assertEqual(self.schema(), NEWEST)

    def test_a_migration_that_is_killed_is_done_by_the_next(self):
        for version in STORED_VERSIONS[:1]:
            for delay in DELAYS:
                self.lay_out(version)
                process = subprocess.Popen([ASAPD, "migrate", "--config", self.config],
                                           env=self.server.environment,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    process.wait(delay)
                except subprocess.TimeoutExpired:
                    process.kill()
                process.wait()
                status, said = self.command("migrate")
                self.assertEqual((status, "has schema %d" % NEWEST in said), (0, True), said)
                self.assert_checked()
            self.server.start()
            self.assert_served()
            self.server.stop()

    def test_until_it_is_migrated_nothing_else_is_done_with_it(self):
        self.lay_out(STORED_VERSIONS[0])
        for command in (("check",), ("backup", os.path.join(self.server.root, "backup"))):
            status, said = self.command(*command)
            self.assertEqual((status, "run asapd migrate" in said), (1, True), said)
        self.assertEqual(self.schema(), int(STORED_VERSIONS[0]))

    def test_a_backup_of_an_earlier_version_is_migrated_when_it_is_restored(self):
        for version in VERSIONS:
            with self.subTest(version):
                self.lay_out(version)
                backup = os.path.join(self.server.root, "backup")
                os.rename(self.database, backup)
                status, said = self.command("restore", backup)
                self.assertEqual(status, 0, said)
                status, said = self.command("check", "--accept-restore", "--accept-misses")
                self.assertEqual(status, 0, said)
                self.server.start()
                self.assert_served()
                self.server.stop()

    def test_the_database_of_a_later_version_is_refused_and_left_as_it_is(self):
        self.lay_out(STORED_VERSIONS[-1])
        database = sqlite3.connect(self.database)
        database.execute("PRAGMA user_version = %d" % (NEWEST + 1))
        database.close()
        for command in (("serve",), ("migrate",), ("check",),
                        ("backup", os.path.join(self.server.root, "backup")),
                        ("rekey", "--new-kek", os.path.join(self.server.root, "kek"))):
            status, said = self.command(*command)
            self.assertEqual((status, "is from a newer asapd" in said), (1, True), said)
        self.assertEqual(self.schema(), NEWEST + 1)


if __name__ == "__main__":
    main()

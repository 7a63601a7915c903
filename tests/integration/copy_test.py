# SPDX-License-Identifier: Apache-2.0
"""The database of a real asapd from one place to another."""

import os
import sqlite3

from database import Postgres
from harness import ServerTest, main

ISSUER = "payments/api"


def dump(path, table):
    database = sqlite3.connect(path)
    try:
        return database.execute("SELECT * FROM %s ORDER BY 1" % table).fetchall()
    finally:
        database.close()


class CopyTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.config = self.server.path("asapd.conf")
        self.database = self.server.path("asapd.db")
        self.copied = os.path.join(self.server.root, "copied.db")
        self.fill()

    def fill(self):
        """Something in every table."""
        self.server.ctl("issuer", "create", ISSUER, "--algorithm", "ES256")
        self.server.ctl("issuer", "create", "gone/api", "--external")
        self.server.ctl("issuer", "delete", "gone/api")
        self.server.ctl("key", "rotate", ISSUER)
        self.api_key = self.new_caller("ci", "--verb", "mint", "--issuer", ISSUER, "--audience",
                                       "orders/*")
        self.server.set_clock(22)
        self.token = self.mint(self.api_key).json["token"]

    def mint(self, key):
        return self.server.rpc("TokenService/MintToken",
                               {"issuer": ISSUER, "audience": ["orders/api"]}, bearer=key)

    def command(self, name, *arguments):
        done = self.server.asapd(name, "--config", self.config, *arguments)
        return done.returncode, done.stdout + done.stderr

    def copy(self, target=None):
        return self.command("copy", "--from", "sqlite:" + self.database,
                            "--to", "sqlite:" + (target or self.copied))

    def tables(self):
        return [row[1] for row in dump(self.database, "sqlite_schema")
                if row[0] == "table" and not row[1].startswith("sqlite_")]


class Copy(CopyTest):
    def test_every_row_of_every_table_arrives(self):
        self.server.stop()
        before = {table: dump(self.database, table) for table in self.tables()}
        for table, rows in before.items():
            self.assertTrue(rows, table + " is empty, which proves nothing of it")
        self.assertEqual(self.copy()[0], 0)
        after = {table: dump(self.copied, table) for table in before}
        recorded = after["audit_event"].pop()
        self.assertIn("asap.v1.Server/Copy", recorded)
        for table in set(before) - {"server", "server_value", "audit_head"}:
            self.assertEqual(after[table], before[table], table)
        self.assertEqual([row for row in after["server_value"] if row[0] != "mark"],
                         before["server_value"])

    def test_it_is_served_as_before_and_the_old_one_is_not(self):
        head = self.server.ctl_json("audit", "verify")["head"]
        keys = self.server.ctl_json("key", "list", ISSUER)["keys"]
        served = {k["keyId"]: self.server.get("/" + k["keyId"]).body for k in keys}
        self.server.stop()
        status, said = self.copy()
        self.assertEqual(status, 0, said)
        refused = self.server.asapd("serve", "--config", self.config)
        self.assertEqual((refused.returncode, "was moved by asapd copy" in refused.stderr),
                         (1, True), refused.stderr)
        self.server.start("--database", "sqlite:" + self.copied)
        self.assertEqual({k: self.server.get("/" + k).body for k in served}, served)
        self.assertEqual(self.mint(self.api_key).status, 200)
        self.assertEqual(self.server.local_rpc("TokenService/VerifyToken", {
            "token": self.token, "audiences": ["orders/api"]}).status, 200)
        self.assertEqual(self.server.ctl_raw("audit", "verify", "--head", head).returncode, 0)
        self.server.ctl("key", "rotate", ISSUER)
        self.server.ctl("issuer", "create", "another/api", "--algorithm", "ES256")

    def test_the_way_back_is_to_accept_the_old_one(self):
        self.server.stop()
        self.assertEqual(self.copy()[0], 0)
        status, said = self.command("check", "--accept-restore", "--accept-misses")
        self.assertEqual(status, 0, said)
        self.server.start()
        self.assertEqual(self.mint(self.api_key).status, 200)

    def test_no_server_may_run_and_the_target_must_be_new(self):
        status, said = self.copy()
        self.assertEqual((status, "stop asapd first" in said), (1, True), said)
        self.server.stop()
        self.assertFalse(os.path.exists(self.copied))
        other = os.path.join(self.server.root, "other")
        self.server.asapd("init", "--dir", other)
        status, said = self.copy(os.path.join(other, "asapd.db"))
        self.assertEqual((status, "is not empty" in said), (1, True), said)
        status, said = self.copy(self.database)
        self.assertEqual(status, 1, said)
        self.server.start()
        self.assertEqual(self.mint(self.api_key).status, 200)

    def test_an_original_with_a_problem_stays_where_it_is(self):
        self.server.stop()
        with sqlite3.connect(self.database) as database:
            database.execute("UPDATE audit_event SET message = 'forged' WHERE sequence = 1")
        database.close()
        status, said = self.copy()
        self.assertEqual((status, "stays where it is" in said), (1, True), said)
        self.server.start()
        self.server.stop()
        self.server.start("--database", "sqlite:" + self.copied)
        self.assertEqual(self.server.local_rpc("TokenService/MintToken", {
            "issuer": ISSUER, "audience": ["orders/api"]}).status, 400)

    def test_a_copy_is_made_once(self):
        self.server.stop()
        self.assertEqual(self.copy()[0], 0)
        status, said = self.copy(self.copied + ".second")
        self.assertEqual((status, "was moved by asapd copy" in said), (1, True), said)


class ToPostgres(CopyTest):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.close)

    def setUp(self):
        super().setUp()
        self.target = self.postgres.make_database()
        self.fit_times()

    def fit_times(self):
        """On PostgreSQL, others may publish."""
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace("publish_lead = 21s", "publish_lead = 26s")
                       + "replica_lag = 5s\n")

    def move(self, source, target):
        status, said = self.command("copy", "--from", source, "--to", target)
        self.assertEqual(status, 0, said)

    def test_a_repository_moves_there_and_back_and_goes_on_in_both(self):
        head = self.server.ctl_json("audit", "verify")["head"]
        keys = [k["keyId"] for k in self.server.ctl_json("key", "list", ISSUER)["keys"]]
        served = {k: self.server.get("/" + k).body for k in keys}
        self.server.stop()
        self.move("sqlite:" + self.database, self.target)
        self.go_on(self.target, served, head)
        self.move(self.target, "sqlite:" + self.copied)
        self.go_on("sqlite:" + self.copied, served, head)
        for old in ("sqlite:" + self.database, self.target):
            refused = self.server.asapd("serve", "--config", self.config, "--database", old)
            self.assertIn("was moved by asapd copy", refused.stderr)

    def go_on(self, database, served, head):
        """Serves from there; new rows have ids of their own."""
        self.server.start("--database", database)
        self.assertEqual({k: self.server.get("/" + k).body for k in served}, served)
        self.assertEqual(self.mint(self.api_key).status, 200)
        self.assertEqual(self.server.ctl_raw("audit", "verify", "--head", head).returncode, 0)
        name = "another/%d" % len(self.server.ctl_json("issuer", "list")["issuers"])
        self.server.ctl("issuer", "create", name, "--algorithm", "ES256")
        self.new_caller(name.replace("/", "-"), "--verb", "mint", "--issuer", name,
                        "--audience", "orders/*")
        status, said = self.command("check", "--database", database)
        self.assertEqual(status, 0, said)
        self.server.stop()

    def test_while_it_is_served_there_it_is_backed_up_and_checked_and_nothing_else(self):
        self.server.stop()
        self.move("sqlite:" + self.database, self.target)
        self.server.start("--database", self.target)
        there = ("--database", self.target)
        backup = os.path.join(self.server.root, "backup")
        self.assertEqual(self.command("check", *there)[0], 0)
        self.assertEqual(self.command("backup", *there, backup)[0], 0)
        for command in (("migrate",), ("rekey", "--new-kek", backup + ".kek"),
                        ("check", "--accept-restore")):
            status, said = self.command(*command, *there)
            self.assertEqual((status, "another process uses it" in said), (1, True), said)
        self.assertEqual(dump(backup, "key"), dump(self.database, "key"))
        self.assertEqual(self.mint(self.api_key).status, 200)

    def test_a_backup_is_restored_there_and_does_not_sign_before_it_is_accepted(self):
        backup = os.path.join(self.server.root, "backup")
        self.assertEqual(self.command("backup", backup)[0], 0)
        self.server.stop()
        there = ("--database", self.target)
        status, said = self.command("restore", *there, backup)
        self.assertEqual(status, 0, said)
        self.server.start(*there)
        self.assertEqual(self.mint(self.api_key).status, 400)
        self.server.stop()
        self.assertEqual(self.command("check", "--accept-restore", "--accept-misses",
                                      *there)[0], 0)
        self.server.start(*there)
        self.assertEqual(self.mint(self.api_key).status, 200)
        self.server.stop()
        status, said = self.command("restore", *there, backup)
        self.assertEqual((status, "is not empty" in said), (1, True), said)

    def test_it_is_under_another_kek_after_a_rekey_there(self):
        self.server.stop()
        self.move("sqlite:" + self.database, self.target)
        kek = self.server.path("kek.new")
        status, said = self.command("rekey", "--database", self.target, "--new-kek", kek)
        self.assertEqual(status, 0, said)
        self.server.start("--database", self.target, "--kek-file", kek)
        self.assertEqual(self.mint(self.api_key).status, 200)

    def test_no_password_of_a_url_is_told(self):
        self.server.stop()
        secret = self.target.replace("asapd@", "asapd:pa55word@")
        done = self.server.asapd("copy", "--config", self.config, "--from",
                                 "sqlite:" + self.database, "--to", secret)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("pa55word", done.stdout + done.stderr)


if __name__ == "__main__":
    main()

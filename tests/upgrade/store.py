#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keeps a database of a release, so that every later version is tested to open it. At a release
whose schema is new (the number of the last file in migrations/sqlite), after building it:
    tests/upgrade/store.py build/release/server/asapd build/release/client/asapctl/asapctl
runs a session of half a minute with these programs and writes tests/upgrade/NNNN/: the database as
SQL, its KEK, which is worth nothing elsewhere, and what was served. Commit that."""

import json
import os
import re
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
LEAD = 21  # seconds from a rotation to the first signature, with --demo


class Session:
    def __init__(self, asapd, asapctl, root):
        self.asapd, self.asapctl = asapd, asapctl
        self.dir = os.path.join(root, "demo")
        self.log = os.path.join(root, "log")
        self.private = os.path.join(root, "private")
        subprocess.run([asapd, "init", "--dir", self.dir, "--demo",
                        "--public-listen", "https://127.0.0.1:0",
                        "--ops-listen", "http://127.0.0.1:0"], check=True, stdout=sys.stderr)

    def start(self):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.asapd, "serve", "--config", self.dir + "/asapd.conf"],
                                            stderr=log)
        while "ops listens" not in self.said():
            time.sleep(0.05)
        self.url = re.search(r"public listens on (https://\S+)", self.said()).group(1)

    def said(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def ctl(self, *arguments):
        environment = dict(os.environ, ASAPCTL_SERVER="unix:%s/admin.sock" % self.dir)
        done = subprocess.run([self.asapctl, *arguments], env=environment, check=True, text=True,
                              stdout=subprocess.PIPE)
        return done.stdout

    def knows(self, *command):
        """Whether this release has the command."""
        return subprocess.run([self.asapctl, *command, "--help"], capture_output=True,
                              check=False).returncode == 0

    def keys(self, issuer):
        answer = json.loads(self.ctl("key", "list", issuer, "--output", "json"))
        return [key["keyId"] for key in answer.get("keys", ())]

    def fetch(self, kid):
        tls = ssl.create_default_context(cafile=self.dir + "/ca.pem")
        with urllib.request.urlopen("%s/%s" % (self.url, kid), context=tls) as answer:
            return answer.read().decode()


def use(session):
    """What users do; what a release cannot do yet is left out. Returns what is to be kept."""
    kept = {"issuers": ["payments/api", "orders"]}
    session.ctl("issuer", "create", "payments/api")
    session.ctl("issuer", "create", "orders", "--algorithm", "ES256")
    session.ctl("issuer", "create", "web", "--external")
    session.ctl("key", "rotate", "payments/api")
    for _ in range(2):
        session.ctl("key", "generate", "web", "--private-dir", session.private, "--now")
    session.ctl("key", "revoke", session.keys("web")[0], "--reason", "a test")
    if session.knows("caller", "create"):
        session.ctl("caller", "create", "ci")
        kept["api_key"] = session.ctl("credential", "create", "ci", "--api-key").strip()
        session.ctl("grant", "create", "ci", "--verb", "mint", "--issuer", "orders",
                    "--audience", "test/*")
    if session.knows("token", "mint"):
        session.ctl("token", "mint", "orders", "--audience", "test/api")
    time.sleep(LEAD + 2)
    session.ctl("key", "rotate", "orders")
    kept["served"] = {kid: session.fetch(kid) for issuer in ("payments/api", "orders", "web")
                      for kid in session.keys(issuer)}
    kept["now"] = int(time.time())
    return kept


def dump(path, out):
    """The schema's number."""
    database = sqlite3.connect(path)
    (schema,), = database.execute("PRAGMA user_version")
    (application,), = database.execute("PRAGMA application_id")
    with open(out, "w", encoding="utf-8") as file:
        file.write("PRAGMA application_id = %d;\nPRAGMA user_version = %d;\n"
                   % (application, schema))
        for line in database.iterdump():
            file.write(line + "\n")
    database.close()
    return schema


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root = tempfile.mkdtemp(prefix="asap")
    try:
        session = Session(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), root)
        session.start()
        try:
            kept = use(session)
        finally:
            session.stop()
        schema = dump(session.dir + "/asapd.db", root + "/database.sql")
        folder = os.path.join(HERE, "%04d" % schema)
        os.mkdir(folder)
        shutil.copy(root + "/database.sql", folder)
        shutil.copy(session.dir + "/kek", folder)
        os.chmod(folder + "/kek", 0o644)
        with open(folder + "/kept.json", "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1, sort_keys=True)
            file.write("\n")
        print("wrote " + folder)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()

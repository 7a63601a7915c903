# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL for one test program: databases to make in it."""

import os
import subprocess

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support")


class Postgres:
    """Runs until close(), by the command `how` if that is given; every database is new."""

    def __init__(self, *how):
        self.process = subprocess.Popen(
            [*how, os.path.join(SUPPORT, "postgres.sh"), "sh", "-c", 'echo "$ASAP_TEST_POSTGRES"; cat'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.count = 0
        if not self.url:
            raise AssertionError("PostgreSQL does not start")

    def make_database(self):
        """The URL of an empty database."""
        self.count += 1
        name = "test_%d" % self.count
        self.run(self.url, "CREATE DATABASE " + name)
        return self.url.replace("/postgres?", "/%s?" % name)

    @staticmethod
    def run(url, sql):
        """What the statement answers, a tuple of texts for each row."""
        done = subprocess.run(["psql", "--no-psqlrc", "-qAt", "-F", "\x1f", "-c", sql, url],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return [tuple(line.split("\x1f")) for line in done.stdout.splitlines()]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

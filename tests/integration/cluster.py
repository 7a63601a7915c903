# SPDX-License-Identifier: Apache-2.0
"""Several asapd on one PostgreSQL, which is a host of its own: a network namespace with a cable to
each of them, which can be cut."""

import contextlib
import glob
import os
import re
import signal
import subprocess
import sys

from database import Postgres
from harness import PATIENCE, main, until
from promise import Instance

LOCK = 1095975248  # whoever changes something holds it; see server/store/postgres.h
PASSWORD = "of-the-test"


def main_in_own_network():
    """Runs the tests in a network namespace that ends with them."""
    if "ASAP_TEST_NETWORK" in os.environ:
        command("ip", "link", "set", "lo", "up")
        main()
        return
    how = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    probe = subprocess.run(["unshare", *how, "--net", "true"], check=False)
    if probe.returncode != 0:
        sys.exit("cluster: network namespaces cannot be made here: run this as root, or allow users"
                 " to make them")
    os.execvpe("unshare", ["unshare", *how, "--net", sys.executable, *sys.argv],
               dict(os.environ, ASAP_TEST_NETWORK="own"))


def command(*arguments):
    """A program that must succeed; its output."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(" ".join(arguments) + ": " + done.stderr)
    return done.stdout


class Database(Postgres):
    def __init__(self, cables):
        super().__init__("unshare", "--net")
        self.folder = self.url.partition("host=")[2]
        self.pg_ctl = max(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"))
        self.there = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]
        command(*self.there, "ip", "link", "set", "lo", "up")
        for cable in range(cables):
            self.lay(cable)
        self.listen()
        self.run(self.url, f"CREATE ROLE keys LOGIN PASSWORD '{PASSWORD}'")
        self.run(self.url, "CREATE DATABASE keys OWNER keys ENCODING 'UTF8' TEMPLATE template0")
        self.keys = self.url.replace("/postgres?", "/keys?")  # for the superuser

    # The network

    def lay(self, cable):
        """The nodes know the database's hardware address for good, so that what they send over a
        cable that was cut is lost without a word."""
        here, there = f"node{cable}", f"cable{cable}"
        command("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns",
                str(self.process.pid))
        command("ip", "address", "add", f"10.9.{cable}.2/24", "dev", here)
        command("ip", "link", "set", here, "up")
        command(*self.there, "ip", "address", "add", f"10.9.{cable}.1/24", "dev", there)
        self.heal(cable)
        shown = command(*self.there, "ip", "-oneline", "link", "show", there)
        command("ip", "neighbour", "replace", f"10.9.{cable}.1", "dev", here, "nud", "permanent",
                "lladdr", re.search(r"link/ether (\S+)", shown)[1])

    def cut(self, cable):
        command(*self.there, "ip", "link", "set", f"cable{cable}", "down")

    def heal(self, cable):
        command(*self.there, "ip", "link", "set", f"cable{cable}", "up")

    def url_over(self, cable):
        return f"postgresql://keys:{PASSWORD}@10.9.{cable}.1/keys"

    # The server

    def control(self, *arguments):
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        return subprocess.run([*self.there, *as_postgres, self.pg_ctl, "-w",
                               "-D", os.path.join(self.folder, "data"),
                               "-l", os.path.join(self.folder, "log"), *arguments],
                              cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False)

    def listen(self):
        with open(os.path.join(self.folder, "data/postgresql.conf"), "a",
                  encoding="utf-8") as settings:
            settings.write("listen_addresses = '*'\n")
        with open(os.path.join(self.folder, "data/pg_hba.conf"), "a", encoding="utf-8") as access:
            access.write("host keys keys 10.9.0.0/16 scram-sha-256\n")
        self.stop()
        self.start()

    def stop(self):
        """Whoever is connected is sent away."""
        if self.control("-m", "fast", "stop").returncode != 0:
            raise AssertionError("PostgreSQL does not stop")

    def crash(self):
        with open(os.path.join(self.folder, "data/postmaster.pid"), encoding="ascii") as file:
            os.kill(int(file.readline()), signal.SIGKILL)

    def start(self):
        """After a crash, once the processes of before have noticed it."""
        until(lambda: self.control("start").returncode == 0, "PostgreSQL to start")

    # What it knows

    def generation(self):
        return int(self.run(self.keys, "SELECT generation FROM server")[0][0])

    def waits(self, cable):
        """Whether the node at this cable waits for the lock on all changes."""
        return self.run(self.keys, "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE"
                        f" locktype = 'advisory' AND objid = {LOCK} AND NOT granted"
                        f" AND client_addr = '10.9.{cable}.2'") != []

    @contextlib.contextmanager
    def locked(self):
        """All changes wait meanwhile, in the order in which they came."""
        holder = subprocess.Popen(["psql", "--no-psqlrc", "-qAt", self.keys], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            holder.stdin.write(f"SELECT 'held' FROM pg_advisory_lock({LOCK});\n")
            holder.stdin.flush()
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.stdin.close()
            holder.stdout.close()
            holder.wait(timeout=PATIENCE)


class Node(Instance):
    """One of the asapd, at the end of a cable. Trouble is counted as it begins and as it ends, so
    that an odd number says that there is some."""

    def __init__(self, database, cable, *settings, like=None):
        if like is None:
            settings = (*settings, "--database", database.url_over(cable))
        super().__init__(*settings, like=like)
        self.cable = cable
        self.environment["ASAPD_DATABASE"] = database.url_over(cable)
        self.trouble = 0

    def generation(self):
        """Of the keys that it serves."""
        return int(self.local_rpc("Server/GetStatus", {}).json["generation"])

    def answers(self, path):
        return self.get("/" + path).status

# SPDX-License-Identifier: Apache-2.0
"""A real asapd in a directory of its own, on free ports, with a clock that the test moves."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ["ASAP_BUILD_DIR"]
ASAPD = os.path.join(BUILD, "tests/programs/asapd_shifted")
ASAPCTL = os.path.join(BUILD, "tests/programs/asapctl_shifted")
PATIENCE = 60  # seconds until something that must happen counts as not happening


def run(*command, **options):
    """Runs a program to its end; the result has returncode, stdout and stderr as text."""
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, **options)


def until(condition, what):
    """Waits for something that another process brings about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain: " + what)
        time.sleep(0.02)


class Response:
    def __init__(self, raw, body):
        self.status = raw.status
        self.headers = raw.headers
        self.body = body

    def __getitem__(self, name):
        return self.headers[name]


def exchange(connection, method, request, headers):
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    try:
        connection.request("POST", "/asap.v1." + method, body, headers)
        raw = connection.getresponse()
        answer = Response(raw, raw.read())
        answer.json = json.loads(answer.body)
        return answer
    finally:
        connection.close()


def reason_of(answer):
    """The reason in a failure's ErrorInfo."""
    for detail in answer.json.get("details", ()):
        if detail["type"] == "google.rpc.ErrorInfo":
            return detail["debug"]["reason"]
    return None


class Server:
    """asapd init and asapd serve; extra settings are flags of init, so they land in the file. Or a
    server `like` another one: on its clock, from a copy of what init made."""

    def __init__(self, *settings, like=None):
        # Short: the path of a Unix socket has at most 107 bytes.
        self.root = tempfile.mkdtemp(prefix="asap")
        self.dir = os.path.join(self.root, "demo")
        self.clock_file = os.path.join(self.root, "clock") if like is None else like.clock_file
        self.process = None
        self.addresses = {}
        self.environment = dict(os.environ, ASAP_TEST_CLOCK=self.clock_file)
        if like is not None:
            shutil.copytree(like.dir, self.dir)
            return
        self.set_clock(0)
        made = self.asapd("init", "--dir", self.dir, "--demo",
                          "--public-listen", "https://127.0.0.1:0",
                          "--ops-listen", "http://127.0.0.1:0", *settings)
        if made.returncode != 0:
            raise AssertionError(made.stderr)

    def path(self, name):
        return os.path.join(self.dir, name)

    def asapd(self, *arguments):
        return run(ASAPD, *arguments, env=self.environment)

    def set_clock(self, seconds):
        """Moves the server's clock to `seconds` after the real one, at once."""
        with open(self.clock_file + ".new", "w", encoding="ascii") as file:
            file.write(str(seconds))
        os.rename(self.clock_file + ".new", self.clock_file)

    # The daemon

    def start(self, *flags, expect_ready=True):
        self.log_path = os.path.join(self.root, "log")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [ASAPD, "serve", "--config", self.path("asapd.conf"), *flags],
                stderr=log, env=self.environment)
        if expect_ready:
            until(lambda: "ops listens" in self.log() or self.process.poll() is not None,
                  "asapd to listen")
            if self.process.poll() is not None:
                raise AssertionError(self.log())
            for name, address in re.findall(r"(\w+) listens on (\S+?)\"?\}?$", self.log(), re.M):
                self.addresses[name] = address
        return self

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def stop(self, how=signal.SIGTERM):
        """Ends the daemon and returns its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(timeout=PATIENCE)
        self.process = None
        return status

    def close(self):
        """Ends the daemon in order, so that its sanitizers have their say at the end."""
        try:
            if self.stop() not in (None, 0):
                raise AssertionError("asapd ended badly:\n" + self.log())
        finally:
            if self.process is not None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.root)

    # Its surfaces

    def ctl_raw(self, *arguments, **options):
        environment = dict(self.environment, ASAPCTL_SERVER="unix:" + self.path("admin.sock"))
        return run(ASAPCTL, *arguments, env=environment, **options)

    def ctl(self, *arguments):
        """asapctl that must succeed; its output as text."""
        done = self.ctl_raw(*arguments)
        if done.returncode != 0:
            raise AssertionError(" ".join(arguments) + ": " + done.stderr)
        return done.stdout

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--output", "json"))

    @property
    def url(self):
        return self.addresses["public"]

    def address(self, name="public"):
        host, port = re.fullmatch(r"https?://(.*):(\d+)", self.addresses[name]).groups()
        return host.strip("[]"), int(port)

    def tls(self):
        return ssl.create_default_context(cafile=self.path("ca.pem"))

    def connect(self):
        """A TLS connection to write raw bytes to."""
        plain = socket.create_connection(self.address(), timeout=PATIENCE)
        return self.tls().wrap_socket(plain, server_hostname="localhost")

    def request(self, method, path, headers=None, body=None):
        host, port = self.address()
        connection = http.client.HTTPSConnection(host, port, context=self.tls(), timeout=PATIENCE)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            raw = connection.getresponse()
            return Response(raw, raw.read())
        finally:
            connection.close()

    def rpc(self, method, request, bearer=None, certificate=None, headers=None):
        """Calls asap.v1.METHOD in JSON over HTTPS; `certificate` is a file with its key. The answer
        has .json beside what a Response has."""
        host, port = self.address()
        context = self.tls()
        if certificate is not None:
            context.load_cert_chain(certificate)
        fields = {"Content-Type": "application/json", **(headers or {})}
        if bearer is not None:
            fields["Authorization"] = "Bearer " + bearer
        connection = http.client.HTTPSConnection(host, port, context=context, timeout=PATIENCE)
        return exchange(connection, method, request, fields)

    def local_rpc(self, method, request, headers=None):
        """The same over the admin socket, as the user of this process."""
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.path("admin.sock"))
        return exchange(connection, method, request,
                        {"Content-Type": "application/json", **(headers or {})})

    def get(self, path, **headers):
        return self.request("GET", path, {k.replace("_", "-"): v for k, v in headers.items()})

    def ops(self, path):
        connection = http.client.HTTPConnection(*self.address("ops"), timeout=PATIENCE)
        try:
            connection.request("GET", path)
            raw = connection.getresponse()
            return Response(raw, raw.read())
        finally:
            connection.close()


class ServerTest(unittest.TestCase):
    """A test case with one running server, new for each test unless a class keeps it."""

    settings = ()

    def setUp(self):
        self.server = Server(*self.settings)
        self.addCleanup(self.server.close)
        self.server.start()

    def assertFails(self, answer, status, code, reason=None):
        """That a call was refused in this way; its message."""
        self.assertEqual((answer.status, answer.json.get("code"), reason_of(answer)),
                         (status, code, reason), answer.json)
        return answer.json["message"]

    def new_caller(self, name, *grant):
        """A caller with an API key and, if `grant` says which, a grant; the key."""
        self.server.ctl("caller", "create", name)
        if grant:
            self.server.ctl("grant", "create", name, *grant)
        return self.server.ctl("credential", "create", name, "--api-key").strip()

    def active_key(self, issuer, server=None):
        keys = (server or self.server).ctl_json("key", "list", issuer)["keys"]
        return next(k["keyId"] for k in keys if k["state"] == "KEY_STATE_ACTIVE")


def main():
    unittest.main(verbosity=2)

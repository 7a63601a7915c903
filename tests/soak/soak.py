#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A working day of asapd in some minutes: services mint and fetch keys without a pause while keys
rotate, grants change and certificates are read again, and the clock runs ahead an hour with each
round. No request may fail, and neither memory nor descriptors may grow from the first third on.

    soak.py [SECONDS]    600 unless said; ASAP_BUILD_DIR is the build tree, without sanitizers

Prints the figures of each tenth, and a line with all of them at the end."""

import contextlib
import http.client
import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../integration"))
from harness import Server  # noqa: E402

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 600
SAMPLES = 10
STEP = 3600  # seconds that the clock leaps with each sample
GROWTH_MAX = 1.05
ISSUERS = {"payments/api": "RS256", "web": "ES256", "batch": "EdDSA"}


class Client:
    """A thread with a connection that it keeps."""

    def __init__(self, soak, work):
        self.soak, self.work = soak, work
        self.connection = None
        self.lock = threading.Lock()  # held during a request
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.soak.over.is_set():
            try:
                with self.lock:
                    self.work(self)
            except (OSError, http.client.HTTPException, ValueError) as failure:
                self.soak.failures.append(f"{self.work.__name__}: {failure!r}")
                self.connection = None

    def request(self, method, path, body=None, headers=None):
        """The server may close a connection that has been idle or old; never one in use."""
        if self.connection is None:
            host, port = self.soak.server.address()
            self.connection = http.client.HTTPSConnection(host, port, timeout=60,
                                                          context=self.soak.tls)
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.getheader("Connection", "").lower() == "close":
            self.connection.close()
            self.connection = None
        return answer.status, content


class Soak:
    def __init__(self):
        self.server = Server("--calls-per-minute", "0").start()
        self.tls = self.server.tls()
        self.over = threading.Event()
        self.failures, self.minted, self.fetched, self.rounds = [], 0, 0, 0
        self.keys, self.clients = [], []
        for issuer, algorithm in ISSUERS.items():
            self.server.ctl("issuer", "create", issuer, "--algorithm", algorithm)
        self.server.ctl("caller", "create", "ci")
        self.api_key = self.server.ctl("credential", "create", "ci", "--api-key").strip()
        for issuer in ISSUERS:
            self.server.ctl("grant", "create", "ci", "--verb", "mint", "--issuer", issuer,
                            "--audience", "orders/*")
        self.renew_keys()

    def renew_keys(self):
        self.keys = [key["keyId"] for issuer in ISSUERS
                     for key in self.server.ctl_json("key", "list", issuer)["keys"]
                     if key["state"] in ("KEY_STATE_ACTIVE", "KEY_STATE_STANDBY")]

    def mint(self, client):
        issuer = list(ISSUERS)[self.minted % len(ISSUERS)]
        status, content = client.request(
            "POST", "/asap.v1.TokenService/MintToken",
            json.dumps({"issuer": issuer, "audience": ["orders/api"]}),
            {"Content-Type": "application/json", "Authorization": "Bearer " + self.api_key})
        # A change of keys or grants in the same moment is told as such, to be asked again.
        if status == 200:
            self.minted += 1
        elif status not in (409, 503):
            self.failures.append(f"mint: {status} {content[:200]}")

    def fetch(self, client):
        keys = self.keys
        kid = keys[self.fetched % len(keys)]
        status, content = client.request("GET", "/" + kid)
        self.fetched += 1
        if status != 200:
            self.failures.append(f"{kid}: {status} {content[:200]}")

    def leap(self):
        """Between requests: one that began an hour ago is one too old to be recorded."""
        with contextlib.ExitStack() as stack:
            for client in self.clients:
                stack.enter_context(client.lock)
            self.server.set_clock(self.rounds * STEP)

    def change(self):
        """What operators do, once a round."""
        self.rounds += 1
        self.leap()
        self.server.process.send_signal(signal.SIGHUP)
        for issuer in ISSUERS:
            self.server.ctl("key", "rotate", issuer)
        self.server.ctl("caller", "create", f"team-{self.rounds}")
        self.server.ctl("grant", "create", f"team-{self.rounds}", "--verb", "rotate",
                        "--issuer", "web")
        self.renew_keys()

    def sample(self):
        pid = self.server.process.pid
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        return int(fields["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd"))

    def run(self):
        self.clients = [Client(self, work) for work in [self.mint] * 2 + [self.fetch] * 2]
        samples = []
        for number in range(SAMPLES):
            until = time.monotonic() + SECONDS / SAMPLES
            self.change()
            while time.monotonic() < until and self.server.process.poll() is None:
                time.sleep(0.1)
            samples.append(self.sample())
            print(f"soak: {(number + 1) * SECONDS // SAMPLES} s, {self.minted} minted, "
                  f"{self.fetched} fetched, {samples[-1][0]} KiB, {samples[-1][1]} descriptors, "
                  f"{len(self.failures)} failures", flush=True)
        self.over.set()
        for client in self.clients:
            client.thread.join()
        return samples

    def judge(self, samples):
        early, last = samples[SAMPLES // 3], samples[-1]
        if last[0] > early[0] * GROWTH_MAX:
            self.failures.append(f"memory grew from {early[0]} to {last[0]} KiB")
        if last[1] > early[1] + 4:
            self.failures.append(f"descriptors grew from {early[1]} to {last[1]}")
        if "intact" not in self.server.ctl("audit", "verify"):
            self.failures.append("the audit log is not intact")
        for failure in self.failures[:20]:
            print("soak: " + failure, file=sys.stderr)
        print(f"soak: {SECONDS} s, {self.minted} tokens, {self.fetched} keys, {self.rounds} rounds "
              f"of changes, memory x{last[0] / early[0]:.3f}, {len(self.failures)} failures")
        return 1 if self.failures else 0


def main():
    soak = Soak()
    try:
        status = soak.judge(soak.run())
    finally:
        soak.over.set()
        soak.server.close()
    sys.exit(status)


if __name__ == "__main__":
    main()

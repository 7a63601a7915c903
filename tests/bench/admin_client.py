#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls asapd through its admin socket and prints the milliseconds that each call took.

    admin_client.py ADMIN-SOCKET SERVICE/METHOD JSON [COUNT]
"""

import http.client
import socket
import sys
import time


class Admin(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=600)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def call(self, method, body):
        """Returns the answer's bytes; what is refused ends the program."""
        self.request("POST", "/asap.v1." + method, body, {"Content-Type": "application/json"})
        response = self.getresponse()
        said = response.read()
        if response.status != 200:
            raise SystemExit(f"{method}: {said.decode()}")
        return said


def main():
    admin = Admin(sys.argv[1])
    for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 1):
        begin = time.monotonic()
        admin.call(sys.argv[2], sys.argv[3])
        print(f"{(time.monotonic() - begin) * 1000:.3f}")


if __name__ == "__main__":
    main()

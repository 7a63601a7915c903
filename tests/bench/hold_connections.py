#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens connections that each have had one answer, says so, and holds them until its input ends.

    hold_connections.py URL COUNT

They come from as many loopback addresses as it takes, a thousand from each.
"""

import resource
import socket
import ssl
import sys
import urllib.parse

FROM_ONE_ADDRESS = 1000
SPARE = 64  # files of other kinds


def raise_file_limit(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + SPARE:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count + SPARE, max(hard, count + SPARE)))


def connect(url, number, context):
    source = ("127.0.1.%d" % (1 + number // FROM_ONE_ADDRESS), 0)
    connection = socket.create_connection((url.hostname, url.port), 60, source)
    if context is not None:
        connection = context.wrap_socket(connection)
    connection.sendall(f"GET {url.path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"connection {number} was not answered")
    return connection


def main():
    url = urllib.parse.urlsplit(sys.argv[1])
    count = int(sys.argv[2])
    context = None
    if url.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    raise_file_limit(count)
    held = [connect(url, number, context) for number in range(count)]
    print("ready", len(held), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

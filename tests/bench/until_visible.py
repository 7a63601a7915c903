#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Revokes keys one by one; prints the milliseconds until each is served no more.

    until_visible.py ADMIN-SOCKET URL PATH...
"""

import http.client
import json
import sys
import time
import urllib.parse

from admin_client import Admin


def is_served(public, path):
    public.request("GET", path)
    response = public.getresponse()
    response.read()
    return response.status == 200


def until_gone(admin, public, path):
    request = json.dumps({"keyId": path.lstrip("/"), "reason": "bench"})
    if not is_served(public, path):
        raise SystemExit(f"{path} is not served")
    begin = time.monotonic()
    admin.call("KeyAdmin/RevokeKey", request)
    while is_served(public, path):
        pass
    return (time.monotonic() - begin) * 1000


def main():
    admin = Admin(sys.argv[1])
    public = http.client.HTTPConnection(urllib.parse.urlsplit(sys.argv[2]).netloc, timeout=600)
    for path in sys.argv[3:]:
        print(f"{until_gone(admin, public, path):.3f}")


if __name__ == "__main__":
    main()

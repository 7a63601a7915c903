# SPDX-License-Identifier: Apache-2.0
"""The Python library of ASAP as one side of a comparison: see ../../library/side.h."""

import sys
import time

import atlassian_jwt_auth
from atlassian_jwt_auth.algorithms import get_permitted_algorithm_names
from atlassian_jwt_auth.key import BasePublicKeyRetriever


class Keys(BasePublicKeyRetriever):
    """One key that is at hand; the library itself keeps it parsed."""

    def __init__(self, key_id, pem):
        self.key_id = key_id
        self.pem = pem

    def retrieve(self, key_identifier, **_):
        if key_identifier.key_id != self.key_id:
            raise KeyError(key_identifier.key_id)
        return self.pem


class Verify:
    def __init__(self, folder, algorithm):
        def read(kind):
            with open(f"{folder}/{algorithm}.{kind}", encoding="ascii") as file:
                return file.read()

        self.verifier = atlassian_jwt_auth.JWTAuthVerifier(Keys(read("kid"), read("public")))
        self.token = read("token")
        self.forged = read("forged")
        self.audience = read("audience")

    def run(self, count):
        begin = time.process_time_ns()
        for _ in range(count):
            self.verifier.verify_jwt(self.token, self.audience)
        return time.process_time_ns() - begin

    def check(self):
        self.verifier.verify_jwt(self.token, self.audience)
        try:
            self.verifier.verify_jwt(self.forged, self.audience)
        except Exception:  # whichever of several libraries it is from
            return "right"
        return "wrong"


def main():
    prepared = {}
    for line in sys.stdin:
        operation, algorithm, count = line.split()
        if operation != "verify" or algorithm not in get_permitted_algorithm_names():
            print("absent", flush=True)
            continue
        if algorithm not in prepared:
            prepared[algorithm] = Verify(sys.argv[1], algorithm)
        verify = prepared[algorithm]
        print(verify.run(int(count)) if int(count) else verify.check(), flush=True)


main()

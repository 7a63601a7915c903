# SPDX-License-Identifier: Apache-2.0
"""The unmodified atlassian-jwt-auth as a service has it, with its cache, on a clock that tests can
move: of each line of standard input, a token, it says "ok", "refused" or "unavailable", and why.

    chaos_verifier.py AUDIENCE CACERT REPOSITORY < TOKENS"""

import datetime
import os
import sys
import time

import jwt.api_jwt
import requests
from atlassian_jwt_auth import JWTAuthVerifier
from atlassian_jwt_auth.key import HTTPSPublicKeyRetriever

system_time = time.time


def shifted_time():
    with open(os.environ["ASAP_TEST_CLOCK"], encoding="ascii") as file:
        return system_time() + int(file.read())


class ShiftedDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(shifted_time(), tz)


def is_network(error):
    while error is not None:
        if isinstance(error, (requests.ConnectionError, requests.Timeout)):
            return True
        error = error.__cause__ or error.__context__
    return False


def main():
    audience, ca_file, repository = sys.argv[1:]
    time.time = shifted_time  # of the cache
    jwt.api_jwt.datetime = ShiftedDatetime  # of exp and nbf
    verifier = JWTAuthVerifier(HTTPSPublicKeyRetriever(repository))
    for line in sys.stdin:
        try:
            verifier.verify_jwt(line.strip(), audience, leeway=5, verify=ca_file)
            print("ok", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            what = "unavailable" if is_network(error) else "refused"
            print(what, type(error).__name__, str(error).replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()

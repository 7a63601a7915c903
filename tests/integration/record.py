# SPDX-License-Identifier: Apache-2.0
"""The audit log as a test reads it, and what its order proves."""

import base64
import collections
import json


def jti_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["jti"]


class Record:
    def __init__(self):
        self.last = 0  # sequence
        self.ids = collections.Counter()  # of tokens and requests that succeeded
        self.signings = []  # events
        self.promotions = collections.defaultdict(dict)  # by issuer: key id -> first event
        self.by_schedule = collections.Counter()  # promotions of keys

    def read_on(self, instance):
        """What was added since, seen through this instance."""
        while True:
            answer = instance.local_rpc("AuditLog/ListEvents",
                                        {"afterSequence": self.last, "pageSize": 1000})
            assert answer.status == 200, f"the record cannot be read: {answer.json}"
            for event in answer.json.get("events", []):
                self.add(event)
            if not answer.json.get("nextPageToken"):
                return

    def add(self, event):
        assert int(event["sequence"]) == self.last + 1, "a gap in the record"
        self.last += 1
        if event["result"] != "ok":
            return
        self.ids.update({i for i in (event.get("tokenId"), event.get("requestId")) if i})
        method = event["method"].rpartition("/")[2]
        if method == "MintToken":
            self.signings.append(event)
        elif method == "RotateKey":
            self.promotions[event["issuer"]].setdefault(event["keyId"], event)
            self.by_schedule[event["keyId"]] += event["caller"] == "asapd"

    def signed_out_of_turn(self, keys):
        """Tokens of a key that was not to sign yet, or not any more since another one was. `keys`
        are by their ids."""
        followers = {}
        for promoted in self.promotions.values():
            for event in promoted.values():
                begin = keys[event["keyId"]]["signTime"]
                for key in keys.values():
                    if key["issuer"] == event["issuer"] and key.get("signUntil") == begin:
                        followers[key["keyId"]] = event
        return [event for event in self.signings
                if event["createTime"] < keys[event["keyId"]]["signTime"]
                or is_after(event, followers.get(event["keyId"]), keys)]


def is_after(signing, promotion, keys):
    """Whether the key had to leave the signing to the promoted one. Both may sign in the second of
    the change, but in the order of the record."""
    return (promotion is not None
            and signing["createTime"] >= keys[promotion["keyId"]]["signTime"]
            and int(signing["sequence"]) > int(promotion["sequence"]))

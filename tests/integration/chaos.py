# SPDX-License-Identifier: Apache-2.0
"""The promise to services, while asapd is killed again and again: no token is refused while it is
alive, nothing that was acknowledged is lost, and an issuer never has two signing keys.

    ASAP_CHAOS_CYCLES   how often asapd is killed; 50 unless set
    ASAP_CHAOS_SEED     what is done when, from a run that failed; chosen and printed unless set

The seed decides on every wait, leap and choice. What the machine does between them is its own."""

import base64
import calendar
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
import uuid

from harness import BUILD, Server, ServerTest, until

CYCLES = int(os.environ.get("ASAP_CHAOS_CYCLES", "50"))
SEED = int(os.environ.get("ASAP_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
VERIFIER = os.path.join(BUILD, "tests/programs/verifier_shifted")
AUDIENCE = "orders/api"
ISSUERS = {"payments/api": "ES256", "web": "ES256", "batch": "RS256"}
LIFETIME = 30
RESTART_MAX = 20  # seconds; a sanitizer's build on a busy machine needs some of them
SETTINGS = ("--max-age", "1s", "--stale", "1s", "--jwks-max-age", "1s", "--clock-skew", "1s",
            "--publish-lead", "21s")


class Verifier:
    """A process that keeps its cache of keys, one token a line."""

    def __init__(self, name, command, environment):
        self.name = name
        self.lock = threading.Lock()  # held while a token is checked; a leap of the clock waits
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)

    def check(self, token):
        """"ok", or "refused" or "unavailable" and why."""
        self.process.stdin.write(token + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip() or "refused: the verifier died"

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Minted:
    def __init__(self, answer):
        self.token = answer["token"]
        self.key_id = answer["keyId"]
        self.expires = time_of(answer["expireTime"])


def time_of(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def jti_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["jti"]


class ChaosTest(ServerTest):
    """A subclass names the verifiers as (name, command), to which the repository, the file of its
    CA and the audience are added."""

    verifiers = [("libasap", [VERIFIER])]
    cycles = CYCLES

    def setUp(self):
        super(ServerTest, self).setUp()
        print(f"ASAP_CHAOS_SEED={SEED} ASAP_CHAOS_CYCLES={self.cycles}", flush=True)
        self.random = random.Random(SEED)
        self.server = Server(*SETTINGS)
        self.addCleanup(self.server.close)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.offset = 0
        self.lock = threading.Lock()  # of what follows
        self.alive, self.minted, self.rotated = [], set(), {}
        self.unanswered = []  # rotations: the issuer and the id of the request
        self.failures, self.cut_off, self.asked_again, self.signed_by = [], 0, 0, set()
        self.known, self.last_sequence = set(), 0  # from the audit log
        self.stopped = threading.Event()
        self.start()
        for issuer, algorithm in ISSUERS.items():
            self.server.ctl("issuer", "create", issuer, "--algorithm", algorithm,
                            "--max-token-lifetime", f"{LIFETIME}s")
        self.key = self.new_caller("ci")
        for issuer in ISSUERS:
            self.server.ctl("grant", "create", "ci", "--verb", "mint", "--issuer", issuer,
                            "--audience", AUDIENCE)
        self.running = [Verifier(name, [*command, self.server.url, self.server.path("ca.pem"),
                                        AUDIENCE], self.server.environment)
                        for name, command in self.verifiers]
        for verifier in self.running:
            self.addCleanup(verifier.close)

    def start(self):
        began = time.monotonic()
        self.server.start("--public-listen", f"https://127.0.0.1:{self.port}")
        self.assertLess(time.monotonic() - began, RESTART_MAX, "the restart took too long")

    def now(self):
        return time.time() + self.offset

    def leap(self, seconds):
        """All clocks at once: no token is being checked meanwhile."""
        for verifier in self.running:
            verifier.lock.acquire()
        try:
            self.offset += seconds
            self.server.set_clock(self.offset)
        finally:
            for verifier in self.running:
                verifier.lock.release()

    def fail_later(self, what):
        with self.lock:
            self.failures.append(what)

    # What services do all the time, each in a thread of its own

    def mint_once(self, issuer):
        try:
            answer = self.server.rpc("TokenService/MintToken",
                                     {"issuer": issuer, "audience": [AUDIENCE],
                                      "lifetime": f"{LIFETIME}s"}, bearer=self.key)
        except (OSError, http.client.HTTPException, ValueError):
            with self.lock:
                self.cut_off += 1
            return
        if answer.status != 200:
            if answer.status != 503:
                self.fail_later(f"mint: {answer.status} {answer.json}")
            return
        minted = Minted(answer.json)
        with self.lock:
            self.alive.append(minted)
            self.minted.add(jti_of(minted.token))
            self.signed_by.add(minted.key_id)

    def mint_on_and_on(self, choices):
        while not self.stopped.is_set():
            self.mint_once(choices.choice(list(ISSUERS)))
            self.stopped.wait(choices.uniform(0, 0.03))

    def check(self, verifier, minted):
        """Whether the token passed; a refusal counts only while it is alive."""
        answer = verifier.check(minted.token)
        if answer.startswith("refused") and minted.expires > self.now() + 1:
            self.fail_later(f"{verifier.name} refuses a token of {minted.key_id} that lives for "
                            f"{minted.expires - self.now():.0f} s: {answer}")
        return answer == "ok" or minted.expires <= self.now() + 1

    def verify_on_and_on(self, verifier, choices):
        while not self.stopped.is_set():
            with self.lock:
                minted = choices.choice(self.alive) if self.alive else None
            if minted is not None:
                with verifier.lock:
                    self.check(verifier, minted)
            self.stopped.wait(choices.uniform(0, 0.02))

    def rotate(self, issuer, identity=None):
        """In a thread, too: it may die with the server. Then it is asked for again by its id."""
        identity = identity or str(uuid.uuid4())
        try:
            plan = self.server.local_rpc("KeyAdmin/RotateKey",
                                         {"issuer": issuer, "requestId": identity})
        except (OSError, http.client.HTTPException, ValueError):
            with self.lock:
                self.unanswered.append((issuer, identity))
            return
        if plan.status == 200:
            with self.lock:
                self.rotated[identity] = plan.json
        else:
            self.fail_later(f"rotate: {plan.status} {plan.json}")

    # What holds after each restart

    def new_events(self, after):
        while True:
            page = self.server.local_rpc("AuditLog/ListEvents",
                                         {"afterSequence": after, "pageSize": 1000}).json
            events = page.get("events", [])
            yield from events
            if not page.get("nextPageToken"):
                return
            after = int(events[-1]["sequence"])

    def ask_again(self):
        """Once answered, it counts as acknowledged, whether it was carried out before or not."""
        with self.lock:
            unanswered, self.unanswered = self.unanswered, []
            self.asked_again += len(unanswered)
        for issuer, identity in unanswered:
            self.rotate(issuer, identity)
            self.assertTrue(identity in self.rotated or self.failures,
                            f"the rotation of {issuer} is not answered when asked for again")
        self.assert_nothing_failed()

    def check_record(self):
        with self.lock:
            acknowledged = self.minted | set(self.rotated)
        for event in self.new_events(self.last_sequence):
            self.assertEqual(int(event["sequence"]), self.last_sequence + 1, "a gap in the record")
            self.last_sequence += 1
            if event["result"] == "ok":
                self.known |= {event.get("tokenId"), event.get("requestId")}
        self.assertEqual(acknowledged - self.known, set(), "acknowledged, but not recorded")
        verified = self.server.ctl_raw("audit", "verify")
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def check_keys(self):
        keys = {}
        with self.lock:
            rotated = list(self.rotated.values())
        for issuer in ISSUERS:
            listed = self.server.ctl_json("key", "list", issuer, "--all")["keys"]
            keys.update({k["keyId"]: k for k in listed})
            active = [k["keyId"] for k in listed if k["state"] == "KEY_STATE_ACTIVE"]
            self.assertEqual(len(active), 1, f"{issuer} signs with {active}")
        for plan in rotated:
            incoming, outgoing = plan["incoming"], plan["outgoing"]
            self.assertEqual(keys[incoming["keyId"]]["signTime"], incoming["signTime"])
            self.assertEqual(keys[outgoing["keyId"]]["unpublishTime"], outgoing["unpublishTime"])

    def check_every_token(self):
        """Every verifier takes a sample of what is alive, now that there is a server again."""
        with self.lock:
            self.alive = [m for m in self.alive if m.expires > self.now()]
            newest = {m.key_id: m for m in self.alive}
        for verifier in self.running:
            for minted in newest.values():
                def passes(verifier=verifier, minted=minted):
                    with verifier.lock:
                        return self.check(verifier, minted)
                until(passes, f"{verifier.name} to reach the server")

    def assert_nothing_failed(self):
        with self.lock:
            self.assertFalse(self.failures, "\n".join(self.failures[:20]))

    # The whole

    def cycle(self):
        rotations = [threading.Thread(target=self.rotate, args=(issuer,))
                     for issuer in ISSUERS if self.random.random() < 0.5]
        for thread in rotations:
            thread.start()
        time.sleep(self.random.uniform(0, self.random.choice((0.005, 0.02, 0.2))))
        self.server.stop(signal.SIGKILL)
        for thread in rotations:
            thread.join()
        if self.random.random() < 0.3:
            self.leap(self.random.randrange(1, 25))
        self.start()
        self.ask_again()
        self.check_record()
        self.check_keys()
        self.check_every_token()
        self.leap(self.random.randrange(0, 15))
        self.check_every_token()
        self.assert_nothing_failed()

    def run_cycles(self):
        threads = [threading.Thread(target=self.mint_on_and_on, args=(random.Random(SEED + n),))
                   for n in (1, 2)]
        threads += [threading.Thread(target=self.verify_on_and_on,
                                     args=(v, random.Random(SEED + 10 + n)))
                    for n, v in enumerate(self.running)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: self.alive, "the first token")
            for _ in range(self.cycles):
                self.cycle()
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join()

    def finish(self):
        self.assert_nothing_failed()
        self.check_record()
        self.known, self.last_sequence = set(), 0
        self.check_record()  # all of it, from the beginning
        self.check_keys()
        self.assertGreater(len(self.minted), self.cycles)
        self.assertGreater(len(self.rotated), self.cycles / 10)
        self.assertGreater(len(self.signed_by), len(ISSUERS), "no rotation took effect")
        self.assertGreater(self.cut_off, 0, "no mint was cut off")
        print(f"{len(self.minted)} tokens of {len(self.signed_by)} keys, {len(self.rotated)} "
              f"rotations; {self.cut_off} mints and {self.asked_again} rotations were cut off; "
              f"{self.last_sequence} events")

# SPDX-License-Identifier: Apache-2.0
"""The promise to services, whatever happens to asapd: no token is refused while it is alive,
nothing that was acknowledged is lost, and an issuer never has two signing keys.

    ASAP_CHAOS_CYCLES   how often something happens
    ASAP_CHAOS_SEED     what happens when, from a run that failed; chosen and printed unless set

The seed decides on every wait, leap and choice. What the machine does between them is its own."""

import calendar
import contextlib
import http.client
import os
import random
import socket
import subprocess
import threading
import time
import uuid

from harness import BUILD, Server, ServerTest, reason_of, until
from record import Record, jti_of

SEED = int(os.environ.get("ASAP_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
VERIFIER = os.path.join(BUILD, "tests/programs/verifier_shifted")
AUDIENCE = "orders/api"
LIFETIME = 30
RESTART_MAX = 20  # seconds; a sanitizer's build on a busy machine needs some of them
SETTINGS = ("--max-age", "1s", "--stale", "1s", "--jwks-max-age", "1s")


def reserve_port():
    """A free port that the system gives to nobody by itself, so that it is free after a kill, too."""
    while True:
        port = random.SystemRandom().randrange(20000, 32768)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Instance(Server):
    """One asapd. Its public address stays when it is started again."""

    def __init__(self, *settings, like=None):
        super().__init__(*settings, like=like)
        self.gate = threading.RLock()  # held while a token is minted; a leap of the clock waits
        self.minted, self.refused = 0, 0
        self.port = reserve_port()

    def start(self, *flags, **options):
        return super().start("--public-listen", f"https://127.0.0.1:{self.port}", *flags,
                             **options)


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


class PromiseTest(ServerTest):
    """A subclass makes the instances and the verifiers, and lets things happen in cycle()."""

    issuers = {"payments/api": ("--algorithm", "ES256"), "web": ("--algorithm", "ES256"),
               "batch": ("--algorithm", "RS256")}
    by_hand = tuple(issuers)  # those that the test rotates
    minters = 1  # threads for each instance
    cycles = int(os.environ.get("ASAP_CHAOS_CYCLES", "50"))

    def setUp(self):
        super(ServerTest, self).setUp()
        print(f"ASAP_CHAOS_SEED={SEED} ASAP_CHAOS_CYCLES={self.cycles}", flush=True)
        self.random = random.Random(SEED)
        self.offset = 0
        self.lock = threading.Lock()  # of what follows
        self.alive, self.minted, self.rotated = [], set(), {}
        self.unanswered = []  # rotations: the issuer and the id of the request
        self.failures, self.cut_off, self.asked_again, self.signed_by = [], 0, 0, set()
        self.stopped = threading.Event()
        self.record = Record()
        self.instances = self.make_instances()
        self.server = self.instances[0]
        for instance in self.instances:
            self.addCleanup(instance.close)
        self.start(self.server)
        self.admit_services()
        for instance in self.instances[1:]:  # they know of the services from the beginning
            self.start(instance)
        self.running = []
        for name, command in self.make_verifiers():
            verifier = Verifier(name, command, self.server.environment)
            self.addCleanup(verifier.close)
            self.running.append(verifier)

    def admit_services(self):
        for issuer, flags in self.issuers.items():
            self.server.ctl("issuer", "create", issuer, "--max-token-lifetime", f"{LIFETIME}s",
                            *flags)
        self.key = self.new_caller("ci")
        for issuer in self.issuers:
            self.server.ctl("grant", "create", "ci", "--verb", "mint", "--issuer", issuer,
                            "--audience", AUDIENCE)

    def start(self, instance):
        began = time.monotonic()
        instance.start()
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

    def assert_nothing_failed(self):
        with self.lock:
            self.assertFalse(self.failures, "\n".join(self.failures[:20]))

    # What services do all the time, each in a thread of its own

    def trouble_of(self, _):
        """What happens to an instance as a call to it begins; for is_excused()."""
        return "it is killed at any time"

    def is_excused(self, _instance, _trouble, answer):
        """Whether a call may end in this failure; None: without an answer."""
        return answer is None or self.is_overtaken(answer)

    @staticmethod
    def is_behind(answer):
        """Whether the server looked at its clock before all clocks leapt."""
        return reason_of(answer) == "CLOCK_WENT_BACK"

    @staticmethod
    def is_overtaken(answer):
        """Whether keys were changed during each of the server's attempts, as on a slow machine."""
        return "keys keep changing" in answer.json["message"]

    def mint_once(self, instance, issuer):
        trouble = self.trouble_of(instance)
        offset = self.offset
        answer = None
        try:
            answer = instance.rpc("TokenService/MintToken",
                                  {"issuer": issuer, "audience": [AUDIENCE],
                                   "lifetime": f"{LIFETIME}s"}, bearer=self.key)
        except (OSError, http.client.HTTPException, ValueError) as failure:
            what = repr(failure)
        if answer is None or answer.status != 200:
            with self.lock:
                self.cut_off += answer is None
                instance.refused += 1
            has_leapt = answer is not None and self.offset != offset and self.is_behind(answer)
            if not has_leapt and not self.is_excused(instance, trouble, answer):
                self.fail_later(f"mint at {instance.port}: " +
                                (what if answer is None else f"{answer.status} {answer.json}"))
            return
        minted = Minted(answer.json)
        with self.lock:
            instance.minted += 1
            self.alive.append(minted)
            self.minted.add(jti_of(minted.token))
            self.signed_by.add(minted.key_id)

    def mint_on_and_on(self, instance, choices):
        while not self.stopped.is_set():
            with instance.gate:
                self.mint_once(instance, choices.choice(list(self.issuers)))
            self.stopped.wait(choices.uniform(0.001, 0.03))

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

    def rotate(self, instance, issuer, identity=None):
        """In a thread, too: it may die with the server. Then it is asked for again by its id."""
        identity = identity or str(uuid.uuid4())
        trouble = self.trouble_of(instance)
        plan = None
        try:
            plan = instance.local_rpc("KeyAdmin/RotateKey",
                                      {"issuer": issuer, "requestId": identity})
        except (OSError, http.client.HTTPException, ValueError):
            pass
        if plan is not None and plan.status == 200:
            with self.lock:
                self.assertEqual(self.rotated.setdefault(identity, plan.json), plan.json)
            return
        with self.lock:
            self.unanswered.append((issuer, identity))
        if not self.is_excused(instance, trouble, plan):
            self.fail_later(f"rotate at {instance.port}: " +
                            ("no answer" if plan is None else f"{plan.status} {plan.json}"))

    def rotations(self, instances, share):
        """Threads that rotate about that share of the issuers, each at one of the instances."""
        threads = [threading.Thread(target=self.rotate,
                                    args=(self.random.choice(instances), issuer))
                   for issuer in self.by_hand if self.random.random() < share]
        for thread in threads:
            thread.start()
        return threads

    # What holds whenever an instance is well

    def ask_again(self, instance):
        """Once answered, it counts as acknowledged, whether it was carried out before or not."""
        with self.lock:
            unanswered, self.unanswered = self.unanswered, []
            self.asked_again += len(unanswered)
        for issuer, identity in unanswered:
            self.rotate(instance, issuer, identity)
            self.assertTrue(identity in self.rotated or self.failures,
                            f"the rotation of {issuer} is not answered when asked for again")
        self.assert_nothing_failed()

    def check_record(self, instance):
        with self.lock:
            acknowledged = self.minted | set(self.rotated)
        self.record.read_on(instance)
        self.assertEqual({i: self.record.ids[i] for i in acknowledged if self.record.ids[i] != 1},
                         {}, "acknowledged, but not recorded once")
        verified = instance.ctl_raw("audit", "verify")
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    def check_keys(self, instance):
        keys = {}
        with self.lock:
            rotated = list(self.rotated.values())
        for issuer in self.issuers:
            listed = instance.ctl_json("key", "list", issuer, "--all")["keys"]
            keys.update({k["keyId"]: k for k in listed})
            active = [k["keyId"] for k in listed if k["state"] == "KEY_STATE_ACTIVE"]
            self.assertEqual(len(active), 1, f"{issuer} signs with {active}")
        for plan in rotated:
            incoming, outgoing = plan["incoming"], plan["outgoing"]
            self.assertEqual(keys[incoming["keyId"]]["signTime"], incoming["signTime"])
            self.assertEqual(keys[outgoing["keyId"]]["unpublishTime"], outgoing["unpublishTime"])
        self.assertEqual(self.record.signed_out_of_turn(keys), [])

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

    # The whole

    def run_cycles(self):
        work = [(self.mint_on_and_on, instance)
                for instance in self.instances for _ in range(self.minters)]
        work += [(self.verify_on_and_on, verifier) for verifier in self.running]
        threads = [threading.Thread(target=target, args=(subject, random.Random(SEED + 1 + n)))
                   for n, (target, subject) in enumerate(work)]
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
        for instance in self.instances:
            self.record = Record()  # all of it, from the beginning
            self.check_record(instance)
            self.check_keys(instance)
        self.assertGreater(len(self.minted), self.cycles)
        self.assertGreater(len(self.rotated), self.cycles / 10)
        self.assertGreater(len(self.signed_by), len(self.issuers), "no rotation took effect")
        self.assertGreater(self.cut_off, 0, "no mint was cut off")
        print(f"{len(self.minted)} tokens of {len(self.signed_by)} keys, {len(self.rotated)} "
              f"rotations; {self.cut_off} mints and {self.asked_again} rotations were cut off; "
              f"{self.record.last} events")

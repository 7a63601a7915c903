# SPDX-License-Identifier: Apache-2.0
"""Three asapd on one database, any of which is killed, cut off or started again: what promise.py
says holds, at each of them. See cluster.py."""

import contextlib
import os
import signal
import threading
import time
import uuid

from cluster import Database, Node, main_in_own_network
from harness import until
from promise import AUDIENCE, SETTINGS, VERIFIER, PromiseTest, time_of

NODES = 3
REPLICA_LAG = 5
# An entry that waited for the lock must not seem to come from a clock that went back.
CLOCK_SKEW = 10
LEAD = 20 + REPLICA_LAG + CLOCK_SKEW  # 20 s: misses are remembered for that long
PERIOD = 2 * LEAD
LEAP_MOST = LEAD - 2  # nobody could learn of a key during a leap that is longer


class Cluster(PromiseTest):
    issuers = {**PromiseTest.issuers,
               "nightly": ("--algorithm", "ES256", "--rotation-period", f"{PERIOD}s")}
    cycles = int(os.environ.get("ASAP_CHAOS_CYCLES", "12"))

    def make_instances(self):
        self.database = Database(NODES)
        self.addCleanup(self.database.close)
        first = Node(self.database, 0, *SETTINGS, "--replica-lag", f"{REPLICA_LAG}s",
                     "--clock-skew", f"{CLOCK_SKEW}s", "--publish-lead", f"{LEAD}s")
        return [first, *(Node(self.database, n, like=first) for n in range(1, NODES))]

    def make_verifiers(self):
        """Each asks another node first."""
        urls = [node.url for node in self.instances]
        return [(f"libasap that prefers node {n}",
                 [VERIFIER, AUDIENCE, self.server.path("ca.pem"), *urls[n:], *urls[:n]])
                for n in range(NODES)]

    def setUp(self):
        super().setUp()
        self.leap(LEAP_MOST)
        self.leap(LEAP_MOST)  # the first keys sign
        self.turns = []

    # Trouble: only a node in it may refuse to work

    def trouble_of(self, node):
        return node.trouble

    def is_excused(self, node, trouble, answer):
        if trouble % 2 == 0 and node.trouble == trouble:
            return answer is not None and self.is_overtaken(answer)
        return answer is None or answer.status == 503 or self.is_behind(answer)

    def well(self):
        return [node for node in self.instances if node.trouble % 2 == 0]

    @contextlib.contextmanager
    def trouble(self, *nodes):
        """Afterwards they work again, without help."""
        for node in nodes:
            node.trouble += 1
        yield
        for node in nodes:
            before = node.minted
            until(lambda node=node, before=before: node.minted > before, "a token after trouble")
            until(lambda node=node: node.ops("/readyz").status == 200, "readiness after trouble")
            node.trouble += 1

    @staticmethod
    @contextlib.contextmanager
    def idle(nodes):
        """Nobody mints at these meanwhile."""
        with contextlib.ExitStack() as gates:
            for node in nodes:
                gates.enter_context(node.gate)
            yield

    def leap(self, seconds):
        """As if the time passed: whoever is connected knows all there is to know."""
        nodes = self.well()
        with self.idle(nodes):
            generation = self.database.generation()
            for node in nodes:
                until(lambda node=node: node.generation() >= generation,
                      "all nodes to have the same keys")
            super().leap(seconds)

    # What happens

    def kill(self):
        """A node dies; the others do not notice."""
        node = self.random.choice(self.instances)
        with self.trouble(node):
            rotations = self.rotations(self.instances, 0.5)
            self.pause()
            node.stop(signal.SIGKILL)
            for thread in rotations:
                thread.join()
            self.others_work(node)
            self.leap(self.random.randrange(LEAP_MOST))
            self.start(node)

    def pause(self):
        time.sleep(self.random.uniform(0, self.random.choice((0.005, 0.02, 0.2))))

    def others_work(self, node):
        for other in self.instances:
            before = other.minted
            until(lambda other=other, before=before: other is node or other.minted > before,
                  "a token of another node")

    def restart_database(self):
        self.lose_database(self.database.stop)

    def crash_database(self):
        self.lose_database(self.database.crash)

    def lose_database(self, how):
        """Keys are served on; what would change something fails."""
        keys = {issuer: self.active_key(issuer) for issuer in self.issuers}
        with self.trouble(*self.instances):
            rotations = self.rotations(self.instances, 0.5)
            self.pause()
            how()
            for node in self.instances:
                before = node.refused
                until(lambda node=node, before=before: node.refused > before, "a refusal to mint")
                for key in keys.values():
                    self.assertEqual(node.answers(key), 200)
            for thread in rotations:
                thread.join()
            self.database.start()

    def cut_briefly(self):
        node = self.random.choice(self.instances)
        with self.trouble(node):
            rotations = self.rotations(self.instances, 0.5)
            self.pause()
            self.database.cut(node.cable)
            self.pause()
            self.database.heal(node.cable)
            for thread in rotations:
                thread.join()

    def cut_off(self):
        """The others go on, for so long that keys sign which the node cannot know of."""
        node = self.random.choice(self.instances)
        others = [other for other in self.instances if other is not node]
        key = self.active_key("web")
        with self.trouble(node):
            self.database.cut(node.cable)
            self.cut_node_refuses(node, key)
            for _ in range(3):
                for thread in self.rotations(others, 1):
                    thread.join()
                self.leap(LEAP_MOST)
            self.assertEqual(node.answers(self.active_key("web", others[0])), 503)
            self.others_work(node)
            self.check_every_token()
            self.database.heal(node.cable)

    def cut_node_refuses(self, node, key):
        """It has nothing to mint by, and does not deny what may exist; what it knows it serves."""
        before = node.refused
        until(lambda: node.refused > before, "a cut node's refusal to mint")
        until(lambda: node.answers("web/unknown") == 503, "a cut node to admit that it is lost")
        self.assertEqual(node.answers(key), 200)

    def hang_in_change(self):
        """A node holds the lock on all changes, but not for longer than the others wait for it."""
        node = self.random.choice(self.instances)
        with self.trouble(node):
            with self.stopped_in_change(node):
                self.others_work(node)

    def cut_in_change(self):
        """The same, and when the node goes on, nothing of it arrives."""
        node = self.random.choice(self.instances)
        with self.trouble(node):
            with self.stopped_in_change(node):
                self.database.cut(node.cable)
            self.others_work(node)
            self.database.heal(node.cable)

    @contextlib.contextmanager
    def stopped_in_change(self, node):
        try:
            with self.idle(other for other in self.instances if other is not node):
                with self.database.locked():
                    until(lambda: self.database.waits(node.cable), "a change to wait")
                    node.process.send_signal(signal.SIGSTOP)
                until(lambda: not self.database.waits(node.cable), "the lock to be the node's")
            yield
        finally:
            node.process.send_signal(signal.SIGCONT)

    def fall_due(self):
        """Each node finds out that a rotation is due before any can carry it out."""
        with self.idle(self.instances):
            with self.database.locked():
                for _ in range(3):
                    self.leap(PERIOD // 3 + 1)
                for node in self.instances:
                    until(lambda node=node: self.database.waits(node.cable),
                          "a rotation to wait")

    def ask_everywhere(self):
        """One rotation, asked for by the same request at all nodes at once."""
        identity, issuer = str(uuid.uuid4()), self.random.choice(self.by_hand)
        threads = [threading.Thread(target=self.rotate, args=(node, issuer, identity))
                   for node in self.instances]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(identity, self.rotated)

    events = (kill, restart_database, crash_database, cut_briefly, cut_off, cut_in_change,
              hang_in_change, ask_everywhere, fall_due)

    # What holds

    def cycle(self):
        if not self.turns:
            self.turns = self.random.sample(self.events, len(self.events))
        event = self.turns.pop()
        print(event.__name__, end=" ", flush=True)
        began = time.monotonic()
        event(self)
        lasted = time.monotonic() - began
        node = self.random.choice(self.instances)
        self.ask_again(node)
        self.check_record(node)
        self.check_keys(self.random.choice(self.instances))
        self.check_schedule(node)
        self.check_every_token()
        self.leap(self.random.randrange(LEAP_MOST))
        self.check_every_token()
        self.assert_nothing_failed()
        print(f"{lasted:.1f} s, all {time.monotonic() - began:.1f} s", flush=True)

    def check_schedule(self, node):
        """What is due happens once, at one of the nodes."""
        keys = node.ctl_json("key", "list", "nightly", "--all")["keys"]
        chosen = sorted((time_of(key["signTime"]), key["keyId"]) for key in keys
                        if "signTime" in key)
        for (earlier, _), (later, _) in zip(chosen, chosen[1:]):
            self.assertGreaterEqual(later - earlier, PERIOD)
        self.record.read_on(node)
        self.assertEqual({key_id: self.record.by_schedule[key_id] for _, key_id in chosen[1:]},
                         {key_id: 1 for _, key_id in chosen[1:]})
        self.assertEqual(len(keys), len(chosen) + 2)
        return len(chosen) - 1

    def test_no_trouble_breaks_a_promise(self):
        self.run_cycles()
        for node in self.instances:
            until(lambda node=node: node.generation() == self.database.generation(),
                  "all nodes to have the same keys")
        self.finish()
        self.assertGreater(self.check_schedule(self.server), 0)


if __name__ == "__main__":
    main_in_own_network()

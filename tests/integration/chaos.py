# SPDX-License-Identifier: Apache-2.0
"""One asapd is killed again and again while it rotates and mints: what promise.py says holds."""

import signal
import time

from promise import AUDIENCE, SETTINGS, VERIFIER, Instance, PromiseTest


class ChaosTest(PromiseTest):
    """A subclass names the verifiers as (name, command), to which the audience, the file of the
    repository's CA and the repository are added."""

    verifiers = [("libasap", [VERIFIER])]
    minters = 2

    def make_instances(self):
        return [Instance(*SETTINGS, "--clock-skew", "1s", "--publish-lead", "21s")]

    def make_verifiers(self):
        return [(name, [*command, AUDIENCE, self.server.path("ca.pem"), self.server.url])
                for name, command in self.verifiers]

    def cycle(self):
        rotations = self.rotations(self.instances, 0.5)
        time.sleep(self.random.uniform(0, self.random.choice((0.005, 0.02, 0.2))))
        self.server.stop(signal.SIGKILL)
        for thread in rotations:
            thread.join()
        if self.random.random() < 0.3:
            self.leap(self.random.randrange(1, 25))
        self.start(self.server)
        self.ask_again(self.server)
        self.check_record(self.server)
        self.check_keys(self.server)
        self.check_every_token()
        self.leap(self.random.randrange(0, 15))
        self.check_every_token()
        self.assert_nothing_failed()

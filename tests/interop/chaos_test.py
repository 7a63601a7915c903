# SPDX-License-Identifier: Apache-2.0
"""asapd is killed while it rotates and mints; the unmodified atlassian-jwt-auth verifies
throughout, beside libasap. See tests/integration/promise.py."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
from chaos import ChaosTest  # noqa: E402
from harness import main  # noqa: E402
from promise import VERIFIER  # noqa: E402


class Killed(ChaosTest):
    verifiers = [("libasap", [VERIFIER]),
                 ("Python", [sys.executable, os.path.join(HERE, "chaos_verifier.py")])]

    def test_no_kill_breaks_a_promise(self):
        self.run_cycles()
        self.finish()


if __name__ == "__main__":
    main()

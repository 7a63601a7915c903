# SPDX-License-Identifier: Apache-2.0
"""asapd is killed while it rotates and mints; libasap verifies throughout. See chaos.py."""

from chaos import ChaosTest
from harness import main


class Killed(ChaosTest):
    def test_no_kill_breaks_a_promise(self):
        self.run_cycles()
        self.finish()


if __name__ == "__main__":
    main()

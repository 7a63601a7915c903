#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares libraries in turns: library.py FOLDER --seconds N SIDE=COMMAND...

Each side is a process that serves operations (library/side.h). They take turns of some hundredths
of a second, so that what disturbs one disturbs all, and each first shows that it tells a good token
from a forged one. Prints records of the CPU time of an operation, or of its rate."""

import argparse
import shlex
import statistics
import subprocess
import sys

TURN_NS = 20_000_000  # CPU time of one turn of one side

# Figure, its operation and algorithm, its unit.
FIGURES = (
    ("mint-RS256", "sign", "RS256", "op/s"),
    ("mint-ES256", "sign", "ES256", "op/s"),
    ("mint-EdDSA", "sign", "EdDSA", "op/s"),
    ("verify-RS256", "verify", "RS256", "us"),
    ("verify-ES256", "verify", "ES256", "us"),
    ("verify-EdDSA", "verify", "EdDSA", "us"),
    ("import-RSA", "import", "RS256", "us"),
    ("import-EC", "import", "ES256", "us"),
    ("import-Ed25519", "import", "EdDSA", "us"),
    ("prove-RSA", "prove", "RS256", "us"),
)


class Side:
    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)

    def ask(self, operation, algorithm, count):
        """Nanoseconds of CPU time, or "absent", or for a count of 0 "right"."""
        self.process.stdin.write(f"{operation} {algorithm} {count}\n")
        answer = self.process.stdout.readline().strip()
        if answer in ("absent", "right"):
            return answer
        if not answer.isdigit():
            sys.exit(f"library: {self.name} answers '{answer}' to {operation} {algorithm}")
        return int(answer)

    def turn_length(self, operation, algorithm):
        """How many operations take a turn; 0 where the side has no such operation."""
        if self.ask(operation, algorithm, 0) == "absent":
            return 0
        count = 1
        while (taken := self.ask(operation, algorithm, count)) < TURN_NS // 4:
            count *= 2
        return max(1, count * TURN_NS // taken)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(sides, operation, algorithm, turns):
    """{side: nanoseconds of an operation}"""
    lengths = {side: side.turn_length(operation, algorithm) for side in sides}
    taken = {side: [] for side, length in lengths.items() if length}
    for _ in range(turns):
        for side, costs in taken.items():
            costs.append(side.ask(operation, algorithm, lengths[side]) / lengths[side])
    return {side: statistics.median(costs) for side, costs in taken.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("sides", nargs="+")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--figures", default="lib-", help="what their names begin with")
    parser.add_argument("--only", default="", help="figures that begin so")
    arguments = parser.parse_args()

    named = [side.split("=", 1) for side in arguments.sides]
    sides = [Side(name, shlex.split(command) + [arguments.folder]) for name, command in named]
    turns = max(1, round(arguments.seconds * 1e9 / TURN_NS))
    for figure, operation, algorithm, unit in FIGURES:
        if not figure.startswith(arguments.only):
            continue
        for side, cost in measure(sides, operation, algorithm, turns).items():
            value = 1e9 / cost if unit == "op/s" else cost / 1e3
            print(f"{arguments.figures}{figure} {side.name} {value:.3f} {unit}", flush=True)
    for side in sides:
        side.end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of hot paths with callgrind and holds them against baseline.json.

    tests/instructions/check.py BUILD                  which is gcc's, of the preset ci
    tests/instructions/check.py BUILD --only verify    rows whose names begin so
    tests/instructions/check.py BUILD --update         writes what is counted to baseline.json
    tests/instructions/check.py BUILD --keep FOLDER    leaves callgrind's files for callgrind_annotate

An instruction is counted where it is executed: in our own code, or in the libraries that it calls.
Ours is the same everywhere and has a narrow tolerance, unless it took over from the libraries for
less in all. The C library picks its string functions by the processor, and SQLite and jansson may be
newer, so that theirs is wider. What OpenSSL executes is not compared: it is the arithmetic of
signatures, and differs between processors."""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BASELINE = os.path.join(HERE, "baseline.json")
TOLERANCE = {"ours": 0.02, "libraries": 0.10}  # more than the baseline
FEW = 20  # instructions that are within any tolerance
COMPARED = ("ours", "libraries")

LIBRARY = "tests/bench/library/bench_asap_side"
SERVER = "tests/instructions/instructions_server"

# Row: program, operation, algorithm, how often it runs, how many there are in one run.
ROWS = {
    "download": (SERVER, "download", "ES256", 100, 1),
    "key-set-20": (SERVER, "key-set", "ES256", 20, 1),
    "snapshot-first-key": (SERVER, "load", "ES256", 1, 200),
    "snapshot-change": (SERVER, "change", "ES256", 4, 1),
    "mint-request-json": (SERVER, "read-request", "ES256", 100, 1),
    "mint-response-json": (SERVER, "write-response", "ES256", 100, 1),
    "policy-1000-grants": (SERVER, "judge", "ES256", 100, 1),
    "audit-hash-event": (SERVER, "hash-event", "ES256", 100, 1),
    "lib-mint-RS256": (LIBRARY, "sign", "RS256", 5, 1),
    "lib-mint-ES256": (LIBRARY, "sign", "ES256", 100, 1),
    "lib-mint-EdDSA": (LIBRARY, "sign", "EdDSA", 100, 1),
    "lib-verify-RS256": (LIBRARY, "verify", "RS256", 100, 1),
    "lib-verify-ES256": (LIBRARY, "verify", "ES256", 100, 1),
    "lib-verify-EdDSA": (LIBRARY, "verify", "EdDSA", 100, 1),
    "lib-import-RSA": (LIBRARY, "import", "RS256", 1, 1),
    "lib-import-EC": (LIBRARY, "import", "ES256", 50, 1),
    "lib-import-Ed25519": (LIBRARY, "import", "EdDSA", 100, 1),
}


def kind_of(path):
    name = os.path.basename(path)
    if name in (os.path.basename(SERVER), os.path.basename(LIBRARY)) or name.startswith("libasap"):
        return "ours"
    return "openssl" if name.startswith(("libcrypto", "libssl")) else "libraries"


def sum_up(path):
    """{kind: instructions} of a file of callgrind's, whose costs of calls are passed over."""
    counts = dict.fromkeys(COMPARED + ("openssl",), 0)
    kind = "libraries"
    is_call = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("ob="):
                kind = kind_of(line[3:].strip())
            elif line.startswith("calls="):
                is_call = True
            elif re.match(r"[+\-*\d]", line):
                if not is_call:
                    counts[kind] += int(line.split()[1])
                is_call = False
    return counts


def count(build, inputs, folder, name):
    """{kind: instructions of one operation} of a row."""
    program, operation, algorithm, times, each = ROWS[name]
    out = os.path.join(folder, name + ".callgrind")
    asked = f"{operation} {algorithm} 0\n{operation} {algorithm} 1\n{operation} {algorithm} {times}\n"
    done = subprocess.run(
        ["valgrind", "--quiet", "--tool=callgrind", "--callgrind-out-file=" + out,
         "--compress-strings=no", "--compress-pos=no", "--toggle-collect=side_run_often",
         "--zero-before=side_run_often", os.path.join(build, program), inputs],
        input=asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    answers = done.stdout.split()
    if done.returncode != 0 or len(answers) != 3 or answers[0] != "right" or "wrong" in answers:
        sys.exit(f"instructions: {name} answers {answers}: {done.stderr.strip()}")
    return {kind: round(value / times / each) for kind, value in sum_up(out).items()}


def count_all(build, names, folder):
    inputs = os.path.join(folder, "input")
    os.makedirs(inputs, exist_ok=True)
    subprocess.run([os.path.join(build, "tests/bench/library/bench_input"), inputs], check=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = pool.map(lambda name: count(build, inputs, folder, name), names)
        return dict(zip(names, counted))


def compiler():
    version = subprocess.run(["cc", "-dumpfullversion"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.strip()
    return "gcc " + version.rsplit(".", 1)[0]


def is_over(kind, old, new):
    return new > old * (1 + TOLERANCE[kind]) and new > old + FEW


def took_over(old, new):
    """Whether our code does what the libraries did, for less in all."""
    return (new["libraries"] < old["libraries"] * (1 - TOLERANCE["libraries"])
            and sum(new[kind] for kind in COMPARED) < sum(old.values()))


def grew(old, new):
    return (is_over("libraries", old["libraries"], new["libraries"])
            or (is_over("ours", old["ours"], new["ours"]) and not took_over(old, new)))


def compare(baseline, counted):
    """Prints old and new; the rows that grew."""
    grown = []
    print(f"{'INSTRUCTIONS OF ONE':<20} {'OURS':>9} {'BEFORE':>9} {'':>7}   {'LIBRARIES':>9} "
          f"{'BEFORE':>9} {'':>7}   {'OPENSSL':>10}")
    for name, new in counted.items():
        old = baseline["rows"].get(name, dict.fromkeys(COMPARED, 0))
        cells = []
        for kind in COMPARED:
            change = (new[kind] - old[kind]) / max(old[kind], 1)
            cells.append(f"{new[kind]:>9,} {old[kind]:>9,} {change:>+7.1%}")
        if grew(old, new):
            grown.append(name)
        print(f"{name:<20} {'   '.join(cells)}   {new['openssl']:>10,}"
              f"{'  GREW' if name in grown else ''}")
    return grown


def update(baseline, counted):
    baseline["compiler"] = compiler()
    for name, counts in counted.items():
        baseline["rows"][name] = {kind: counts[kind] for kind in COMPARED}
    baseline["rows"] = {name: baseline["rows"][name] for name in ROWS if name in baseline["rows"]}
    with open(BASELINE, "w", encoding="ascii") as file:
        json.dump(baseline, file, indent=1)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--only", default="")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--keep")
    arguments = parser.parse_args()

    names = [name for name in ROWS if name.startswith(arguments.only)]
    with open(BASELINE, encoding="ascii") as file:
        baseline = json.load(file)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or scratch
        os.makedirs(folder, exist_ok=True)
        counted = count_all(arguments.build, names, folder)
    grown = compare(baseline, counted)
    if arguments.update:
        update(baseline, counted)
        return
    if baseline["compiler"] != compiler():
        sys.exit(f"instructions: the baseline is of {baseline['compiler']} and this is "
                 f"{compiler()}: counts of two compilers cannot be compared")
    if grown:
        sys.exit(f"instructions: {', '.join(grown)} grew by more than "
                 f"{TOLERANCE['ours']:.0%} of ours or {TOLERANCE['libraries']:.0%} of the libraries'"
                 f".\nSee where: check.py {arguments.build} --only {grown[0]} --keep FOLDER, then"
                 f" callgrind_annotate FOLDER/{grown[0]}.callgrind\nIf it has to be so, say why in"
                 f" the commit and write it down: check.py {arguments.build} --update")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Runs every command of a runbook, in order, in one shell, against a real asapd.
    run.py RUNBOOK.md
NAME.sh beside this file, if there is one, is run behind the runbook's variables: it gives them
the values of the test, and makes what the operator's deployment would have."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile

import runbook

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ["ASAP_BUILD_DIR"]
PATIENCE = 300  # seconds for a whole runbook

# The fence's number names the file of its output; the trace ends with the command that failed.
PROLOGUE = """\
set -euo pipefail
clock() { echo "$1" > "$ASAP_TEST_CLOCK.new" && mv "$ASAP_TEST_CLOCK.new" "$ASAP_TEST_CLOCK"; }
exec 9> "$scratch/trace"
BASH_XTRACEFD=9
PS4='$ '
set -x
"""


def free_port():
    """Below those that the system hands out, so that a server that is restarted gets it again."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


def make_programs(folder):
    """PATH: the built programs, on a clock that the test moves, and a service manager for asapd."""
    os.mkdir(folder)
    for name in ("asapd", "asapctl"):
        os.symlink(os.path.join(BUILD, f"tests/programs/{name}_shifted"),
                   os.path.join(folder, name))
    for name in os.listdir(os.path.join(HERE, "bin")):
        os.symlink(os.path.join(HERE, "bin", name), os.path.join(folder, name))
    return os.pathsep.join((folder, os.environ["PATH"], "/usr/sbin", "/sbin"))


def make_environment(scratch):
    demo = os.path.join(scratch, "demo")
    with open(os.path.join(scratch, "clock"), "w", encoding="ascii") as clock:
        clock.write("0")
    return dict(os.environ,
                PATH=make_programs(os.path.join(scratch, "bin")),
                TZ="UTC",
                scratch=scratch,
                demo=demo,
                demo_url=f"https://localhost:{free_port()}",
                ASAP_TEST_CLOCK=os.path.join(scratch, "clock"),
                ASAPD_CONFIG=os.path.join(demo, "asapd.conf"),
                ASAPCTL_SERVER="unix:" + os.path.join(demo, "admin.sock"),
                ASAPCTL_CACERT=os.path.join(demo, "ca.pem"))


def write_script(fences, setup, scratch):
    """Braces, so that variables live on from fence to fence."""
    parts = [PROLOGUE]
    for number, fence in enumerate(fences):
        out = os.path.join(scratch, f"out.{number}")
        parts.append(f"{{\n:\n{fence.text}}} > {out} 2>&1\n")
        if number == 0 and os.path.exists(setup):
            parts.append(f". {setup} > {scratch}/out.setup 2>&1\n")
    return "".join(parts)


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def judge(fences, done, scratch):
    """What went wrong, or None."""
    if done.returncode != 0:
        outputs = [name for name in (f"out.{n}" for n in range(len(fences)))
                   if os.path.exists(os.path.join(scratch, name))]
        last = "out.setup" if outputs[-1:] == ["out.0"] else (outputs or ["out.0"])[-1]
        trace = read(os.path.join(scratch, "trace")).splitlines()[-3:]
        return "\n".join([f"exit status {done.returncode}", *trace,
                          read(os.path.join(scratch, last)), done.stderr,
                          read(os.path.join(scratch, "demo/log"))[-2000:]])
    for number, fence in enumerate(fences):
        output = read(os.path.join(scratch, f"out.{number}"))
        lack = runbook.missing(fence, output)
        if lack is not None:
            return f"the fence in line {fence.line} does not print\n{lack}\nbut\n{output}"
    return None


def run(fences, setup, scratch):
    environment = make_environment(scratch)
    shell = {"env": environment, "cwd": scratch, "capture_output": True, "text": True}
    made = subprocess.run(["asapd", "init", "--dir", environment["demo"], "--demo",
                           "--public-listen",
                           environment["demo_url"].replace("localhost", "127.0.0.1"),
                           "--ops-listen", "http://127.0.0.1:0"], timeout=PATIENCE, **shell)
    if made.returncode != 0:
        return made.stderr
    try:
        subprocess.run(["systemctl", "start", "asapd"], timeout=PATIENCE, check=True, **shell)
        done = subprocess.run(["bash"], input=write_script(fences, setup, scratch),
                              timeout=PATIENCE, **shell)
        return judge(fences, done, scratch)
    finally:
        subprocess.run(["systemctl", "stop", "asapd"], timeout=PATIENCE, check=False, **shell)


def main(path):
    name = os.path.basename(path).removesuffix(".md")
    scratch = tempfile.mkdtemp(prefix="asap")
    try:
        problem = run(runbook.commands(read(path)), os.path.join(HERE, name + ".sh"), scratch)
    except runbook.Mistake as mistake:
        problem = str(mistake)
    finally:
        shutil.rmtree(scratch)
    if problem is not None:
        sys.exit(f"{path}: {problem}")


if __name__ == "__main__":
    main(sys.argv[1])

# SPDX-License-Identifier: Apache-2.0
"""A runbook as a test sees it: the commands of its ```sh fences, and what its ```text fences say
that they print. Nothing else in it may look like a command."""

import re

# What an operator types, beside what the fences themselves run.
PROGRAMS = {"asapd", "asapctl", "systemctl", "journalctl", "curl", "openssl", "psql", "pg_dump",
            "sudo", "install", "cp", "mv", "rm"}

VARIABLE = re.compile(r"(export )?[A-Za-z_]+=(\"[^\"]*\"|'[^']*'|\S+)( +#.*)?")


class Mistake(Exception):
    pass


class Fence:
    def __init__(self, language, line):
        self.language = language
        self.line = line
        self.text = ""
        self.shows = []  # lines that it prints, in this order; "..." stands for anything


def first_word(line):
    return (line.split() or [""])[0].removeprefix("$")


def split(text):
    """The fences, and the lines outside of them with their numbers."""
    fences, prose, current = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.lstrip().startswith("```"):
            if current is None:
                prose.append((number, line))
            else:
                current.text += line + "\n"
        elif current is None:
            current = Fence(line.strip().strip("`"), number)
            fences.append(current)
        else:
            current = None
    if current is not None:
        raise Mistake(f"line {current.line}: this fence has no end")
    return fences, prose


def programs_of(fences):
    words = {first_word(line) for fence in fences if fence.language == "sh"
             for line in fence.text.splitlines()}
    return PROGRAMS | {word for word in words if re.fullmatch(r"[a-z][a-z_0-9-]*", word)}


def check_fences(fences, programs):
    for fence in fences:
        if fence.language not in ("sh", "text"):
            raise Mistake(f"line {fence.line}: a fence is sh or text, and not {fence.language!r}")
        for line in fence.text.splitlines():
            if fence.language == "text" and (line.lstrip().startswith("$ ")
                                             or first_word(line) in programs):
                raise Mistake(f"line {fence.line}: this is a command, and not run: {line}")


def check_prose(prose, commands, programs):
    for number, line in prose:
        if re.match(r"( {4}|\t)", line) and first_word(line) in programs:
            raise Mistake(f"line {number}: this is a command, and not run: {line}")
        for span in re.findall(r"`([^`]+)`", line):
            if " " in span and first_word(span) in programs and span not in commands:
                raise Mistake(f"line {number}: no fence runs this: {span}")


def check_variables(fence):
    """The first fence is for the operator to fill in; a test puts its own values in their place."""
    for line in fence.text.splitlines():
        if not VARIABLE.fullmatch(line):
            raise Mistake(f"line {fence.line}: the first fence sets variables only: {line}")


def commands(text):
    """The sh fences in order, checked; the first one sets the variables."""
    fences, prose = split(text)
    programs = programs_of(fences)
    check_fences(fences, programs)
    shell = [fence for fence in fences if fence.language == "sh"]
    if not shell:
        raise Mistake("there is no command in it")
    check_prose(prose, re.sub(r"\\\n\s*", "", "".join(fence.text for fence in shell)), programs)
    check_variables(shell[0])
    for before, fence in zip(fences, fences[1:]):
        if fence.language == "text" and before.language == "sh":
            before.shows = fence.text.splitlines()
    return shell


def missing(fence, output):
    """The first line that the fence should have printed and did not, or None."""
    lines = iter(output.splitlines())
    for wanted in fence.shows:
        pattern = ".*".join(re.escape(part) for part in wanted.strip().split("..."))
        if not any(re.fullmatch(pattern, line.strip()) for line in lines):
            return wanted
    return None

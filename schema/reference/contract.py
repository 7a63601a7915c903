# SPDX-License-Identifier: Apache-2.0
"""Reads the proto files of the contract, as far as this project uses the language.

What it does not understand is an error, and so is what has no comment."""

import re


class Item:
    """A service, method, message, enum, field or value."""

    def __init__(self, kind, name, comment, **more):
        self.kind = kind
        self.name = name
        self.comment = comment
        self.children = []
        self.__dict__.update(more)


FORMS = [
    ("service", re.compile(r"service (?P<name>\w+) \{")),
    ("message", re.compile(r"message (?P<name>\w+) \{")),
    ("enum", re.compile(r"enum (?P<name>\w+) \{")),
    ("oneof", re.compile(r"oneof (?P<name>\w+) \{")),
    ("method", re.compile(r"rpc (?P<name>\w+)\((?P<request>[\w.]+)\) returns "
                          r"\((?P<response>[\w.]+)\)(?P<end>;| \{)")),
    ("field", re.compile(r"(?P<repeated>repeated )?(?P<type>[\w.]+) (?P<name>\w+) = \d+;")),
    ("value", re.compile(r"(?P<name>[A-Z0-9_]+) = \d+;")),
]
IGNORED = re.compile(r"(syntax|package|import|option go_package) ?.*;")


def is_open(kind, parts):
    return kind in ("service", "message", "enum", "oneof") or parts.get("end") == " {"


def match(line):
    for kind, form in FORMS:
        found = form.fullmatch(line)
        if found:
            return kind, found.groupdict()
    # An empty message is one line.
    found = re.fullmatch(r"message (?P<name>\w+) \{\}", line)
    return ("empty", found.groupdict()) if found else (None, None)


class Reader:
    def __init__(self, path):
        self.path = path
        self.top = Item("file", path, "")
        self.open = [self.top]
        self.comment = []

    def fail(self, number, message):
        raise SystemExit("%s:%d: %s" % (self.path, number, message))

    def add(self, number, kind, parts):
        name = parts.pop("name")
        comment = " ".join(self.comment)
        if not comment and not name.endswith("_UNSPECIFIED"):
            self.fail(number, name + " has no comment")
        item = Item("message" if kind == "empty" else kind, name, comment, **parts)
        if kind == "method":
            item.reads = False
        self.open[-1].children.append(item)
        if is_open(kind, parts):
            self.open.append(item)

    def line(self, number, text):
        if text.startswith("//"):
            self.comment.append(text[2:].strip())
            return
        if text == "}":
            self.open.pop()
        elif text == "option idempotency_level = NO_SIDE_EFFECTS;":
            self.open[-1].reads = True
        elif text and not IGNORED.fullmatch(text):
            kind, parts = match(text)
            if kind is None:
                self.fail(number, "cannot read \"%s\"" % text)
            self.add(number, kind, parts)
        self.comment = []

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                self.line(number, text.strip())
        if len(self.open) != 1:
            self.fail(number, "%s is not closed" % self.open[-1].name)
        return self.top.children


def read(paths):
    """The services, and the messages and enums, of these files, in their order."""
    items = [item for path in paths for item in Reader(path).read()]
    return ([i for i in items if i.kind == "service"], [i for i in items if i.kind != "service"])


def read_examples(path):
    """Commands by method, "asap.v1.Service/Method"; the order is the one to run them in."""
    with open(path, encoding="utf-8") as file:
        blocks = re.split(r"\n{2,}", file.read().strip())
    examples = {}
    for block in blocks:
        command = "\n".join(l for l in block.split("\n") if not l.startswith("#"))
        if not command:
            continue
        named = re.findall(r"/(asap\.v1\.\w+/\w+)", command)
        if not command.startswith("curl ") or len(named) != 1:
            raise SystemExit("%s: no curl command of one method:\n%s" % (path, block))
        examples.setdefault(named[0], []).append(command)
    return examples

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes manual pages of section 3 from the comments of the public headers.

    manual.py VERSION OUT_DIR HEADER...

One page for each header, asap_signer.3 for signer.h, and a link to it for each of its functions.
"""

import datetime
import os
import pathlib
import re
import sys

ATTRIBUTES = re.compile(r"\b(ASAP_API|ASAP_MUST_CHECK)\s+")
FUNCTION = re.compile(r"\b(asap_\w+)\(")
TYPE = re.compile(r"^((?:struct|enum) \w+)")
TYPEDEF = re.compile(r"^typedef .*?\(\*(\w+)\)")


class Entry:
    """One or more declarations and the text on them. Without declarations: text alone."""

    def __init__(self, text=""):
        self.text = text
        self.code = []

    def names(self):
        found = []
        for code in self.code:
            match = TYPE.match(code) if "(" not in code or "{" in code else None
            match = match or TYPEDEF.match(code) or FUNCTION.search(code) or TYPE.match(code)
            if match:
                found.append(match.group(1))
        return found

    def functions(self):
        return [
            name for name in self.names() if any(f"{name}(" in code for code in self.code)
        ]


def body_of(header):
    """What is between the includes and the end of the guard, without the preprocessor's lines."""
    text = re.sub(r"#ifdef __cplusplus\n.*?#endif\n", "", header, flags=re.S)
    text = re.sub(r"^/\* SPDX.*\n", "", text)
    text = re.sub(r"^#.*\\\n(.*\\\n)*.*\n", "", text, flags=re.M)
    return re.sub(r"^#.*\n", "", text, flags=re.M)


def read_comment(lines):
    taken = [lines.pop(0)]
    while "*/" not in taken[-1]:
        taken.append(lines.pop(0))
    text = "\n".join(taken).strip()[2:-2]
    return "\n".join(re.sub(r"^ \* ?", "", line).rstrip() for line in text.split("\n")).strip()


def without_attributes(lines):
    """Parameters stay below the parenthesis that they are aligned with."""
    first = ATTRIBUTES.sub("", lines[0])
    shift = len(lines[0]) - len(first) if "(" in first else 0
    rest = [line[min(shift, len(line) - len(line.lstrip())) :] for line in lines[1:]]
    return ATTRIBUTES.sub("", "\n".join([first] + rest))


def read_declaration(lines):
    """Up to the semicolon that is within no braces; an inline function without its body."""
    taken = []
    depth = 0
    while lines:
        line = lines.pop(0)
        taken.append(line)
        code = re.sub(r"/\*.*?(\*/|$)", "", line)
        depth += code.count("{") - code.count("}")
        if depth == 0 and code.rstrip().endswith((";", "}")):
            break
    if taken[-1] == "}":
        del taken[taken.index("{") :]
        taken[-1] += ";"
    return without_attributes(taken)


def read_entries(header):
    """A comment speaks of what follows it without a blank line: where it begins a paragraph, of all
    that has no comment of its own."""
    lines = body_of(header).split("\n")
    entries = []
    shared = False
    fresh = True
    while lines:
        if not lines[0].strip():
            lines.pop(0)
            fresh = True
        elif lines[0].startswith("/*"):
            shared = shared if not fresh else True
            fresh = False
            entries.append(Entry(read_comment(lines)))
        else:
            if fresh:
                shared = False
            if fresh or (entries[-1].code and not shared):
                entries.append(Entry())
            fresh = False
            entries[-1].code.append(read_declaration(lines))
    return entries


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.M)


def literal(text):
    return ".PP\n.RS 4\n.EX\n" + escape(text) + "\n.EE\n.RE\n"


def paragraphs(text):
    """An indented paragraph is shown as it is written."""
    made = ""
    for paragraph in re.split(r"\n\s*\n", text):
        if all(line.startswith("    ") for line in paragraph.split("\n")):
            made += literal(re.sub(r"^    ", "", paragraph, flags=re.M))
        elif paragraph.strip():
            made += ".PP\n" + escape(paragraph.strip()) + "\n"
    return made


def purpose(entries):
    """The first sentence of the header's first comment."""
    text = " ".join(next(entry.text for entry in entries if entry.text).split())
    return re.split(r"[.:](?: |$)", re.sub(r"^libasap: ", "", text))[0]


def page_name(path):
    return "libasap" if path.stem == "asap" else "asap_" + path.stem


def date():
    """As scdoc has it."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    today = datetime.datetime.now(datetime.timezone.utc)
    if seconds is not None:
        today = datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc)
    return today.strftime("%Y-%m-%d")


def page(path, entries, others, version):
    name = page_name(path)
    functions = [function for entry in entries for function in entry.functions()]
    made = f'.TH {name.upper()} 3 "{date()}" "libasap {version}"\n.SH NAME\n'
    made += ",\n".join([name] + [f for f in functions if f != name]) + "\n"
    made += "\\- " + escape(purpose(entries)) + "\n"
    made += ".SH SYNOPSIS\n.nf\n.B #include <asap/" + path.name + ">\n.PP\n"
    made += ".B cc FILE.c $(pkg\\-config \\-\\-cflags \\-\\-libs libasap)\n.fi\n.SH DESCRIPTION\n"
    for entry in entries:
        if entry.code:
            code = literal("\n".join(entry.code))
            # Constants alone have no name to be found by.
            made += ".SS " + ", ".join(entry.names()) + code[3:] if entry.names() else code
        made += paragraphs(entry.text)
    made = made.replace(".SH DESCRIPTION\n.PP\n", ".SH DESCRIPTION\n")
    made += ".SH SEE ALSO\n" + ",\n".join(f".BR {other} (3)" for other in others if other != name)
    return made + "\n", functions


def main():
    version, out, *headers = sys.argv[1:]
    paths = [pathlib.Path(header) for header in headers]
    folder = pathlib.Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.3"):
        old.unlink()
    others = sorted(page_name(path) for path in paths)
    for path in paths:
        text, functions = page(path, read_entries(path.read_text()), others, version)
        (folder / f"{page_name(path)}.3").write_text(text)
        for function in functions:
            (folder / f"{function}.3").symlink_to(f"{page_name(path)}.3")


if __name__ == "__main__":
    main()

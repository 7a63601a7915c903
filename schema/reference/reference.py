# SPDX-License-Identifier: Apache-2.0
"""Writes the reference of the API as one page.

    reference.py EXAMPLES PAGE PROTO..."""

import html
import os
import re
import sys

import contract

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em }
h2 { border-bottom: 1px solid #ccc; margin-top: 2.5em }
h3 { margin-top: 2em }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: #f4f4f4; padding: .8em 1em; overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #ddd; padding: .3em 1em .3em 0; vertical-align: top }
.note { color: #555 }
"""

INTRODUCTION = """
<p>Every operation of asapd but the download of a key is a unary call of a service below, in the
<a href="https://connectrpc.com/docs/protocol/">Connect protocol</a>: a POST of the request to
<code>/asap.v1.Service/Method</code>, as <code>application/json</code> or
<code>application/proto</code>. Clients that are generated from the files in
<code>schema/</code> call it unmodified.</p>
<p>A failure has the HTTP status of its code, and says in JSON what happened, why and what to do:
<code>{"code": "not_found", "message": "..."}</code>. A method that this version of asapd does not
have yet answers <code>unimplemented</code>; those have no example here.</p>
<p>The examples are meant for the directory in which <code>asapd init --dir demo</code> was run.
Administrators call over the admin socket; <code>KeyRepository</code> is open to everybody, over
HTTPS.</p>
"""


def text(comment):
    return html.escape(comment, quote=False)


class Page:
    def __init__(self, services, types, examples):
        self.services = services
        self.types = {t.name: t for t in types}
        self.examples = examples
        self.out = []

    def write(self, form, *values):
        self.out.append(form % values if values else form)

    def type(self, name):
        if name in self.types:
            return '<a href="#%s">%s</a>' % (name, name)
        return name.removeprefix("google.protobuf.")

    def contents(self):
        self.write("<ul>")
        for service in self.services:
            links = ", ".join('<a href="#%s.%s">%s</a>' % (service.name, m.name, m.name)
                              for m in service.children)
            self.write('<li><a href="#%s">%s</a>: %s</li>', service.name, service.name, links)
        self.write("</ul>")

    def method(self, service, method):
        path = "asap.v1.%s/%s" % (service.name, method.name)
        self.write('<h3 id="%s.%s">%s</h3>', service.name, method.name, method.name)
        self.write("<p>%s</p>", text(method.comment))
        self.write("<p><code>POST /%s</code>: %s → %s%s</p>", path, self.type(method.request),
                   self.type(method.response),
                   ' <span class="note">(no side effects: also by GET)</span>'
                   if method.reads else "")
        for command in self.examples.get(path, []):
            self.write("<pre>%s</pre>", text(command))

    def service(self, service):
        self.write('<h2 id="%s">%s</h2>', service.name, service.name)
        self.write("<p>%s</p>", text(service.comment))
        for method in service.children:
            self.method(service, method)

    def rows(self, item, note=""):
        for child in item.children:
            if child.kind == "oneof":
                self.write('<tr><td colspan="3" class="note">One of these: %s</td></tr>',
                           text(child.comment))
                self.rows(child)
            elif child.kind == "field":
                self.write("<tr><td><code>%s</code></td><td>%s%s</td><td>%s</td></tr>", child.name,
                           "list of " if child.repeated else "", self.type(child.type),
                           text(child.comment))
            elif child.comment:
                self.write("<tr><td><code>%s</code></td><td>%s</td></tr>", child.name,
                           text(child.comment))

    def message(self, item):
        self.write('<h3 id="%s">%s</h3>', item.name, item.name)
        self.write("<p>%s</p>", text(item.comment))
        if item.children:
            self.write("<table>")
            self.rows(item)
            self.write("</table>")

    def make(self):
        self.write("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">")
        self.write("<title>asapd: API reference</title>\n<style>" + STYLE.replace("%", "%%")
                   + "</style>")
        self.write("<h1>asapd: API reference</h1>" + INTRODUCTION)
        self.contents()
        for service in self.services:
            self.service(service)
        self.write('<h2 id="types">Messages and enums</h2>')
        self.write('<p class="note">In JSON, names are lowerCamelCase, 64-bit integers and times'
                   ' are strings ("2026-11-23T13:15:00Z"), durations are like "90s", and what is'
                   ' left out is zero, empty or unset.</p>')
        for name in sorted(self.types):
            self.message(self.types[name])
        self.write("</html>")
        return "\n".join(self.out) + "\n"


def main(arguments):
    examples, page, *protos = arguments
    services, types = contract.read(protos)
    known = {"asap.v1.%s/%s" % (s.name, m.name) for s in services for m in s.children}
    commands = contract.read_examples(examples)
    for path in commands:
        if path not in known:
            raise SystemExit("%s: there is no method %s" % (examples, path))
    made = Page(services, types, commands).make()
    for link in re.findall(r'href="#([\w.]+)"', made):
        if 'id="%s"' % link not in made:
            raise SystemExit("the page has no %s to link to" % link)
    os.makedirs(os.path.dirname(page), exist_ok=True)
    with open(page, "w", encoding="utf-8") as file:
        file.write(made)


if __name__ == "__main__":
    main(sys.argv[1:])

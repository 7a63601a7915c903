# SPDX-License-Identifier: Apache-2.0
"""The curl commands of the API's reference, run as they are written there."""

import glob
import http.client
import json
import os
import socket
import sys
import tempfile
import unittest

from harness import BUILD, PATIENCE, ServerTest, main, run

SCHEMA = os.path.join(os.path.dirname(__file__), "../../schema")
sys.path.insert(0, os.path.join(SCHEMA, "reference"))
import contract  # noqa: E402

SERVICES, TYPES = contract.read(sorted(glob.glob(os.path.join(SCHEMA, "asap/v1/*.proto"))))
EXAMPLES = contract.read_examples(os.path.join(SCHEMA, "reference/examples.txt"))
METHODS = ["asap.v1.%s/%s" % (s.name, m.name) for s in SERVICES for m in s.children]
KEY_ID = "payments/api/20261123T131500Z-7f3a9c.pem"
ID = "0123456789abcdef"
TOKEN = "eyJh..."


class CurlExamples(ServerTest):
    def admin_call(self, path, request):
        """What the admin socket answers."""
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.server.path("admin.sock"))
        self.addCleanup(connection.close)
        connection.request("POST", "/" + path, json.dumps(request),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return json.loads(answer.read())

    def admin_code(self, path, request):
        return self.admin_call(path, request).get("code", "ok")

    def run_example(self, command):
        command = command.replace("https://localhost:8443",
                                  "https://localhost:%d" % self.server.address()[1])
        if KEY_ID in command:
            command = command.replace(KEY_ID, self.active_key("payments/api"))
        if '"credentialId": "%s"' % ID in command:
            ci = self.admin_call("asap.v1.CallerAdmin/GetCaller", {"name": "ci"})
            command = command.replace(ID, ci["credentials"][0]["credentialId"])
        if '"grantId": "%s"' % ID in command:
            listed = self.admin_call("asap.v1.CallerAdmin/ListGrants", {"caller": "ci"})
            command = command.replace(ID, listed["grants"][0]["grantId"])
        if TOKEN in command:
            minted = self.admin_call("asap.v1.TokenService/MintToken",
                                     {"issuer": "payments/api", "audience": ["orders/api"]})
            command = command.replace(TOKEN, minted["token"])
        done = run("sh", "-c", command.replace("curl ", "curl --silent --show-error ", 1),
                   cwd=self.server.root)
        self.assertEqual(done.returncode, 0, command + "\n" + done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_every_example_does_what_it_is_to_show(self):
        for commands in EXAMPLES.values():
            for command in commands:
                answer = self.run_example(command)
                self.assertNotEqual(answer, {}, command)
                self.assertEqual(answer.get("code", "ok"), "ok", command + str(answer))

    def test_no_method_is_unimplemented(self):
        self.assertEqual({m for m in METHODS if self.admin_code(m, {}) == "unimplemented"}, set())

    def test_every_method_has_an_example(self):
        self.assertEqual(set(METHODS), set(EXAMPLES))

    def test_every_method_of_the_contract_is_known(self):
        unknown = self.admin_call("asap.v1.Server/Nothing", {})["message"]
        for method in METHODS:
            self.assertNotEqual(self.admin_call(method, {}).get("message"), unknown, method)


class Reference(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(BUILD, "docs/api.html"), encoding="utf-8") as page:
            self.page = page.read()

    def test_it_has_every_method_type_and_example(self):
        for service in SERVICES:
            for method in service.children:
                self.assertIn('id="%s.%s"' % (service.name, method.name), self.page)
        for item in TYPES:
            self.assertIn('<h3 id="%s">' % item.name, self.page)
        self.assertEqual(self.page.count("<pre>"), sum(len(c) for c in EXAMPLES.values()))


class Contract(unittest.TestCase):
    def read(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".proto", encoding="utf-8") as file:
            file.write('syntax = "proto3";\n\n' + text)
            file.flush()
            return contract.read([file.name])

    def test_what_has_no_comment_is_no_contract(self):
        good = "// One.\nmessage A {\n  // Two.\n  string b = 1;\n}\n"
        self.assertEqual(self.read(good)[1][0].children[0].comment, "Two.")
        for bad in (good.replace("// One.", ""), good.replace("  // Two.\n", "")):
            with self.assertRaisesRegex(SystemExit, "has no comment"):
                self.read(bad)

    def test_what_is_beyond_our_use_of_the_language_is_refused(self):
        for bad in ("optional string b = 1;", "map<string, string> b = 1;", "string b = 1 [x = 1];"):
            with self.assertRaisesRegex(SystemExit, "cannot read"):
                self.read("// One.\nmessage A {\n  // Two.\n  %s\n}\n" % bad)

    def test_what_has_no_side_effects_is_what_cannot_be_validated(self):
        fields = {t.name: {f.name for f in t.children} for t in TYPES}
        for service in SERVICES:
            for method in service.children:
                if method.name != "VerifyToken":
                    self.assertEqual(method.reads,
                                     "validate_only" not in fields[method.request], method.name)


if __name__ == "__main__":
    main()

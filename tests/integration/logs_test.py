# SPDX-License-Identifier: Apache-2.0
"""What a real asapd logs, in each format, of requests by honest and by hostile clients."""

import json
import re
import sqlite3
import unittest

from harness import Server, ServerTest, main, reason_of, until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
HOSTILE = b'a\tb" level=error\\ \xff\xc3\xa9 ",\x80"x":"'
PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "]+)(?: |$)')


def read_logfmt(line):
    """The fields of a line, which has nothing else."""
    pairs = {match[1]: json.loads(match[2]) if match[2][0] == '"' else match[2]
             for match in PAIR.finditer(line)}
    assert sum(len(match[0]) for match in PAIR.finditer(line)) == len(line), line
    return pairs


def read_json(line):
    return json.loads(line, object_pairs_hook=lambda pairs: dict(pairs))


class Logs(ServerTest):
    format = None
    settings = ("--access-log", "all", "--log-level", "debug")

    def setUp(self):
        self.server = Server("--log-format", self.format, *self.settings)
        self.addCleanup(self.server.close)
        self.server.start()

    def lines(self):
        with open(self.server.log_path, "rb") as log:
            raw = log.read()
        self.assertLessEqual(set(raw) - {10}, set(range(32, 127)))
        return [self.read(line) for line in raw.decode("ascii").splitlines()]

    def of(self, request_id):
        return [line for line in self.lines() if line.get("request_id") == request_id]

    def of_request(self, request_id):
        (line,) = [line for line in self.of(request_id) if line["msg"] == "request"]
        return line


class Machine:
    """For formats that machines read."""

    def test_every_line_can_be_read(self):
        self.assertEqual(self.server.get("/no/such", User_Agent="x").status, 404)
        for line in self.lines():
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            self.assertIn(line["level"], ("error", "warning", "info", "debug"))
            self.assertTrue(line["msg"])

    def test_a_request_has_its_line_with_what_was_asked_and_how_it_went(self):
        self.server.get("/no/such?token=secret", X_Request_Id="r1", traceparent=TRACEPARENT)
        line = self.of_request("r1")
        self.assertEqual((line["method"], line["route"], str(line["status"]), line["remote"],
                          line["listener"], line["level"]),
                         ("GET", "unknown", "404", "127.0.0.1", "public", "info"))
        self.assertEqual((line["trace_id"], line["parent_id"]), (TRACE, PARENT))
        self.assertGreater(float(line["duration_seconds"]), 0)
        self.assertGreater(int(line["bytes"]), 0)
        self.assertNotIn("caller", line)
        self.assertNotIn("secret", self.server.log())

    def test_a_callers_name_is_there_and_its_key_is_not(self):
        key = self.new_caller("ci")
        answer = self.server.rpc("TokenService/MintToken", {"issuer": "a/b"}, key,
                                 headers={"X-Request-Id": "r2"})
        self.assertEqual(answer.status, 400)
        self.assertEqual(self.of_request("r2")["caller"], "ci")
        called = [line for line in self.of("r2") if "called" in line["msg"]]
        self.assertEqual(len(called), 1, self.of("r2"))
        self.assertNotIn(key, self.server.log())

    def test_nobody_forges_a_line_or_a_field(self):
        host, port = self.server.address()
        with self.server.connect() as connection:
            connection.sendall(b"GET /no/such HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                               b"X-Request-Id: " + HOSTILE.replace(b"\t", b" ") +
                               b"\r\nUser-Agent: " + HOSTILE + b"\r\n\r\n")
            answer = connection.recv(65536).decode("latin-1")
        request_id = re.search(r"X-Request-Id: (\S+)\r\n", answer)[1]
        self.assertRegex(request_id, r"^[0-9a-f]{12}-[0-9a-f]+$")
        self.assertEqual(str(self.of_request(request_id)["status"]), "404")
        self.server.rpc("TokenService/MintToken", {"issuer": HOSTILE.decode("latin-1")},
                        self.new_caller("ci"), headers={"X-Request-Id": "r3"})
        for line in self.lines():
            self.assertNotEqual(line["level"], "error", line)
            self.assertNotIn("x", line)

    def test_who_fetches_a_retiring_key_is_named_without_harm(self):
        self.server.ctl("issuer", "create", "web", "--external")
        self.server.ctl("key", "generate", "web", "--algorithm", "ES256", "--now",
                        "--private-dir", self.server.path("private"))
        (key,) = self.server.ctl_json("key", "list", "web")["keys"]
        self.server.ctl("key", "retire", key["keyId"])
        until(lambda: self.server.ctl_json("key", "list", "web")["keys"][0]["state"] ==
              "KEY_STATE_RETIRING", "the key to retire")
        with self.server.connect() as connection:
            connection.sendall(f"GET /{key['keyId']} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                               "X-Request-Id: r4\r\nUser-Agent: ".encode() +
                               HOSTILE.replace(b"\t", b"") + b"\r\n\r\n")
            self.assertIn(b" 200 ", connection.recv(65536))
        line, = [line for line in self.of("r4") if "fetched" in line["msg"]]
        self.assertEqual((line["key_id"], line["remote"]), (key["keyId"], "127.0.0.1"))
        self.assertEqual(line["user_agent"],
                         HOSTILE.replace(b"\t", b"").decode("utf-8", errors="replace"))


class Json(Machine, Logs):
    format = "json"
    read = staticmethod(read_json)


class Logfmt(Machine, Logs):
    format = "logfmt"
    read = staticmethod(read_logfmt)


class Text(Logs):
    format = "text"
    read = staticmethod(lambda line: line)

    def test_a_person_can_read_it(self):
        self.server.get("/no/such", X_Request_Id="r1", traceparent=TRACEPARENT)
        (line,) = [line for line in self.lines() if " request " in line]
        self.assertRegex(line, rf"^\S+Z info: \[r1 {TRACE}-{PARENT}\] request listener=public"
                               r" method=GET route=key status=404 duration_seconds=\S+ bytes=\d+"
                               r" remote=127.0.0.1$")

    def test_errors_name_the_request_and_the_log_knows_it(self):
        answer = self.server.rpc("TokenService/MintToken", {}, headers={"X-Request-Id": "r2"})
        self.assertEqual((answer.status, answer["X-Request-Id"]), (401, "r2"))
        (info,) = [detail["debug"] for detail in answer.json["details"]
                   if detail["type"] == "google.rpc.RequestInfo"]
        self.assertEqual(info, {"requestId": "r2"})
        self.assertEqual(reason_of(answer), "NO_PROOF")
        self.assertTrue(any("[r2] 127.0.0.1 called /asap.v1.TokenService/MintToken" in line
                            for line in self.lines()))
        missing = self.server.get("/no/such")
        self.assertEqual(json.loads(missing.body)["request_id"], missing["X-Request-Id"])
        key = self.server.get("/", X_Request_Id="r3")
        self.assertEqual(key["X-Request-Id"], "r3")


class Choice(unittest.TestCase):
    def lines(self, *setting):
        """The statuses of those requests that have a line, of one that fails and one that errs."""
        server = Server(*setting)
        self.addCleanup(server.close)
        server.start()
        server.ctl("issuer", "create", "web", "--algorithm", "ES256")
        with sqlite3.connect(server.path("asapd.db"), isolation_level=None) as database:
            database.execute("ALTER TABLE audit_event RENAME TO away")
        wish = {"issuer": "web", "audience": ["a"]}
        self.assertEqual(server.local_rpc("TokenService/MintToken", wish).status, 503)
        self.assertEqual(server.get("/no/such").status, 404)
        with open(server.log_path, encoding="ascii") as log:
            return re.findall(r"\] request .* route=(?:key|asap.v1.TokenService/MintToken) "
                              r"status=(\d+)", log.read())

    def test_it_is_none_errors_or_all(self):
        self.assertEqual(self.lines(), [])
        self.assertEqual(self.lines("--access-log", "errors"), ["503"])
        self.assertEqual(self.lines("--access-log", "all"), ["503", "404"])


if __name__ == "__main__":
    main()

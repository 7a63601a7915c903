# SPDX-License-Identifier: Apache-2.0
"""Requests that are sent again, and lists that go on: across crashes and processes."""

import http.client
import json
import os
import re
import signal
import socket
import threading

from harness import ASAPCTL, PATIENCE, Server, ServerTest, main, run

ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


def call(server, method, **request):
    """Status and message of a call over the admin socket."""
    connection = UnixConnection(server.path("admin.sock"))
    try:
        connection.request("POST", "/asap.v1." + method, json.dumps(request),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


class Retry(ServerTest):
    def call(self, method, **request):
        return call(self.server, method, **request)

    def done(self, method, **request):
        status, answer = self.call(method, **request)
        self.assertEqual(status, 200, answer)
        return answer

    def generation(self):
        return int(self.done("Server/GetStatus").get("generation", 0))

    def test_a_repetition_after_a_crash_gets_the_first_answer(self):
        self.server.ctl("issuer", "create", "a", "--algorithm", "ES256")
        first = self.done("KeyAdmin/RotateKey", issuer="a", requestId=ID)
        before = self.generation()
        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.server.set_clock(3600)
        self.assertEqual(self.done("KeyAdmin/RotateKey", issuer="a", requestId=ID), first)
        self.assertEqual(self.generation(), before)
        self.server.set_clock(3600 + 86400)
        again = self.done("KeyAdmin/RotateKey", issuer="a", requestId=ID)
        self.assertNotEqual(again, first)
        self.assertEqual(self.generation(), before + 1)

    def test_an_id_of_another_request_is_refused_by_its_field(self):
        self.done("IssuerAdmin/CreateIssuer", name="a", algorithm="ES256", requestId=ID)
        status, answer = self.call("IssuerAdmin/CreateIssuer", name="b", algorithm="ES256",
                                   requestId=ID)
        self.assertEqual((status, answer["code"]), (400, "invalid_argument"))
        self.assertIn("request_id", answer["message"])

    def test_equal_requests_at_once_are_carried_out_once(self):
        answers = []

        def create():
            answers.append(self.call("IssuerAdmin/CreateIssuer", name="a", requestId=ID))

        before = self.generation()
        threads = [threading.Thread(target=create) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([status for status, _ in answers], [200] * 4, answers)
        self.assertTrue(all(answer == answers[0] for answer in answers))
        self.assertEqual(self.generation(), before + 1)

    def test_page_tokens_are_good_after_a_restart_and_of_no_other_database(self):
        for name in ("a", "b", "c"):
            self.server.ctl("issuer", "create", name, "--external")
        first = self.done("IssuerAdmin/ListIssuers", pageSize=2)
        self.assertEqual([i["name"] for i in first["issuers"]], ["a", "b"])
        token = first["nextPageToken"]
        self.server.stop()
        self.server.start()
        rest = self.done("IssuerAdmin/ListIssuers", pageSize=1, pageToken=token)
        self.assertEqual([i["name"] for i in rest["issuers"]], ["c"])
        self.assertNotIn("nextPageToken", rest)

        other = Server()
        self.addCleanup(other.close)
        status, answer = call(other.start(), "IssuerAdmin/ListIssuers", pageToken=token)
        self.assertEqual((status, answer["code"]), (400, "invalid_argument"))
        self.assertIn("page_token", answer["message"])


class BreakingProxy:
    """Passes requests on to a Unix socket, and closes the first connection instead of answering."""

    def __init__(self, path, target):
        self.path, self.target, self.requests = path, target, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.socket(socket.AF_UNIX) as server:
                server.connect(self.target)
                request = self.read_request(client)
                self.requests.append(request)
                server.sendall(request)
                answer = server.recv(65536)
                if len(self.requests) > 1:
                    client.sendall(answer)

    @staticmethod
    def read_request(client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(65536)
        head, body = request.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
        while len(body) < length:
            body += client.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        os.unlink(self.path)


class LostAnswer(ServerTest):
    def test_asapctl_sends_a_change_again_and_it_is_carried_out_once(self):
        self.server.ctl("issuer", "create", "a", "--algorithm", "ES256")
        before = self.server.ctl_json("status")["generation"]
        proxy = BreakingProxy(self.server.path("proxy.sock"), self.server.path("admin.sock"))
        self.addCleanup(proxy.close)
        environment = dict(self.server.environment, ASAPCTL_SERVER="unix:" + proxy.path)
        done = run(ASAPCTL, "key", "rotate", "a", "--output", "json", env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("alreadyPlanned", json.loads(done.stdout))
        self.assertEqual(len(proxy.requests), 2)
        after = self.server.ctl_json("status")["generation"]
        self.assertEqual(int(after), int(before) + 1)


if __name__ == "__main__":
    main()

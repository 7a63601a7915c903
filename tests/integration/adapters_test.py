# SPDX-License-Identifier: Apache-2.0
"""The examples of libasap's adapters: libmicrohttpd as a service, libcurl as its client, and a loop
of libevent, before a real asapd."""

import http.client
import http.server
import os
import signal
import subprocess
import threading
import time

from harness import BUILD, PATIENCE, Response, ServerTest, main, run, until

EXAMPLES = os.path.join(BUILD, "client/examples")
SIGN = os.path.join(EXAMPLES, "asap-sign")
REQUEST = os.path.join(EXAMPLES, "asap-request")
GUARD = os.path.join(EXAMPLES, "asap-guard")
LOOP = os.path.join(EXAMPLES, "asap-loop")
HELD = 1.2  # seconds for which the repository hangs; a fetch gives up after 2
HELLO = "hello, web/api (role {}, {} bytes)\n"


class AdapterTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.keys = os.path.join(self.server.root, "private")
        for issuer in ("web/api", "shop"):
            self.server.ctl("issuer", "create", issuer, "--external")
            self.server.ctl("key", "generate", issuer, "--algorithm", "ES256",
                            "--private-dir", self.keys, "--now")

    def token(self, issuer="web/api", audience="orders"):
        done = run(SIGN, "--private-dir", self.keys, "--issuer", issuer, "--audience", audience)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def begin(self, program, *options):
        """A program that verifies tokens for "orders" by the keys of asapd."""
        process = subprocess.Popen(
            [program, "--repository", self.server.url, "--cacert", self.server.path("ca.pem"),
             "--audience", "orders", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def end(self, process):
        """What it wrote that was not read yet, to both."""
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 0, err)
        return out, err


class Guarded(AdapterTest):
    def setUp(self):
        super().setUp()
        self.guard = self.begin(GUARD)
        self.port = int(self.guard.stdout.readline())

    def ask(self, path, *authorization, method="GET", body=None, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, path)
            for value in authorization:
                connection.putheader("Authorization", value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            raw = connection.getresponse()
            return Response(raw, raw.read())
        finally:
            connection.close()

    def assert_refused(self, answer, status, challenge=None):
        self.assertEqual((answer.status, answer["WWW-Authenticate"], answer["Cache-Control"]),
                         (status, challenge, "no-store"), answer.body)
        self.assertNotIn(b"hello", answer.body)

    def test_a_good_token_passes_and_its_claims_reach_the_handler(self):
        for scheme in ("Bearer ", "bearer ", "BEARER   "):
            passed = self.ask("/orders", scheme + self.token())
            self.assertEqual((passed.status, passed.body.decode()),
                             (200, HELLO.format("unknown", 0)))

    def test_a_body_is_read_after_the_token_was_checked(self):
        passed = self.ask("/orders", "Bearer " + self.token(), method="POST", body=b"x" * 300000)
        self.assertEqual(passed.body.decode(), HELLO.format("unknown", 300000))

    def test_no_token_is_401_where_one_is_required(self):
        self.assert_refused(self.ask("/orders"), 401, "Bearer")
        self.assert_refused(self.ask("/orders", "Basic eDp5"), 401, "Bearer")
        self.assert_refused(self.ask("/orders", "Bearerx y"), 401, "Bearer")
        self.assert_refused(self.ask("/orders", method="POST", body=b"x" * 1000), 401, "Bearer")

    def test_no_token_passes_where_one_is_optional(self):
        for shown in ((), ("Basic eDp5",)):
            self.assertEqual(self.ask("/hello", *shown).body, b"hello, whoever you are\n")
        named = self.ask("/hello", "Bearer " + self.token())
        self.assertEqual(named.body.decode(), HELLO.format("unknown", 0))

    def test_a_bad_token_is_401_everywhere_and_only_the_log_says_why(self):
        good = self.token()
        for path in ("/orders", "/hello"):
            for shown in ("nonsense", "", good[:-4] + "AAAA", self.token(audience="shop"),
                          good + " " + good):
                refused = self.ask(path, "Bearer " + shown)
                self.assert_refused(refused, 401, 'Bearer error="invalid_token"')
                self.assertEqual(refused.body, b"invalid_token\n")
        _, log = self.end(self.guard)
        self.assertIn("asap-guard: refused: the token is for another audience", log)
        self.assertNotIn(good, log)

    def test_two_proofs_are_400(self):
        good = "Bearer " + self.token()
        for shown in ((good, good), ("Basic eDp5", good), (good, "Bearer nonsense")):
            self.assert_refused(self.ask("/hello", *shown), 400, 'Bearer error="invalid_request"')

    def test_an_issuer_that_is_not_let_in_is_403(self):
        port = int((guard := self.begin(GUARD, "--issuer", "shop")).stdout.readline())
        self.assert_refused(self.ask("/orders", "Bearer " + self.token(), port=port), 403,
                            'Bearer error="insufficient_scope"')
        self.assertEqual(self.ask("/orders", "Bearer " + self.token("shop"), port=port).status, 200)
        self.end(guard)

    def test_a_repository_that_is_down_is_503_and_no_bad_token(self):
        token = self.token()
        self.server.stop()
        refused = self.ask("/orders", "Bearer " + token)
        self.assert_refused(refused, 503)
        self.assertEqual(refused["Retry-After"], "1")
        self.assert_refused(self.ask("/orders", "Bearer nonsense"), 401,
                            'Bearer error="invalid_token"')

    def request(self, *arguments, audience="orders"):
        return run(REQUEST, "--private-dir", self.keys, "--issuer", "web/api", "--audience",
                   audience, *arguments)

    def test_libcurl_sends_a_token_with_each_request(self):
        url = f"http://127.0.0.1:{self.port}/orders"
        done = self.request(url, url, url)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, 3 * HELLO.format("unknown", 0), "200\n200\n200\n"))
        done = self.request("--data", "x" * 2000, url)
        self.assertEqual(done.stdout, HELLO.format("unknown", 2000))
        done = self.request(url, audience="shop")
        self.assertEqual((done.returncode, done.stderr), (1, "401\n"))


class Recorder(http.server.BaseHTTPRequestHandler):
    """Notes what it is sent; /away sends on to `target`."""

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get_all("Authorization")))
        self.send_response(302 if self.path == "/away" else 200)
        if self.path == "/away":
            self.send_header("Location", self.server.target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Redirected(AdapterTest):
    def recorder(self, target=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        server.seen, server.target = [], target
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_a_token_does_not_go_along_to_another_host(self):
        other = self.recorder()
        first = self.recorder(f"http://localhost:{other.server_port}/stolen")
        done = run(REQUEST, "--private-dir", self.keys, "--issuer", "web/api", "--audience",
                   "orders", "--location", f"http://127.0.0.1:{first.server_port}/away")
        self.assertEqual(done.returncode, 0, done.stderr)
        (_, shown), = first.seen
        self.assertEqual(len(shown), 1)
        self.assertRegex(shown[0], r"\ABearer eyJ[\w-]+\.[\w-]+\.[\w-]+\Z")
        self.assertEqual(other.seen, [("/stolen", None)])


class Looped(AdapterTest):
    def send(self, loop, token):
        loop.stdin.write(token + "\n")
        loop.stdin.flush()

    def stop_repository(self):
        """All of its threads, which takes a moment."""
        process = self.server.process
        process.send_signal(signal.SIGSTOP)
        self.addCleanup(process.send_signal, signal.SIGCONT)

        def is_stopped():
            for task in os.listdir(f"/proc/{process.pid}/task"):
                with open(f"/proc/{process.pid}/task/{task}/stat", encoding="utf-8") as file:
                    if file.read().rpartition(")")[2].split()[0] != "T":
                        return False
            return True
        until(is_stopped, "asapd to stop")

    def test_a_loop_turns_while_a_key_is_fetched(self):
        loop = self.begin(LOOP)
        known, unknown = self.token(), self.token("shop")
        self.send(loop, known)
        self.assertEqual(loop.stdout.readline(), "ok web/api\n")
        self.stop_repository()
        self.send(loop, unknown)
        answered, begun = 0, time.monotonic()
        while time.monotonic() - begun < HELD:
            self.send(loop, known)
            self.assertEqual(loop.stdout.readline(), "ok web/api\n")
            self.send(loop, "nonsense")
            self.assertEqual(loop.stdout.readline(), "refused TOKEN_SIZE\n")
            answered += 2
        self.server.process.send_signal(signal.SIGCONT)
        self.assertEqual(loop.stdout.readline(), "ok shop\n")
        out, _ = self.end(loop)
        at_once, _, longest, _ = out.replace(",", "").replace("at once", "at_once").split()
        self.assertEqual(int(at_once), answered)
        self.assertLess(int(longest), HELD * 1000 / 2)

    def test_a_bad_token_and_a_repository_that_is_down_are_told_apart(self):
        token = self.token()
        self.server.stop()
        out, _ = self.begin(LOOP).communicate("nonsense\n" + token + "\n", timeout=PATIENCE)
        self.assertEqual(out.splitlines()[:2],
                         ["refused TOKEN_SIZE", "unavailable KEY_UNAVAILABLE"])


if __name__ == "__main__":
    main()

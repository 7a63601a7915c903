# SPDX-License-Identifier: Apache-2.0
"""asapd as its operator sees it: init, serve, signals, and every way that a start can fail."""

import json
import os
import signal
import socket
import sqlite3
import ssl
import stat
import time
import unittest

from harness import ASAPD, PATIENCE, Server, ServerTest, main, run, until


class Init(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def test_it_makes_everything_that_a_server_needs_and_keeps_it_private(self):
        made = sorted(os.listdir(self.server.dir))
        self.assertEqual([n for n in made if not n.startswith("asapd.db-")],
                         ["asapd.conf", "asapd.db", "ca.pem", "kek", "server.key", "server.pem"])
        for name in ("asapd.db", "kek", "server.key"):
            mode = stat.S_IMODE(os.stat(self.server.path(name)).st_mode)
            self.assertEqual(mode & 0o077, 0, name)

    def test_it_overwrites_nothing(self):
        before = {n: os.stat(self.server.path(n)).st_mtime_ns for n in os.listdir(self.server.dir)}
        again = self.server.asapd("init", "--dir", self.server.dir)
        self.assertEqual(again.returncode, 1)
        self.assertIn("asapd.conf", again.stderr)
        for name, mtime in before.items():
            self.assertEqual(os.stat(self.server.path(name)).st_mtime_ns, mtime, name)


class Serve(ServerTest):
    def test_it_prints_where_each_listener_listens(self):
        for name in ("public", "admin", "ops"):
            self.assertIn(name + " listens on", self.server.log())

    def test_it_is_ready_healthy_and_ends_with_0_on_sigterm(self):
        self.assertEqual(self.server.ops("/healthz").status, 200)
        self.assertEqual(self.server.ops("/readyz").status, 200)
        self.assertEqual(self.server.ops("/other").status, 404)
        self.assertEqual(self.server.stop(signal.SIGTERM), 0)

    def test_it_starts_again_with_the_same_keys(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        kid = self.active_key("payments/api")
        body = self.server.get("/" + kid).body
        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.get("/" + kid).body, body)

    def test_it_starts_again_after_a_crash(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        kid = self.active_key("payments/api")
        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.assertEqual(self.server.get("/" + kid).status, 200)

    def test_a_request_in_flight_finishes_when_it_is_told_to_stop(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        kid = self.active_key("payments/api")
        with self.server.connect() as connection:
            connection.sendall(b"GET /" + kid.encode() + b" HTTP/1.1\r\nHost: localhost\r\n")
            self.server.process.send_signal(signal.SIGTERM)
            until(lambda: "stopping" in self.server.log(), "asapd to begin stopping")
            self.assertEqual(self.server.process.wait(timeout=PATIENCE), 0)

    def certificate(self):
        with self.server.connect() as connection:
            return connection.getpeercert(binary_form=True)

    def test_sighup_takes_up_a_new_certificate_without_dropping_connections(self):
        before = self.certificate()
        other = Server()
        self.addCleanup(other.close)
        with self.server.connect() as connection:
            for name in ("server.pem", "server.key", "ca.pem"):
                os.replace(other.path(name), self.server.path(name))
            self.server.process.send_signal(signal.SIGHUP)
            until(lambda: "certificates" in self.server.log(), "the certificate to be read")
            connection.sendall(b"GET /a/b HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 404"))
        self.assertNotEqual(self.certificate(), before)

    def test_sighup_with_a_bad_certificate_keeps_the_old_one(self):
        before = self.certificate()
        with open(self.server.path("server.pem"), "w", encoding="ascii") as file:
            file.write("nonsense")
        self.server.process.send_signal(signal.SIGHUP)
        until(lambda: " error: " in self.server.log(), "the failure to be logged")
        self.assertEqual(self.certificate(), before)

    def test_tls_before_1_2_is_refused(self):
        context = self.server.tls()
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        plain = socket.create_connection(self.server.address(), timeout=PATIENCE)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain, server_hostname="localhost")
        plain.close()


class Notify(unittest.TestCase):
    def test_it_tells_the_service_manager_that_it_is_ready(self):
        server = Server()
        self.addCleanup(server.close)
        path = os.path.join(server.root, "notify")
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(path)
        manager.settimeout(PATIENCE)
        server.environment["NOTIFY_SOCKET"] = path
        server.start()
        self.assertIn(b"READY=1", manager.recv(200))
        server.process.send_signal(signal.SIGTERM)
        self.assertIn(b"STOPPING=1", manager.recv(200))


class Refusals(unittest.TestCase):
    """Each is one line on standard error that says what to do."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def serve(self, *flags):
        return self.server.asapd("serve", "--config", self.server.path("asapd.conf"), *flags)

    def assertRefused(self, result, status, *words):
        self.assertEqual(result.returncode, status, result.stderr)
        lines = result.stderr.strip().splitlines()
        self.assertTrue(lines[-1].startswith("asapd: "), result.stderr)
        for word in words:
            self.assertIn(word, lines[-1])

    def write(self, name, text):
        path = self.server.path(name)
        os.chmod(path, 0o600)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def test_unknown_command(self):
        self.assertRefused(self.server.asapd("srve"), 2, "srve", "did you mean serve?")

    def test_unknown_flag_names_the_nearest(self):
        self.assertRefused(self.serve("--public-lisen", "x"), 2, "--public-lisen",
                           "--public-listen")

    def test_unknown_setting_names_its_line_and_the_nearest(self):
        with open(self.server.path("asapd.conf"), "a", encoding="ascii") as file:
            file.write("publish_leed = 30\n")
        with open(self.server.path("asapd.conf"), encoding="ascii") as file:
            line = len(file.readlines())
        self.assertRefused(self.serve("--check-config"), 2, "asapd.conf:%d" % line, "publish_leed",
                           "publish_lead")

    def test_contradicting_times_name_the_inequality(self):
        self.assertRefused(self.serve("--check-config", "--publish-lead", "1s"), 2,
                           "publish_lead", "jwks_max_age + stale")

    def test_good_configuration(self):
        self.assertEqual(self.serve("--check-config").returncode, 0)

    def test_missing_configuration(self):
        self.assertRefused(self.server.asapd("serve", "--config", "nowhere.conf"), 2,
                           "nowhere.conf")

    def test_wrong_kek(self):
        self.write("kek", "ab" * 32 + "\n")
        self.assertRefused(self.serve(), 1, "kek", "restore")

    def test_malformed_kek(self):
        self.write("kek", "short\n")
        self.assertRefused(self.serve(), 1, "kek")

    def test_missing_kek(self):
        os.remove(self.server.path("kek"))
        self.assertRefused(self.serve(), 1, "kek")

    def test_kek_that_others_can_read(self):
        os.chmod(self.server.path("kek"), 0o644)
        self.assertRefused(self.serve(), 1, "kek", "chmod 600")

    def test_database_from_a_newer_version(self):
        with sqlite3.connect(self.server.path("asapd.db")) as database:
            database.execute("PRAGMA user_version = 9999")
        self.assertRefused(self.serve(), 1, "newer")

    def test_database_of_another_program(self):
        with sqlite3.connect(self.server.path("asapd.db")) as database:
            database.execute("PRAGMA application_id = 12345")
        self.assertRefused(self.serve(), 1, "asapd.db")

    def test_no_database(self):
        os.remove(self.server.path("asapd.db"))
        self.assertRefused(self.serve(), 1, "asapd.db", "init")

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "https://127.0.0.1:%d" % taken.getsockname()[1]
            self.assertRefused(self.serve("--public-listen", address), 1, address, "in use")

    def test_certificate_and_key_that_do_not_match(self):
        other = Server()
        self.addCleanup(other.close)
        os.replace(other.path("server.key"), self.server.path("server.key"))
        self.assertRefused(self.serve(), 1, "server.")

    def test_two_daemons_on_one_directory(self):
        self.server.start()
        self.assertRefused(self.serve(), 1, "in use")


class Hostile(ServerTest):
    def exchange(self, request):
        with self.server.connect() as connection:
            connection.sendall(request)
            answer = b""
            try:
                while chunk := connection.recv(4096):
                    answer += chunk
            except (TimeoutError, ConnectionError, ssl.SSLError):
                pass
            return answer

    def test_a_smuggled_request_is_never_served(self):
        hidden = b"GET /smug HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for headers in (b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(hidden),
                        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % len(hidden),
                        b"Transfer-Encoding: xchunked\r\n",
                        b"Content-Length : %d\r\n" % len(hidden),
                        b"Host: other\r\n"):
            answer = self.exchange(b"GET /a/b HTTP/1.1\r\nHost: localhost\r\n" + headers
                                   + b"\r\n" + hidden)
            self.assertLessEqual(answer.count(b"HTTP/1.1 404"), 1, headers)

    def test_a_call_may_come_in_chunks_and_is_the_last_on_its_connection(self):
        hidden = b"GET /smug HTTP/1.1\r\nHost: localhost\r\n\r\n"
        call = (b"POST /asap.v1.KeyRepository/GetJwks HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"1\r\n{\r\n12\r\n\"issuer\":\"nobody\"}\r\n0\r\n\r\n")
        answer = self.exchange(call + hidden)
        self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)
        self.assertIn(b'"code":"not_found"', answer)
        answer = self.exchange(call.replace(b"/asap.v1.KeyRepository/GetJwks", b"/a/b"))
        self.assertEqual(answer, b"")

    def test_a_body_on_a_key_path_ends_the_connection(self):
        answer = self.exchange(b"POST /a/b HTTP/1.1\r\nHost: localhost\r\n"
                               b"Content-Length: 40\r\n\r\n"
                               b"GET /smug HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(answer.count(b"HTTP/1.1 "), 1)

    def test_administration_is_not_to_be_had_in_public(self):
        for method in ("KeyAdmin/ListKeys", "KeyAdmin/RevokeKey", "IssuerAdmin/CreateIssuer",
                       "CallerAdmin/CreateGrant", "AuditLog/ListEvents", "Server/GetStatus"):
            answer = self.server.request("POST", "/asap.v1." + method,
                                         {"Content-Type": "application/json"}, b"{}")
            self.assertEqual(answer.status, 401, method)
            self.assertEqual(json.loads(answer.body)["code"], "unauthenticated", method)


if __name__ == "__main__":
    main()

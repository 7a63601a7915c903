# SPDX-License-Identifier: Apache-2.0
"""nginx and HAProxy, as deploy/ sets them up, between the world and asapd."""

import hashlib
import http.client
import os
import re
import signal
import socket
import unittest

from haproxy import HAProxy
from harness import ASAPD, PATIENCE, Server, ServerTest, exchange, main, run, until
from nginx import Nginx

MINT = "TokenService/MintToken"
WRONG = "asapk_0123456789abcdef_" + "A" * 43
FAILURES = 3  # a minute: no more come up while a test runs
SHARE = 64  # of the connections, as deploy/ has it
LISTED = ("Content-Type", "Content-Length", "Cache-Control", "ETag", "Last-Modified")


def join(path, *parts):
    """One file with what others have, as `path`."""
    with open(path, "wb") as whole:
        for name in parts:
            with open(name, "rb") as part:
                whole.write(part.read())
    return path


class Behind:
    """Two asapd for a proxy to be in front of. The second may be None, as if it did not run."""

    def __init__(self, first, second, name="localhost"):
        self.first = first
        self.name = name  # which the proxy wants to see in certificates
        # A port that nobody else gets and where nobody answers.
        self.nobody = socket.socket()
        self.nobody.bind(("127.0.0.1", 0))
        self.servers = (first, second)
        self.authorities = join(os.path.join(first.root, "authorities.pem"),
                                *(s.path("ca.pem") for s in self.servers if s is not None))

    def addresses(self, listener):
        for server in self.servers:
            host, port = self.nobody.getsockname() if server is None else server.address(listener)
            yield f"{host}:{port}"

    def nginx(self):
        one, two = self.addresses("public")
        return Nginx(self.first, "asapd.conf",
                     {"10.0.0.11:8443": one,
                      "10.0.0.12:8443": two,
                      "/var/cache/nginx/asapd": os.path.join(self.first.root, "cache"),
                      "/etc/nginx/keys.pem": self.first.path("server.pem"),
                      "/etc/nginx/keys.key": self.first.path("server.key"),
                      "/etc/nginx/asapd-ca.pem": self.authorities,
                      "asapd.example.org": self.name,
                      "keys.example.org": "localhost"})

    def haproxy(self):
        replaced = {"/etc/haproxy/keys.pem": join(os.path.join(self.first.root, "pair.pem"),
                                                  self.first.path("server.pem"),
                                                  self.first.path("server.key")),
                    "/etc/haproxy/asapd-ca.pem": self.authorities,
                    "asapd.example.org": self.name}
        for name, there, here, ops in zip(("one", "two"), ("10.0.0.11", "10.0.0.12"),
                                          self.addresses("public"), self.addresses("ops")):
            health = ops.replace(":", " port ")
            for prefix in ("server ", "server calls-"):
                replaced[f"{prefix}{name} {there}:8443 addr {there} port 9464"] = (
                    f"{prefix}{name} {here} addr {health}")
        return HAProxy(self.first, "asapd.cfg", replaced)


class ProxyTest(ServerTest):
    settings = ("--trusted-proxies", "127.0.0.1", "--max-age", "60s", "--jwks-max-age", "60s",
                "--stale", "60s", "--publish-lead", "150s",
                "--failed-authentications-per-minute", str(FAILURES), "--log-level", "debug")
    has_second = False
    name = "localhost"

    def setUp(self):
        super().setUp()
        self.second = None
        if self.has_second:
            self.second = Server(*self.settings)
            self.addCleanup(self.second.close)
            self.second.start()
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.kid = self.active_key("payments/api")
        self.behind = Behind(self.server, self.second, self.name)
        self.addCleanup(self.behind.nobody.close)
        self.front = getattr(self.behind, self.kind)()
        self.addCleanup(self.front.close)

    def make_key(self, name="new.pem"):
        """A file with a public key."""
        path = os.path.join(self.server.root, name)
        for command in (("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                         "-out", path + ".key"),
                        ("pkey", "-in", path + ".key", "-pubout", "-out", path)):
            self.assertEqual(run("openssl", *command).returncode, 0)
        return path

    def publish(self, key, server, name="new.pem"):
        server.ctl("key", "publish", "web", "--name", name, "--public-key", key)
        until(lambda: server.get("/web/" + name).status == 200, "the key to be published")

    def fail_to_prove(self, front, client, **headers):
        return front.rpc(MINT, {"issuer": "payments/api", "audience": ["orders/api"]}, WRONG,
                         client=client, headers=headers).status


class Fronts:
    """What holds for both."""

    def assert_same(self, path):
        direct = self.server.get(path)
        for _ in range(2):  # from asapd, then from the cache
            through = self.front.get(path)
            self.assertEqual((through.status, through.body), (200, direct.body))
            self.assertEqual([through[n] for n in LISTED], [direct[n] for n in LISTED])

    def test_keys_are_served_as_asapd_serves_them(self):
        self.assert_same("/" + self.kid)
        self.assert_same("/" + hashlib.sha256(self.kid.encode()).hexdigest() + ".pem")
        self.assert_same("/payments/api/.well-known/jwks.json")

    def test_the_date_tells_caches_behind_how_old_a_key_is(self):
        first = self.front.get("/" + self.kid)
        until(lambda: self.server.get("/" + self.kid)["Date"] != first["Date"], "a second to pass")
        again = self.front.get("/" + self.kid)
        self.assert_cached(again)
        self.assertEqual(again["Date"], first["Date"])

    def test_a_fresh_key_is_served_while_asapd_is_away(self):
        served = self.front.get("/" + self.kid)
        self.server.stop()
        again = self.front.get("/" + self.kid)
        self.assert_cached(again)
        self.assertEqual((again.status, again.body), (200, served.body))

    def test_who_has_the_key_is_told_that_it_is_the_same(self):
        etag = self.server.get("/" + self.kid)["ETag"]
        for _ in range(2):
            unchanged = self.front.get("/" + self.kid, If_None_Match=etag)
            self.assertEqual((unchanged.status, unchanged.body), (304, b""))
            self.assertEqual(unchanged["ETag"], etag)
            self.assertEqual(unchanged["Cache-Control"],
                             self.server.get("/" + self.kid)["Cache-Control"])
            self.front.get("/" + self.kid)

    def test_a_miss_is_never_kept(self):
        self.server.ctl("issuer", "create", "web", "--external")
        missed = self.front.get("/web/new.pem")
        self.assertEqual((missed.status, missed["Cache-Control"]), (404, "no-store"))
        self.publish(self.make_key(), self.server)
        self.assertEqual(self.front.get("/web/new.pem").status, 200)

    def test_a_token_is_minted_through_it_and_kept_nowhere(self):
        key = self.new_caller("ci", "--verb", "mint", "--issuer", "payments/api",
                              "--audience", "orders/*")
        tokens = set()
        for _ in range(2):
            minted = self.front.rpc(MINT, {"issuer": "payments/api", "audience": ["orders/api"]},
                                    key)
            self.assertEqual(minted.status, 200, minted.json)
            self.assertEqual(minted["Cache-Control"], "no-store")
            tokens.add(minted.json["token"])
        self.assertEqual(len(tokens), 2)

    def test_each_client_has_failures_of_its_own_and_cannot_say_it_is_another(self):
        for attempt in range(FAILURES):
            self.assertEqual(self.fail_to_prove(self.front, "127.0.0.2", **{
                "X-Forwarded-For": f"192.0.2.{attempt}"}), 401)
        for spoofed in ("192.0.2.77", "127.0.0.1", "127.0.0.3", "unknown", ""):
            self.assertEqual(self.fail_to_prove(self.front, "127.0.0.2", **{
                "X-Forwarded-For": spoofed, "Forwarded": "for=192.0.2.78",
                "X-Real-IP": "192.0.2.79"}), 429, spoofed)
        self.assertEqual(self.fail_to_prove(self.front, "127.0.0.3"), 401)
        self.assertIn("127.0.0.2 called /asap.v1.TokenService/MintToken: unauthenticated",
                      self.server.log())
        self.assertNotIn("192.0.2.", self.server.log())

    def test_a_body_longer_than_asapd_takes_stops_at_the_proxy(self):
        answers = self.send(self.call(WRONG, "Content-Length: 131073\r\n", ""))
        self.assertIn(b"HTTP/1.1 413 ", answers)
        self.assertNotIn(b'"code"', answers)  # which asapd would have said

    def test_requests_that_can_be_read_in_two_ways_do_not_reach_asapd(self):
        key = self.new_caller("ci", "--verb", "mint", "--issuer", "payments/api",
                              "--audience", "orders/*")
        hidden = self.call(key, 'Content-Length: 51\r\nConnection: close\r\n',
                           '{"issuer":"payments/api","audience":["orders/api"]}')
        for why, framing, body in self.two_ways(hidden):
            answers = self.send(self.call(key, framing, body))
            with self.subTest(why):
                self.assertEqual(answers.count(b"HTTP/1.1 "), 1, answers)
                self.assertEqual(self.minted(), 0)
        self.assertEqual(self.send(hidden).count(b'"token"'), 1)
        self.assertEqual(self.minted(), 1)

    @staticmethod
    def call(key, framing, body):
        return ("POST /asap.v1.TokenService/MintToken HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
                f"{framing}\r\n{body}")

    @staticmethod
    def two_ways(hidden):
        chunk = f"{len(hidden):x}\r\n{hidden}\r\n0\r\n\r\n"
        length = f"Content-Length: {len(hidden)}\r\n"
        return (("two lengths, the first shorter", "Content-Length: 0\r\n" + length, hidden),
                ("two lengths, the last shorter", length + "Content-Length: 0\r\n", hidden),
                ("a list of lengths", f"Content-Length: 0, {len(hidden)}\r\n", hidden),
                ("chunks that end before the length",
                 f"Content-Length: {len(hidden) + 5}\r\nTransfer-Encoding: chunked\r\n",
                 "0\r\n\r\n" + hidden),
                ("a length that ends before the chunks",
                 f"Content-Length: {chunk.index('POST')}\r\nTransfer-Encoding: chunked\r\n", chunk),
                ("chunks by another name",
                 length + "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + hidden),
                ("chunks and something else",
                 "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                 "0\r\n\r\n" + hidden),
                ("a space before the colon", f"Content-Length : 0\r\n{length}", hidden),
                ("a length that is no number", "Content-Length: +0\r\n", hidden),
                ("a line within a header", f"X: y\r\n\tContent-Length: 0\r\n{length}x", hidden))

    def send(self, text):
        """All that is answered until the connection ends."""
        answered = b""
        with self.front.connect() as connection:
            connection.sendall(text.encode())
            while part := connection.recv(65536):
                answered += part
        return answered

    def minted(self):
        events = self.server.local_rpc("AuditLog/ListEvents", {"pageSize": 1000}).json["events"]
        return sum("tokenId" in event for event in events)

    def test_asapd_alone_believes_nobody_else(self):
        host, port = self.server.address()
        for attempt in range(FAILURES + 1):
            connection = http.client.HTTPSConnection(host, port, context=self.server.tls(),
                                                     timeout=PATIENCE,
                                                     source_address=("127.0.0.9", 0))
            last = exchange(connection, MINT, {},
                            {"Content-Type": "application/json", "Authorization": "Bearer " + WRONG,
                             "X-Forwarded-For": f"192.0.2.{attempt}"}).status
        self.assertEqual(last, 429)


class Stranger(ProxyTest):
    """Before what cannot prove to be the asapd of the configuration."""

    name = "asapd.example.com"


class Short(ProxyTest):
    """With times that end while one waits for it."""

    settings = (*ProxyTest.settings, "--max-age", "1s", "--jwks-max-age", "1s", "--stale", "3s")

    def revoke(self):
        self.assertEqual(self.front.get("/" + self.kid).status, 200)
        self.server.ctl("key", "revoke", self.kid, "--reason", "a test", "--force")

    def stop(self):
        self.assertEqual(self.front.get("/" + self.kid).status, 200)
        self.server.stop()


class Pair(ProxyTest):
    """Before two asapd that have the same key, of which the first goes away."""

    has_second = True

    names = ("new.pem", "other.pem")

    def serve_both(self):
        for server in (self.server, self.second):
            server.ctl("issuer", "create", "web", "--external")
        for name in self.names:
            key = self.make_key(name)
            self.publish(key, self.server, name)
            self.publish(key, self.second, name)

    def assert_served(self):
        for name in self.names:
            self.assertEqual(self.front.get("/web/" + name).status, 200)
            self.assertEqual(self.front.rpc("KeyRepository/GetPublicKey",
                                            {"keyId": "web/" + name}).status, 200)

    def go_on_with_one(self):
        self.serve_both()
        self.server.stop(signal.SIGKILL)
        self.assert_served()


class NginxTest(Fronts, ProxyTest):
    kind = "nginx"

    def assert_cached(self, response):
        self.assertEqual(response["X-Cache"], "HIT")


    def test_one_client_has_no_more_than_its_share_of_connections(self):
        for _ in range(SHARE):
            busy = self.front.connect()
            self.addCleanup(busy.close)
            busy.sendall(self.call(WRONG, "Content-Length: 2\r\nExpect: 100-continue\r\n",
                                   "").encode())
            self.assertIn(b"100 Continue", busy.recv(65536))
        self.assertEqual(self.front.get("/" + self.kid).status, 429)
        self.assertEqual(self.front.request("GET", "/" + self.kid, client="127.0.0.2").status, 200)


class NginxShortTest(Short):
    kind = "nginx"

    def test_a_key_is_served_while_asapd_is_away_but_not_for_ever(self):
        self.stop()
        until(lambda: self.front.get("/" + self.kid)["X-Cache"] == "STALE", "the key to be stale")
        until(lambda: self.front.get("/" + self.kid).status == 502, "the key to be given up")

    def test_a_revoked_key_goes(self):
        self.revoke()
        until(lambda: self.front.get("/" + self.kid).status == 404, "the key to be gone")


class NginxPairTest(Pair):
    kind = "nginx"

    def test_one_asapd_is_enough(self):
        self.go_on_with_one()


class HAProxyTest(Fronts, ProxyTest):
    kind = "haproxy"

    def assert_cached(self, response):
        self.assertIsNotNone(response["Age"])


    def test_one_client_has_no_more_than_its_share_of_connections(self):
        for _ in range(SHARE):
            self.addCleanup(self.front.connect().close)
        with self.assertRaises(OSError):
            self.front.get("/" + self.kid)
        self.assertEqual(self.front.request("GET", "/" + self.kid, client="127.0.0.2").status, 200)


class HAProxyShortTest(Short):
    kind = "haproxy"

    def test_no_key_is_served_for_longer_than_it_is_fresh(self):
        self.stop()
        until(lambda: self.front.get("/" + self.kid).status == 503, "the key to be given up")

    def test_a_revoked_key_goes(self):
        self.revoke()
        until(lambda: self.front.get("/" + self.kid).status == 404, "the key to be gone")


class HAProxyPairTest(Pair):
    kind = "haproxy"

    def test_one_asapd_is_enough(self):
        self.go_on_with_one()


class NginxStrangerTest(Stranger):
    kind = "nginx"

    def test_nobody_else_is_asked(self):
        self.assertEqual(self.front.get("/" + self.kid).status, 502)


class HAProxyStrangerTest(Stranger):
    kind = "haproxy"

    def test_nobody_else_is_asked(self):
        self.assertEqual(self.front.get("/" + self.kid).status, 503)


OTHER_MACHINES = """
set -eu
ip link set lo up
ip address add 192.0.2.8/32 dev lo
ip address add 192.0.2.9/32 dev lo
"$@" >&2 &
trap 'kill $!; wait $! || true' EXIT
until curl --silent --fail --output /dev/null http://127.0.0.1:9464/readyz; do
    kill -0 $!
    sleep 0.1
done
for client in 192.0.2.8 192.0.2.9; do
    curl --silent --interface $client --write-out '%{http_code}\\n' http://192.0.2.9:8080/a/b.pem
done
curl --silent --write-out '%{http_code}\\n' http://127.0.0.1:8080/a/b.pem
"""


class OtherMachinesTest(unittest.TestCase):
    """A network of its own, with addresses that are no loopback's."""

    def test_without_tls_they_are_served_by_a_trusted_proxy_only(self):
        server = Server("--public-listen", "http://0.0.0.0:8080", "--ops-listen",
                        "http://127.0.0.1:9464", "--trusted-proxies", "192.0.2.8")
        self.addCleanup(server.close)
        # Root needs no user namespace, which a chroot would refuse.
        how = () if os.geteuid() == 0 else ("--map-root-user",)
        done = run("unshare", *how, "--net", "bash", "-c", OTHER_MACHINES, "bash",
                   ASAPD, "serve", "--config", server.path("asapd.conf"), env=server.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = re.findall(r'"code":"(\w+)","message":"([^"]*)"[^\n]*}\n(\d+)', done.stdout)
        self.assertEqual([(code, status) for code, _, status in answers],
                         [("not_found", "404"), ("permission_denied", "403"),
                          ("not_found", "404")], done.stdout)
        self.assertIn("trusted_proxies", answers[1][1])


class SocketTest(ServerTest):
    """Behind a proxy on the same machine."""

    settings = ("--trusted-proxies", "unix", "--failed-authentications-per-minute", str(FAILURES))

    def setUp(self):
        self.server = Server(*self.settings)
        self.addCleanup(self.server.close)
        self.server.start("--public-listen", "unix:" + self.server.path("public.sock"))

    def call(self, method, bearer=None, **headers):
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.server.path("public.sock"))
        if bearer is not None:
            headers["Authorization"] = "Bearer " + bearer
        return exchange(connection, method, {}, {"Content-Type": "application/json", **headers})

    def test_the_clients_of_a_proxy_are_not_known_by_its_user_id(self):
        self.assertEqual(self.server.local_rpc("Server/GetStatus", {}).status, 200)
        for headers in ({}, {"X-Forwarded-For": "192.0.2.1"}):
            self.assertFails(self.call("Server/GetStatus", **headers), 401, "unauthenticated",
                             "NO_PROOF")

    def test_each_client_has_failures_of_its_own(self):
        for expected in [401] * FAILURES + [429]:
            self.assertEqual(self.call(MINT, WRONG, **{"X-Forwarded-For": "192.0.2.1"}).status,
                             expected)
        self.assertEqual(self.call(MINT, WRONG, **{"X-Forwarded-For": "192.0.2.2"}).status, 401)


if __name__ == "__main__":
    main()

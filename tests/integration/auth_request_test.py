# SPDX-License-Identifier: Apache-2.0
"""nginx as deploy/nginx/auth_request.conf sets it up, between clients and a service."""

import http.server
import json
import os
import threading

from harness import BUILD, ServerTest, main, run, until
from nginx import Nginx

SIGN = os.path.join(BUILD, "client/examples/asap-sign")
HOUR = 3600


class Echo(http.server.BaseHTTPRequestHandler):
    """The service: answers with what it was sent."""

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        said = {"method": self.command, "path": self.path,
                "headers": [[name.lower(), value] for name, value in self.headers.items()],
                "body": self.rfile.read(length).decode("ascii")}
        body = json.dumps(said).encode("ascii")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


def in_front_of(service_port, server):
    host, port = server.address()
    return Nginx(server, "auth_request.conf",
                 {"server 127.0.0.1:8443;": f"server {host}:{port};",
                  "server 127.0.0.1:9000;": f"server 127.0.0.1:{service_port};",
                  "/etc/nginx/orders.pem": server.path("server.pem"),
                  "/etc/nginx/orders.key": server.path("server.key"),
                  "/etc/nginx/asapd-ca.pem": server.path("ca.pem"),
                  "asapd.example.org": "localhost"})


class AuthRequestTest(ServerTest):
    settings = ("--auth-profile", "orders audience=orders/api issuers=payments/api,web",
                "--auth-profile", "lax audience=orders/api,anything leeway=60s",
                "--log-level", "debug", "--trusted-proxies", "127.0.0.1")

    def setUp(self):
        super().setUp()
        service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=service.serve_forever, daemon=True).start()
        self.addCleanup(service.server_close)
        self.addCleanup(service.shutdown)
        self.nginx = in_front_of(service.server_port, self.server)
        self.addCleanup(self.nginx.close)
        self.keys = os.path.join(self.server.root, "private")
        for issuer in ("payments/api", "stranger"):
            self.server.ctl("issuer", "create", issuer, "--external")
            self.server.ctl("key", "generate", issuer, "--algorithm", "ES256",
                            "--private-dir", self.keys, "--now")

    def token(self, issuer="payments/api", audience="orders/api"):
        done = run(SIGN, "--private-dir", self.keys, "--issuer", issuer, "--algorithm", "ES256",
                   "--audience", audience)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def ask(self, token=None, method="GET", path="/orders/1", headers=(), body=None,
            client="127.0.0.1"):
        shown = [] if token is None else [("Authorization", "Bearer " + token)]
        return self.nginx.request(method, path, [*shown, *headers], body, client)

    def passed(self, response):
        """What the service was sent, each header once."""
        self.assertEqual(response.status, 200, response.body)
        said = json.loads(response.body)
        headers = dict(said["headers"])
        self.assertEqual(len(headers), len(said["headers"]), said["headers"])
        return said | {"headers": headers}

    def assert_refused(self, response, status, challenge):
        self.assertEqual(response.status, status)
        self.assertEqual(response["WWW-Authenticate"], challenge)
        self.assertNotIn(b"headers", response.body)


class Tokens(AuthRequestTest):
    def test_the_service_learns_whose_token_it_was_and_does_not_see_it(self):
        said = self.passed(self.ask(self.token(), path="/orders/1?x=y"))
        self.assertEqual((said["method"], said["path"]), ("GET", "/orders/1?x=y"))
        self.assertEqual(said["headers"]["x-asap-issuer"], "payments/api")
        self.assertEqual(said["headers"]["x-asap-subject"], "payments/api")
        self.assertRegex(said["headers"]["x-asap-key-id"], r"\Apayments/api/.+")
        self.assertNotIn("authorization", said["headers"])

    def test_what_a_client_says_of_itself_does_not_get_through(self):
        claimed = [("X-ASAP-Issuer", "root"), ("x-asap-subject", "root"), ("X-Asap-Key-ID", "root"),
                   ("X_ASAP_Issuer", "root"), ("X-ASAP-Issuer", "root")]
        said = self.passed(self.ask(self.token(), headers=claimed))
        self.assertEqual(said["headers"]["x-asap-issuer"], "payments/api")
        self.assertNotIn("root", said["headers"].values())

    def test_a_body_reaches_the_service_and_not_asapd(self):
        body = b"x" * 200000
        said = self.passed(self.ask(self.token(), "POST", body=body))
        self.assertEqual((said["method"], len(said["body"])), ("POST", len(body)))

    def test_methods_of_every_kind_pass(self):
        self.assertEqual(self.passed(self.ask(self.token(), "DELETE"))["method"], "DELETE")

    def test_no_token_is_401(self):
        self.assert_refused(self.ask(), 401, "Bearer")
        self.assert_refused(self.ask(headers=[("Authorization", "Basic eDp5")]), 401, "Bearer")
        self.assert_refused(self.ask(method="POST", body=b"x"), 401, "Bearer")

    def test_a_bad_token_is_401(self):
        invalid = 'Bearer error="invalid_token"'
        token = self.token()
        self.assert_refused(self.ask(token[:-4] + "AAAA", client="127.0.0.2",
                                     headers=[("X-Forwarded-For", "192.0.2.1")]), 401, invalid)
        self.assert_refused(self.ask("nonsense"), 401, invalid)
        self.assert_refused(self.ask(self.token(audience="someone/else")), 401, invalid)
        self.assertIn("profile orders refuses a token that 127.0.0.2 sent: ", self.server.log())
        self.assertNotIn("192.0.2.1", self.server.log())
        self.assertNotIn(token, self.server.log())

    def test_an_issuer_that_the_profile_does_not_name_is_403(self):
        self.assert_refused(self.ask(self.token("stranger")), 403, None)

    def test_a_client_cannot_choose_the_profile(self):
        for path in ("/x?profile=lax", "/x?profile=lax&profile=lax", "/_asap?profile=lax"):
            refused = self.ask(self.token("stranger"), path=path)
            self.assertIn(refused.status, (403, 404), path)

    def test_the_subrequest_is_nobodys_to_ask(self):
        self.assertEqual(self.ask(self.token(), path="/_asap").status, 404)

    def test_a_token_that_has_expired_is_401(self):
        token = self.token()
        self.passed(self.ask(token))
        self.server.set_clock(2 * HOUR)
        self.assert_refused(self.ask(token), 401, 'Bearer error="invalid_token"')

    def test_a_revoked_key_is_401(self):
        token = self.token()
        kid = self.passed(self.ask(token))["headers"]["x-asap-key-id"]
        self.server.ctl("key", "revoke", kid, "--reason", "a test", "--force")
        until(lambda: self.ask(token).status == 401, "the key to be gone")

    def test_nothing_passes_without_asapd(self):
        token = self.token()
        self.passed(self.ask(token))
        self.server.stop()
        self.assertEqual(self.ask(token).status, 500)


class Endpoint(AuthRequestTest):
    """The endpoint itself, as Envoy would ask."""

    def check(self, target, token, method="GET"):
        return self.server.request(method, "/.well-known/asap/auth" + target,
                                   {"Authorization": "Bearer " + token, "Content-Length": "0"})

    def test_a_plain_question_is_answered_with_204(self):
        for method in ("GET", "HEAD", "POST", "DELETE", "PROPFIND"):
            passed = self.check("?profile=orders", self.token(), method)
            self.assertEqual((passed.status, passed.body), (204, b""), method)
            self.assertEqual(passed["X-ASAP-Subject"], "payments/api")

    def test_envoy_appends_its_clients_target_to_the_prefix_and_takes_only_200(self):
        for prefix in ("/orders", "?profile=orders&path="):
            passed = self.check(prefix + "/lax/1?x=y&profile=lax", self.token())
            self.assertEqual((passed.status, passed.body), (200, b""))
            self.assertEqual(passed["X-ASAP-Issuer"], "payments/api")
            self.assertEqual(passed["Cache-Control"], "no-store")
            refused = self.check(prefix + "/orders/1?profile=lax", self.token("stranger"), "PUT")
            self.assertEqual(refused.status, 403)
            self.assertEqual(refused["WWW-Authenticate"], 'Bearer error="insufficient_scope"')

    def test_without_a_profile_nothing_passes(self):
        for target in ("", "/", "/none/1", "/none/1?profile=lax", "?profile=none"):
            refused = self.check(target, self.token())
            self.assertEqual(refused.status, 404, target)
            self.assertEqual(refused["Cache-Control"], "no-store")
            self.assertIn("profile", json.loads(refused.body)["message"])


if __name__ == "__main__":
    main()

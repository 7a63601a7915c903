# SPDX-License-Identifier: Apache-2.0
"""/metrics as Prometheus reads it."""

import hashlib
import re
import subprocess
import time

from harness import PATIENCE, ServerTest, main, until

SAMPLE = re.compile(
    r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?\d+(?:\.\d+)?)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """The samples of an exposition by name, which is checked to be one: HELP, TYPE, samples."""
    samples, described, kind = {}, [], None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, help_text = line[len("# HELP "):].split(" ", 1)
            assert name not in described and help_text, line
            described.append(name)
        elif line.startswith("# TYPE "):
            name, kind = line[len("# TYPE "):].split(" ")
            assert name == described[-1] and kind in ("gauge", "counter", "histogram"), line
        else:
            match = SAMPLE.fullmatch(line)
            name = match[1] if kind != "histogram" else re.sub("_(bucket|sum|count)$", "", match[1])
            assert match and name == described[-1], line
            labels = dict(LABEL.findall(match[2] or ""))
            value = float(match[3]) if "." in match[3] else int(match[3])
            samples.setdefault(match[1], []).append((labels, value))
    return samples


def promtool(*arguments, text=None):
    """What promtool has to say; nothing where all is well."""
    done = subprocess.run(("promtool",) + arguments, input=text, capture_output=True, text=True,
                          timeout=PATIENCE)
    return done.returncode, done.stdout + done.stderr


class Metrics(ServerTest):
    def read(self):
        response = self.server.ops("/metrics")
        self.assertEqual(response.status, 200)
        self.assertEqual(response["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        return parse(response.body.decode())

    def value(self, name):
        ((labels, value),) = self.read()[name]
        self.assertEqual(labels, {})
        return value

    def samples(self, name, **labels):
        """The values of a metric with these labels among others."""
        return [value for found, value in self.read().get(name, ())
                if labels.items() <= found.items()]

    def test_a_healthy_server_says_so(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        for name in ("asap_ready", "asap_callers_ready", "asap_audit_writable"):
            self.assertEqual(self.value(name), 1, name)
        status = self.server.ctl_json("status")
        self.assertEqual(self.value("asap_published_keys"), int(status["publishedKeyCount"]))
        self.assertEqual(self.value("asap_keyring_generation"), int(status["generation"]))

    def test_an_end_is_in_the_status_and_here_before_it_comes(self):
        self.server.ctl("issuer", "create", "web", "--external")
        self.server.ctl("key", "generate", "web", "--algorithm", "ES256", "--now",
                        "--private-dir", self.server.path("private"), "--not-after", "6d")
        (key,) = self.server.ctl_json("key", "list", "web")["keys"]
        self.assertIn(f"warning: {key['keyId']} ends in ", self.server.ctl("status"))
        until(lambda: "asap_key_unpublish_timestamp_seconds" in self.read(), "the key to be known")
        ((labels, end),) = self.read()["asap_key_unpublish_timestamp_seconds"]
        self.assertEqual((labels["issuer"], labels["key_id"], labels["kind"]),
                         ("web", key["keyId"], "external"))
        self.assertIn(labels["state"], ("active", "standby"))
        self.assertEqual(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)),
                         key["unpublishTime"])

    def test_a_rotation_is_foretold(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.server.ctl("key", "rotate", "payments/api")
        keys = self.server.ctl_json("key", "list", "payments/api")["keys"]
        planned = {k["keyId"] for k in keys if "nextTransitionTime" in k}
        self.assertTrue(planned)
        self.assertEqual({labels["key_id"] for labels, _ in
                          self.read()["asap_key_next_transition_timestamp_seconds"]}, planned)

    def have_traffic(self):
        """At least one sample of every metric that counts something."""
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256",
                        "--rotation-period", "30d")
        key = self.new_caller("ci", "--verb", "mint", "--issuer", "payments/api",
                              "--audience", "orders/api")
        wish = {"issuer": "payments/api", "audience": ["orders/api"]}
        self.assertEqual(self.server.rpc("TokenService/MintToken", wish, key).status, 200)
        self.assertEqual(self.server.rpc(
            "TokenService/MintToken", {**wish, "issuer": "nobody/knows"}, key).status, 403)
        self.assertEqual(self.server.rpc("TokenService/MintToken", wish).status, 401)
        self.assertEqual(self.server.get("/.well-known/asap/auth?profile=no").status, 404)
        kid = self.active_key("payments/api")
        self.assertEqual(self.server.get("/" + kid).status, 200)
        self.assertEqual(self.server.get("/payments/api/.well-known/jwks.json").status, 200)
        hashed = hashlib.sha256(kid.encode()).hexdigest()
        self.assertEqual(self.server.get(f"/{hashed}.pem").status, 200)
        self.assertEqual(self.server.get("/no/such").status, 404)
        return kid

    def test_what_happens_is_counted_where_it_belongs(self):
        self.have_traffic()
        self.assertEqual(self.samples("asap_mints_total", issuer="payments/api"), [1])
        self.assertEqual(self.samples("asap_mints_total", issuer="(unknown)",
                                      result="permission_denied"), [1])
        self.assertEqual(self.samples("asap_denials_total", reason="NO_GRANT"), [1])
        self.assertEqual(self.samples("asap_denials_total", reason="NO_PROOF"), [1])
        for route, code, count in (("key", "200", 1), ("key", "404", 1), ("jwks", "200", 1),
                                   ("auth", "404", 1), ("alias", "200", 1),
                                   ("asap.v1.TokenService/MintToken", "200", 1),
                                   ("asap.v1.TokenService/MintToken", "401", 1)):
            for name in ("asap_http_requests_total", "asap_http_request_duration_seconds_count"):
                self.assertEqual(self.samples(name, route=route, code=code), [count], (route, code))
        (minting,) = self.samples("asap_http_request_duration_seconds_sum",
                                  route="asap.v1.TokenService/MintToken", code="200")
        self.assertGreater(minting, 0)
        self.assertEqual(self.samples("asap_issuer_rotation_period_seconds"), [30 * 86400])

    def test_who_has_the_answer_finds_it_counted(self):
        for count in range(1, 20):
            self.server.get("/no/such")
            self.assertEqual(self.samples("asap_http_requests_total", route="key", code="404"),
                             [count])

    def test_names_and_texts_are_as_prometheus_wants_them(self):
        self.have_traffic()
        self.assertEqual(promtool("check", "metrics",
                                  text=self.server.ops("/metrics").body.decode()), (0, ""))

    def test_who_still_needs_a_key_that_retires_is_told(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        old = self.active_key("payments/api")
        self.assertEqual(self.server.get("/" + old).status, 200)
        self.assertEqual(self.samples("asap_retiring_key_fetches_total"), [])
        self.server.ctl("key", "rotate", "payments/api")
        until(lambda: any(labels["key_id"] == old for labels, _ in
                          self.read()["asap_key_next_transition_timestamp_seconds"]), "the plan")
        (ends,) = self.samples("asap_key_next_transition_timestamp_seconds", key_id=old)
        self.server.set_clock(ends - int(time.time()) + 1)
        self.assertEqual(self.server.get("/" + old, User_Agent="verifier/1").status, 200)
        self.assertEqual(self.server.get("/" + old).status, 200)
        self.assertEqual(self.samples("asap_retiring_key_fetches_total", key_id=old), [2])
        (line,) = [line for line in self.server.log().splitlines() if "still fetched" in line]
        self.assertIn(old, line)
        self.assertIn("127.0.0.1", line)
        self.server.set_clock(ends - int(time.time()) + 3 * 3600)
        self.assertEqual(self.server.get("/" + old).status, 404)
        self.assertEqual(self.samples("asap_retiring_key_fetches_total"), [])

    def test_the_certificate_says_when_it_ends(self):
        ends = subprocess.run(("openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601",
                               "-in", self.server.path("server.pem")),
                              capture_output=True, text=True, check=True).stdout.strip()
        (told,) = self.samples("asap_certificate_expiry_timestamp_seconds")
        self.assertEqual(ends, time.strftime("notAfter=%Y-%m-%d %H:%M:%SZ", time.gmtime(told)))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""/metrics as Prometheus reads it."""

import re
import time

from harness import ServerTest, main, until

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?\d+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """The samples of an exposition by name, which is checked to be one: HELP, TYPE, samples."""
    samples, described = {}, []
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, help_text = line[len("# HELP "):].split(" ", 1)
            assert name not in described and help_text, line
            described.append(name)
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {described[-1]} gauge", line
        else:
            match = SAMPLE.fullmatch(line)
            assert match and match[1] == described[-1], line
            labels = dict(LABEL.findall(match[2] or ""))
            samples.setdefault(match[1], []).append((labels, int(match[3])))
    return samples


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


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""asapctl doctor finds what is wrong with a deployment, and says what to mend."""

import contextlib
import glob
import hashlib
import json
import os
import shutil
import socket

from authority import Authority
from harness import ASAPCTL, ServerTest, main, run
from nginx import Nginx
from proxies_test import Behind

# As in deploy/nginx/export.conf, which serves what asapd itself would.
AGES = ("--max-age", "300s", "--stale", "300s", "--jwks-max-age", "300s", "--clock-skew", "30s",
        "--publish-lead", "900s")

# Behind proxy_pass: a cache that keeps everything, whatever it is told; and one that is none.
STUBBORN = """
        proxy_cache keys;
        proxy_ignore_headers Cache-Control Expires;
        proxy_cache_valid any 10m;
        add_header X-Cache-Status $upstream_cache_status always;
"""
FORGETFUL = "proxy_set_header If-None-Match ''; proxy_set_header If-Modified-Since '';"


class DoctorTest(ServerTest):
    settings = AGES

    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.server.ctl("issuer", "create", "web", "--algorithm", "ES256")
        self.keys = os.path.join(self.server.root, "keys")
        self.cacert = self.server.path("ca.pem")
        self.certificate = self.server.path("server.pem"), self.server.path("server.key")
        self.export()

    def export(self):
        self.server.ctl("key", "export", "--dir", self.keys)

    @contextlib.contextmanager
    def mirror(self, *changes):
        """The URL of nginx with the deployed configuration, in which something is otherwise."""
        changed = {"root /srv/asap/keys;": f"root {self.keys};",
                   "/etc/nginx/keys.pem": self.certificate[0],
                   "/etc/nginx/keys.key": self.certificate[1],
                   "keys.example.org": "localhost"}
        nginx = Nginx(self.server, "export.conf", changed | dict(changes))
        try:
            yield nginx.url
        finally:
            nginx.close()
            shutil.rmtree(os.path.join(self.server.root, "nginx"))

    def files(self, pattern):
        return sorted(glob.glob(os.path.join(self.keys, pattern)))

    def examine(self, *urls, options=(), raw=False, clock=None):
        """The lines by place and check, and the exit status."""
        repositories = [word for url in urls for word in ("--repository", url)]
        environment = dict(self.server.environment,
                           ASAPCTL_SERVER="unix:" + self.server.path("admin.sock"))
        if clock is not None:
            environment["ASAP_TEST_CLOCK"] = clock
        if raw:
            del environment["ASAPCTL_SERVER"]
        done = run(ASAPCTL, "doctor", *repositories, "--cacert", self.cacert, "--output", "json",
                   *options, env=environment)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.stderr, "")
        self.answer = json.loads(done.stdout)
        lines = self.answer["checks"]
        for line in lines:
            self.assertEqual(line["result"] == "ok", line["advice"] == "", line)
        results = [line["result"] for line in lines]
        self.assertEqual(self.answer["failed"], results.count("FAILED"))
        self.assertEqual(self.answer["warnings"], results.count("warning"))
        self.assertEqual(done.returncode, 1 if self.answer["failed"] else 0)
        return {(line["where"], line["check"]): line for line in lines}

    def ill(self, lines, where=None):
        """Which checks are not well, each with its result."""
        return {check: line["result"] for (place, check), line in lines.items()
                if line["result"] != "ok" and (where is None or place == where)}


class Well(DoctorTest):
    def test_a_server_and_its_mirror_are_well(self):
        with self.mirror() as mirror:
            lines = self.examine(self.server.url, mirror)
        self.assertEqual(self.ill(lines), {}, lines)
        everywhere = {"connect", "tls", "certificate", "redirect", "miss", "miss-kept",
                      "miss-no-store", "clock", "served", "content-type", "bytes", "form",
                      "cache-control", "age", "revalidation", "compression", "alias", "key-set",
                      "key-set-keys"}
        checks = {place: {check for at, check in lines if at == place} for place, _ in lines}
        self.assertEqual(checks.pop(self.server.url), everywhere)
        self.assertEqual(checks.pop(mirror), everywhere | {"in-step"})
        self.assertEqual(list(checks.values()),
                         [{"server", "server-clock", "issuers", "active", "standbys", "rotation"}])
        self.assertEqual(lines[mirror, "served"]["seen"], "6 keys")

    def test_the_table_has_a_line_for_each_check(self):
        done = self.server.ctl_raw("doctor", "--repository", self.server.url, "--cacert",
                                   self.cacert)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^ok +served +https://\S+ +6 keys$")
        self.assertTrue(done.stdout.endswith("\n0 failed, 0 warnings, of 25\n"), done.stdout)

    def test_without_a_server_the_key_sets_tell_which_keys_there_are(self):
        with self.mirror() as mirror:
            lines = self.examine(mirror, raw=True, options=("--issuer", "web"))
        self.assertEqual(self.ill(lines), {})
        self.assertEqual({line["seen"] for (_, check), line in lines.items() if check == "bytes"},
                         {"3 keys"})

    def test_without_issuers_and_server_it_says_that_no_key_was_looked_for(self):
        lines = self.examine(self.server.url, raw=True)
        self.assertEqual(self.ill(lines), {"issuers": "warning"})
        self.assertNotIn((self.server.url, "served"), lines)

    def test_a_rotation_leaves_everything_well(self):
        self.server.ctl("key", "rotate", "web")
        self.assertEqual(self.ill(self.examine(self.server.url)), {})

    def test_an_external_issuer_without_keys_is_well(self):
        self.server.ctl("issuer", "create", "idle", "--external")
        self.assertEqual(self.ill(self.examine(self.server.url)), {})

    def test_over_https_the_server_is_the_repository(self):
        key = self.new_caller("ci", "--verb", "admin")
        path = os.path.join(self.server.root, "ci.key")
        with open(path, "w", encoding="ascii") as file:
            file.write(key)
        done = run(ASAPCTL, "--server", self.server.url, "--cacert", self.cacert, "--api-key-file",
                   path, "doctor", "--issuer", "web", env=self.server.environment)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?m)^ok +served +https://\S+ +3 keys$")

    def test_it_must_be_told_where_verifiers_fetch_keys(self):
        done = self.server.ctl_raw("doctor")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("--repository URL", done.stderr)

    def test_an_issuer_that_is_misspelt_is_told(self):
        done = self.server.ctl_raw("doctor", "--repository", self.server.url, "--issuer", "wbe")
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no issuer wbe", done.stderr)


class BehindProxies(ServerTest):
    """The proxies as deploy/ sets them up."""

    settings = AGES

    def test_each_is_well_with_keys_from_its_cache_as_well(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        behind = Behind(self.server, None)
        self.addCleanup(behind.nobody.close)
        for kind in ("nginx", "haproxy"):
            front = getattr(behind, kind)()
            self.addCleanup(front.close)
            for state in ("cold", "warm"):
                with self.subTest(kind=kind, cache=state):
                    done = self.server.ctl_raw("doctor", "--repository", front.url, "--cacert",
                                               self.server.path("ca.pem"))
                    self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                    self.assertIn("\n0 failed, 0 warnings, of 25\n", done.stdout)


class WrongHeaders(DoctorTest):
    # What is otherwise in nginx, and which check finds that.
    cases = (
        ("another type", "content-type", "FAILED",
         [("default_type application/x-pem-file;", "default_type text/plain;")]),
        ("no ETag", "revalidation", "warning", [("types {}", "types {} etag off;")]),
        ("compression", "compression", "warning",
         [("types {}", "types {} gzip on; gzip_types *; gzip_min_length 0;")]),
        ("a page in place of a miss", "miss", "FAILED", [("return 404", "return 200")]),
        ("an error in place of a miss", "miss", "FAILED", [("return 404", "return 500")]),
        ("a login in place of a miss", "redirect", "FAILED",
         [("return 404", "return 302 https://sso.example.org/; #")]),
        ("a miss that says nothing to caches", "miss-no-store", "warning",
         [("add_header Cache-Control no-store always;", "")]),
        ("a miss that may be kept", "miss-kept", "FAILED",
         [("no-store always;", '"public, max-age=600" always;')]),
        ("a longer max-age", "cache-control", "FAILED",
         [("public, max-age=300,", "public, max-age=900,")]),
        ("staleness for longer", "cache-control", "FAILED",
         [("stale-if-error=300", "stale-if-error=86400")]),
        ("no word on caching", "cache-control", "FAILED",
         [('add_header Cache-Control "public,', 'add_header X-Nothing "public,')]),
        ("keys that may not be kept", "cache-control", "FAILED",
         [("public, max-age=300,", "no-store, max-age=300,")]),
        ("a cache that hands out what is old", "age", "FAILED",
         [("types {}", "types {} add_header Age 4000;")]),
    )

    def test_each_is_found_by_one_check(self):
        for what, check, result, changes in self.cases:
            with self.subTest(what), self.mirror(*changes) as url:
                self.assertEqual(self.ill(self.examine(url)), {check: result}, self.answer)


class WrongProxy(DoctorTest):
    """In front of asapd itself."""

    def proxy(self, directives):
        folder = os.path.join(self.server.root, "cache")
        os.mkdir(folder)
        return self.mirror(
            ("# SPDX-License-Identifier: Apache-2.0\n",
             f"proxy_cache_path {folder} keys_zone=keys:1m;\n"),
            ("        try_files $uri @missing; # files only: a folder is no key\n",
             f"        proxy_pass {self.server.url}; {directives}\n"),
            # What asapd says of caching is passed on.
            ('    add_header Cache-Control "public,', '    #'))

    def test_misses_that_are_kept_are_found(self):
        with self.proxy(STUBBORN) as url:
            lines = self.examine(url)
        self.assertEqual(self.ill(lines, url).get("miss-kept"), "FAILED", self.answer)
        self.assertIn("proxy_cache_valid", lines[url, "miss-kept"]["advice"])

    def test_a_conditional_request_that_is_not_passed_on_is_found(self):
        with self.proxy(FORGETFUL) as url:
            lines = self.examine(url)
        self.assertEqual(self.ill(lines, url).get("revalidation"), "warning", self.answer)
        self.assertIn("is sent again to If-None-Match", lines[url, "revalidation"]["seen"])

    def test_a_key_that_was_revoked_and_is_still_served_is_found(self):
        with self.proxy(STUBBORN) as url:
            self.examine(url)
            kid = self.active_key("web")
            self.server.ctl("key", "revoke", kid, "--reason", "test", "--force")
            self.assertNotIn("gone", self.ill(self.examine(url)))
            self.server.set_clock(3600)
            lines = self.examine(url, self.server.url)
        self.assertEqual(lines[url, "gone"]["result"], "FAILED")
        self.assertIn(kid + " is still served", lines[url, "gone"]["seen"])
        self.assertEqual(lines[self.server.url, "gone"]["result"], "ok")


class WrongFiles(DoctorTest):
    """A mirror whose files are not those of the server."""

    def assertFinds(self, expected, seen=None):
        with self.mirror() as url:
            lines = self.examine(url)
        self.assertEqual(self.ill(lines, url), expected, self.answer)
        for check, text in (seen or {}).items():
            self.assertIn(text, lines[url, check]["seen"])

    def kid_of(self, path):
        return os.path.relpath(path, self.keys)

    def test_a_key_that_is_missing(self):
        path = self.files("payments/api/*.pem")[0]
        os.remove(path)
        self.assertFinds({"served": "FAILED"},
                         {"served": f"1 of 6 keys: {self.kid_of(path)} is answered with 404"})

    def test_a_key_that_is_another_one(self):
        first, second = self.files("web/*.pem")[:2]
        shutil.copyfile(first, second)
        self.assertFinds({"bytes": "FAILED"}, {"bytes": self.kid_of(second)})

    def test_a_key_that_is_none(self):
        path = self.files("web/*.pem")[1]
        with open(path, "w", encoding="ascii") as file:
            file.write("<html>")
        self.assertFinds({"bytes": "FAILED", "form": "FAILED"}, {"form": self.kid_of(path)})

    def test_a_mirror_that_was_filled_before_a_rotation(self):
        self.server.ctl("key", "rotate", "web")
        self.assertFinds({"served": "FAILED", "in-step": "warning", "key-set-keys": "FAILED"},
                         {"in-step": "generation 2; the server is at 3", "served": "1 of 7 keys"})

    def test_an_alias_that_is_missing_or_another_key(self):
        kid = self.kid_of(self.files("web/*.pem")[0])
        alias = os.path.join(self.keys, hashlib.sha256(kid.encode()).hexdigest() + ".pem")
        os.remove(alias)
        self.assertFinds({"alias": "warning"}, {"alias": "404"})
        shutil.copyfile(self.files("payments/api/*.pem")[0], alias)
        self.assertFinds({"alias": "warning"}, {"alias": "another key"})

    def test_a_key_set_that_is_missing_or_of_other_keys(self):
        path = os.path.join(self.keys, "web/.well-known/jwks.json")
        os.remove(path)
        self.assertFinds({"key-set": "warning"}, {"key-set": "404"})
        shutil.copyfile(os.path.join(self.keys, "payments/api/.well-known/jwks.json"), path)
        self.assertFinds({"key-set-keys": "FAILED"}, {"key-set-keys": "lacks web/"})
        with open(path, "w", encoding="ascii") as file:
            file.write("[]")
        self.assertFinds({"key-set-keys": "FAILED"})

    def test_two_repositories_that_are_not_in_step_without_a_server(self):
        path = self.files("web/*.pem")[1]
        os.remove(path)
        with self.mirror() as url:
            lines = self.examine(self.server.url, url, raw=True, options=("--issuer", "web"))
        self.assertEqual(self.ill(lines, self.server.url), {})
        self.assertEqual(self.ill(lines, url), {"served": "FAILED"})


class WrongPlace(DoctorTest):
    def test_a_path_that_the_keys_are_not_under(self):
        with self.mirror() as url:
            lines = self.examine(url + "/keys")
        self.assertEqual(self.ill(lines), {"base-path": "FAILED", "served": "FAILED",
                                           "key-set": "warning"})
        self.assertIn("leave the path out", lines[url + "/keys", "base-path"]["advice"])

    def test_a_host_that_does_not_answer_or_is_none(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        for url in (f"https://127.0.0.1:{port}", "https://no-such-host.invalid"):
            lines = self.examine(url)
            self.assertEqual(self.ill(lines), {"connect": "FAILED"}, self.answer)
            self.assertEqual({check for place, check in lines if place == url}, {"connect"})

    def test_a_server_that_does_not_answer(self):
        lines = self.examine(self.server.url, options=("--server", "unix:/nowhere"))
        self.assertEqual(self.ill(lines), {"server": "FAILED", "issuers": "warning"})


class WrongTls(DoctorTest):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.server.root, "authority")
        self.cacert = self.authority.ca

    def examine_with(self, names, *options):
        path = self.authority.issue("keys", names, *options, usage="serverAuth")
        self.certificate = path, path
        with self.mirror() as url:
            lines = self.examine(url)
        return {check: line for (place, check), line in lines.items() if place == url}

    def test_a_certificate_that_ends_soon(self):
        lines = self.examine_with("IP:127.0.0.1", "-days", "6")
        self.assertEqual(lines["certificate"]["result"], "warning")
        self.assertRegex(lines["certificate"]["seen"], "^it ends in [56] days$")
        self.assertEqual(lines["tls"]["result"], "ok")

    def test_a_certificate_that_has_ended(self):
        lines = self.examine_with("IP:127.0.0.1", "-days", "-1")
        self.assertEqual(set(lines), {"connect", "tls"})
        self.assertEqual(lines["tls"]["result"], "FAILED")
        self.assertIn("certificate has expired", lines["tls"]["seen"])

    def test_a_certificate_of_another_host(self):
        lines = self.examine_with("DNS:keys.example.org")
        self.assertEqual(lines["tls"]["result"], "FAILED")
        self.assertIn("127.0.0.1", lines["tls"]["seen"])

    def test_an_authority_that_is_not_trusted(self):
        self.cacert = self.server.path("ca.pem")
        lines = self.examine_with("IP:127.0.0.1")
        self.assertEqual(lines["tls"]["result"], "FAILED")


class WrongTime(DoctorTest):
    def at(self, seconds):
        """The clock of asapctl alone."""
        path = os.path.join(self.server.root, "another-clock")
        with open(path, "w", encoding="ascii") as file:
            file.write(str(seconds))
        return path

    def test_a_clock_that_differs_by_more_than_the_skew(self):
        for ahead, text in ((-60, "ahead of"), (60, "behind")):
            lines = self.examine(self.server.url, clock=self.at(ahead))
            self.assertEqual(self.ill(lines), {"server-clock": "FAILED", "clock": "FAILED"})
            self.assertIn(text, lines[self.server.url, "clock"]["seen"])
        self.assertEqual(self.ill(self.examine(self.server.url, clock=self.at(20))), {})

    def test_a_mirror_whose_clock_is_wrong(self):
        self.server.set_clock(600)
        with self.mirror() as url:
            lines = self.examine(url)
        self.assertEqual(self.ill(lines), {"clock": "FAILED"})

    def test_a_rotation_that_is_overdue(self):
        self.server.ctl("issuer", "update", "web", "--rotation-period", "30d")
        lines = self.examine(self.server.url, clock=self.at(40 * 86400))
        ill = self.ill(lines)
        self.assertEqual(ill.pop("rotation"), "warning")
        self.assertEqual(ill, {"server-clock": "FAILED", "clock": "FAILED"})

    def test_an_issuer_for_which_nothing_signs(self):
        self.server.ctl("key", "rotate", "web", "--emergency", "--reason", "test",
                        "--store-compromised")
        lines = self.examine(self.server.url)
        self.assertEqual(self.ill(lines), {"active": "FAILED"})
        line = next(line for (_, check), line in lines.items() if check == "active")
        self.assertIn("no key of web signs", line["seen"])


if __name__ == "__main__":
    main()

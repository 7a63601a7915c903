# SPDX-License-Identifier: Apache-2.0
"""The public key repository as its clients see it."""

import base64
import email.utils
import hashlib
import json
import os
import re
import socket
import subprocess
import time
import unittest

from harness import PATIENCE, Server, ServerTest, main, until


class Keys(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.kid = self.active_key("payments/api")

    def test_a_key_is_one_pem_block_with_everything_that_caches_need(self):
        key = self.server.get("/" + self.kid)
        self.assertEqual(key.status, 200)
        self.assertEqual(key["Content-Type"], "application/x-pem-file")
        self.assertRegex(key.body.decode("ascii"),
                         r"\A-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+"
                         r"-----END PUBLIC KEY-----\n\Z")
        self.assertLessEqual(len(key.body), 2048)
        self.assertRegex(key["ETag"], r'\A"[0-9a-f]{32}"\Z')
        self.assertEqual(key["Cache-Control"],
                         "public, max-age=3, stale-while-revalidate=3, stale-if-error=3")
        for name in ("Last-Modified", "Date"):
            self.assertIsNotNone(email.utils.parsedate_to_datetime(key[name]), name)
        self.assertEqual(key["Content-Length"], str(len(key.body)))

    def test_head_answers_as_get_does_without_the_body(self):
        get, head = self.server.get("/" + self.kid), self.server.request("HEAD", "/" + self.kid)
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "Cache-Control"):
            self.assertEqual(head[name], get[name], name)

    def test_an_unchanged_key_is_304_with_the_caching_headers(self):
        key = self.server.get("/" + self.kid)
        later = email.utils.formatdate(time.time() + 10, usegmt=True)
        for headers in ({"If_None_Match": key["ETag"]},
                        {"If_None_Match": '"other", W/' + key["ETag"]},
                        {"If_None_Match": "*"},
                        {"If_Modified_Since": key["Last-Modified"]},
                        {"If_Modified_Since": later}):
            same = self.server.get("/" + self.kid, **headers)
            self.assertEqual((same.status, same.body), (304, b""), headers)
            for name in ("ETag", "Last-Modified", "Cache-Control"):
                self.assertEqual(same[name], key[name], name)

    def test_a_validator_of_something_else_gets_the_key(self):
        key = self.server.get("/" + self.kid)
        for headers in ({"If_None_Match": '"other"'},
                        {"If_None_Match": '"other"', "If_Modified_Since": key["Last-Modified"]},
                        {"If_Modified_Since": "Mon, 23 Nov 2020 13:15:00 GMT"},
                        {"If_Modified_Since": "yesterday"}):
            self.assertEqual(self.server.get("/" + self.kid, **headers).status, 200, headers)

    def test_escapes_of_grammar_characters_decode(self):
        issuer, name = self.kid.rsplit("/", 1)
        escaped = "/" + issuer.replace("/", "%2F") + "%2f" + name.replace("-", "%2D")
        self.assertEqual(self.server.get(escaped).status, 200)

    def test_plus_is_literal(self):
        self.publish("payments/api", "a+b.pem")
        self.assertEqual(self.server.get("/payments/api/a+b.pem").status, 200)
        self.assertEqual(self.server.get("/payments/api/a%2Bb.pem").status, 200)
        self.assertEqual(self.server.get("/payments/api/a%20b.pem").status, 404)

    def publish(self, issuer, name):
        path = os.path.join(self.server.root, "public.pem")
        private = subprocess.run(["openssl", "genpkey", "-algorithm", "EC",
                                  "-pkeyopt", "ec_paramgen_curve:P-256"],
                                 check=True, capture_output=True).stdout
        subprocess.run(["openssl", "pkey", "-pubout", "-out", path],
                       input=private, check=True, capture_output=True)
        self.server.ctl("key", "publish", issuer, "--name", name, "--public-key", path)

    def test_a_key_has_an_alias_by_the_hash_of_its_key_id(self):
        alias = hashlib.sha256(self.kid.encode()).hexdigest() + ".pem"
        self.assertEqual(self.server.get("/" + alias).body, self.server.get("/" + self.kid).body)
        self.assertEqual(self.server.get("/" + alias.upper()).status, 404)
        self.assertEqual(self.server.get("/" + "0" * 64 + ".pem").status, 404)

    def test_the_key_set_has_every_published_key(self):
        answer = self.server.get("/payments/api/.well-known/jwks.json")
        listed = self.server.ctl_json("key", "list", "payments/api")["keys"]
        keys = json.loads(answer.body)["keys"]
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer["Content-Type"], "application/jwk-set+json")
        self.assertEqual([k["kid"] for k in keys], [k["keyId"] for k in listed])
        self.assertEqual(len(keys), 3)
        for key in keys:
            self.assertEqual((key["kty"], key["crv"], key["alg"], key["use"]),
                             ("EC", "P-256", "ES256", "sig"))
            self.assertEqual(len(base64.urlsafe_b64decode(key["x"] + "=")), 32)
            self.assertNotIn("d", key)
        again = self.server.get("/payments/api/.well-known/jwks.json", If_None_Match=answer["ETag"])
        self.assertEqual(again.status, 304)
        self.assertEqual(self.server.get("/nobody/.well-known/jwks.json").status, 404)

    def test_what_is_not_published_is_404_that_no_cache_keeps(self):
        for path in ("/payments/api/other.pem", "/nobody/key", "/", "/payments", "/favicon.ico"):
            miss = self.server.get(path)
            self.assertEqual(miss.status, 404, path)
            self.assertEqual(miss["Cache-Control"], "no-store")
            self.assertEqual(json.loads(miss.body)["code"], "not_found")
            self.assertEqual(miss.body.count(b"\n"), 1)

    def test_other_methods_are_405(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
            answer = self.server.request(method, "/" + self.kid)
            self.assertEqual(answer.status, 405, method)
            self.assertEqual(answer["Allow"], "GET, HEAD")

    def test_a_query_is_404(self):
        self.assertEqual(self.server.get("/" + self.kid + "?a=b").status, 404)
        self.assertEqual(self.server.get("/" + self.kid + "?").status, 404)

    def test_hostile_paths_are_404(self):
        for path in ("/../etc/passwd", "/payments/../payments/api/x", "/payments/%2e%2e/api/x",
                     "/payments/.%2e/x", "//payments/api/x", "/payments//api", "/payments/api/",
                     "/" + self.kid + "/", "/./" + self.kid, "/" + self.kid + "%00",
                     "/%00" + self.kid, "/" + self.kid + "%", "/" + self.kid + "%2",
                     "/" + self.kid + "%zz", "/pay%c3%a9/x", "/a/%5c", "/a/;b", "/a/%3fb",
                     "/" + self.kid + "%0a", "/a/%252e", "/" + "a/" * 150 + "b",
                     "/" + "a" * 65 + "/b", "/.well-known/jwks.json"):
            self.assertEqual(self.server.get(path).status, 404, path)

    def test_bytes_that_are_no_path_do_no_harm(self):
        for path in (b"/" + b"a" * 8000, b"/caf\xc3\xa9/key", b"/a/\xff", b"/a/b\x01"):
            with self.server.connect() as connection:
                connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
                status = connection.recv(12)
                self.assertIn(status, (b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 414", b""),
                              path[:20])
        self.assertEqual(self.server.get("/" + self.kid).status, 200)

    def test_a_change_is_visible_to_the_next_request(self):
        for number in range(5):
            issuer = "visible/n%d" % number
            self.server.ctl("issuer", "create", issuer, "--algorithm", "EdDSA")
            kid = self.active_key(issuer)
            self.assertEqual(self.server.get("/" + kid).status, 200)
            self.server.ctl("key", "revoke", kid, "--reason", "a test")
            self.assertEqual(self.server.get("/" + kid).status, 404)

    def test_a_retiring_key_is_cached_no_longer_than_it_is_served(self):
        self.server.ctl("key", "rotate", "payments/api")
        times = self.server.ctl_json("key", "show", self.kid)
        end = seconds(times["unpublishTime"])
        shift = end - int(time.time()) - 4
        self.server.set_clock(shift)
        answer = self.server.get("/" + self.kid)
        self.assertEqual(answer.status, 200)
        lifetimes = [int(n) for n in re.findall(r"=(\d+)", answer["Cache-Control"])]
        self.assertLessEqual(sum(lifetimes[:2]), 3)
        self.server.set_clock(shift + 5)
        self.assertEqual(self.server.get("/" + self.kid).status, 404)
        key_set = json.loads(self.server.get("/payments/api/.well-known/jwks.json").body)
        self.assertNotIn(self.kid, [k["kid"] for k in key_set["keys"]])


def seconds(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return int(email.utils.parsedate_to_datetime(
        time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                      time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))).timestamp())


class BasePath(ServerTest):
    settings = ("--base-path", "/keys")

    def test_everything_is_served_under_the_base_path_and_nothing_beside_it(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        kid = self.active_key("payments/api")
        alias = hashlib.sha256(kid.encode()).hexdigest() + ".pem"
        for path in (kid, alias, "payments/api/.well-known/jwks.json"):
            self.assertEqual(self.server.get("/keys/" + path).status, 200, path)
            self.assertEqual(self.server.get("/" + path).status, 404, path)
            self.assertEqual(self.server.get("/keysx/" + path).status, 404, path)


class Failures(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.kid = self.active_key("payments/api")

    def damage_database(self):
        for name in ("asapd.db", "asapd.db-wal"):
            with open(self.server.path(name), "r+b") as file:
                size = os.fstat(file.fileno()).st_size
                file.write(b"\xa5" * size)

    def test_keys_go_on_being_served_when_the_database_fails(self):
        self.assertEqual(self.server.ops("/readyz").status, 200)
        self.damage_database()
        until(lambda: self.server.ops("/readyz").status == 503, "readyz to tell")
        self.assertIn(b"\nasap_ready 0\n", self.server.ops("/metrics").body)
        self.assertEqual(self.server.get("/" + self.kid).status, 200)
        self.assertEqual(self.server.ops("/healthz").status, 200)
        failed = self.server.ctl_raw("issuer", "create", "orders/api")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("asapctl: ", failed.stderr)
        self.assertIn(" error: ", self.server.log())


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""asap.v1.KeyRepository, as anybody may call it: published keys, and nothing else."""

import json
import os
import sqlite3
import urllib.parse

from harness import ServerTest, main

SERVICE = "/asap.v1.KeyRepository/"


class KeyRepository(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        # The first key signs at once with the demo's lag of 0: one active, two standbys.
        self.keys = [k["keyId"]
                     for k in self.server.ctl_json("key", "list", "payments/api")["keys"]]

    def call(self, method, **request):
        answer = self.server.request("POST", SERVICE + method,
                                     {"Content-Type": "application/json"},
                                     json.dumps(request).encode())
        return answer.status, json.loads(answer.body)

    def assertFails(self, method, status, code, **request):
        got, body = self.call(method, **request)
        self.assertEqual((got, body["code"]), (status, code), body)
        return body["message"]

    def test_a_published_key_is_the_one_that_is_downloaded(self):
        status, key = self.call("GetPublicKey", keyId=self.keys[0])
        self.assertEqual(status, 200, key)
        self.assertEqual(key["keyId"], self.keys[0])
        self.assertEqual(key["issuer"], "payments/api")
        self.assertEqual(key["algorithm"], "ES256")
        self.assertEqual(key["state"], "KEY_STATE_ACTIVE")
        self.assertEqual(key["publicKey"].encode(), self.server.get("/" + self.keys[0]).body)

    def test_how_long_to_keep_a_key_is_what_the_download_says(self):
        _, key = self.call("GetPublicKey", keyId=self.keys[0])
        cache = self.server.get("/" + self.keys[0])["Cache-Control"]
        self.assertIn("max-age=" + key["maxAge"].removesuffix("s"), cache.split(", "))

    def get(self, method, **request):
        query = urllib.parse.urlencode({"connect": "v1", "encoding": "json",
                                        "message": json.dumps(request)})
        return self.server.get(SERVICE + method + "?" + query)

    def test_caches_keep_what_they_get_no_longer_than_callers_may(self):
        self.server.ctl("key", "rotate", "payments/api")
        for method, request in (("GetPublicKey", {"keyId": self.keys[0]}),
                                ("GetJwks", {"issuer": "payments/api"})):
            answer = self.get(method, **request)
            self.assertEqual(answer.status, 200, answer.body)
            age = json.loads(answer.body)["maxAge"].removesuffix("s")
            self.assertEqual(answer["Cache-Control"], "public, max-age=" + age)

    def test_caches_keep_no_list_and_no_failure(self):
        for method, request in (("GetPublicKey", {"keyId": "payments/api/none"}),
                                ("GetJwks", {"issuer": "nobody"}),
                                ("ListPublicKeys", {"issuer": "payments/api"})):
            self.assertEqual(self.get(method, **request)["Cache-Control"], "no-store", method)

    def test_a_key_that_is_retiring_says_until_when(self):
        _, before = self.call("GetPublicKey", keyId=self.keys[0])
        self.assertNotIn("unpublishTime", before)
        self.server.ctl("key", "rotate", "payments/api")
        _, after = self.call("GetPublicKey", keyId=self.keys[0])
        self.assertIn("unpublishTime", after)

    def test_a_key_whose_time_is_over_is_not_found_and_in_no_list(self):
        self.server.ctl("key", "rotate", "payments/api")
        self.server.set_clock(30 * 24 * 3600)
        self.assertFails("GetPublicKey", 404, "not_found", keyId=self.keys[0])
        _, listed = self.call("ListPublicKeys", issuer="payments/api")
        self.assertNotIn(self.keys[0], [k["keyId"] for k in listed["publicKeys"]])
        _, jwks = self.call("GetJwks", issuer="payments/api")
        self.assertNotIn(self.keys[0], [k["kid"] for k in jwks["keys"]])
        self.assertEqual(len(jwks["keys"]), len(listed["publicKeys"]))

    def test_a_revoked_key_is_not_found_and_in_no_list(self):
        self.server.ctl("key", "revoke", self.keys[1], "--reason", "a test")
        self.assertFails("GetPublicKey", 404, "not_found", keyId=self.keys[1])
        _, listed = self.call("ListPublicKeys", issuer="payments/api")
        self.assertNotIn(self.keys[1], [k["keyId"] for k in listed["publicKeys"]])
        _, jwks = self.call("GetJwks", issuer="payments/api")
        self.assertNotIn(self.keys[1], [k["kid"] for k in jwks["keys"]])

    def test_what_was_never_published_is_not_found(self):
        for key in ("payments/api/none", "none", "payments/api", "../../etc/passwd", "a//b", "é"):
            self.assertFails("GetPublicKey", 404, "not_found", keyId=key)

    def test_a_request_without_a_name_says_which(self):
        self.assertIn("key_id", self.assertFails("GetPublicKey", 400, "invalid_argument"))
        self.assertIn("issuer", self.assertFails("ListPublicKeys", 400, "invalid_argument"))
        self.assertIn("issuer", self.assertFails("GetJwks", 400, "invalid_argument"))

    def test_the_pages_of_a_list_make_up_the_whole(self):
        token, seen = "", []
        while True:
            status, page = self.call("ListPublicKeys", issuer="payments/api", pageSize=1,
                                     pageToken=token)
            self.assertEqual(status, 200, page)
            self.assertEqual(len(page["publicKeys"]), 1)
            seen += [k["keyId"] for k in page["publicKeys"]]
            token = page.get("nextPageToken", "")
            if not token:
                break
        self.assertEqual(seen, self.keys)

    def test_a_page_token_of_another_list_is_refused(self):
        self.server.ctl("issuer", "create", "orders/api", "--algorithm", "ES256")
        _, page = self.call("ListPublicKeys", issuer="payments/api", pageSize=1)
        message = self.assertFails("ListPublicKeys", 400, "invalid_argument", issuer="orders/api",
                                   pageToken=page["nextPageToken"])
        self.assertIn("page_token", message)

    def test_a_page_that_goes_on_behind_a_key_that_is_gone_says_so(self):
        _, page = self.call("ListPublicKeys", issuer="payments/api", pageSize=2)
        self.server.ctl("key", "revoke", self.keys[1], "--reason", "a test")
        message = self.assertFails("ListPublicKeys", 400, "invalid_argument",
                                   issuer="payments/api", pageToken=page["nextPageToken"])
        self.assertIn("begin again", message)

    def test_the_key_set_is_the_one_that_is_downloaded(self):
        status, jwks = self.call("GetJwks", issuer="payments/api")
        self.assertEqual(status, 200)
        downloaded = json.loads(self.server.get("/payments/api/.well-known/jwks.json").body)
        self.assertEqual(jwks["keys"], downloaded["keys"])
        self.assertRegex(jwks["maxAge"], r"^\d+s$")

    def test_an_issuer_without_published_keys_has_no_key_set_and_an_empty_list(self):
        self.server.ctl("issuer", "create", "legacy", "--external")
        for issuer in ("legacy", "nobody", "payments"):
            self.assertFails("GetJwks", 404, "not_found", issuer=issuer)
            status, page = self.call("ListPublicKeys", issuer=issuer)
            self.assertEqual((status, page.get("publicKeys", [])), (200, []))

    def test_it_answers_without_the_database(self):
        for name in ("asapd.db", "asapd.db-wal", "asapd.db-shm"):
            if os.path.exists(self.server.path(name)):
                os.remove(self.server.path(name))
        self.assertEqual(self.call("GetPublicKey", keyId=self.keys[0])[0], 200)
        self.assertEqual(self.call("ListPublicKeys", issuer="payments/api")[0], 200)
        self.assertEqual(self.call("GetJwks", issuer="payments/api")[0], 200)

    def test_a_damaged_key_is_no_key_that_is_not_there(self):
        self.server.stop()
        with sqlite3.connect(self.server.path("asapd.db")) as database:
            database.execute("UPDATE key SET pem = 'nonsense' WHERE kid = ?", (self.keys[1],))
        database.close()
        self.server.start()
        self.assertFails("GetPublicKey", 503, "unavailable", keyId=self.keys[1])
        self.assertFails("ListPublicKeys", 503, "unavailable", issuer="payments/api")
        self.assertFails("GetJwks", 503, "unavailable", issuer="payments/api")
        self.assertEqual(self.call("GetPublicKey", keyId=self.keys[0])[0], 200)

    def test_its_callers_cannot_do_more_than_read_keys(self):
        for method in ("KeyAdmin/GetKey", "KeyAdmin/RevokeKey"):
            answer = self.server.request("POST", "/asap.v1." + method,
                                         {"Content-Type": "application/json"},
                                         json.dumps({"keyId": self.keys[0]}).encode())
            self.assertEqual(answer.status, 401)
        self.assertEqual(self.call("GetPublicKey", keyId=self.keys[0])[0], 200)


if __name__ == "__main__":
    main()

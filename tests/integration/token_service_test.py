# SPDX-License-Identifier: Apache-2.0
"""Minting and verifying over HTTPS, as callers meet them."""

import base64
import concurrent.futures
import json
import signal
import sqlite3

from harness import ServerTest, main, until

MINT = "TokenService/MintToken"
VERIFY = "TokenService/VerifyToken"


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class TokenService(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.key = self.new_caller("ci", "--verb", "mint", "--issuer", "payments/api",
                                   "--audience", "orders/*", "--max-lifetime", "30s",
                                   "--subject", "batch", "--claim", "role")

    def mint(self, **changes):
        request = {"issuer": "payments/api", "audience": ["orders/api"], "lifetime": "30s"}
        request.update(changes)
        return self.server.rpc(MINT, request, bearer=self.key)

    def verify(self, token, **changes):
        return self.server.rpc(VERIFY, {"token": token, "audiences": ["orders/api"], **changes},
                               bearer=self.key)

    def events(self, **filters):
        return self.server.local_rpc("AuditLog/ListEvents", filters).json.get("events", [])

    def last_event(self):
        return self.events(pageSize=1000)[-1]


class Minting(TokenService):
    def test_a_token_is_what_was_asked_for_and_verifies(self):
        minted = self.mint(additionalClaims={"role": "reader"}, subject="batch").json
        claims = claims_of(minted["token"])
        self.assertEqual((claims["iss"], claims["sub"], claims["aud"], claims["role"]),
                         ("payments/api", "batch", "orders/api", "reader"))
        self.assertEqual(minted["keyId"], self.active_key("payments/api"))
        self.assertFails(self.verify(minted["token"]), 400, "invalid_argument", "SUBJECT")
        verified = self.verify(minted["token"], subjects=["batch"])
        self.assertEqual(verified.status, 200, verified.json)
        self.assertEqual(verified.json["claims"], claims)
        self.assertEqual(verified.json["tokenId"], claims["jti"])
        self.assertEqual(verified.json["subject"], "batch")
        self.assertEqual(verified.json["audience"], ["orders/api"])
        self.assertEqual(verified.json["expireTime"], minted["expireTime"])

    def test_each_algorithm_mints(self):
        for algorithm in ("RS256", "PS512", "ES384", "EdDSA"):
            name = "other/" + algorithm.lower()
            self.server.ctl("issuer", "create", name, "--algorithm", algorithm)
            token = self.server.ctl("token", "mint", name, "--audience", "orders/api").strip()
            self.assertEqual(self.verify(token).json["issuer"], name)

    def test_the_event_of_a_token_has_its_jti_and_never_the_token(self):
        minted = self.mint(requestId="build-17").json
        event = self.last_event()
        self.assertEqual(event["tokenId"], claims_of(minted["token"])["jti"])
        self.assertEqual(event["keyId"], minted["keyId"])
        self.assertEqual((event["caller"], event["proofKind"], event["method"], event["result"]),
                         ("ci", "PROOF_KIND_API_KEY", "asap.v1.TokenService/MintToken", "ok"))
        self.assertEqual((event["issuer"], event["requestId"]), ("payments/api", "build-17"))
        with open(self.server.path("asapd.db-wal"), "rb") as wal:
            self.assertNotIn(minted["token"].split(".")[2].encode(), wal.read())

    def test_a_validation_mints_nothing_and_records_nothing(self):
        before = len(self.events())
        answer = self.mint(validateOnly=True)
        self.assertEqual(answer.status, 200, answer.json)
        self.assertNotIn("token", answer.json)
        self.assertEqual(len(self.events()), before)

    def test_what_is_refused_is_refused_distinctly_recorded_and_never_a_token(self):
        self.server.ctl("issuer", "create", "external/api", "--external")
        deep = {"role": json.loads("[" * 20 + "]" * 20)}
        for status, code, reason, changes in (
                (403, "permission_denied", "NO_GRANT", {"issuer": "unknown/api"}),
                (403, "permission_denied", "NO_GRANT", {"issuer": "external/api"}),
                (403, "permission_denied", "GRANT_AUDIENCE", {"audience": ["billing/api"]}),
                (403, "permission_denied", "GRANT_AUDIENCE", {"audience": ["asapd"]}),
                (403, "permission_denied", "GRANT_LIFETIME", {"lifetime": "31s"}),
                (403, "permission_denied", "GRANT_SUBJECT", {"subject": "root"}),
                (403, "permission_denied", "GRANT_CLAIM", {"additionalClaims": {"scope": "all"}}),
                (400, "invalid_argument", None, {"issuer": ""}),
                (400, "invalid_argument", None, {"audience": []}),
                (400, "invalid_argument", None, {"audience": [""]}),
                (400, "invalid_argument", None, {"audience": ["orders/%d" % i
                                                              for i in range(1000)]}),
                (400, "invalid_argument", None, {"lifetime": "0s"}),
                (400, "invalid_argument", None, {"lifetime": "-5s"}),
                (400, "invalid_argument", None, {"lifetime": "1.5s"}),
                (400, "invalid_argument", None, {"lifetime": "3601s"}),
                (400, "invalid_argument", "JSON", {"additionalClaims": deep}),
                (400, "invalid_argument", None, {"additionalClaims": {"role": "x" * 65536}}),
                (400, "invalid_argument", None, {"requestId": "with space"})):
            answer = self.mint(**changes)
            self.assertFails(answer, status, code, reason)
            self.assertNotIn("token", answer.json)
            event = self.last_event()
            self.assertEqual((event["caller"], event["result"], event.get("tokenId")),
                             ("ci", code, None), changes)
            self.assertTrue(event["message"], changes)

    def test_reserved_claims_are_refused_even_to_an_administrator(self):
        for name in ("iss", "sub", "aud", "iat", "nbf", "exp", "jti"):
            answer = self.server.local_rpc(MINT, {"issuer": "payments/api",
                                                  "audience": ["orders/api"],
                                                  "additionalClaims": {name: "x"}})
            self.assertIn("additional_claims", self.assertFails(answer, 400, "invalid_argument"))

    def test_what_is_not_utf8_is_refused(self):
        bad = b'{"issuer":"payments/api","audience":["orders/\xff"]}'
        self.assertFails(self.server.rpc(MINT, bad, bearer=self.key), 400, "invalid_argument",
                         "JSON")

    def test_an_administrator_is_told_what_an_issuer_is(self):
        self.server.ctl("issuer", "create", "external/api", "--external")
        for issuer, status, code, reason in (
                ("unknown/api", 404, "not_found", None),
                ("external/api", 400, "failed_precondition", "ISSUER_EXTERNAL")):
            answer = self.server.local_rpc(MINT, {"issuer": issuer, "audience": ["orders/api"]})
            self.assertFails(answer, status, code, reason)

    def test_in_an_emergency_gap_it_says_until_when(self):
        self.server.ctl("key", "revoke", self.active_key("payments/api"), "--reason", "a test")
        answer = self.mint()
        self.assertFails(answer, 503, "unavailable", "NO_SIGNING_KEY")
        self.assertLessEqual(1, int(answer["Retry-After"]))
        self.assertLessEqual(int(answer["Retry-After"]), 21)
        self.assertEqual(self.last_event()["result"], "unavailable")
        self.server.set_clock(22)
        self.assertEqual(self.mint().status, 200)

    def test_a_clock_that_went_back_stops_minting_and_nothing_else(self):
        self.server.set_clock(100)
        self.assertEqual(self.mint().status, 200)
        self.server.set_clock(0)
        self.assertFails(self.mint(), 400, "failed_precondition", "CLOCK_WENT_BACK")
        self.assertEqual(self.server.get("/" + self.active_key("payments/api")).status, 200)

    def test_a_grant_that_is_taken_back_is_gone_with_the_answer(self):
        grant = self.server.ctl_json("grant", "list", "--caller", "ci")["grants"][0]["grantId"]
        self.assertEqual(self.mint().status, 200)
        self.server.ctl("grant", "delete", grant)
        self.assertFails(self.mint(), 403, "permission_denied", "NO_GRANT")


class Together(TokenService):
    def test_tokens_of_many_at_once_are_all_good_and_all_recorded(self):
        self.server.ctl("issuer", "create", "slow/api", "--algorithm", "RS256")
        self.server.ctl("grant", "create", "ci", "--verb", "mint", "--issuer", "slow/api",
                        "--audience", "orders/*")

        def mint(number):
            return self.mint(issuer=("payments/api", "slow/api")[number % 2])

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(mint, range(200)))
        self.assertEqual({a.status for a in answers}, {200})
        minted = {claims_of(a.json["token"])["jti"] for a in answers}
        recorded = {e["tokenId"] for e in self.events(pageSize=1000) if "tokenId" in e}
        self.assertEqual(len(minted), 200)
        self.assertEqual(minted, recorded)
        self.assertIn("intact", self.server.ctl("audit", "verify"))

    def test_no_token_leaves_before_its_event_is_durable(self):
        tokens = []

        def mint_until_it_dies(_):
            try:
                while True:
                    tokens.append(self.mint().json["token"])
                    if len(tokens) == 50:
                        self.server.process.send_signal(signal.SIGKILL)
            except (OSError, ValueError, KeyError, EOFError):
                pass

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(mint_until_it_dies, range(8)))
        self.server.stop()
        self.server.start()
        recorded = {e["tokenId"] for e in self.events(pageSize=1000) if "tokenId" in e}
        self.assertGreaterEqual(len(tokens), 50)
        self.assertEqual({claims_of(t)["jti"] for t in tokens} - recorded, set())
        self.assertIn("intact", self.server.ctl("audit", "verify"))

    def test_when_the_log_cannot_be_written_minting_fails_and_downloads_go_on(self):
        key = self.active_key("payments/api")
        self.assertEqual(self.mint().status, 200)
        blocker = sqlite3.connect(self.server.path("asapd.db"), isolation_level=None)
        self.addCleanup(blocker.close)
        blocker.execute("BEGIN IMMEDIATE")
        answer = self.mint()
        self.assertFails(answer, 503, "unavailable", "AUDIT_UNAVAILABLE")
        self.assertNotIn("token", answer.json)
        self.assertEqual(self.server.get("/" + key).status, 200)
        problems = self.server.local_rpc("Server/GetStatus", {}).json["problems"]
        self.assertTrue(any("audit log cannot be written" in text for text in problems), problems)
        failed = self.server.ctl_raw("issuer", "create", "another")
        self.assertEqual(failed.returncode, 1, failed.stdout)
        blocker.execute("ROLLBACK")
        self.assertEqual(self.mint().status, 200)
        self.assertIn("intact", self.server.ctl("audit", "verify"))


class Problems(TokenService):
    """What the server says of itself while it cannot do all of its work."""

    def problems(self):
        return self.server.local_rpc("Server/GetStatus", {}).json.get("problems", [])

    def setUp(self):
        super().setUp()
        self.database = sqlite3.connect(self.server.path("asapd.db"), isolation_level=None)
        self.addCleanup(self.database.close)
        self.assertEqual(self.mint().status, 200)
        self.assertEqual((self.problems(), self.unwell()), ([], []))

    def unwell(self):
        """What /readyz says of those parts that are not well."""
        lines = self.server.ops("/readyz").body.decode().splitlines()
        self.assertEqual([line.split(": ")[0] for line in lines],
                         ["keys", "callers", "audit", "database", "certificate of public"])
        # What the last transaction met may be over with the next one.
        return [line.split(": ", 1)[1] for line in lines
                if ": ok" not in line and not line.startswith("database: ")]

    def assertRecovers(self):
        until(lambda: not self.problems(), "the problems to be over")
        ready = self.server.ops("/readyz")
        self.assertEqual((ready.status, self.unwell()), (200, []))
        self.assertEqual(self.mint().status, 200)

    def test_a_log_that_cannot_be_written_is_told_and_leaves_the_server_ready(self):
        self.database.execute("ALTER TABLE audit_event RENAME TO away")
        self.assertFails(self.mint(), 503, "unavailable", "AUDIT_UNAVAILABLE")
        problem, = self.problems()
        self.assertIn("the audit log cannot be written: ", problem)
        ready = self.server.ops("/readyz")
        self.assertEqual((ready.status, self.unwell()), (200, [problem]))
        self.assertEqual(self.server.get("/" + self.active_key("payments/api")).status, 200)
        self.database.execute("ALTER TABLE away RENAME TO audit_event")
        self.assertRecovers()

    def test_a_database_that_cannot_be_read_is_told_with_all_that_follows(self):
        key = self.active_key("payments/api")
        self.database.execute("ALTER TABLE server RENAME TO away")
        self.assertFails(self.mint(), 503, "unavailable", "AUDIT_UNAVAILABLE")
        until(lambda: len(self.problems()) == 3, "all problems to be told")
        for problem, beginning in zip(self.problems(), (
                "the keys could not be reloaded: ", "the callers could not be reloaded: ",
                "the audit log cannot be written: ")):
            self.assertTrue(problem.startswith(beginning), problem)
        ready = self.server.ops("/readyz")
        self.assertEqual((ready.status, self.unwell()), (503, self.problems()))
        self.assertEqual(self.server.get("/" + key).status, 200)
        self.database.execute("ALTER TABLE away RENAME TO server")
        self.assertRecovers()

    def test_a_database_that_another_program_has_locked_stops_no_reading(self):
        self.database.execute("BEGIN IMMEDIATE")
        self.assertFails(self.mint(), 503, "unavailable", "AUDIT_UNAVAILABLE")
        problem, = self.problems()
        self.assertIn("the audit log cannot be written: ", problem)
        self.assertEqual(self.server.ops("/readyz").status, 200)
        self.database.execute("ROLLBACK")
        self.assertRecovers()


class Verifying(TokenService):
    def test_each_rule_is_named(self):
        token = self.mint().json["token"]
        head, body, signature = token.split(".")
        for reason, answer in (
                ("AUDIENCE", self.verify(token, audiences=["billing/api"])),
                ("ISSUER", self.verify(token, issuers=["billing/api"])),
                ("SIGNATURE", self.verify(".".join((head, body, "A" * len(signature))))),
                ("TOKEN_FORM", self.verify("a.b.c.d.e.f.g.h.i.j")),
                ("TOKEN_SIZE", self.verify("short"))):
            self.assertFails(answer, 400, "invalid_argument", reason)
        self.server.set_clock(31)
        self.assertFails(self.verify(token), 400, "invalid_argument", "EXPIRED")
        self.assertEqual(self.verify(token, leeway="30s").status, 200)

    def test_what_is_asked_wrongly_is_refused_by_its_field(self):
        token = self.mint().json["token"]
        self.assertIn("audiences", self.assertFails(self.verify(token, audiences=[]), 400,
                                                    "invalid_argument"))
        for leeway in ("61s", "-1s", "0.5s"):
            self.assertIn("leeway", self.assertFails(self.verify(token, leeway=leeway), 400,
                                                     "invalid_argument"))

    def test_nobody_unknown_may_ask(self):
        answer = self.server.rpc(VERIFY, {"token": "x", "audiences": ["orders/api"]})
        self.assertFails(answer, 401, "unauthenticated", "NO_PROOF")
        self.assertEqual(answer["WWW-Authenticate"], "Bearer")


class Delegation(TokenService):
    """Callers who may do one thing to one issuer, over HTTPS."""

    def test_a_caller_that_may_rotate_does_just_that(self):
        key = self.new_caller("rotator", "--verb", "rotate", "--issuer", "payments/api")
        rotate = "KeyAdmin/RotateKey"
        answer = self.server.rpc(rotate, {"issuer": "payments/api"}, bearer=key)
        self.assertEqual(answer.status, 200, answer.json)
        self.assertEqual(self.last_event()["caller"], "rotator")
        self.server.ctl("issuer", "create", "billing/api", "--algorithm", "ES256")
        for method, request in ((rotate, {"issuer": "billing/api"}),
                                (rotate, {"issuer": "unknown/api"}),
                                ("KeyAdmin/PublishKey", {"issuer": "payments/api"}),
                                (MINT, {"issuer": "payments/api", "audience": ["orders/api"]})):
            answer = self.server.rpc(method, request, bearer=key)
            self.assertFails(answer, 403, "permission_denied", "NO_GRANT")
            self.assertEqual(self.last_event()["result"], "permission_denied")
        for method in ("KeyAdmin/RevokeKey", "IssuerAdmin/ListIssuers", "AuditLog/ListEvents",
                       "CallerAdmin/ListCallers", "Server/GetStatus"):
            self.assertFails(self.server.rpc(method, {}, bearer=key), 403, "permission_denied",
                             "NOT_ADMIN")
            self.assertEqual(self.last_event()["method"], "asap.v1." + method)

    def test_a_caller_that_may_publish_does_just_that(self):
        self.server.ctl("issuer", "create", "team/api", "--external")
        key = self.new_caller("team", "--verb", "publish", "--issuer", "team/api")
        path = self.server.path("team.key")
        with open(path, "w", encoding="ascii") as file:
            file.write(key)
        done = self.server.ctl_raw(
            "key", "generate", "team/api", "--private-dir", self.server.path("private"), "--now",
            "--server", self.server.url, "--cacert", self.server.path("ca.pem"),
            "--api-key-file", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFails(self.server.rpc("KeyAdmin/RotateKey", {"issuer": "payments/api"},
                                         bearer=key), 403, "permission_denied", "NO_GRANT")

    def test_a_caller_that_may_administer_does_so_over_https(self):
        key = self.new_caller("boss", "--verb", "admin")
        answer = self.server.rpc("IssuerAdmin/CreateIssuer", {"name": "new/api"}, bearer=key)
        self.assertEqual(answer.status, 200, answer.json)
        self.assertEqual(self.last_event()["caller"], "boss")

    def test_a_test_of_a_grant_says_what_minting_would(self):
        allowed = self.server.ctl("grant", "test", "--caller", "ci", "--verb", "mint",
                                  "--issuer", "payments/api", "--audience", "orders/api",
                                  "--lifetime", "30s")
        self.assertIn("allowed", allowed)
        denied = self.server.ctl_raw("grant", "test", "--caller", "ci", "--verb", "mint",
                                     "--issuer", "payments/api", "--audience", "billing/api")
        self.assertEqual(denied.returncode, 1)
        self.assertIn("denied", denied.stdout + denied.stderr)


class Limits(ServerTest):
    settings = ("--calls-per-minute", "5", "--failed-authentications-per-minute", "3")

    def test_a_caller_that_calls_too_often_is_told_when_to_come_back(self):
        key = self.new_caller("ci")
        request = {"token": "x", "audiences": ["a"]}
        answers = [self.server.rpc(VERIFY, request, bearer=key) for _ in range(6)]
        self.assertEqual([a.status for a in answers[:5]], [400] * 5)
        self.assertFails(answers[5], 429, "resource_exhausted", "RATE_LIMIT")
        self.assertLessEqual(int(answers[5]["Retry-After"]), 12)
        self.assertTrue(any(d["type"] == "google.rpc.RetryInfo"
                            for d in answers[5].json["details"]))
        other = self.new_caller("other")
        self.assertEqual(self.server.rpc(VERIFY, request, bearer=other).status, 400)

    def test_a_caller_cannot_fill_the_audit_log_with_what_it_is_no_administrator_for(self):
        key = self.new_caller("ci")
        answers = [self.server.rpc("AuditLog/ListEvents", {}, bearer=key) for _ in range(7)]
        self.assertEqual([a.status for a in answers], [403] * 5 + [429] * 2)
        events = self.server.local_rpc("AuditLog/ListEvents", {"caller": "ci"}).json["events"]
        self.assertEqual(len(events), 5)

    def test_a_program_of_root_that_guesses_does_not_shut_out_root(self):
        guess = {"Authorization": "Bearer guess"}
        for _ in range(5):
            answer = self.server.local_rpc("Server/GetStatus", {}, guess)
            self.assertFails(answer, 401, "unauthenticated", "TWO_PROOFS")
        self.assertEqual(self.server.local_rpc("Server/GetStatus", {}).status, 200)

    def test_an_address_that_guesses_is_stopped_even_when_it_guesses_right(self):
        key = self.new_caller("ci")
        guess = "asapk_0123456789abcdef_" + "A" * 43
        request = {"token": "x", "audiences": ["a"]}
        for _ in range(3):
            self.assertFails(self.server.rpc(VERIFY, request, bearer=guess), 401,
                             "unauthenticated", "CREDENTIAL_UNKNOWN")
        for bearer in (guess, key):
            answer = self.server.rpc(VERIFY, request, bearer=bearer)
            self.assertFails(answer, 429, "resource_exhausted", "RATE_LIMIT")
            self.assertTrue(answer["Retry-After"])
        self.assertEqual(self.server.local_rpc("Server/GetStatus", {}).status, 200)


if __name__ == "__main__":
    main()

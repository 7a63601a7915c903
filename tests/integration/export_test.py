# SPDX-License-Identifier: Apache-2.0
"""The published keys as files: what an export writes, and nginx in front of it."""

import calendar
import hashlib
import json
import os
import stat
import time

from harness import ASAPCTL, BUILD, ServerTest, main, run
from nginx import Mirror

SIGN = os.path.join(BUILD, "client/examples/asap-sign")
VERIFY = os.path.join(BUILD, "client/examples/asap-verify")
DEFAULT_AGES = ("--max-age", "300s", "--stale", "300s", "--jwks-max-age", "300s",
                "--publish-lead", "900s")


class ExportTest(ServerTest):
    settings = DEFAULT_AGES

    def setUp(self):
        super().setUp()
        self.keys = os.path.join(self.server.root, "keys")
        self.private = os.path.join(self.server.root, "private")
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        self.server.ctl("issuer", "create", "web", "--external")
        self.server.ctl("issuer", "create", "idle", "--external")
        self.generate()

    def generate(self, *options):
        return self.server.ctl_json("key", "generate", "web", "--algorithm", "ES256",
                                    "--private-dir", self.private, "--now",
                                    *options)["key"]["keyId"]

    def export(self, *options):
        return self.server.ctl_json("key", "export", "--dir", self.keys, *options)

    def files(self):
        """Every file of the export and its bytes."""
        found = {}
        for folder, _, names in os.walk(os.path.realpath(self.keys)):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, os.path.realpath(self.keys))] = file.read()
        return found

    def beside(self):
        return sorted(n for n in os.listdir(self.server.root) if n.startswith("keys"))


class Files(ExportTest):
    def test_every_file_is_what_the_server_serves(self):
        files = self.export() and self.files()
        manifest = json.loads(files.pop("manifest.json"))
        kids = [k["keyId"] for k in manifest["keys"]]
        self.assertEqual(len(kids), 4)
        aliases = [hashlib.sha256(k.encode()).hexdigest() + ".pem" for k in kids]
        sets = [i + "/.well-known/jwks.json" for i in ("payments/api", "web")]
        self.assertEqual(sorted(files), sorted(kids + aliases + sets))
        for path, content in files.items():
            served = self.server.get("/" + path)
            self.assertEqual((served.status, served.body), (200, content), path)
            self.assertNotIn(b"PRIVATE", content)

    def test_the_manifest_tells_of_every_key(self):
        kid = self.generate()
        manifest = self.export()
        status = self.server.ctl_json("status")
        self.assertEqual(manifest["generation"], status["generation"])
        entry = next(k for k in manifest["keys"] if k["keyId"] == kid)
        files = self.files()
        self.assertEqual(entry["sha256"], hashlib.sha256(files[kid]).hexdigest())
        self.assertEqual(files[entry["alias"]], files[kid])
        self.assertEqual((entry["issuer"], entry["algorithm"]), ("web", "ES256"))
        self.server.ctl("key", "rotate", "payments/api")
        shown = {k["keyId"]: k.get("unpublishTime") for k in self.export()["keys"]}
        listed = self.server.ctl_json("key", "list", "payments/api")["keys"]
        self.assertEqual({k["keyId"]: k.get("unpublishTime") for k in listed},
                         {k: t for k, t in shown.items() if k.startswith("payments/")})
        self.assertEqual(sum(t is not None for t in shown.values()), 1)

    def test_the_manifest_tells_the_state_of_every_key_at_its_time(self):
        def compare(expected):
            shown = {k["keyId"]: k["state"] for k in self.export()["keys"]}
            listed = [k for issuer in ("payments/api", "web")
                      for k in self.server.ctl_json("key", "list", issuer)["keys"]]
            self.assertEqual(shown, {k["keyId"]: k["state"].removeprefix("KEY_STATE_").lower()
                                     for k in listed})
            self.assertEqual(sorted(v for k, v in shown.items() if k.startswith("payments/")),
                             expected)

        compare(["active", "standby", "standby"])
        planned = self.server.ctl_json("key", "rotate", "payments/api")
        then = calendar.timegm(time.strptime(planned["incoming"]["signTime"], "%Y-%m-%dT%H:%M:%SZ"))
        self.server.set_clock(int(then - time.time()) + 2)
        compare(["active", "retiring", "standby", "standby"])

    def test_everybody_may_read_it_and_nobody_else_write(self):
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        self.export()
        for folder, folders, names in os.walk(os.path.realpath(self.keys)):
            for name, mode in [(n, 0o755) for n in folders + ["."]] + [(n, 0o644) for n in names]:
                status = os.lstat(os.path.join(folder, name))
                self.assertEqual(stat.S_IMODE(status.st_mode), mode, name)

    def test_only_the_issuers_that_are_named(self):
        self.assertEqual([k["issuer"] for k in self.export("--issuer", "web")["keys"]], ["web"])
        self.assertFalse(any(f.startswith("payments") for f in self.files()))

    def test_a_mirror_needs_no_rights_to_export_the_issuers_that_it_names(self):
        environment = dict(self.server.environment, ASAPCTL_SERVER=self.server.url,
                           ASAPCTL_CACERT=self.server.path("ca.pem"))
        done = run(ASAPCTL, "key", "export", "--dir", self.keys, "--issuer", "web",
                   "--output", "json", env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("generation", json.loads(done.stdout))
        self.assertEqual(len(self.files()), 4)
        refused = run(ASAPCTL, "key", "export", "--dir", self.keys, env=environment)
        self.assertEqual(refused.returncode, 1)

    def test_a_new_export_takes_the_place_of_the_old_one_of_which_one_is_kept(self):
        self.export()
        first = os.readlink(self.keys)
        self.generate()
        self.export()
        second = os.readlink(self.keys)
        self.assertEqual(self.beside(), sorted(["keys", first, second]))
        self.assertEqual(len([f for f in self.files() if f.startswith("web/2")]), 2)
        self.export()
        self.assertEqual(self.beside(), sorted(["keys", second, os.readlink(self.keys)]))

    def test_a_failed_export_leaves_the_old_files(self):
        self.export()
        before = self.files(), self.beside()
        refused = self.server.ctl_raw("key", "export", "--dir", self.keys, "--issuer", "web",
                                      "--issuer", "idle")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("no key of issuer idle is published", refused.stderr)
        self.assertEqual((self.files(), self.beside()), before)
        self.server.stop()
        self.assertEqual(self.server.ctl_raw("key", "export", "--dir", self.keys).returncode, 1)
        self.assertEqual((self.files(), self.beside()), before)

    def test_what_no_export_made_is_not_replaced(self):
        other = os.path.join(self.server.root, "other")
        os.mkdir(other)
        for make in (lambda: os.symlink("other", self.keys),
                     lambda: open(self.keys, "w", encoding="ascii").close()):
            make()
            refused = self.server.ctl_raw("key", "export", "--dir", self.keys)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("is there already", refused.stderr)
            self.assertEqual(self.beside(), ["keys"])
            os.unlink(self.keys)
        os.mkdir(self.keys)
        self.export()
        os.unlink(self.keys)
        os.mkdir(self.keys)
        open(os.path.join(self.keys, "mine"), "w", encoding="ascii").close()
        self.assertEqual(self.server.ctl_raw("key", "export", "--dir", self.keys).returncode, 1)
        self.assertEqual(os.listdir(self.keys), ["mine"])

    def test_a_dry_run_writes_nothing(self):
        self.assertEqual(len(self.export("--dry-run")["keys"]), 4)
        self.assertEqual(self.beside(), [])

    def test_what_was_cut_off_is_cleared_away(self):
        os.makedirs(self.keys + ".new-0123ab/web")
        os.makedirs(self.keys + ".newer/web")
        os.symlink("keys.newer", self.keys + ".link-0123ab")
        self.export()
        self.assertEqual(self.beside(), sorted(["keys", "keys.newer", os.readlink(self.keys)]))


class Served(ExportTest):
    def setUp(self):
        super().setUp()
        self.kid = self.generate()
        self.manifest = self.export()
        self.mirror = Mirror(self.server, self.keys)
        self.addCleanup(self.mirror.close)

    def test_nginx_answers_as_asapd_does(self):
        alias = hashlib.sha256(self.kid.encode()).hexdigest()
        for path in ("/" + self.kid, f"/{alias}.pem", "/web/.well-known/jwks.json",
                     "/payments/api/.well-known/jwks.json", "/" + self.kid.replace("/", "%2F")):
            ours, theirs = self.server.get(path), self.mirror.get(path)
            self.assertEqual((theirs.status, theirs.body), (200, ours.body), path)
            self.assertTrue(theirs["ETag"] and theirs["Date"])
            for name in ("Content-Type", "Cache-Control"):
                self.assertEqual(theirs[name], ours[name], path)
            if "jwks" not in path:
                self.assertEqual(theirs["Last-Modified"], ours["Last-Modified"])

    def test_names_without_an_ending_are_pem_too(self):
        for name in ("plain", "a.json", "own+key"):
            pem = run("openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout").stdout
            pem = run("openssl", "ec", "-pubout", input=pem).stdout
            self.server.ctl_raw("key", "publish", "web", "--public-key", "-", "--name", name,
                                input=pem)
            self.export()
            served = self.mirror.get("/web/" + name)
            self.assertEqual((served.status, served["Content-Type"], served.body.decode()),
                             (200, "application/x-pem-file", pem))

    def test_a_miss_is_not_kept(self):
        for path in ("/web/none.pem", "/web", "/web/", "/", "/web/.well-known/",
                     "/none/.well-known/jwks.json"):
            missed = self.mirror.get(path)
            self.assertEqual((missed.status, missed["Cache-Control"]), (404, "no-store"), path)
            self.assertEqual(json.loads(missed.body)["code"], "not_found")

    def test_a_cache_revalidates_and_others_than_readers_are_refused(self):
        first = self.mirror.get("/" + self.kid)
        again = self.mirror.get("/" + self.kid, If_None_Match=first["ETag"])
        self.assertEqual((again.status, again["Cache-Control"]), (304, first["Cache-Control"]))
        self.export()
        again = self.mirror.get("/" + self.kid, If_None_Match=first["ETag"])
        self.assertEqual(again.status, 304, "a key that stays the same keeps its ETag")
        self.assertEqual(self.mirror.request("HEAD", "/" + self.kid).status, 200)
        for method in ("POST", "PUT", "DELETE"):
            self.assertEqual(self.mirror.request(method, "/" + self.kid).status, 405, method)

    def test_a_new_export_is_served_at_once(self):
        kid = self.generate()
        self.assertEqual(self.mirror.get("/" + kid).status, 404)
        self.export()
        self.assertEqual(self.mirror.get("/" + kid).status, 200)
        self.assertEqual(self.mirror.get("/manifest.json")["Cache-Control"], "no-cache")

    def test_libasap_verifies_against_it_without_asapd(self):
        self.server.stop()
        token = run(SIGN, "--private-dir", self.private, "--issuer", "web", "--algorithm", "ES256",
                    "--audience", "orders").stdout
        verified = run(VERIFY, "--repository", self.mirror.url, "--cacert",
                       self.server.path("ca.pem"), "--audience", "orders", input=token)
        self.assertEqual(verified.returncode, 0, verified.stderr)


if __name__ == "__main__":
    main()

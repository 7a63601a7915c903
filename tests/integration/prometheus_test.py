# SPDX-License-Identifier: Apache-2.0
"""The alerts and the dashboard in deploy/, held against promtool and a real scrape."""

import json
import os
import re
import subprocess
import tempfile
import unittest

from harness import PATIENCE, ServerTest, main

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy")
RULES = os.path.join(DEPLOY, "prometheus/asapd.rules.yml")
RULES_TEST = os.path.join(DEPLOY, "prometheus/asapd.rules_test.yml")
DASHBOARD = os.path.join(DEPLOY, "grafana/asapd.json")
METRIC = re.compile(r"\basap_[a-z_]+")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def promtool(*arguments):
    done = subprocess.run(("promtool",) + arguments, capture_output=True, text=True,
                          timeout=PATIENCE)
    return done.returncode, done.stdout + done.stderr


def queries(dashboard):
    """Every expression of a dashboard, with its variables filled in."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield (target["expr"].replace("$__rate_interval", "5m").replace("$job", "asapd")
                   .replace("$instance", ".*"))


class Rules(unittest.TestCase):
    def test_prometheus_takes_them(self):
        status, said = promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
        self.assertEqual(status, 0, said)

    def test_each_alert_fires_when_it_must_and_then_only(self):
        status, said = promtool("test", "rules", RULES_TEST)
        self.assertEqual(status, 0, said)
        alerts = re.findall(r"^ +- alert: (\w+)$", read(RULES), re.M)
        cases = re.split(r"^  - name: ", read(RULES_TEST), flags=re.M)[1:]
        self.assertTrue(alerts)
        for alert in alerts:
            expected = [re.search(r"exp_alerts:(.*)", case)[1].strip() for case in cases
                        if f"alertname: {alert}\n" in case]
            self.assertEqual(sorted(expected), ["", "[]"], alert)


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.dashboard = json.loads(read(DASHBOARD))

    def test_every_query_is_one(self):
        found = list(queries(self.dashboard))
        self.assertTrue(found)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rules.yml")
            rules = [{"record": f"panel:{i}", "expr": expr} for i, expr in enumerate(found)]
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
            status, said = promtool("check", "rules", "--lint=none", path)
        self.assertEqual(status, 0, said)

    def test_panels_have_titles_and_places_of_their_own(self):
        places = set()
        for panel in self.dashboard["panels"]:
            self.assertTrue(panel["title"])
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    self.assertNotIn((x, y), places, panel["title"])
                    places.add((x, y))
        ids = [panel["id"] for panel in self.dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))


class Names(ServerTest):
    def test_all_that_is_asked_for_is_there_and_all_that_is_there_is_shown(self):
        self.server.ctl("issuer", "create", "payments/api", "--algorithm", "ES256")
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", self.server.ops("/metrics").body.decode(),
                                re.M))
        there = set()
        for name, kind in types.items():
            there |= {name + end for end in ("_bucket", "_sum", "_count")} \
                if kind == "histogram" else {name}
        alerts = set(METRIC.findall(read(RULES)))
        dashboard = {name for query in queries(json.loads(read(DASHBOARD)))
                     for name in METRIC.findall(query)}
        self.assertTrue(alerts and dashboard)
        self.assertEqual((alerts | dashboard) - there, set())
        self.assertEqual({name for name in types if types[name] != "histogram"} - dashboard, set())


if __name__ == "__main__":
    main()

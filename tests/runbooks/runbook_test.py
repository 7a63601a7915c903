# SPDX-License-Identifier: Apache-2.0
"""What the runner lets pass as a runbook, and what it finds."""

import os
import re
import tempfile
import unittest

import run
import runbook

SET = "```sh\nissuer=a/b    # whose\n```\n"

REFUSED = {
    "a command in a fence without a language": "```\nls\n```\n",
    "a fence of another language": "```bash\nls\n```\n",
    "a command in what is shown": "```text\nasapctl status\n```\n",
    "a command behind a prompt": "```text\n$ frobnicate\n```\n",
    "a command that a fence runs elsewhere": "```sh\nls /\n```\n```text\nx\n```\n```text\nls /tmp\n```\n",
    "an indented command": "    systemctl stop asapd\n",
    "a command in the prose": "Then say `asapctl key revoke x`.\n",
    "a fence without an end": "```sh\nls\n",
}

TAKEN = {
    "text": "Some `words` and `asapctl`, and asapctl(1).\n",
    "a command of a fence in the prose": "`ls /` lists:\n```sh\nls /\n```\n",
    "one that goes on in the next line": "`ls -l /` lists:\n```sh\nls \\\n    -l /\n```\n",
    "what a fence shows": "```sh\nls /\n```\n```text\nbin\n...\n```\n",
}

RUNBOOKS = os.path.join(os.path.dirname(__file__), "../../deploy/runbooks")


class Form(unittest.TestCase):
    def test_hidden_commands_are_found(self):
        for what, text in REFUSED.items():
            with self.subTest(what), self.assertRaises(runbook.Mistake):
                runbook.commands(SET + text)

    def test_what_is_no_command_is_taken(self):
        for what, text in TAKEN.items():
            with self.subTest(what):
                runbook.commands(SET + text)

    def test_the_first_fence_sets_variables_only(self):
        runbook.commands("```sh\na=1\nexport B='x y' # why\nc=\"d e\"\n```\n")
        for line in ("ls", "a=$(ls)" + " x", "a=1; ls", "a=1 ls"):
            with self.subTest(line), self.assertRaises(runbook.Mistake):
                runbook.commands(f"```sh\n{line}\n```\n")

    def test_a_runbook_without_commands_is_none(self):
        with self.assertRaises(runbook.Mistake):
            runbook.commands("nothing to do\n")

    def test_links_between_runbooks_and_to_files_lead_somewhere(self):
        for name in os.listdir(RUNBOOKS):
            with open(os.path.join(RUNBOOKS, name), encoding="utf-8") as file:
                for link in re.findall(r"\]\(([^)#:]+)\)", file.read()):
                    with self.subTest(name=name, link=link):
                        self.assertTrue(os.path.exists(os.path.join(RUNBOOKS, link)))


class Runs(unittest.TestCase):
    def attempt(self, text, setup=""):
        with tempfile.TemporaryDirectory(prefix="asap") as scratch:
            path = os.path.join(scratch, "setup.sh")
            with open(path, "w", encoding="ascii") as file:
                file.write(setup)
            return run.run(runbook.commands(SET + text), path, scratch)

    def test_commands_share_their_variables_and_see_those_of_the_test(self):
        self.assertIsNone(self.attempt('```sh\nx=$issuer\n```\n```sh\necho "$x"\n```\n'
                                       '```text\nc/d\n```\n', "issuer=c/d"))

    def test_a_command_that_fails_is_told_with_what_it_said(self):
        problem = self.attempt("```sh\nasapctl issuer show nobody\necho on\n```\n")
        self.assertIn("asapctl issuer show nobody", problem)
        self.assertIn("cannot show issuer nobody", problem)

    def test_a_command_that_fails_within_a_pipe_or_before_another_counts(self):
        for line in ("false | cat", "false\ntrue", 'echo "$unset"'):
            with self.subTest(line):
                self.assertIsNotNone(self.attempt(f"```sh\n{line}\n```\n"))

    def test_what_the_test_itself_lacks_counts(self):
        self.assertIn("exit status", self.attempt("```sh\ntrue\n```\n", "false"))

    def test_what_is_not_shown_is_found(self):
        shown = "```sh\nprintf 'one 1 x\\ntwo\\n'\n```\n```text\n"
        self.assertIsNone(self.attempt(shown + "one ... x\ntwo\n```\n"))
        self.assertIn("does not print", self.attempt(shown + "two\none 1 x\n```\n"))
        self.assertIn("does not print", self.attempt(shown + "one\n```\n"))

    def test_the_daemon_can_be_stopped_and_started(self):
        self.assertIsNone(self.attempt(
            "```sh\nsystemctl is-active asapd\nasapctl status\nsystemctl stop asapd\n"
            "! systemctl is-active asapd\n! asapctl status\nsystemctl start asapd\n"
            "systemctl restart asapd\nasapctl status\n```\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

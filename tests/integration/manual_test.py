# SPDX-License-Identifier: Apache-2.0
"""The manual pages and --help have everything, and the examples in them work."""

import glob
import os
import re
import shlex
import subprocess
import unittest

from harness import ASAPCTL, ASAPD, BUILD, PATIENCE, ServerTest, main, run

SOURCE = os.path.join(os.path.dirname(__file__), "../..")
PROGRAMS = {"asapctl": ASAPCTL, "asapd": ASAPD}
PAGES = {"asapctl.1": "client/asapctl/manual", "asapd.8": "server/manual",
         "asapd.conf.5": "server/manual"}
GLOBAL = ("help", "version", "server", "cacert", "api-key-file", "token-file", "cert", "key",
          "output")


def help_of(program, *words):
    done = run(PROGRAMS[program], *words, "--help")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


def part(text, title):
    """What stands below a title of --help, up to the next empty line."""
    found = re.search(rf"(?m)^{title}:\n((?:  .*\n)+)", text)
    return found.group(1) if found else ""


def commands_of(program):
    """Each command as words, less what stands for an argument."""
    listed = help_of(program).partition("\nExamples:\n")[0]
    names = re.findall(r"(?m)^  ([a-z]+(?: [a-z-]+)*)(?: \[?[A-Z]+\]?)?  +\S", listed)
    return [tuple(name.split()) for name in names]


def options_of(program, *words):
    return re.findall(r"(?m)^  --([a-z-]+)", help_of(program, *words))


def examples_of(program, *words):
    lines = part(help_of(program, *words), "Examples").replace("\\\n", "").splitlines()
    return [line.strip() for line in lines if not line.startswith("  # ")]


class Page:
    """A manual page as it is shown, its sections by title."""

    def __init__(self, name):
        path = os.path.join(BUILD, PAGES[name], name)
        done = run("mandoc", "-T", "utf8", "-O", "width=400", path)
        text = re.sub(".\x08", "", done.stdout)
        parts = re.split(r"(?m)^([A-Z][A-Z ]+)$", text)
        self.sections = dict(zip(parts[1::2], parts[2::2]))

    def words(self, title):
        return " ".join(self.sections[title].split())

    def entry(self, heading, among=None):
        """What is indented below a heading, in any section."""
        for title, text in self.sections.items():
            if title in ("SYNOPSIS", "EXAMPLES") or among not in (None, title):
                continue
            found = re.search(rf"(?m)^ {{7}}{heading}\n((?: {{8,}}.*\n|\n)+)", text)
            if found:
                return found.group(0)
        return None


class Pages(unittest.TestCase):
    def test_asapctl_has_every_command_with_every_option(self):
        page = Page("asapctl.1")
        for words in commands_of("asapctl"):
            name = " ".join(words)
            self.assertIn("asapctl " + name, page.words("SYNOPSIS"))
            entry = page.entry(re.escape(name) + r"(?: .*)?")
            self.assertIsNotNone(entry, name)
            for option in options_of("asapctl", *words):
                is_shared = option in GLOBAL and (words, option) != (("token", "sign"), "key")
                if is_shared or option == "dry-run": # told once for all
                    continue
                with self.subTest(command=name, option=option):
                    self.assertRegex(entry, rf"--{option}\b")

    def test_asapctl_has_the_options_of_every_command(self):
        page = Page("asapctl.1")
        for option in (*options_of("asapctl"), "dry-run"):
            self.assertRegex(page.words("OPTIONS OF EVERY COMMAND"), rf"--{option}\b")

    def test_asapctl_has_every_variable_and_exit_status(self):
        page = Page("asapctl.1")
        variables = set()
        for path in glob.glob(os.path.join(SOURCE, "client/asapctl/*.c")):
            with open(path, encoding="utf-8") as file:
                variables |= set(re.findall(r"\"(ASAPCTL_[A-Z_]+)\"", file.read()))
        self.assertGreater(len(variables), 5)
        for variable in variables - {"ASAPCTL_VERSION"}:
            self.assertRegex(page.words("ENVIRONMENT"), rf"\b{variable}\b")
        self.assertEqual(re.findall(r"(?m)^ {7}(\d)$", page.sections["EXIT STATUS"]),
                         ["0", "1", "2"])
        self.assertIn("/run/asapd/admin.sock", page.words("FILES"))

    def test_asapctl_explains_every_check_of_the_doctor(self):
        with open(os.path.join(SOURCE, "client/asapctl/doctor_check.c"),
                  encoding="utf-8") as file:
            checks = re.findall(r"\{ \"([a-z-]+)\", doctor_", file.read())
        self.assertGreater(len(checks), 20)
        entry = Page("asapctl.1").entry("doctor")
        for check in checks:
            self.assertRegex(entry, rf"[ ,]{check}[,: \n]")

    def test_asapd_has_every_command_with_every_option(self):
        page = Page("asapd.8")
        settings = set(options_of("asapd", "serve"))
        for words in commands_of("asapd"):
            self.assertIn("asapd " + words[0], page.words("SYNOPSIS"))
            self.assertIsNotNone(page.entry(words[0] + r"(?: .*)?", "COMMANDS"), words)
            own = set(options_of("asapd", *words)) - settings
            for option in own | {"check-config", "config", "help"}:
                self.assertRegex(page.words("OPTIONS"), rf"--{option}\b", words)

    def test_asapd_has_its_files_variables_and_exit_statuses(self):
        page = Page("asapd.8")
        with open(os.path.join(SOURCE, "server/init.c"), encoding="utf-8") as file:
            made = re.findall(r"\"  ([a-z]+(?:\.[a-z]+)?)  +", file.read())
        self.assertIn("kek", made)
        for name in (*made, "admin.sock"):
            self.assertIn(name, page.words("FILES"))
        self.assertIn("NOTIFY_SOCKET", page.words("ENVIRONMENT"))
        self.assertIn("ASAPD_CONFIG", page.words("ENVIRONMENT"))
        self.assertEqual(re.findall(r"(?m)^ {7}(\d)$", page.sections["EXIT STATUS"]),
                         ["0", "1", "2"])

    def test_the_configuration_has_every_setting(self):
        page = Page("asapd.conf.5")
        for option in set(options_of("asapd", "serve")) - {"config", "check-config", "help"}:
            self.assertIsNotNone(page.entry(option.replace("-", "_") + r"(?: .*)?", "SETTINGS"),
                                 option)


class Help(unittest.TestCase):
    def levels(self, program):
        commands = commands_of(program)
        return [(), *{words[:1] for words in commands}, *commands]

    def test_every_level_says_what_it_does_with_examples_and_exit_statuses(self):
        for program in PROGRAMS:
            for words in self.levels(program):
                with self.subTest(program=program, words=words):
                    text = help_of(program, *words)
                    self.assertRegex(text, rf"\Ausage: {' '.join((program, *words))}\b")
                    self.assertRegex(text, r"\n\n[A-Z][^\n]+\.\n" if words in commands_of(program)
                                     else "Commands:|Administers|A public key repository")
                    self.assertTrue(examples_of(program, *words), text)
                    self.assertRegex(text, r"(?m)^Exit status: 0 done; 1 .*; 2 wrong usage")
                    self.assertRegex(text, r"(?m)^See also: asapctl\(1\), asapd\(8\)\.$"
                                     if program == "asapctl" else r"(?m)^See also: asapd\(8\)")

    def test_help_before_a_command_says_what_help_behind_it_says(self):
        for program in PROGRAMS:
            for words in self.levels(program):
                done = run(PROGRAMS[program], "help", *words)
                self.assertEqual((done.returncode, done.stdout), (0, help_of(program, *words)))

    def test_help_with_what_is_unknown_names_the_nearest(self):
        for words in (("asapctl", "kye"), ("asapctl", "key", "lst"), ("asapd", "serv")):
            done = run(PROGRAMS[words[0]], "help", *words[1:])
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("did you mean", done.stderr)

    def test_examples_are_of_their_command(self):
        for words in commands_of("asapctl"):
            for line in examples_of("asapctl", *words):
                self.assertRegex(line, r"\basapctl " + " ".join(words) + r"\b")


class Examples(ServerTest):
    """Each is run as it stands, but for addresses and what a server makes up."""

    # Those of a server that is not for a demonstration.
    settings = ("--max-token-lifetime", "3600s", "--max-age", "300s", "--stale", "300s",
                "--jwks-max-age", "300s", "--clock-skew", "30s", "--publish-lead", "900s")

    sample_key = "20261123T131500Z-7f3a9c.pem"
    sample_url = "https://keys.example.com"

    # These end something that others need, the last of it first.
    ending = ("issuer delete", "key retire", "key revoke", "caller delete", "credential revoke",
              "grant delete")

    def order(self, line):
        for index, command in enumerate(self.ending):
            if "asapctl " + command in line:
                return len(self.ending) - index
        return 0

    def prepare(self):
        self.folder = os.path.join(self.server.root, "examples")
        programs = os.path.join(self.server.root, "bin")
        for folder in (self.folder, programs):
            os.mkdir(folder)
        for name, program in PROGRAMS.items():
            os.symlink(program, os.path.join(programs, name))
        self.environment = dict(self.server.environment,
                                PATH=os.pathsep.join((programs, os.environ["PATH"])),
                                ASAPCTL_SERVER="unix:" + self.server.path("admin.sock"),
                                ASAPCTL_CACERT=self.server.path("ca.pem"))
        for name in ("private", "orders", "leaked"):
            path = os.path.join(self.folder, name)
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", path + ("" if name != "private" else ".pem"))
            run("openssl", "pkey", "-in", path + ("" if name != "private" else ".pem"), "-pubout",
                "-out", path + (".pem" if name != "private" else ".pub"))

    def shell(self, line):
        return subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True,
                              timeout=PATIENCE)

    def as_here(self, line):
        """With the addresses and ids of this server."""
        line = line.replace(self.sample_url, self.server.url)
        if "credential revoke" in line:
            shown = self.server.ctl("caller", "show", "ci")
            line = line.replace("7b44e2e24b3e999a", re.search(r"\b[0-9a-f]{16}\b", shown).group())
        if "grant delete" in line:
            grants = self.server.ctl_json("grant", "list", "--caller", "ci")["grants"]
            line = line.replace("e05e0bd545c5ab95", grants[0]["grantId"])
        return line

    def test_every_example_of_asapctl_works(self):
        self.prepare()
        self.server.set_clock(-3600)
        lines = [line for words in commands_of("asapctl")
                 for line in examples_of("asapctl", *words)]
        # An API key comes before whoever calls with it.
        lines.sort(key=lambda line: (self.order(line), "--api-key-file" in line))
        self.assertGreater(len(lines), 35)
        for line in lines:
            if "--wait" in line: # by when the standbys are known
                self.server.set_clock(0)
            if "key retire" in line or "key revoke" in line:
                self.server.ctl_raw("key", "publish", "orders/web", "--public-key",
                                    os.path.join(self.folder, "leaked.pem"), "--name",
                                    self.sample_key)
            with self.subTest(line):
                done = self.shell(self.as_here(line))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_example_of_asapd_works(self):
        self.prepare()
        lines = [line for words in commands_of("asapd") for line in examples_of("asapd", *words)]
        # A server ends when it is told to: the harness runs one all the time.
        lines = [line for line in lines if "serve" not in line or "--check-config" in line]
        late = ("--accept-restore", "rekey", "migrate", "copy")
        lines.sort(key=lambda line: [word in shlex.split(line) for word in reversed(late)])
        for line in lines:
            with self.subTest(line):
                done = self.shell(line)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    main()

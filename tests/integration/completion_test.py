# SPDX-License-Identifier: Apache-2.0
"""The completions of asapctl and asapd in real shells offer what --help lists, and what there is."""

import os
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import ASAPCTL, ASAPD, BUILD, PATIENCE, Server, main, run, until

HERE = os.path.dirname(os.path.abspath(__file__))
MADE = {"asapctl": "client/completion", "asapd": "server/completion"}
PROGRAMS = {"asapctl": ASAPCTL, "asapd": ASAPD}


def help_of(program, *words):
    done = run(PROGRAMS[program], *words, "--help")
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands_of(program):
    """The commands that --help lists, less what stands for an argument."""
    listed = re.findall(r"^  ([a-z]+(?: [a-z-]+)*)(?: \[?[A-Z]+\]?)?  +\S",
                        help_of(program).partition("\nExamples:\n")[0], re.M)
    return [tuple(line.split()) for line in listed]


def options_of(program, *words):
    return set(re.findall(r"^  (--[a-z-]+)", help_of(program, *words), re.M)) | {"--help"}


class Bash:
    """What a completion function of bash says."""

    def __init__(self, path, with_package):
        self.folder = tempfile.mkdtemp(prefix="asap")
        os.mkdir(os.path.join(self.folder, "completions"))
        for program, made in MADE.items():
            os.symlink(os.path.join(BUILD, made, "bash", program),
                       os.path.join(self.folder, "completions", program))
        if with_package:
            load = ". /usr/share/bash-completion/bash_completion; _completion_loader "
        else:
            load = f". {self.folder}/completions/"
        commands = [load + program for program in MADE]
        commands += ["set -u", ". " + os.path.join(HERE, "completion_driver.bash")]
        self.process = subprocess.Popen(
            ["bash", "--norc", "-c", "\n".join(commands)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, PATH=path, BASH_COMPLETION_USER_DIR=self.folder))

    def offers(self, line):
        """For the last word, which may be empty; bash replaces what stands behind "=" or ":"."""
        words = [part for word in line.split(" ") for part in re.findall(r"[=:]|[^=:]+", word) or [""]]
        self.process.stdin.write("\x1f".join(words) + "\n")
        self.process.stdin.flush()
        found = []
        while True:
            word = self.process.stdout.readline()
            if word == "":
                raise AssertionError("bash ended")
            if word == "\n":
                return found
            found.append(word.rstrip("\n"))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        shutil.rmtree(self.folder)


class Zsh:
    """What TAB offers in an interactive zsh."""

    def __init__(self, path):
        self.folder = tempfile.mkdtemp(prefix="asap")
        self.offered = os.path.join(self.folder, "offered")
        for program, made in MADE.items():
            os.symlink(os.path.join(BUILD, made, "zsh", "_" + program),
                       os.path.join(self.folder, "_" + program))
        self.terminal, inner = pty.openpty()
        self.process = subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=inner, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            cwd=self.folder, start_new_session=True,
            env=dict(os.environ, PATH=path, COMPLETIONS=self.folder, OFFERED=self.offered,
                     HOME=self.folder, TERM="dumb"))
        os.close(inner)
        self.answer(". " + os.path.join(HERE, "completion_driver.zsh") + "\n")

    def answer(self, keys):
        if os.path.exists(self.offered):
            os.remove(self.offered)
        os.write(self.terminal, keys.encode())
        until(lambda: os.path.exists(self.offered) or self.process.poll() is not None,
              "zsh to complete")
        with open(self.offered, encoding="utf-8") as file:
            return file.read().split("\n")[:-1]

    def offers(self, line):
        return self.answer("\x15" + line + "\t")

    def close(self):
        self.process.kill()
        self.process.stderr.close()
        self.process.wait(timeout=PATIENCE)
        os.close(self.terminal)
        shutil.rmtree(self.folder)


class Completion:
    """What every shell offers."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)
        cls.server.start()
        for issuer in ("payments/api", "payments/web", "web"):
            cls.server.ctl("issuer", "create", issuer, "--algorithm", "ES256")
        cls.server.ctl("caller", "create", "ci")
        granted = cls.server.ctl_json("grant", "create", "ci", "--verb", "admin")
        cls.grant = granted["grantId"]
        programs = os.path.join(cls.server.root, "bin")
        os.mkdir(programs)
        for name, program in PROGRAMS.items():
            os.symlink(program, os.path.join(programs, name))
        cls.path = os.pathsep.join((programs, os.environ["PATH"]))
        cls.shell = cls.new_shell()
        cls.addClassCleanup(cls.shell.close)
        cls.at = "asapctl --server unix:" + cls.server.path("admin.sock")

    def assertOffers(self, line, expected):
        offered = self.shell.offers(line)
        self.assertEqual(sorted(offered), sorted(expected), line)

    def test_every_command_that_help_lists(self):
        for program in PROGRAMS:
            commands = commands_of(program)
            self.assertGreater(len(commands), 1)
            self.assertOffers(program + " ", {words[0] for words in commands})
            for noun in {words[0] for words in commands if len(words) > 1}:
                self.assertOffers(f"{program} {noun} ",
                                  {words[1] for words in commands if words[0] == noun})

    def test_every_option_that_help_lists(self):
        for program in PROGRAMS:
            self.assertOffers(program + " -", options_of(program))
            for words in commands_of(program):
                line = " ".join((program, *words))
                self.assertOffers(line + " -", options_of(program, *words))

    def test_words_that_are_begun(self):
        self.assertOffers("asapctl iss", ["issuer"])
        self.assertOffers("asapctl key re", ["retire", "revoke"])
        self.assertOffers("asapctl issuer create x --alg", ["--algorithm"])
        self.assertOffers("asapctl --output json key ro", ["rotate"])
        self.assertOffers("asapctl help key ro", ["rotate"])
        self.assertOffers("asapctl status zzz", [])
        self.assertOffers("asapctl key list -- --", [])

    def test_values_of_which_there_are_few(self):
        self.assertOffers("asapctl status --output ", ["table", "json"])
        self.assertOffers("asapctl status --output j", ["json"])
        self.assertOffers("asapctl grant create ci --verb ", ["mint", "publish", "rotate", "admin"])
        self.assertOffers("asapctl issuer create x --algorithm ES",
                          ["ES256", "ES384", "ES512"])
        self.assertOffers("asapctl status --watch --output t", ["table"])

    def test_files_and_folders(self):
        folder = os.path.join(self.server.root, "files")
        os.makedirs(os.path.join(folder, "down"), exist_ok=True)
        with open(os.path.join(folder, "one.pem"), "w", encoding="ascii"):
            pass
        for line, expected in ((f"asapd serve --config {folder}/", {"down", "one.pem"}),
                               (f"asapctl key export --dir {folder}/", {"down"}),
                               (f"asapctl --cacert {folder}/o", {"one.pem"})):
            offered = {os.path.basename(name.rstrip("/")) for name in self.shell.offers(line)}
            self.assertEqual(offered, expected, line)

    def test_issuers_callers_grants_and_keys_that_there_are(self):
        issuers = ["payments/api", "payments/web", "web"]
        for command in ("key list ", "issuer show ", "key rotate ", "audit list --issuer ",
                        "key list --all ", "issuer delete --force "):
            self.assertOffers(f"{self.at} {command}", issuers)
        self.assertOffers(f"{self.at} issuer show pay", issuers[:2])
        self.assertOffers(f"{self.at} caller show ", ["ci"])
        self.assertOffers(f"{self.at} grant delete ", [self.grant])
        self.assertOffers(f"{self.at} key show pay", ["payments/api/", "payments/web/"])
        keys = self.server.ctl_json("key", "list", "web")["keys"]
        self.assertOffers(f"{self.at} key revoke web/", [key["keyId"] for key in keys])

    def test_nothing_where_nothing_is_known_or_the_server_does_not_answer(self):
        for line in (f"{self.at} issuer create ", f"{self.at} key list web ",
                     f"{self.at} credential revoke ", "asapctl --server unix:/nowhere key list ",
                     "asapctl --api-key-file /nowhere key list ", "asapctl nonsense "):
            self.assertOffers(line, [])


class InBash(Completion, unittest.TestCase):
    with_package = False

    @classmethod
    def new_shell(cls):
        return Bash(cls.path, cls.with_package)

    def test_values_behind_an_equals_sign(self):
        self.assertOffers("asapctl status --output=", ["table", "json"])
        self.assertOffers("asapctl status --output=j", ["json"])
        self.assertOffers(f"{self.at.replace(' unix', '=unix')} key list we", ["web"])
        self.assertOffers(f"{self.at} audit list --issuer=payments/a", ["payments/api"])


class InBashWithItsPackage(InBash):
    with_package = True


class InZsh(Completion, unittest.TestCase):
    @classmethod
    def new_shell(cls):
        return Zsh(cls.path)

    def test_values_behind_an_equals_sign(self):
        self.assertOffers("asapctl status --output=", ["--output=table", "--output=json"])
        self.assertOffers(f"{self.at} audit list --issuer=payments/a", ["--issuer=payments/api"])


if __name__ == "__main__":
    main()

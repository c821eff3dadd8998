#!/usr/bin/env python3
"""What README.md and docs/*.md tell the reader to type, typed.

    python3 README_test.py PROGRAM FOLDER_OF_THE_PROJECT

A comment `<!-- tested -->` on the line before a fenced block (blank lines between are allowed) puts it under test:

- ```sh: the blocks of one document run one after the other with `bash -eu` in one temporary folder, so that a later
  block goes on with what an earlier one made. `tessera` on the PATH is the program under test. A prompt `$ ` before a
  line is taken off; then the lines without it are what the program says, and are not run. Exit status 0 is expected.
- ```toml: a campaign file. It is given to `tessera campaign create` in a data directory with a card that it can mean
  (of every profile that it names; IMSIs and files of ICCIDs likewise) and must be accepted.
- ```toml with a [[smsc]] section and no [campaign]: a tessera.toml, which must be accepted.

A document without marked blocks passes. Blocks of other languages must not be marked.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^(?P<indent> *)<!-- *tested *-->[ \t]*\n(?:[ \t]*\n)*"
                   r" *(?P<fence>```+|~~~+)(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^ *(?P=fence) *$", re.M | re.S)
MARK = re.compile(r"<!-- *tested *-->")
HEADER = "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter"
ICCID = "8949001000000000009"
SECONDS = 300  # for the blocks of one document

program = project = None


class Block(NamedTuple):
    where: str
    language: str
    text: str


def blocks_of(text, name):
    """The marked blocks of one document."""
    found = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(f"{name}:{line}", match["language"], match["text"]))
    marks = len(MARK.findall(re.sub(r"`[^`\n]*`", "", text)))
    if marks != len(found):
        raise AssertionError(f"{name}: {marks} marks, but {len(found)} fenced blocks right behind one")
    return found


def commands_of(text):
    """What is to be typed: all of it, or the lines behind a prompt if there are any."""
    lines = text.splitlines()
    typed = [line[2:] for line in lines if line.startswith("$ ")]
    return "\n".join(typed or lines) + "\n"


def run_shell(script, folder):
    (folder / ".bin").mkdir(exist_ok=True)
    link = folder / ".bin" / "tessera"
    if not link.exists():
        link.symlink_to(program)
    environment = {**os.environ, "PATH": f"{folder / '.bin'}:{os.environ['PATH']}"}
    return subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], cwd=folder, env=environment, text=True,
                          capture_output=True, timeout=SECONDS)


def tessera(folder, *words):
    return subprocess.run([program, "--data", folder / "data", *words], cwd=folder, text=True, capture_output=True,
                          timeout=SECONDS)


def card_for(campaign):
    """A row of a card that the campaign's [targets] mean."""
    profile = re.search(r'^profile\s*=\s*"([^"]*)"', campaign, re.M)
    imsi = re.search(r'^imsi_range\s*=\s*\[\s*"(\d+)"', campaign, re.M)
    keys = "aes128," + "00" * 16
    return ",".join([ICCID, imsi[1] if imsi else "001010000000000", "", profile[1] if profile else "any", "1", keys, keys,
                     "0000000000"])


def check_campaign(text, folder):
    (folder / "cards.csv").write_text(f"{HEADER}\n{card_for(text)}\n")
    for listed in re.findall(r'^iccids\s*=\s*"([^"]*)"', text, re.M):
        (folder / listed).write_text(ICCID + "\n")
    names = re.findall(r'^smsc\s*=\s*"([^"]*)"', text, re.M)
    file = folder / "campaign.toml"
    file.write_text(text)
    for words in (["init"], ["card", "import", "--strict", "cards.csv"], ["campaign", "create", str(file)]):
        done = tessera(folder, *words)
        if done.returncode:
            return done
        if words == ["init"]:
            smscs = "".join(f'[[smsc]]\nname = "{name}"\n' for name in names)
            (folder / "data" / "tessera.toml").write_text(smscs)
    return done


def check_configuration(text, folder):
    tessera(folder, "init")
    (folder / "data" / "tessera.toml").write_text(text)
    return tessera(folder, "card", "list")


class Documents(unittest.TestCase):
    def test_marked_blocks_do_what_they_say(self):
        for path in [project / "README.md", *sorted((project / "docs").glob("**/*.md"))]:
            if path.exists():
                self.check_document(path)

    def check_document(self, path):
        with tempfile.TemporaryDirectory(prefix="tessera-docs-") as folder:
            for block in blocks_of(path.read_text(), path.relative_to(project)):
                with self.subTest(block=block.where):
                    self.check_block(block, Path(folder))

    def check_block(self, block, folder):
        if block.language == "sh":
            done = run_shell(commands_of(block.text), folder)
        elif block.language == "toml":
            with tempfile.TemporaryDirectory(prefix="tessera-docs-") as own:
                check = check_campaign if "[campaign]" in block.text else check_configuration
                done = check(block.text, Path(own))
        else:
            self.fail(f"{block.where}: a block of language '{block.language}' cannot be tested")
        self.assertEqual(done.returncode, 0, f"{block.where}\n{done.stdout}\n{done.stderr}")


class TheTestItself(unittest.TestCase):
    """A document made up here, so that the test is known to find what is wrong."""

    def check(self, text):
        with tempfile.TemporaryDirectory(prefix="tessera-docs-") as folder:
            for block in blocks_of(text, "made-up.md"):
                Documents.check_block(self, block, Path(folder))

    def test_finds_marked_blocks_only(self):
        text = "```sh\nfalse\n```\n<!-- tested -->\n\n```sh\ntrue\n```\nas `<!-- tested -->` says\n~~~sh\nfalse\n~~~\n"
        self.assertEqual([(block.where, block.text) for block in blocks_of(text, "x")], [("x:4", "true\n")])

    def test_a_mark_without_a_block_is_told(self):
        with self.assertRaises(AssertionError):
            blocks_of("<!-- tested -->\nwords\n```sh\ntrue\n```\n", "x")

    def test_runs_shell_blocks_in_one_folder(self):
        self.check("<!-- tested -->\n```sh\ntessera init\n```\n<!-- tested -->\n```sh\ntessera card list\n```\n")
        with self.assertRaises(AssertionError):
            self.check("<!-- tested -->\n```sh\ntessera card list\ntrue\n```\n")

    def test_what_stands_behind_a_prompt_is_run_and_the_rest_is_not(self):
        self.assertEqual(commands_of("$ tessera init\nis ready\n$ true\n"), "tessera init\ntrue\n")
        self.assertEqual(commands_of("a\nb\n"), "a\nb\n")

    def test_validates_campaigns_and_configurations(self):
        campaign = ('[campaign]\nname = "x"\n[targets]\n{}\n[security]\ntar = "b00010"\nspi = "1639"\n[[write]]\n'
                    'file = "7f20/6f46"\ncontent = "01"\n[telecom]\nsmsc = "west"\n')
        for targets in ('profile = "a"', 'iccids = "file.txt"', 'imsi_range = ["001010000000000", "001010000099999"]'):
            self.check(f"<!-- tested -->\n```toml\n{campaign.format(targets)}```\n")
        self.check('<!-- tested -->\n```toml\n[[smsc]]\nwindow = 100\n```\n')
        for wrong in (campaign.format("all = 5"), '[[smsc]]\nwindow = "wide"\n'):
            with self.assertRaises(AssertionError):
                self.check(f"<!-- tested -->\n```toml\n{wrong}```\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    program, project = (Path(sys.argv.pop(1)).resolve() for _ in range(2))
    unittest.main()

"""What the end-to-end tests share: the built program, a fleet of made-up cards, the simulated SMSC as a process.

A test file is run as `python3 FILE PROGRAM [unittest arguments]` and ends with `harness.main()`. Everything stands in
temporary folders; ports are chosen by the system; no test waits for time to pass, but for something to be seen.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import NamedTuple

HEADER = "iccid,imsi,msisdn,profile,kvn,kic_algorithm,kic_key,kid_algorithm,kid_key,counter"
KEY_OCTETS = {"des": 8, "3des2": 16, "3des3": 24, "aes128": 16, "aes192": 24, "aes256": 32}
ALGORITHMS = list(KEY_OCTETS)
SPN = "7f20/6f46"
SPN_CONTENT = "0154657373657261ffffffffffffffffff"
PATIENCE_SECONDS = 120  # before a test that waits for something gives up

program = None


def main():
    """Takes the program from the command line and runs the tests of the calling file."""
    global program
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} PROGRAM [unittest arguments]")
    program = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(module="__main__")


# --- the program

class Outcome(NamedTuple):
    status: int
    out: str
    err: str

    def json(self):
        """The one JSON object on standard output."""
        lines = self.json_lines()
        assert len(lines) == 1, f"expected one line of JSON, got {len(lines)}: {self.out[:500]}"
        return lines[0]

    def json_lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


def run(*words, cwd=None, text_in=None, preexec=None):
    """Runs the program to its end."""
    done = subprocess.run([program, *map(str, words)], cwd=cwd, input=text_in, capture_output=True, preexec_fn=preexec,
                          timeout=PATIENCE_SECONDS, text=True, encoding="utf-8", errors="surrogateescape")
    return Outcome(done.returncode, done.stdout, done.stderr)


def wait_for(what, seen, process=None):
    """Polls until seen() is true. With a process, its end also ends the waiting; says whether seen() came first."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not seen():
        if process is not None and process.poll() is not None:
            return False
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_SECONDS} s in vain for {what}")
        time.sleep(0.0005)
    return True


class Running:
    """The program as a process that a test looks at, stops or kills. Its output goes to files."""

    def __init__(self, folder, *words):
        self._out = tempfile.TemporaryFile("w+", dir=folder)
        self._err = tempfile.TemporaryFile("w+", dir=folder)
        self.process = subprocess.Popen([program, *map(str, words)], stdout=self._out, stderr=self._err,
                                        stdin=subprocess.DEVNULL)
        self.pid = self.process.pid

    def stdout(self):
        return self._text(self._out)

    def stderr(self):
        return self._text(self._err)

    @staticmethod
    def _text(file):
        return os.pread(file.fileno(), 1 << 24, 0).decode(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """kill -9; says whether the process was still there to be killed."""
        self.process.kill()
        return self.process.wait() == -signal.SIGKILL

    def stop(self, number=signal.SIGTERM):
        if self.alive():
            self.process.send_signal(number)
        return self.wait()

    def wait(self):
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def close(self):
        if self.alive():
            self.kill()
        self._out.close()
        self._err.close()


# --- cards

def luhn(digits):
    """The check digit to put behind them."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


class Card(NamedTuple):
    iccid: str
    imsi: str
    msisdn: str
    profile: str
    algorithm: str
    kic: str
    kid: str

    def row(self):
        return ",".join([self.iccid, self.imsi, self.msisdn, self.profile, "1", self.algorithm, self.kic,
                         self.algorithm, self.kid, "0000000000"])


def make_card(number, source, profile=None, algorithm=None):
    algorithm = algorithm or ALGORITHMS[number % len(ALGORITHMS)]
    body = f"8949001{number:011d}"
    keys = [source.randbytes(KEY_OCTETS[algorithm]).hex() for _ in range(2)]
    return Card(body + luhn(body), f"00101{number:010d}", f"88239{number:07d}", profile or f"p-{algorithm}", algorithm,
                *keys)


def make_fleet(count, seed=1, **same):
    source = random.Random(seed)
    return [make_card(number, source, **same) for number in range(count)]


def write_csv(path, rows):
    """Rows are cards or text."""
    lines = [HEADER] + [row if isinstance(row, str) else row.row() for row in rows]
    Path(path).write_text("\n".join(lines) + "\n")
    return path


def campaign_text(name="Test", targets="all = true", writes=((SPN, SPN_CONTENT),), spi="1639", por_timeout="2s",
                  attempts=3, extra=""):
    sections = "".join(f'[[write]]\nfile = "{file}"\ncontent = "{content}"\n' for file, content in writes)
    return (f'[campaign]\nname = "{name}"\n[targets]\n{targets}\n[security]\ntar = "b00010"\nspi = "{spi}"\n{sections}'
            f'[telecom]\nsmsc = "main"\npor_timeout = "{por_timeout}"\nattempts = {attempts}\n{extra}')


# --- the simulated SMSC

class Simulator:
    """`tessera sim smsc` on ports of its own choice, one for each centre, and the control channel of the first."""

    def __init__(self, folder, cards, faults="", seed=1, centres=1, more=()):
        words = ["sim", "smsc", "--cards", cards, "--seed", seed, *more]
        for _ in range(centres):
            words += ["--listen", "127.0.0.1:0"]
        if faults:
            file = Path(folder) / "faults.toml"
            file.write_text(faults)
            words += ["--faults", file]
        self._running = Running(folder, *words)
        listening = wait_for("the simulator to listen", lambda: self._running.stdout().count("\n") == centres,
                             self._running.process)
        assert listening, "the simulator ended: " + self._running.stderr()
        self.addresses = [line.removeprefix("listening on ") for line in self._running.stdout().splitlines()]
        self.address = self.addresses[0]
        self.port = int(self.address.rpartition(":")[2])
        self._socket = self._lines = None
        self.move_to(0)

    def move_to(self, centre):
        """Asks that centre from now on; the cards are the same."""
        self._hang_up()
        port = int(self.addresses[centre].rpartition(":")[2])
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._lines = self._socket.makefile("rw", encoding="utf-8", newline="\n")
        self.statistics()  # a connection that has asked nothing is taken for a link, which drop_link_every cuts

    def _hang_up(self):
        if self._socket is not None:
            self._lines.close()
            self._socket.close()

    def ask(self, question):
        return self.ask_all([question])[0]

    def ask_all(self, questions):
        answers = []
        for at in range(0, len(questions), 500):  # so many at a time fit into the sockets' buffers
            page = questions[at:at + 500]
            self._lines.write("".join(json.dumps(one) + "\n" for one in page))
            self._lines.flush()
            answers += [json.loads(self._lines.readline()) for _ in page]
        return answers

    def ask_centre(self, number, question):
        """Over a connection of its own: a centre that was killed answers no more."""
        port = int(self.addresses[number].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as link:
            link.sendall((json.dumps(question) + "\n").encode())
            with link.makefile("r", encoding="utf-8") as lines:
                return json.loads(lines.readline())

    def statistics(self):
        return self.ask({"statistics": True})

    def read(self, iccids, file):
        """{iccid: {content, executed, counter}}"""
        answers = self.ask_all([{"card": iccid, "file": file} for iccid in iccids])
        return {answer["iccid"]: answer for answer in answers}

    def close(self):
        self._hang_up()
        status = self._running.stop()
        self._running.close()
        return status


# --- a data directory with its world

CONFIGURATION = """[[smsc]]
address = "{address}"
reconnect_delay_min = "10ms"
reconnect_delay_max = "100ms"
"""


class World:
    """A temporary folder with a fleet's CSV, a data directory that has imported it, and a simulator if asked for."""

    def __init__(self, fleet=(), faults=None, seed=1):
        self.folder = Path(tempfile.mkdtemp(prefix="tessera-e2e-"))
        self.data = self.folder / "data"
        self.fleet = list(fleet)
        self.csv = write_csv(self.folder / "fleet.csv", self.fleet)
        self.simulator = None
        self._running = []
        self.must("init")
        if faults is not None:
            self.simulator = Simulator(self.folder, self.csv, faults, seed)
            self.connect(self.simulator.address)
        if self.fleet:
            self.must("card", "import", self.csv)

    def connect(self, address):
        (self.data / "tessera.toml").write_text(CONFIGURATION.format(address=address))

    def run(self, *words):
        return run("--data", self.data, *words)

    def must(self, *words):
        outcome = self.run(*words)
        assert outcome.status == 0, f"{words} ended with {outcome.status}: {outcome.err[-2000:]}"
        return outcome

    def start(self, *words):
        running = Running(self.folder, "--data", self.data, *words)
        self._running.append(running)
        return running

    def create(self, text):
        file = self.folder / "campaign.toml"
        file.write_text(text)
        return self.must("campaign", "create", file).out.strip()

    def status(self, campaign):
        return self.must("campaign", "status", campaign, "--json").json()

    def report(self, campaign):
        """Rows by ICCID, and the summary."""
        lines = self.must("campaign", "report", campaign, "--format", "json").json_lines()
        return {row["iccid"]: row for row in lines[:-1]}, lines[-1]["summary"]

    def lock_held_by(self, running):
        """Whether that process owns the data directory."""
        try:
            return (self.data / "tessera.lock").read_text().startswith(f"{running.pid}\n")
        except OSError:
            return False

    def close(self):
        for running in self._running:
            running.close()
        if self.simulator:
            self.simulator.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class WorldTest(unittest.TestCase):
    """Tests that make worlds, which vanish with them."""

    def world(self, *arguments, **named):
        made = World(*arguments, **named)
        self.addCleanup(made.close)
        return made

    def folder(self):
        made = Path(tempfile.mkdtemp(prefix="tessera-e2e-"))
        self.addCleanup(shutil.rmtree, made, ignore_errors=True)
        return made

    def assert_refused(self, outcome, *said, status=1):
        """A clear error: the status, nothing on standard output, a line for people, no crash."""
        self.assertEqual(outcome.status, status, outcome)
        self.assertEqual(outcome.out, "")
        self.assert_no_crash(outcome)
        for words in said:
            self.assertIn(words, outcome.err)

    def assert_no_crash(self, outcome):
        self.assertGreaterEqual(outcome.status, 0, outcome)
        self.assertLess(outcome.status, 128, outcome)
        for sign in ("what():", "terminate called", "ssertion", "runtime error:", "AddressSanitizer"):
            self.assertNotIn(sign, outcome.err)

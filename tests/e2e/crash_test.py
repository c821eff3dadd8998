"""kill -9 at seeded moments of the three phases, then `campaign resume`: the same outcome, and every card once.

The same seed chooses the same moments: TESSERA_SEED=7 python3 crash_test.py PROGRAM. A moment is a phase of a run and a
share of it, and is recognised by what can be seen from outside: the phase lines on standard error, the messages that
the simulator counts, and, for phases without messages, a part of the time that they took in a run without crash.
"""

import os
import random
import socket
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import harness
from harness import SPN, SPN_CONTENT, World, WorldTest, campaign_text, make_fleet, wait_for, write_csv

SEED = int(os.environ.get("TESSERA_SEED", "1"))
CARDS = 2000
# Per message small enough that no card loses all its attempts; what is decisive per card is card_off and
# card_wrong_key.
FAULTS = """lose_response = 0.02
lose_submit = 0.02
duplicate = 0.02
reorder = 0.05
card_off = 0.01
card_wrong_key = 0.01
delay = "5ms"
drop_link_every = "700ms"
"""
PHASES = ["prepare", "exchange", "settle"]
FILES = ["7f20/6f46", "7f20/6f61", "7f20/6f62", "7f20/6f60", "7f20/6f30", "7ff0/6f46", "7ff0/6f61", "7ff0/6f62"]


class Stage:
    """A world on which one campaign follows the other, and what is expected of each of them."""

    def __init__(self, seed, faults=FAULTS, por_timeout="150ms", attempts=6, cards=CARDS, make_world=World):
        self.world = make_world(make_fleet(cards, seed), faults=faults, seed=seed)
        self.iccids = [card.iccid for card in self.world.fleet]
        self.timing = {"por_timeout": por_timeout, "attempts": attempts}
        self.executed = {}  # file -> executed by ICCID before the campaign
        self.campaigns = 0
        self.durations = {}
        self.expected = self.without_crash()

    def new_campaign(self):
        """Writes a content that no card has yet into a file, so that every card has something to execute."""
        self.file = FILES[self.campaigns % len(FILES)]
        self.content = f"{self.campaigns + 1:034x}"
        self.campaigns += 1
        held = self.world.simulator.read(self.iccids, self.file)
        self.executed = {iccid: one["executed"] for iccid, one in held.items()}
        return self.world.create(campaign_text(writes=((self.file, self.content),), **self.timing))

    def without_crash(self):
        campaign = self.new_campaign()
        self.world.must("campaign", "run", campaign)
        rows, summary = self.world.report(campaign)
        rounds = self.world.status(campaign)["round"]
        self.durations = {phase: summary["phases"][phase]["seconds"] / rounds for phase in PHASES}
        self.check_cards(rows)
        return {iccid: row["outcome"] for iccid, row in rows.items()}

    def check(self, campaign):
        status = self.world.status(campaign)
        assert status["state"] == "finished", status
        rows, _ = self.world.report(campaign)
        outcomes = {iccid: row["outcome"] for iccid, row in rows.items()}
        other = {iccid: (self.expected[iccid], rows[iccid]) for iccid in rows if self.expected[iccid] != outcomes[iccid]}
        assert not other, f"{len(other)} outcomes differ from the run without crash: {list(other.items())[:3]}"
        self.check_cards(rows)
        self.check_images(rows)

    def check_cards(self, rows):
        """What the cards themselves hold, and how often they executed."""
        for iccid, held in self.world.simulator.read(self.iccids, self.file).items():
            times = held["executed"] - self.executed[iccid]
            if rows[iccid]["outcome"] == "done":
                assert times == 1, f"{iccid} is done and executed {times} times"
                assert held["content"].startswith(self.content), f"{iccid} is done and holds {held['content']}"
            else:
                assert times <= 1, f"{iccid} is {rows[iccid]['outcome']} and executed {times} times"

    def check_images(self, rows):
        """The image of one card of every outcome."""
        for outcome in {row["outcome"] for row in rows.values()}:
            iccid = next(iccid for iccid, row in rows.items() if row["outcome"] == outcome)
            image = self.world.must("card", "show", iccid, "--json").json()["image"]
            believed = {one["file"]: one["content"] for one in image}.get(self.file)
            assert (believed == self.content) == (outcome == "done"), f"{iccid} is {outcome}, its image {believed}"

    # --- the crash

    def kill_at(self, campaign, command, ended, share):
        """Kills `campaign run|resume` when `ended` phases are behind it and `share` of the next one.

        Says in which phase that was, "created" before the first, or None if the process had ended before."""
        running = self.world.start("campaign", command, campaign)
        try:
            before = self.world.simulator.statistics()["submits"]
            if not wait_for(f"phase {ended}", lambda: self.phases_behind(running) >= ended, running.process):
                return None
            self.let_pass(running, before, PHASES[ended % 3], ended < 3, share)
            if not running.kill():
                return None
        finally:
            running.close()
        status = self.world.status(campaign)
        return {"running": status["phase"], "created": "created"}.get(status["state"])

    def phases_behind(self, running):
        log = self.world.data / "tessera.db-wal"  # gone after a clean end; the campaign's beginning writes into it
        try:
            begun = self.world.lock_held_by(running) and log.stat().st_size > 0
        except FileNotFoundError:
            begun = False
        if not begun:
            return -1
        return running.stderr().count(" cards/s\n")

    def let_pass(self, running, submits_before, phase, first_round, share):
        if phase == "exchange" and first_round:
            wanted = submits_before + share * CARDS
            wait_for("submits", lambda: self.world.simulator.statistics()["submits"] >= wanted, running.process)
            return
        end = time.monotonic() + share * self.durations[phase]
        wait_for("its part of the phase", lambda: time.monotonic() >= end, running.process)

    def crash_once(self, ended, share):
        """A campaign killed at that moment and resumed; once more, if it was before its beginning or after its end."""
        for _ in range(5):
            campaign = self.new_campaign()
            phase = self.kill_at(campaign, "run", ended, share)
            self.world.must("campaign", "resume", campaign)
            self.check(campaign)
            if phase in PHASES:
                return phase
            share = share / 2 if phase is None else share + 0.2
        raise AssertionError(f"the run was never caught at {share} of phase {ended}")

    def close(self):
        self.world.close()


def moments(count, source):
    """Phases of the first round and of the second (reading back), each phase in its turn."""
    chosen = []
    for number in range(count):
        ended = number % 3 + (3 if number % 5 == 4 else 0)
        chosen.append((ended, source.random()))
    return chosen


class FiftyMoments(unittest.TestCase):
    def run_stage(self, seed, chosen):
        stage = Stage(seed)
        hit = []
        try:
            counts = {one: list(stage.expected.values()).count(one) for one in ("done", "failed", "unknown")}
            self.assertTrue(all(counts.values()) and sum(counts.values()) == CARDS, counts)
            for ended, share in chosen:
                with self.subTest(seed=seed, ended=ended, share=share):
                    hit.append(stage.crash_once(ended, share))
        finally:
            stage.close()
        return hit

    def test_the_outcome_is_that_of_a_run_without_crash(self):
        source = random.Random(SEED)
        chosen = moments(50, source)
        with ThreadPoolExecutor(2) as pool:
            halves = [pool.submit(self.run_stage, SEED * 10 + n, chosen[n::2]) for n in range(2)]
            hit = [phase for half in halves for phase in half.result()]
        counts = {phase: hit.count(phase) for phase in PHASES}
        print(f"seed {SEED}: killed in {counts}")
        self.assertEqual(len(hit), 50)
        for phase in PHASES:
            self.assertGreaterEqual(counts[phase], 5, counts)


class OtherCrashes(unittest.TestCase):
    def stage(self, *arguments, **named):
        made = Stage(*arguments, **named)
        self.addCleanup(made.close)
        return made

    def test_killed_again_and_again(self):
        # Enough work that there is some left to be killed at, however fast the machine.
        stage = self.stage(SEED + 100, cards=5 * CARDS)
        source = random.Random(SEED + 100)
        campaign = stage.new_campaign()
        hit = [stage.kill_at(campaign, "run", 0, source.random())]
        for number in range(8):
            hit.append(stage.kill_at(campaign, "resume", number % 2, source.random() * 0.7))
        stage.world.must("campaign", "resume", campaign)
        stage.check(campaign)
        self.assertGreaterEqual(len([phase for phase in hit if phase in PHASES]), 5, hit)

    def test_without_faults_all_end_done(self):
        stage = self.stage(SEED + 200, faults="", por_timeout="2s")
        self.assertEqual(set(stage.expected.values()), {"done"})
        source = random.Random(SEED + 200)
        for ended in (0, 1, 1, 1, 2):
            stage.crash_once(ended, source.random())


class Import(WorldTest):
    ROWS = 200_000

    def test_a_crash_leaves_whole_batches_and_the_next_import_completes(self):
        rows = make_fleet(self.ROWS, SEED)
        source = random.Random(SEED)
        killed = 0
        for number in range(4):
            world = self.world()
            file = write_csv(world.folder / "many.csv", rows)
            full = 130_000_000  # about what the log and the database grow to
            running = world.start("card", "import", file)
            wanted = source.random() * full * 0.9
            wait_for("rows in the database", lambda: self.grown(world) >= wanted, running.process)
            killed += running.kill()
            left = self.count(world)
            self.assertIn(left, range(0, self.ROWS + 1, 20_000))
            report = world.must("card", "import", file, "--json").json()
            self.assertEqual((report["cards_added"], report["unchanged"]), (self.ROWS - left, left))
            self.assertEqual(report["key_sets_added"], self.ROWS - left)
            self.assertEqual(self.count(world), self.ROWS)
        self.assertGreaterEqual(killed, 2)

    @staticmethod
    def grown(world):
        files = [world.data / "tessera.db", world.data / "tessera.db-wal"]
        return sum(file.stat().st_size for file in files if file.exists())

    @staticmethod
    def count(world):
        return len(world.must("card", "list", "--limit", "1000000").out.splitlines())


class Proxy:
    """Stands between the program and the simulator, and cuts what goes through it."""

    def __init__(self, port):
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._lock = threading.Lock()
        self._open = []
        self.links = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            with self._lock:
                self._open += [near, far]
                self.links += 1
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        try:
            while octets := source.recv(65536):
                sink.sendall(octets)
        except OSError:
            pass
        self._shut([source, sink])
        source.close()  # the other direction's thread closes the other

    @staticmethod
    def _shut(sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        with self._lock:
            cut, self._open = self._open, []
        self._shut(cut)

    def close(self):
        self._server.close()
        self.cut()


class CutLinks(WorldTest):
    def test_the_run_goes_on_over_a_new_link(self):
        world = self.world(make_fleet(CARDS), faults='delay = "5ms"\n')
        proxy = Proxy(world.simulator.port)
        self.addCleanup(proxy.close)
        world.connect(proxy.address)
        campaign = world.create(campaign_text(por_timeout="1s", attempts=6))
        running = world.start("campaign", "run", campaign)
        for share in (0.01, 0.3, 0.6, 0.9):
            seen = wait_for("submits", lambda: world.simulator.statistics()["submits"] >= share * CARDS, running.process)
            self.assertTrue(seen, running.stderr())
            proxy.cut()
        self.assertEqual(running.wait(), 0, running.stderr())
        self.assertGreater(proxy.links, 1)
        self.assertEqual(world.status(campaign)["outcomes"], {"done": CARDS, "skipped": 0, "failed": 0, "unknown": 0})
        for iccid, held in world.simulator.read([card.iccid for card in world.fleet], SPN).items():
            self.assertEqual((held["content"], held["executed"]), (SPN_CONTENT, 1), iccid)


if __name__ == "__main__":
    harness.main()

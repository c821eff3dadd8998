"""Several processes on one PostgreSQL: three that prepare and settle, two that send, and what happens when they die.

Any of them is killed at seeded moments, and the database once; the outcome is that of a campaign that one process ran
undisturbed, and every card executed once. TESSERA_SEED chooses the moments.
"""

import os
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import harness
from crash_test import SEED, Stage
from harness import World, campaign_text, wait_for

CLUSTER = Path(__file__).parent.parent / "postgres" / "cluster.sh"
CARDS = 5_000
POR_TIMEOUT = "1s"  # of seven processes on a machine that has two processors
CONFIGURATION = """[database]
url = "{url}"
lease = "2s"
[[smsc]]
address = "{address}"
reconnect_delay_min = "10ms"
reconnect_delay_max = "100ms"
"""


class Cluster:
    """A PostgreSQL of its own."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tessera-pg-", dir="/tmp"))
        self.url = f"postgresql://tessera@/postgres?host={self.folder}"
        self._do("start")

    def _do(self, verb):
        subprocess.run(["bash", CLUSTER, verb, self.folder], check=True, timeout=harness.PATIENCE_SECONDS)

    def crash(self):
        self._do("crash")

    def close(self):
        self._do("stop")
        shutil.rmtree(self.folder, ignore_errors=True)


class SharedWorld(World):
    """A data directory on a cluster of its own."""

    def __init__(self, *arguments, **named):
        self.cluster = Cluster()
        os.environ["TESSERA_DATABASE"] = self.cluster.url  # until tessera.toml says it
        try:
            super().__init__(*arguments, **named)
        finally:
            del os.environ["TESSERA_DATABASE"]

    def connect(self, address):
        (self.data / "tessera.toml").write_text(CONFIGURATION.format(address=address, url=self.cluster.url))

    def close(self):
        super().close()
        self.cluster.close()


class Crew:
    """The processes that serve a database."""

    def __init__(self, world, workers, gateways):
        self.world = world
        self.members = {}
        for number in range(workers):
            self.begin(f"worker {number}")
        for number in range(gateways):
            self.begin(f"gateway {number}")

    def begin(self, name):
        running = self.world.start("serve", "--role", name.split()[0])
        self.members[name] = running
        assert wait_for(f"{name} to serve", lambda: running.stdout().count("\n") == 1, running.process), running.stderr()

    def replace(self, name):
        """kill -9, and another one in its place, which knows nothing of what that one held."""
        assert self.members[name].kill(), f"{name} had ended: {self.members[name].stderr()}"
        self.members[name].close()
        self.begin(name)

    def check_alive(self):
        for name, running in self.members.items():
            assert running.alive(), f"{name} has ended: {running.stderr()}"

    def end(self):
        for name, running in self.members.items():
            assert running.stop() == 0, f"{name}: {running.stderr()}"
            running.close()


class SharedStage(Stage):
    def __init__(self, seed):
        super().__init__(seed, por_timeout=POR_TIMEOUT, cards=CARDS, make_world=SharedWorld)
        self.crew = Crew(self.world, 3, 2)

    def begin(self):
        campaign = self.new_campaign()
        self.world.must("campaign", "run", campaign, "--detach")
        return campaign

    def reach(self, campaign, phase, share):
        """Waits until the campaign is so far, or further."""
        order = ["prepare", "exchange", "settle"]
        counted = {"prepare": "prepared", "exchange": "answered", "settle": "settled"}[phase]

        def reached():
            now = self.world.status(campaign)
            if now["state"] == "finished" or now["round"] > 1 or order.index(now["phase"]) > order.index(phase):
                return True
            return now["phase"] == phase and now[counted] >= share * CARDS

        wait_for(f"{share:.2f} of {phase}", reached)

    def finish(self, campaign):
        wait_for("the end", lambda: self.world.status(campaign)["state"] == "finished")
        self.crew.check_alive()
        self.check(campaign)


class ManyProcesses(unittest.TestCase):
    def stage(self, seed):
        made = SharedStage(seed)
        self.addCleanup(made.close)
        return made

    def test_the_outcome_is_that_of_one_process_undisturbed(self):
        stage = self.stage(SEED)
        counts = {one: list(stage.expected.values()).count(one) for one in ("done", "failed", "unknown")}
        self.assertTrue(all(counts.values()) and sum(counts.values()) == CARDS, counts)
        source = random.Random(SEED)
        worker = lambda: f"worker {source.randrange(3)}"
        gateway = lambda: f"gateway {source.randrange(2)}"

        with self.subTest("nobody dies"):
            stage.finish(stage.begin())
        with self.subTest("each kind dies in each phase"):
            campaign = stage.begin()
            for phase, name in (("prepare", worker()), ("exchange", gateway()), ("exchange", gateway()),
                                ("exchange", worker()), ("settle", worker())):
                stage.reach(campaign, phase, source.random() * 0.9)
                stage.crew.replace(name)
            stage.finish(campaign)
        with self.subTest("all die, one after the other"):
            campaign = stage.begin()
            for name in source.sample(sorted(stage.crew.members), 5):
                stage.reach(campaign, source.choice(["prepare", "exchange", "settle"]), source.random() * 0.9)
                stage.crew.replace(name)
            stage.finish(campaign)
        with self.subTest("the database crashes"):
            campaign = stage.begin()
            stage.reach(campaign, "exchange", source.random() * 0.9)
            stage.world.cluster.crash()
            stage.finish(campaign)
        stage.crew.end()

    def test_what_one_says_all_hear(self):
        stage = self.stage(SEED + 1)
        campaign = stage.begin()
        stage.reach(campaign, "exchange", 0.2)
        stage.world.must("campaign", "pause", campaign)
        wait_for("the exchange to stand still", self.standing_still(stage))
        self.assertEqual(stage.world.status(campaign)["state"], "paused")
        stage.world.must("campaign", "resume", campaign, "--detach")
        stage.finish(campaign)
        cancelled = stage.begin()
        stage.reach(cancelled, "exchange", 0.2)
        stage.world.must("campaign", "cancel", cancelled)
        wait_for("what was sent to be settled", lambda: stage.world.status(cancelled)["phase"] is None)
        rows, _ = stage.world.report(cancelled)
        stage.check_cards(rows)
        stage.crew.end()

    @staticmethod
    def standing_still(stage):
        seen = []

        def still():
            seen.append(stage.world.simulator.statistics()["submits"])
            return len(seen) > 1_000 and seen[-1] == seen[-1_000]

        return still

    def test_roles_are_for_a_database_that_is_shared(self):
        world = World()
        self.addCleanup(world.close)
        for words in (("serve", "--role", "worker"), ("serve", "--role", "gateway")):
            refused = world.run(*words)
            self.assertEqual(refused.status, 1)
            self.assertIn("--database", refused.err)

    def test_a_second_directory_needs_the_first_one_s_key(self):
        cluster = Cluster()
        self.addCleanup(cluster.close)
        folder = Path(tempfile.mkdtemp(prefix="tessera-e2e-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        first, second = folder / "first", folder / "second"
        self.assertEqual(harness.run("--data", first, "--database", cluster.url, "init").status, 0)
        refused = harness.run("--data", second, "--database", cluster.url, "init")
        self.assertEqual(refused.status, 1)
        self.assertIn("copy master.key", refused.err)
        self.assertFalse((second / "master.key").exists())
        shutil.copy(first / "master.key", second / "master.key")
        self.assertEqual(harness.run("--data", second, "init").status, 0)
        self.assertEqual(harness.run("--data", second, "card", "list").status, 0)

    def test_an_address_with_a_password_is_refused_and_not_repeated(self):
        refused = harness.run("--data", tempfile.gettempdir() + "/nowhere", "--database",
                              "postgresql://tessera:hunter2@localhost/tessera", "init")
        self.assertEqual(refused.status, 1)
        self.assertIn("passfile", refused.err)
        self.assertNotIn("hunter2", refused.err)


if __name__ == "__main__":
    harness.main()
